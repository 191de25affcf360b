"""The CSV layouts, one entry per published header, and the months in which each was served.

A column is ``header:kind``. The kind says what the column holds (``rides.py`` makes the values); ``PICKUP``
and ``DROPOFF`` are the times. The two always stand side by side, which the writer relies on.
"""

from __future__ import annotations

from dataclasses import dataclass

Month = tuple[int, int]  # (year, month)


@dataclass(frozen=True)
class Column:
    """A column of a file: its name, letter for letter, and the kind of value in it."""

    name: str
    kind: str


@dataclass(frozen=True)
class CsvLayout:
    """How a CSV file looks. ``preamble`` is the bytes between the header's last letter and the first row."""

    id: str
    columns: tuple[Column, ...]
    preamble: str = "\r\n"
    row_end: str = "\r\n"
    extra_fields: int = 0
    quoted: bool = False
    digits17: bool = False
    whole_minutes: bool = False


def _columns(text: str, lead: str = "", trail: str = "") -> tuple[Column, ...]:
    """Columns of a listing; ``lead`` goes before every name but the first, ``trail`` after the last."""
    pairs = [word.split(":") for word in text.split()]
    names = [(lead if i else "") + name for i, (name, _) in enumerate(pairs)]
    names[-1] += trail
    return tuple(Column(name, kind) for name, (_, kind) in zip(names, pairs, strict=True))


_YELLOW_2009 = """
    vendor_name:vendor_code Trip_Pickup_DateTime:PICKUP Trip_Dropoff_DateTime:DROPOFF
    Passenger_Count:passengers Trip_Distance:miles Start_Lon:from_lon Start_Lat:from_lat Rate_Code:empty
    store_and_forward:empty End_Lon:to_lon End_Lat:to_lat Payment_Type:payment_word Fare_Amt:fare
    surcharge:extra mta_tax:empty Tip_Amt:tip Tolls_Amt:tolls Total_Amt:total"""
_YELLOW_2010 = """
    vendor_id:vendor_code pickup_datetime:PICKUP dropoff_datetime:DROPOFF passenger_count:passengers
    trip_distance:miles pickup_longitude:from_lon pickup_latitude:from_lat rate_code:rate
    store_and_fwd_flag:stored_digit dropoff_longitude:to_lon dropoff_latitude:to_lat payment_type:payment_code
    fare_amount:fare surcharge:extra mta_tax:mta tip_amount:tip tolls_amount:tolls total_amount:total"""
_YELLOW_2015 = """
    VendorID:vendor tpep_pickup_datetime:PICKUP tpep_dropoff_datetime:DROPOFF passenger_count:passengers
    trip_distance:miles pickup_longitude:from_lon pickup_latitude:from_lat {rate}:rate
    store_and_fwd_flag:stored dropoff_longitude:to_lon dropoff_latitude:to_lat payment_type:payment
    fare_amount:fare extra:extra mta_tax:mta tip_amount:tip tolls_amount:tolls
    improvement_surcharge:improvement total_amount:total"""
_YELLOW_ZONES = """
    VendorID:vendor tpep_pickup_datetime:PICKUP tpep_dropoff_datetime:DROPOFF passenger_count:passengers
    trip_distance:miles RatecodeID:rate store_and_fwd_flag:stored PULocationID:from_zone
    DOLocationID:to_zone payment_type:payment fare_amount:fare extra:extra mta_tax:mta tip_amount:tip
    tolls_amount:tolls improvement_surcharge:improvement total_amount:total"""
_GREEN_2013 = """
    VendorID:vendor lpep_pickup_datetime:PICKUP Lpep_dropoff_datetime:DROPOFF Store_and_fwd_flag:stored
    RateCodeID:rate Pickup_longitude:from_lon Pickup_latitude:from_lat Dropoff_longitude:to_lon
    Dropoff_latitude:to_lat Passenger_count:passengers Trip_distance:miles Fare_amount:fare Extra:extra
    MTA_tax:mta Tip_amount:tip Tolls_amount:tolls Ehail_fee:empty {improvement} Total_amount:total
    Payment_type:payment Trip_type:trip_type"""
_GREEN_ZONES = """
    VendorID:vendor lpep_pickup_datetime:PICKUP lpep_dropoff_datetime:DROPOFF store_and_fwd_flag:stored
    RatecodeID:rate PULocationID:from_zone DOLocationID:to_zone passenger_count:passengers
    trip_distance:miles fare_amount:fare extra:extra mta_tax:mta tip_amount:tip tolls_amount:tolls
    ehail_fee:empty improvement_surcharge:improvement total_amount:total payment_type:payment
    trip_type:trip_type"""
_CONGESTION = " congestion_surcharge:congestion"

