"""Single rows: which times are readable, what goes to quarantine and how it is described there."""

from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tlc import times

HEADER = "Dispatching_base_num,Pickup_date,locationID\r\n"
AT = datetime(2015, 1, 1)  # noqa: DTZ001 - the times of the trips have no zone

READABLE = {
    "2015-01-01 00:00:00": (2015, 1, 1, 0, 0),
    "2015-01-01 00:14:59": (2015, 1, 1, 0, 0),
    "2015-01-01 00:15:00": (2015, 1, 1, 0, 15),
    "2015-12-31 23:59:59": (2015, 12, 31, 23, 45),
    "2016-02-29 12:00:00": (2016, 2, 29, 12, 0),
    "1969-12-31 23:59:59": (1969, 12, 31, 23, 45),
    "0001-01-01 00:00:00": (1, 1, 1, 0, 0),
    "9999-12-31 23:59:59": (9999, 12, 31, 23, 45),
    "2015-03-08 02:30:00": (2015, 3, 8, 2, 30),  # an hour that New York's clocks skipped
    "2020-04-24 08:20:17.000000": (2020, 4, 24, 8, 15),
    "2020-04-24 08:29:59.999999999": (2020, 4, 24, 8, 15),
    "2020-04-24T08:20:17": (2020, 4, 24, 8, 15),
    " 2015-01-01 00:00:00 ": (2015, 1, 1, 0, 0),
    '"2015-01-01 00:00:00"': (2015, 1, 1, 0, 0),
}
UNREADABLE = {
    "": times.EMPTY,
    "   ": times.EMPTY,
    '""': times.EMPTY,
    "2015-02-30 00:00:00": times.NO_DATE,
    "2015-02-29 00:00:00": times.NO_DATE,
    "2015-13-01 00:00:00": times.NO_DATE,
    "2015-01-01 24:00:00": times.NO_DATE,
    "2015-01-01 23:60:00": times.NO_DATE,
    "2015-01-01 23:59:60": times.NO_DATE,
    "0000-01-01 00:00:00": times.NO_DATE,
    "2015-01-01": times.NO_TIME,
    "2015-01-01 00:00": times.NO_TIME,
    "2015-1-1 0:00:00": times.NO_TIME,
    "2015-1-01 00:00:00 ": times.NO_TIME,
    "01/01/2015 00:00:00": times.NO_TIME,
    "2015-01-01 00:00:00Z": times.NO_TIME,
    "2015-01-01 00:00+05": times.NO_TIME,
    "2015-01-01 00:00:00+00:00": times.NO_TIME,
    "10000-01-01 00:00:00": times.NO_TIME,
    "-2015-01-01 00:00:00": times.NO_TIME,
    "0044-03-15 (BC) 00:00:00": times.NO_TIME,
    "infinity": times.NO_TIME,
    "-infinity": times.NO_TIME,
    "epoch": times.NO_TIME,
    "now": times.NO_TIME,
    "garbage": times.NO_TIME,
    "1420070400": times.NO_TIME,
    "20150101000000": times.NO_TIME,
    "２０１５-01-01 00:00:00": times.NO_TIME,
    "Pickup_date": times.NO_TIME,
    '"2015-01-01 00:00:00': None,  # never closed: the csv module reads the rest of the line, comma included
}


def test_all_readable_times_are_counted_in_their_window(tmp_path, count_here):
    """Each readable form is one trip in the window that the wall clock says."""
    (tmp_path / "fhv_tripdata_2015-01.csv").write_text(
        HEADER + "".join(f"B1,{text},9\r\n" for text in READABLE), newline=""
    )
    done = count_here(tmp_path)
    expected: dict = {}
    for parts in READABLE.values():
        expected[AT.replace(year=parts[0], month=1, day=1).replace(*parts)] = 1 + expected.get(
            AT.replace(*parts), 0
        )
    assert {row["window_start"]: row["trips"] for row in done.rows("trip_counts.parquet")} == expected
    assert done.quarantine() == []


