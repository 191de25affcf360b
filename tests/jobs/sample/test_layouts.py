"""The layouts against what was published: headers letter for letter, Parquet columns type for type."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from taxi.sample.catalogue import PICKED, File, chosen
from taxi.sample.layouts import ERAS as layouts_of_csv  # noqa: N811 - two tables of one name
from taxi.sample.parquet_layouts import ERAS as layouts_of_parquet  # noqa: N811
from taxi.sample.write import write_sample

# File → what it begins with, as the published file of that month does.
BEGINNINGS = {
    "yellow_tripdata_2009-01.csv": "vendor_name,Trip_Pickup_DateTime,Trip_Dropoff_DateTime,Passenger_Count,"
    "Trip_Distance,Start_Lon,Start_Lat,Rate_Code,store_and_forward,End_Lon,End_Lat,Payment_Type,Fare_Amt,"
    "surcharge,mta_tax,Tip_Amt,Tolls_Amt,Total_Amt\n\r\n",
    "yellow_tripdata_2010-02.csv": "vendor_id,pickup_datetime,dropoff_datetime,passenger_count,trip_distance,"
    "pickup_longitude,pickup_latitude,rate_code,store_and_fwd_flag,dropoff_longitude,dropoff_latitude,"
    "payment_type,fare_amount,surcharge,mta_tax,tip_amount,tolls_amount,total_amount\n\r\n",
    "yellow_tripdata_2014-01.csv": "vendor_id, pickup_datetime, dropoff_datetime, passenger_count,"
    " trip_distance, pickup_longitude, pickup_latitude, rate_code, store_and_fwd_flag,"
    " dropoff_longitude, dropoff_latitude, payment_type, fare_amount, surcharge,"
    " mta_tax, tip_amount, tolls_amount, total_amount\n\r\n",
    "yellow_tripdata_2015-03.csv.gz": "VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,"
    "trip_distance,pickup_longitude,pickup_latitude,RateCodeID,store_and_fwd_flag,dropoff_longitude,"
    "dropoff_latitude,payment_type,fare_amount,extra,mta_tax,tip_amount,tolls_amount,improvement_surcharge,"
    "total_amount\r\n",
    "yellow_tripdata_2015-11.csv": "VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,"
    "trip_distance,pickup_longitude,pickup_latitude,RatecodeID,store_and_fwd_flag,dropoff_longitude,"
    "dropoff_latitude,payment_type,fare_amount,extra,mta_tax,tip_amount,tolls_amount,improvement_surcharge,"
    "total_amount\r\n",
    "yellow_tripdata_2016-07.csv": "VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,"
    "trip_distance,RatecodeID,store_and_fwd_flag,PULocationID,DOLocationID,payment_type,fare_amount,extra,"
    "mta_tax,tip_amount,tolls_amount,improvement_surcharge,total_amount\r\n",
    "yellow_tripdata_2017-11.csv": "VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,"
    "trip_distance,RatecodeID,store_and_fwd_flag,PULocationID,DOLocationID,payment_type,fare_amount,extra,"
    "mta_tax,tip_amount,tolls_amount,improvement_surcharge,total_amount\n\r\n",
    "yellow_tripdata_2019-06.csv.gz": "VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,"
    "trip_distance,RatecodeID,store_and_fwd_flag,PULocationID,DOLocationID,payment_type,fare_amount,extra,"
    "mta_tax,tip_amount,tolls_amount,improvement_surcharge,total_amount,congestion_surcharge\r\n",
    "green_tripdata_2013-11.csv": "VendorID,lpep_pickup_datetime,Lpep_dropoff_datetime,Store_and_fwd_flag,"
    "RateCodeID,Pickup_longitude,Pickup_latitude,Dropoff_longitude,Dropoff_latitude,Passenger_count,"
    "Trip_distance,Fare_amount,Extra,MTA_tax,Tip_amount,Tolls_amount,Ehail_fee,Total_amount,Payment_type,"
    "Trip_type \n\r\n",
    "green_tripdata_2014-02.csv": "VendorID,lpep_pickup_datetime,Lpep_dropoff_datetime,Store_and_fwd_flag,"
    "RateCodeID,Pickup_longitude,Pickup_latitude,Dropoff_longitude,Dropoff_latitude,Passenger_count,"
    "Trip_distance,Fare_amount,Extra,MTA_tax,Tip_amount,Tolls_amount,Ehail_fee,Total_amount,Payment_type,"
    "Trip_type \n\n\r\n",
    "green_tripdata_2016-01.csv": "VendorID,lpep_pickup_datetime,Lpep_dropoff_datetime,Store_and_fwd_flag,"
    "RateCodeID,Pickup_longitude,Pickup_latitude,Dropoff_longitude,Dropoff_latitude,Passenger_count,"
    "Trip_distance,Fare_amount,Extra,MTA_tax,Tip_amount,Tolls_amount,Ehail_fee,improvement_surcharge,"
    "Total_amount,Payment_type,Trip_type \n\r\n",
    "green_tripdata_2016-07.csv": "VendorID,lpep_pickup_datetime,lpep_dropoff_datetime,store_and_fwd_flag,"
    "RatecodeID,PULocationID,DOLocationID,passenger_count,trip_distance,fare_amount,extra,mta_tax,tip_amount,"
    "tolls_amount,ehail_fee,improvement_surcharge,total_amount,payment_type,trip_type\n\r\n",
    "green_tripdata_2019-06.csv.gz": "VendorID,lpep_pickup_datetime,lpep_dropoff_datetime,store_and_fwd_flag,"
    "RatecodeID,PULocationID,DOLocationID,passenger_count,trip_distance,fare_amount,extra,mta_tax,tip_amount,"
    "tolls_amount,ehail_fee,improvement_surcharge,total_amount,payment_type,trip_type,congestion_surcharge\r\n",
    "fhv_tripdata_2015-01.csv": "Dispatching_base_num,Pickup_date,locationID\r\n",
    "fhv_tripdata_2017-01.csv": "Dispatching_base_num,Pickup_DateTime,DropOff_datetime,PUlocationID,"
    "DOlocationID\r\n",
    "fhv_tripdata_2017-07.csv": '"Dispatching_base_num","Pickup_DateTime","DropOff_datetime","PUlocationID",'
    '"DOlocationID","SR_Flag"\r\n',
    "fhv_tripdata_2018-01.csv": '"Pickup_DateTime","DropOff_datetime","PUlocationID","DOlocationID",'
    '"SR_Flag","Dispatching_base_number","Dispatching_base_num"\r\n',
    "fhv_tripdata_2019-06.csv.gz": "dispatching_base_num,pickup_datetime,dropoff_datetime,PULocationID,"
    "DOLocationID,SR_Flag\r\n",
    "fhvhv_tripdata_2019-06.csv.gz": "hvfhs_license_num,dispatching_base_num,pickup_datetime,"
    "dropoff_datetime,PULocationID,DOLocationID,SR_Flag\r\n",
}
# File → fields in a row beyond those of the header.
WIDER = {
    "yellow_tripdata_2016-07.csv": 2,
    "green_tripdata_2013-11.csv": 2,
    "green_tripdata_2014-02.csv": 2,
    "green_tripdata_2015-01.csv.gz": 2,
    "green_tripdata_2016-07.csv": 2,
}


def _text(path: Path) -> str:
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode("ascii")


@pytest.mark.parametrize("name", BEGINNINGS)
def test_a_csv_begins_as_published(sample_dir: Path, name: str) -> None:
    """Header, line ends and blank lines of each era are those of the published file, letter for letter."""
    assert _text(sample_dir / name).startswith(BEGINNINGS[name])


@pytest.mark.parametrize("name", [file.name for file in PICKED if "csv" in file.format])
def test_rows_are_as_wide_as_published(sample_dir: Path, name: str) -> None:
    """Rows have the header's fields; in some eras two empty ones more, in 2010-02 some too many; in
    2014-01 the file ends within its last row.
    """
    lines = _text(sample_dir / name).replace("\r", "").split("\n")
    widths = {line.count(",") for line in lines[1:] if line}
    expected = {lines[0].count(",") + WIDER.get(name, 0)}
    if name == "yellow_tripdata_2010-02.csv":
        expected |= {18, 20}
    if name == "yellow_tripdata_2014-01.csv":
        assert lines[-1].count(",") < min(expected)
        widths.remove(lines[-1].count(","))
    assert widths == expected


def test_every_field_is_quoted_in_fhv_2018_and_its_last_one_is_empty(sample_dir: Path) -> None:
    """The base of an fhv 2018 trip is in the sixth column; the seventh, of a like name, holds nothing."""
    rows = _text(sample_dir / "fhv_tripdata_2018-01.csv").split("\r\n")[1:-1]
    for row in rows:
        fields = row.split(",")
        assert all(field[0] == field[-1] == '"' and len(field) > 1 for field in fields)
        assert fields[5].startswith('"B0')
        assert fields[6] == '""'


@pytest.mark.parametrize(
    ("name", "position", "column", "type_", "compression", "statistics"),
    [
        ("yellow_tripdata_2009-06", 1, "Trip_Pickup_DateTime", "string", "GZIP", True),
        ("yellow_tripdata_2010-03", 18, "__index_level_0__", "int64", "GZIP", True),
        ("yellow_tripdata_2010-03", 1, "pickup_datetime", "string", "GZIP", True),
        ("yellow_tripdata_2010-09", 7, "rate_code", "int64", "GZIP", True),
        ("yellow_tripdata_2011-05", 1, "tpep_pickup_datetime", "timestamp[us]", "GZIP", True),
        ("yellow_tripdata_2011-05", 18, "airport_fee", "null", "GZIP", True),
        ("yellow_tripdata_2023-02", 18, "Airport_fee", "double", "SNAPPY", True),
        ("yellow_tripdata_2024-04", 6, "store_and_fwd_flag", "large_string", "ZSTD", False),
        ("green_tripdata_2022-01", 14, "ehail_fee", "null", "GZIP", True),
        ("green_tripdata_2023-03", 3, "store_and_fwd_flag", "large_string", "ZSTD", False),
        ("green_tripdata_2024-01", 1, "lpep_pickup_datetime", "timestamp[us]", "SNAPPY", True),
        ("green_tripdata_2025-11", 20, "cbd_congestion_fee", "double", "SNAPPY", True),
        ("fhv_tripdata_2015-05", 5, "SR_Flag", "null", "GZIP", True),
        ("fhv_tripdata_2024-01", 1, "pickup_datetime", "timestamp[us]", "GZIP", True),
        ("fhvhv_tripdata_2024-01", 5, "pickup_datetime", "timestamp[us]", "SNAPPY", True),
        ("fhvhv_tripdata_2024-01", 23, "wav_match_flag", "string", "SNAPPY", True),
    ],
)
def test_a_parquet_file_is_as_issued(
    sample_dir: Path, name: str, position: int, column: str, type_: str, compression: str, statistics: bool
) -> None:
    """Name, place, type, compression and statistics of the columns that drifted are those of the era."""
    file = pq.ParquetFile(sample_dir / f"{name}.parquet")
    field = file.schema_arrow.field(position)
    chunk = file.metadata.row_group(0).column(0)
    assert (field.name, str(field.type)) == (column, type_)
    assert (chunk.compression, chunk.is_stats_set) == (compression, statistics)


def test_a_file_of_several_row_groups(sample_dir: Path) -> None:
    """The months without statistics have several row groups, so that a reader has a boundary to get wrong."""
    assert pq.ParquetFile(sample_dir / "yellow_tripdata_2024-04.parquet").num_row_groups == 4


def test_every_month_ever_published_has_a_file() -> None:
    """With --months, each of the 564 months of the four data sets from 2009-01 to 2025-11 has one layout."""
    files = chosen(months=((2009, 1), (2025, 11)))
    assert len({file.layout and file.name for file in files}) == len(files) == 564


@pytest.mark.parametrize(("file_format", "layouts"), [("csv", 24), ("parquet", 20)])
def test_every_layout_can_be_written(tmp_path: Path, file_format: str, layouts: int) -> None:
    """The first month of every era is written in full, in each format."""
    eras = {"csv": layouts_of_csv, "parquet": layouts_of_parquet}[file_format]
    files = [File(dataset, first, file_format, 30, 1) for dataset in eras for first, _ in eras[dataset]]
    assert len(files) == layouts
    assert write_sample(tmp_path, files, seed=1).rows == 30 * layouts
