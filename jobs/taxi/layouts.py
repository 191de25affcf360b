"""The layouts of TLC's trip files, as data: what a file's column names say about where its pickup time is.

Verbatim headers of every CSV layout from 2009 to 2020 and column lists of the Parquet re-issue of 2022
onwards. The header decides, never the file's month: TLC re-published the same file names in other layouts.
"""

from __future__ import annotations

from dataclasses import dataclass

from data_pipeline.etl.errors import FileError


@dataclass(frozen=True)
class Layout:
    """One layout: its short name, data set, column names as published, and the name of its pickup column."""

    id: str
    dataset: str
    columns: tuple[str, ...]
    pickup: str


@dataclass(frozen=True)
class Match:
    """Where a file's pickup time is: the column's position (from 0) and name as the file writes it, and the
    layout's id, or None for columns that no known layout has in this order."""

    layout: str | None
    position: int
    name: str


def _layout(id: str, dataset: str, pickup: str, header: str) -> Layout:
    return Layout(id, dataset, tuple(header.split(",")), pickup)


_FHVHV_2022 = (
    "hvfhs_license_num,dispatching_base_num,originating_base_num,request_datetime,on_scene_datetime,pickup_datetime,"
    "dropoff_datetime,PULocationID,DOLocationID,trip_miles,trip_time,base_passenger_fare,tolls,bcf,sales_tax,"
    "congestion_surcharge,airport_fee,tips,driver_pay,shared_request_flag,shared_match_flag,access_a_ride_flag,"
    "wav_request_flag,wav_match_flag"
)
_YELLOW_2010 = (
    "vendor_id,pickup_datetime,dropoff_datetime,passenger_count,trip_distance,pickup_longitude,pickup_latitude,"
    "rate_code,store_and_fwd_flag,dropoff_longitude,dropoff_latitude,payment_type,fare_amount,surcharge,mta_tax,"
    "tip_amount,tolls_amount,total_amount"
)
_YELLOW_2015 = (
    "VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,trip_distance,pickup_longitude,pickup_latitude,"
    "{rate_code},store_and_fwd_flag,dropoff_longitude,dropoff_latitude,payment_type,fare_amount,extra,mta_tax,"
    "tip_amount,tolls_amount,improvement_surcharge,total_amount"
)
_YELLOW_2016 = (
    "VendorID,tpep_pickup_datetime,tpep_dropoff_datetime,passenger_count,trip_distance,RatecodeID,store_and_fwd_flag,"
    "PULocationID,DOLocationID,payment_type,fare_amount,extra,mta_tax,tip_amount,tolls_amount,improvement_surcharge,"
    "total_amount"
)
_YELLOW_2019 = _YELLOW_2016 + ",congestion_surcharge"
_GREEN_2013 = (
    "VendorID,lpep_pickup_datetime,Lpep_dropoff_datetime,Store_and_fwd_flag,RateCodeID,Pickup_longitude,Pickup_latitude,"
    "Dropoff_longitude,Dropoff_latitude,Passenger_count,Trip_distance,Fare_amount,Extra,MTA_tax,Tip_amount,"
    "Tolls_amount,Ehail_fee,{surcharge}Total_amount,Payment_type,Trip_type "
)
_GREEN_2016 = (
    "VendorID,lpep_pickup_datetime,lpep_dropoff_datetime,store_and_fwd_flag,RatecodeID,PULocationID,DOLocationID,"
    "passenger_count,trip_distance,fare_amount,extra,mta_tax,tip_amount,tolls_amount,ehail_fee,improvement_surcharge,"
    "total_amount,payment_type,trip_type"
)
_GREEN_2019 = _GREEN_2016 + ",congestion_surcharge"
_TPEP, _LPEP = "tpep_pickup_datetime", "lpep_pickup_datetime"

