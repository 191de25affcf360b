"""The Parquet layouts: names, physical types, compression and statistics of each era, as the files' footers
show them.

A column is ``header:kind:type``; a type is an Arrow type's name, ``time`` for timestamp[us], ``text`` for a
time written as a string. The kind of ``PICKUP`` is the pickup time; ``rides.py`` makes the other values.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from taxi.sample.layouts import Month


@dataclass(frozen=True)
class ParquetColumn:
    """A column of a Parquet file: its name, the kind of value in it, and its Arrow type by name."""

    name: str
    kind: str
    type: str


@dataclass(frozen=True)
class ParquetLayout:
    """How a Parquet file looks. ``row_groups`` is the number of row groups of a small file."""

    id: str
    columns: tuple[ParquetColumn, ...]
    compression: str = "GZIP"
    statistics: bool = True
    version: str = "1.0"
    row_groups: int = 1


def _columns(text: str) -> tuple[ParquetColumn, ...]:
    return tuple(ParquetColumn(*word.split(":")) for word in text.split())


_YELLOW_2009 = _columns("""
    vendor_name:vendor_code:string Trip_Pickup_DateTime:PICKUP:text Trip_Dropoff_DateTime:DROPOFF:text
    Passenger_Count:passengers:int64 Trip_Distance:miles:double Start_Lon:from_lon:double
    Start_Lat:from_lat:double Rate_Code:empty:double store_and_forward:empty:double End_Lon:to_lon:double
    End_Lat:to_lat:double Payment_Type:payment_word:string Fare_Amt:fare:double surcharge:extra:double
    mta_tax:empty:double Tip_Amt:tip:double Tolls_Amt:tolls:double Total_Amt:total:double""")
_YELLOW_2010 = _columns("""
    vendor_id:vendor_code:string pickup_datetime:PICKUP:text dropoff_datetime:DROPOFF:text
    passenger_count:passengers:int64 trip_distance:miles:double pickup_longitude:from_lon:double
    pickup_latitude:from_lat:double rate_code:rate:string store_and_fwd_flag:stored_digit:string
    dropoff_longitude:to_lon:double dropoff_latitude:to_lat:double payment_type:payment_code:string
    fare_amount:fare:double surcharge:extra:double mta_tax:mta:double tip_amount:tip:double
    tolls_amount:tolls:double total_amount:total:double""")
_YELLOW_2011 = _columns("""
    VendorID:vendor:int64 tpep_pickup_datetime:PICKUP:time tpep_dropoff_datetime:DROPOFF:time
    passenger_count:passengers:int64 trip_distance:miles:double RatecodeID:rate:int64
    store_and_fwd_flag:stored:string PULocationID:from_zone:int64 DOLocationID:to_zone:int64
    payment_type:payment:int64 fare_amount:fare:double extra:extra:double mta_tax:mta:double
    tip_amount:tip:double tolls_amount:tolls:double improvement_surcharge:improvement:double
    total_amount:total:double congestion_surcharge:empty:null airport_fee:empty:null""")
_GREEN = _columns("""
    VendorID:vendor:int64 lpep_pickup_datetime:PICKUP:time lpep_dropoff_datetime:DROPOFF:time
    store_and_fwd_flag:stored:string RatecodeID:rate:double PULocationID:from_zone:int64
    DOLocationID:to_zone:int64 passenger_count:passengers:double trip_distance:miles:double
    fare_amount:fare:double extra:extra:double mta_tax:mta:double tip_amount:tip:double
    tolls_amount:tolls:double ehail_fee:empty:null improvement_surcharge:improvement:double
    total_amount:total:double payment_type:payment:double trip_type:trip_type:double
    congestion_surcharge:congestion:double""")
_FHV = _columns("""
    dispatching_base_num:base_padded:string pickup_datetime:PICKUP:time dropOff_datetime:DROPOFF:time
    PUlocationID:from_zone_or_none:double DOlocationID:to_zone:double SR_Flag:empty:null
    Affiliated_base_number:base:string""")
_FHVHV = _columns("""
    hvfhs_license_num:license:string dispatching_base_num:license_base:string
    originating_base_num:own_base:string request_datetime:REQUEST:time on_scene_datetime:ON_SCENE:time
    pickup_datetime:PICKUP:time dropoff_datetime:DROPOFF:time PULocationID:from_zone:int64
    DOLocationID:to_zone:int64 trip_miles:miles:double trip_time:seconds:int64 base_passenger_fare:fare:double
    tolls:tolls:double bcf:extra:double sales_tax:mta:double congestion_surcharge:congestion:double
    airport_fee:empty:double tips:tip:double driver_pay:total:double shared_request_flag:no:string
    shared_match_flag:no:string access_a_ride_flag:blank:string wav_request_flag:no:string
    wav_match_flag:no:string""")


def _cast(columns: tuple[ParquetColumn, ...], **types: str) -> tuple[ParquetColumn, ...]:
    """The same columns with other types for those named."""
    return tuple(replace(column, type=types.get(column.name, column.type)) for column in columns)


def _filled(columns: tuple[ParquetColumn, ...], **kinds: str) -> tuple[ParquetColumn, ...]:
    """The same columns with values (as double) in those named, which were null-typed."""
    return tuple(replace(c, kind=kinds[c.name], type="double") if c.name in kinds else c for c in columns)


def _renamed(columns: tuple[ParquetColumn, ...], old: str, new: str) -> tuple[ParquetColumn, ...]:
    return tuple(replace(column, name=new) if column.name == old else column for column in columns)


_INDEX = (ParquetColumn("__index_level_0__", "ROW", "int64"),)
_YELLOW_2016 = _filled(_YELLOW_2011, congestion_surcharge="congestion", airport_fee="empty")
_YELLOW_2022 = _cast(_YELLOW_2016, passenger_count="double", RatecodeID="double")
_YELLOW_2023 = _renamed(
    _cast(
        _YELLOW_2016,
        VendorID="int32",
        PULocationID="int32",
        DOLocationID="int32",
        store_and_fwd_flag="large_string",
    ),
    "airport_fee",
    "Airport_fee",
)
_GREEN_2014 = _cast(_GREEN, congestion_surcharge="null", improvement_surcharge="null")
_GREEN_2023 = _cast(
    _GREEN,
    VendorID="int32",
    PULocationID="int32",
    DOLocationID="int32",
    store_and_fwd_flag="large_string",
    RatecodeID="int64",
    passenger_count="int64",
    payment_type="int64",
    trip_type="int64",
    ehail_fee="double",
)
_GREEN_2024 = _cast(_GREEN, VendorID="int32", PULocationID="int32", DOLocationID="int32", ehail_fee="double")
_GREEN_2025 = (*_GREEN_2024, ParquetColumn("cbd_congestion_fee", "congestion", "double"))
_FHV_2016 = _cast(_FHV, SR_Flag="double")

# Data set → (first month, layout), newest last; a layout holds until the next one begins.
ERAS: dict[str, tuple[tuple[Month, ParquetLayout], ...]] = {
    "yellow": (
        ((2009, 1), ParquetLayout("PY2009", _YELLOW_2009)),
        ((2010, 1), ParquetLayout("PY2010", _YELLOW_2010)),
        ((2010, 2), ParquetLayout("PY2010-index", _YELLOW_2010 + _INDEX)),
        ((2010, 4), ParquetLayout("PY2010", _YELLOW_2010)),
        ((2010, 9), ParquetLayout("PY2010-int", _cast(_YELLOW_2010, rate_code="int64"))),
        ((2010, 11), ParquetLayout("PY2010", _YELLOW_2010)),
        ((2011, 1), ParquetLayout("PY2011", _YELLOW_2011)),
        ((2016, 1), ParquetLayout("PY2016", _YELLOW_2016)),
        ((2019, 8), ParquetLayout("PY2019", _YELLOW_2022)),
        ((2023, 2), ParquetLayout("PY2023", _YELLOW_2023, "SNAPPY", version="2.6")),
        (
            (2024, 4),
            ParquetLayout("PY2024", _YELLOW_2023, "ZSTD", statistics=False, version="2.6", row_groups=4),
        ),
        ((2024, 8), ParquetLayout("PY2024", _YELLOW_2023, "ZSTD", version="2.6", row_groups=3)),
    ),
    "green": (
        ((2014, 1), ParquetLayout("PG2014", _GREEN_2014)),
        ((2016, 1), ParquetLayout("PG2016", _GREEN)),
        ((2023, 2), ParquetLayout("PG2023", _GREEN_2023, "ZSTD", statistics=False)),
        ((2023, 5), ParquetLayout("PG2024", _GREEN_2024, "SNAPPY", version="2.6")),
        ((2025, 1), ParquetLayout("PG2025", _GREEN_2025, "SNAPPY", version="2.6")),
    ),
    "fhv": (
        ((2015, 1), ParquetLayout("PF2015", _FHV)),
        ((2016, 1), ParquetLayout("PF2016", _FHV_2016)),
    ),
    "fhvhv": (((2019, 2), ParquetLayout("PH2019", _FHVHV, "SNAPPY", version="2.6", row_groups=2)),),
}

LAST: Month = (2025, 11)
"""The last month whose layout is known."""


def parquet_layout(dataset: str, month: Month) -> ParquetLayout | None:
    """The layout in which a month's Parquet was issued; None where there is none."""
    if month > LAST:
        return None
    held = [layout for first, layout in ERAS[dataset] if first <= month]
    return held[-1] if held else None