Y1 = _columns(_YELLOW_2009)
Y2 = _columns(_YELLOW_2010)
Y3 = _columns(_YELLOW_2010.replace("stored_digit", "stored"), lead=" ")
Y4 = _columns(_YELLOW_2015.format(rate="RateCodeID"))
Y5 = _columns(_YELLOW_2015.format(rate="RatecodeID"))
Y6 = _columns(_YELLOW_ZONES)
Y7 = _columns(_YELLOW_ZONES + _CONGESTION)
G1 = _columns(_GREEN_2013.format(improvement=""), trail=" ")
G2 = _columns(_GREEN_2013.format(improvement="improvement_surcharge:improvement"), trail=" ")
G3 = _columns(_GREEN_ZONES)
G4 = _columns(_GREEN_ZONES + _CONGESTION)
F1 = _columns("Dispatching_base_num:base Pickup_date:PICKUP locationID:empty")
F2 = _columns(
    "Dispatching_base_num:base Pickup_DateTime:PICKUP DropOff_datetime:DROPOFF PUlocationID:empty"
    " DOlocationID:empty"
)
F3 = _columns(
    "Dispatching_base_num:base Pickup_DateTime:PICKUP DropOff_datetime:DROPOFF PUlocationID:from_zone"
    " DOlocationID:to_zone SR_Flag:shared_one"
)
F4 = _columns(
    "Pickup_DateTime:PICKUP DropOff_datetime:DROPOFF PUlocationID:from_zone DOlocationID:to_zone"
    " SR_Flag:shared_one Dispatching_base_number:base Dispatching_base_num:empty"
)
F5 = _columns(
    "dispatching_base_num:base pickup_datetime:PICKUP dropoff_datetime:DROPOFF PULocationID:from_zone_or_none"
    " DOLocationID:to_zone SR_Flag:empty"
)
F6 = _columns(
    "dispatching_base_num:base_padded pickup_datetime:PICKUP dropOff_datetime:DROPOFF "
    "PUlocationID:from_zone_or_none DOlocationID:to_zone SR_Flag:empty Affiliated_base_number:base"
)
H1 = _columns(
    "hvfhs_license_num:license dispatching_base_num:license_base pickup_datetime:PICKUP"
    " dropoff_datetime:DROPOFF PULocationID:from_zone DOLocationID:to_zone SR_Flag:shared_one"
)

# What stands between the header's last letter and the first row.
_CRLF = "\r\n"
_LF = "\n"
_LF_BLANK = "\n\r\n"
_LF_TWO_BLANKS = "\n\n\r\n"

# Data set → (first month, layout), newest last; a layout holds until the next one begins.
ERAS: dict[str, tuple[tuple[Month, CsvLayout], ...]] = {
    "yellow": (
        ((2009, 1), CsvLayout("Y1", Y1, _LF_BLANK, digits17=True)),
        ((2010, 1), CsvLayout("Y2", Y2, _LF_BLANK, digits17=True)),
        ((2014, 1), CsvLayout("Y3", Y3, _LF_BLANK, digits17=True)),
        ((2015, 1), CsvLayout("Y4", Y4, _CRLF)),
        ((2015, 7), CsvLayout("Y5", Y5, _CRLF)),
        ((2016, 7), CsvLayout("Y6", Y6, _CRLF, extra_fields=2)),
        ((2017, 1), CsvLayout("Y6", Y6, _LF_BLANK)),
        ((2019, 1), CsvLayout("Y7", Y7, _CRLF)),
        ((2020, 7), CsvLayout("Y7", Y7, _LF, row_end="\n")),
    ),
    "green": (
        ((2013, 8), CsvLayout("G1", G1, _LF_BLANK, extra_fields=2)),
        ((2014, 1), CsvLayout("G1", G1, _LF_TWO_BLANKS, extra_fields=2)),
        ((2015, 1), CsvLayout("G2", G2, _CRLF, extra_fields=2)),
        ((2015, 7), CsvLayout("G2", G2, _CRLF)),
        ((2016, 1), CsvLayout("G2", G2, _LF_BLANK)),
        ((2016, 7), CsvLayout("G3", G3, _LF_BLANK, extra_fields=2)),
        ((2017, 1), CsvLayout("G3", G3, _LF_BLANK)),
        ((2019, 1), CsvLayout("G4", G4, _CRLF)),
    ),
    "fhv": (
        ((2015, 1), CsvLayout("F1", F1, whole_minutes=True)),
        ((2017, 1), CsvLayout("F2", F2, whole_minutes=True)),
        ((2017, 7), CsvLayout("F3", F3, quoted=True)),
        ((2018, 1), CsvLayout("F4", F4, quoted=True)),
        ((2019, 1), CsvLayout("F5", F5)),
        ((2020, 1), CsvLayout("F6", F6)),
    ),
    "fhvhv": (((2019, 2), CsvLayout("H1", H1)),),
}

LAST: Month = (2021, 10)
"""The last month of which a CSV copy has been seen; later months exist as Parquet only."""


def csv_layout(dataset: str, month: Month) -> CsvLayout | None:
    """The layout in which a month's CSV was served; None where there was no CSV."""
    if month > LAST:
        return None
    held = [layout for first, layout in ERAS[dataset] if first <= month]
    return held[-1] if held else None