LAYOUTS = (
    # CSV
    _layout(
        "Y1",
        "yellow",
        "Trip_Pickup_DateTime",
        "vendor_name,Trip_Pickup_DateTime,Trip_Dropoff_DateTime,Passenger_Count,Trip_Distance,Start_Lon,Start_Lat,"
        "Rate_Code,store_and_forward,End_Lon,End_Lat,Payment_Type,Fare_Amt,surcharge,mta_tax,Tip_Amt,Tolls_Amt,"
        "Total_Amt",
    ),
    _layout("Y2", "yellow", "pickup_datetime", _YELLOW_2010),
    _layout("Y3", "yellow", " pickup_datetime", _YELLOW_2010.replace(",", ", ")),
    _layout("Y4", "yellow", _TPEP, _YELLOW_2015.format(rate_code="RateCodeID")),
    _layout("Y5", "yellow", _TPEP, _YELLOW_2015.format(rate_code="RatecodeID")),
    _layout("Y6", "yellow", _TPEP, _YELLOW_2016),
    _layout("Y7", "yellow", _TPEP, _YELLOW_2019),
    _layout("G1", "green", _LPEP, _GREEN_2013.format(surcharge="")),
    _layout("G2", "green", _LPEP, _GREEN_2013.format(surcharge="improvement_surcharge,")),
    _layout("G3", "green", _LPEP, _GREEN_2016),
    _layout("G4", "green", _LPEP, _GREEN_2019),
    _layout("F1", "fhv", "Pickup_date", "Dispatching_base_num,Pickup_date,locationID"),
    _layout(
        "F2",
        "fhv",
        "Pickup_DateTime",
        "Dispatching_base_num,Pickup_DateTime,DropOff_datetime,PUlocationID,DOlocationID",
    ),
    _layout(
        "F3",
        "fhv",
        "Pickup_DateTime",
        "Dispatching_base_num,Pickup_DateTime,DropOff_datetime,PUlocationID,DOlocationID,SR_Flag",
    ),
    _layout(
        "F4",
        "fhv",
        "Pickup_DateTime",
        "Pickup_DateTime,DropOff_datetime,PUlocationID,DOlocationID,SR_Flag,Dispatching_base_number,"
        "Dispatching_base_num",
    ),
    _layout(
        "F5",
        "fhv",
        "pickup_datetime",
        "dispatching_base_num,pickup_datetime,dropoff_datetime,PULocationID,DOLocationID,SR_Flag",
    ),
    _layout(
        "H1",
        "fhvhv",
        "pickup_datetime",
        "hvfhs_license_num,dispatching_base_num,pickup_datetime,dropoff_datetime,PULocationID,DOLocationID,SR_Flag",
    ),
    # Parquet; those of yellow 2009 and 2010 (but two months) and of green 2014 to 2025 are Y1, Y2 and G4
    _layout("PY2", "yellow", "pickup_datetime", _YELLOW_2010 + ",__index_level_0__"),
    _layout("PY7", "yellow", _TPEP, _YELLOW_2019 + ",airport_fee"),
    _layout("PY8", "yellow", _TPEP, _YELLOW_2019 + ",Airport_fee"),
    _layout("PG5", "green", _LPEP, _GREEN_2019 + ",cbd_congestion_fee"),
    _layout(
        "PF1",
        "fhv",
        "pickup_datetime",
        "dispatching_base_num,pickup_datetime,dropOff_datetime,PUlocationID,DOlocationID,SR_Flag,Affiliated_base_number",
    ),
    _layout("PH1", "fhvhv", "pickup_datetime", _FHVHV_2022),
)


def match(names: list[str], dataset: str) -> Match:
    """Find the pickup column of a file of ``dataset`` with these column names.

    Names are compared verbatim, then without the spaces around them, then without regard to case. Names in an
    order of their own are fine as long as exactly one of them is a pickup column of the data set. Raises
    FileError.
    """
    layout = _layout_of(names)
    if layout is not None and layout.dataset == dataset:
        position = layout.columns.index(layout.pickup)
        return Match(layout.id, position, names[position])
    pickups = {_plain(known.pickup): known.pickup.strip() for known in LAYOUTS if known.dataset == dataset}
    positions = [i for i, name in enumerate(names) if _plain(name) in pickups]
    if layout is not None:
        raise FileError(
            f"its columns are those of {layout.dataset} ({layout.id}) but its name says {dataset}"
        )
    if len(positions) == 1:
        return Match(None, positions[0], names[positions[0]])
    expected = ", ".join(sorted(set(pickups.values())))
    if positions:
        raise FileError(f"{len(positions)} of its columns could be the pickup time ({expected})")
    raise FileError(f"no known pickup column of {dataset} ({expected}) in its header: {_shortened(names)}")


def _layout_of(names: list[str]) -> Layout | None:
    for form, known in _BY_COLUMNS:
        if layout := known.get(tuple(map(form, names))):
            return layout
    return None


def _plain(name: str) -> str:
    return name.strip().casefold()


_BY_COLUMNS = tuple(
    (form, {tuple(map(form, layout.columns)): layout for layout in reversed(LAYOUTS)})
    for form in (str, str.strip, _plain)
)
"""What makes a name comparable, and the layouts by their columns' names made so; the first of equal ones."""


def _shortened(names: list[str]) -> str:
    text = ",".join(names)
    return text if len(text) <= 120 else text[:117] + "..."