def test_each_unreadable_time_is_in_quarantine_with_row_reason_and_text(tmp_path, count_here):
    """Row numbers count data rows from 1 past blank lines; the raw text is the line."""
    lines = [f"B1,{text},9" for text in UNREADABLE]
    (tmp_path / "fhv_tripdata_2015-01.csv").write_text(
        HEADER + "\r\n" + "".join(f"{line}\r\n\r\nB1,2015-01-01 00:00:00,9\r\n" for line in lines), newline=""
    )
    done = count_here(tmp_path)
    refused = done.quarantine()
    assert [row["raw"] for row in refused] == lines
    assert [row["row"] for row in refused] == [1 + 2 * i for i in range(len(lines))]
    assert {row["source"] for row in refused} == {"fhv_tripdata_2015-01.csv"}
    wanted = {f"B1,{text},9": reason for text, reason in UNREADABLE.items() if reason}
    assert {row["raw"]: row["reason"] for row in refused if row["raw"] in wanted} == wanted
    entry = done.file("fhv_tripdata_2015-01.csv")
    assert (entry["rows_read"], entry["rows_counted"]) == (2 * len(lines), len(lines))


def test_a_short_row_says_that_it_is_short(tmp_path, count_here):
    """A row that ends before the pickup column is refused with that reason, and a longer row is counted."""
    (tmp_path / "fhv_tripdata_2015-01.csv").write_text(HEADER + "B1\nB1,2015-01-01 00:00:00,9,,,1,2,3\n")
    (row,) = count_here(tmp_path).quarantine()
    assert (row["row"], row["reason"], row["raw"]) == (1, times.NO_COLUMN, "B1")


def test_exact_duplicates_are_trips(tmp_path, count_here):
    """The same row fifteen times is fifteen trips, as TLC publishes them."""
    (tmp_path / "fhv_tripdata_2015-01.csv").write_text(HEADER + "B1,2015-01-01 00:00:00,\n" * 15)
    assert [row["num_rides"] for row in count_here(tmp_path).rows("X.parquet")] == [15]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC"])
def test_parquet_timestamps_of_every_unit(tmp_path, count_here, unit, zone):
    """Seconds to nanoseconds, marked as UTC or not, are the wall clock as stored; nulls go to quarantine."""
    values = [1420070399, None, 1420070400, 1420071300, -1]
    scale = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
    column = pa.array([v if v is None else v * scale for v in values], pa.timestamp(unit, zone))
    table = pa.table({"extra": [1, 2, 3, 4, 5], "pickup_datetime": column})
    pq.write_table(table, tmp_path / "fhv_tripdata_2015-01.parquet", row_group_size=2, write_statistics=False)
    done = count_here(tmp_path)
    assert [str(row["timestamp"]) for row in done.rows("X.parquet")] == [
        "1969-12-31 23:45:00",
        "2014-12-31 23:45:00",
        "2015-01-01 00:00:00",
        "2015-01-01 00:15:00",
    ]
    assert [(row["row"], row["reason"], row["raw"]) for row in done.quarantine()] == [(2, times.EMPTY, None)]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_parquet_times_as_text(tmp_path, count_here, kind):
    """Text columns, small and large, are read as in CSV; what is not a time goes to quarantine."""
    texts = ["2009-01-01 00:00:00", None, "x", "2009-02-29 00:00:00", "2009-01-01 00:10:00"]
    table = pa.table({"Trip_Pickup_DateTime": pa.array(texts, kind)})
    pq.write_table(table, tmp_path / "yellow_tripdata_2009-01.parquet", row_group_size=2)
    done = count_here(tmp_path)
    assert [row["yellow"] for row in done.rows("X.parquet")] == [2]
    assert [(row["row"], row["reason"], row["raw"]) for row in done.quarantine()] == [
        (2, times.EMPTY, None),
        (3, times.NO_TIME, "x"),
        (4, times.NO_DATE, "2009-02-29 00:00:00"),
    ]
