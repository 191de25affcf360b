"""Single rows: which times are readable, what goes to quarantine and how it is described there."""

import json
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from taxi import counting, rules
from taxi.sources import TripFile

from data_pipeline.etl.errors import JobError
from data_pipeline.etl.reading import quarantine

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
    "2020-04-24T08:20:17.5": (2020, 4, 24, 8, 15),
    "2020-04-24T08:20:17": (2020, 4, 24, 8, 15),
    " 2015-01-01 00:00:00 ": (2015, 1, 1, 0, 0),
    '"2015-01-01 00:00:00"': (2015, 1, 1, 0, 0),
}
UNREADABLE = {
    "": rules.EMPTY,
    "   ": rules.EMPTY,
    '""': rules.EMPTY,
    "2015-02-30 00:00:00": rules.NO_DATE,
    "2015-02-29 00:00:00": rules.NO_DATE,
    "2015-13-01 00:00:00": rules.NO_DATE,
    "2015-01-01 24:00:00": rules.NO_DATE,
    "2015-01-01 23:60:00": rules.NO_DATE,
    "2015-01-01 23:59:60": rules.NO_DATE,
    "0000-01-01 00:00:00": rules.NO_DATE,
    "2015-01-01": rules.NO_TIME,
    "2015-01-01 00:00": rules.NO_TIME,
    "2015-1-1 0:00:00": rules.NO_TIME,
    "2015-1-01 00:00:00 ": rules.NO_TIME,
    "01/01/2015 00:00:00": rules.NO_TIME,
    "2015-01-01 00:00:00Z": rules.NO_TIME,
    "2015-01-01 00:00+05": rules.NO_TIME,
    "2015-01-01 00:00:00+00:00": rules.NO_TIME,
    "10000-01-01 00:00:00": rules.NO_TIME,
    "-2015-01-01 00:00:00": rules.NO_TIME,
    "0044-03-15 (BC) 00:00:00": rules.NO_TIME,
    "infinity": rules.NO_TIME,
    "-infinity": rules.NO_TIME,
    "epoch": rules.NO_TIME,
    "now": rules.NO_TIME,
    "garbage": rules.NO_TIME,
    "1420070400": rules.NO_TIME,
    "20150101000000": rules.NO_TIME,
    "２０１５-01-01 00:00:00": rules.NO_TIME,
    "\u00a02015-01-01 00:00:00": rules.NO_TIME,
    "2015-01-01 00:00:00.": rules.NO_TIME,
    "2015-01-01 00:00:00.1234567890": rules.NO_TIME,
    "2015-01-01 00000000": rules.NO_TIME,
    "2015-01-01 000000.0": rules.NO_TIME,
    "2015-01-01 00:00:61": rules.NO_DATE,
    "Pickup_date": rules.NO_TIME,
    '"2015-01-01 00:00:00': rules.FIELDS,  # never closed: it runs to the end of the line, comma included
}


def test_all_readable_times_are_counted_in_their_window(tmp_path, count_here):
    """Each readable form is one trip in the window that the wall clock says."""
    (tmp_path / "fhv_tripdata_2015-01.csv").write_text(
        HEADER + "".join(f"B1,{text},9\r\n" for text in READABLE), newline=""
    )
    done = count_here(tmp_path, "--outside-month", "keep")
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
    assert [row["reason"] for row in refused] == list(UNREADABLE.values())
    entry = done.file("fhv_tripdata_2015-01.csv")
    assert (entry["rows_read"], entry["rows_counted"]) == (2 * len(lines), len(lines))


ROW = "B1,2015-01-01 00:00:00,9"
NUMBERS = {
    "B1": rules.FIELDS,
    "B1,2015-01-01 00:00:00": rules.FIELDS,
    ROW + ",": None,
    ROW + ",,": None,
    ROW + ',"",""': None,
    ROW + ",,,": rules.FIELDS,
    ROW + ",x": rules.FIELDS,
    ROW + ",,x": rules.FIELDS,
    ROW + ", ": rules.FIELDS,
    'B1,2015-01-01 00:00:00,"9,8"': None,
    **{ROW + "," * (255 * 8 + more): rules.FIELDS for more in range(17)},
    "B1,never,9,8": rules.FIELDS,
    "B1,2010-01-01 00:00:00,9,8": rules.FIELDS,
    " ": rules.FIELDS,
}


@pytest.mark.parametrize("quotes", [True, False])
@pytest.mark.parametrize("most", ["", ",", ",,"])
def test_the_number_of_fields(tmp_path, count_here, most, quotes):
    """As many as the header has, or one or two more that are empty; whatever most lines of the file have."""
    numbers = {line: reason for line, reason in NUMBERS.items() if quotes or '"' not in line}
    usual = (ROW + most + "\n") * 20
    lines = usual + "".join(line + "\n" + usual for line in numbers)
    (tmp_path / "fhv_tripdata_2015-01.csv").write_text(HEADER + lines)
    done = count_here(tmp_path)
    wanted = [(line, reason) for line, reason in numbers.items() if reason]
    assert [(row["raw"], row["reason"]) for row in done.quarantine()] == wanted
    assert [row["row"] for row in done.quarantine()] == [
        21 * (at + 1) for at, reason in enumerate(numbers.values()) if reason
    ]
    entry = done.file("fhv_tripdata_2015-01.csv")
    assert entry["reasons"] == {rules.FIELDS: len(wanted)}
    assert entry["rows_read"] == entry["rows_counted"] + len(wanted) == 20 + 21 * len(numbers)


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("B1,2015-01-01 00", rules.CUT_OFF),
        ("B1,2015-01-01 00\n", rules.FIELDS),
        ("B1,2015-01-01 00\r", rules.FIELDS),
        ("B1,2015-01-01 00\n\n", rules.FIELDS),
        ("B1,2015-01-01 00:00:00,", None),
        ("B1,2015-01-01 0,", rules.NO_TIME),
        ("B1,2015-01-01 00:00:00,,,,", rules.FIELDS),
    ],
)
def test_a_file_that_ends_within_its_last_row(tmp_path, count_here, end, reason):
    """Cut off is only a last line without a line end and with too few fields."""
    (tmp_path / "fhv_tripdata_2015-01.csv").write_text(HEADER + ROW + "\n" + end, newline="")
    done = count_here(tmp_path)
    assert [row["reason"] for row in done.quarantine()] == ([reason] if reason else [])
    assert done.summary["rows"]["read"] == 2


EDGES = {
    "2014-12-30 23:59:59": (2, 3),
    "2014-12-31 00:00:00": (1, 2),
    "2014-12-31 23:59:59": (1, 2),
    "2015-01-01 00:00:00": (0, 0),
    "2015-01-31 23:59:59": (0, 0),
    "2015-02-01 00:00:00": (1, 1),
    "2015-02-01 23:59:59.999999": (1, 1),
    "2015-02-02 00:00:00": (2, 2),
}
"""Times at the edges of January 2015, each with the days of tolerance from which on it counts."""


@pytest.mark.parametrize("days", [None, 0, 1, 2, 3])
@pytest.mark.parametrize("form", ["csv", "text", "timestamp"])
def test_times_outside_the_files_month(tmp_path, count_here, form, days):
    """A time counts from the tolerance before the month's first midnight to just before the tolerance after its
    last; a day is the default. The same in CSV and in both kinds of Parquet.
    """
    name = f"fhv_tripdata_2015-01.{'csv' if form == 'csv' else 'parquet'}"
    if form == "csv":
        (tmp_path / name).write_text(HEADER + "".join(f"B1,{text},9\n" for text in EDGES))
    else:
        column = [datetime.fromisoformat(text) for text in EDGES] if form == "timestamp" else list(EDGES)
        pq.write_table(pa.table({"pickup_datetime": column}), tmp_path / name)
    done = count_here(tmp_path, *(["--month-tolerance-days", str(days)] if days is not None else []))
    outside = {text for text, needs in EDGES.items() if (1 if days is None else days) < needs[0]}
    assert {row["raw"] for row in done.quarantine()} == {
        f"B1,{text},9" if form == "csv" else f'{{"pickup_datetime":"{text}"}}' for text in outside
    }
    assert done.file(name)["reasons"] == ({rules.OUTSIDE: len(outside)} if outside else {})


def test_times_outside_the_month_can_be_kept(tmp_path, count_here):
    """--outside-month keep counts them all, and still no time that cannot be read."""
    (tmp_path / "fhv_tripdata_2015-01.csv").write_text(
        HEADER + "B1,2008-12-31 23:02:29,9\nB1,0001-01-01 00:00:00,9\nB1,0000-12-31 00:00:00,9\n"
    )
    done = count_here(tmp_path, "--outside-month", "keep")
    assert [row["reason"] for row in done.quarantine()] == [rules.NO_DATE]
    assert done.summary["rows"]["counted"] == 2


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_quarantine_keeps_the_first_rows_and_counts_the_rest(tmp_path, count_here, form):
    """With a limit of 3 the first three refused rows are there, and summary and reasons count all."""
    name = f"fhv_tripdata_2015-01.{form}"
    texts = ["x", "2015-01-01 00:00:00", *["", "2009-01-01 00:00:00"] * 5]
    if form == "csv":
        (tmp_path / name).write_text(HEADER + "".join(f"B1,{text},9\n" for text in texts))
    else:
        pq.write_table(pa.table({"pickup_datetime": texts}), tmp_path / name)
    done = count_here(tmp_path, "--quarantine-limit", "3")
    assert [row["row"] for row in done.quarantine()] == [1, 3, 4]
    entry = done.file(name)
    assert entry["reasons"] == {rules.NO_TIME: 1, rules.EMPTY: 5, rules.OUTSIDE: 5}
    assert (entry["rows_read"], entry["rows_counted"], entry["rows_quarantined"]) == (12, 1, 11)
    assert count_here(tmp_path, "--quarantine-limit", "0").quarantine() == []


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize("at_once", [True, False])
def test_quarantine_that_cannot_be_written_ends_the_job(tmp_path, monkeypatch, form, at_once):
    """The trip file is not to blame, whether rows are written while it is read or after that."""
    monkeypatch.setattr(quarantine, "GROUP", 0 if at_once else quarantine.GROUP)
    path = tmp_path / f"fhv_tripdata_2015-01.{form}"
    if form == "csv":
        path.write_text(f"{HEADER}B1,never,1\r\n")
    else:
        pq.write_table(pa.table({"Pickup_date": [None, AT]}), path)
    source = TripFile(path.name, "fhv", "2015-01", form)
    (tmp_path / "file").touch()
    refused = quarantine.Quarantine(tmp_path / "file" / "q.parquet", path.name, 10)
    with pytest.raises(JobError, match=r"cannot be written .* TMPDIR"), refused:
        counting.count(counting.Counters(), source, path, rules.Policy(), refused)


@pytest.mark.parametrize("month", ["0001-01", "9999-12"])
def test_months_at_the_ends_of_the_calendar(tmp_path, count_here, month):
    """A file's name may say any year; what cannot be in it is refused, without an error."""
    (tmp_path / f"fhv_tripdata_{month}.csv").write_text(HEADER + f"B1,{month}-01 00:00:00,9\n" + ROW + "\n")
    done = count_here(tmp_path)
    reasons = [rules.OUTSIDE]
    assert [row["reason"] for row in done.quarantine()] == reasons


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
    done = count_here(tmp_path, "--outside-month", "keep")
    assert [str(row["timestamp"]) for row in done.rows("X.parquet")] == [
        "1969-12-31 23:45:00",
        "2014-12-31 23:45:00",
        "2015-01-01 00:00:00",
        "2015-01-01 00:15:00",
    ]
    whole = '{"extra":2,"pickup_datetime":null}'
    assert [(row["row"], row["reason"], row["raw"]) for row in done.quarantine()] == [(2, rules.EMPTY, whole)]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_parquet_times_as_text(tmp_path, count_here, kind):
    """Text columns, small and large, are read as in CSV; what is not a time goes to quarantine."""
    texts = ["2009-01-01 00:00:00", None, "x", "2009-02-29 00:00:00", "2009-01-01 00:10:00"]
    table = pa.table({"Trip_Pickup_DateTime": pa.array(texts, kind)})
    pq.write_table(table, tmp_path / "yellow_tripdata_2009-01.parquet", row_group_size=2)
    done = count_here(tmp_path)
    assert [row["yellow"] for row in done.rows("X.parquet")] == [2]
    assert [(row["row"], row["reason"], row["raw"]) for row in done.quarantine()] == [
        (2, rules.EMPTY, '{"Trip_Pickup_DateTime":null}'),
        (3, rules.NO_TIME, '{"Trip_Pickup_DateTime":"x"}'),
        (4, rules.NO_DATE, '{"Trip_Pickup_DateTime":"2009-02-29 00:00:00"}'),
    ]


def test_a_parquet_row_in_quarantine_is_whole(tmp_path, count_here):
    """Every column, by name, whatever it holds: JSON that any reader takes; only as many as are kept."""
    never = ["never", "2015-01-01 00:00:00", "no", "nor"]
    table = pa.table(
        {
            "pickup_datetime": never,
            'say "it\'s"': ['a"b', "c", "d", "e"],
            "fare": [float("nan"), 1.5, -2.25, 0.0],
            "far": pa.array([-(2**63), 0, 2**63 - 1, 0], pa.timestamp("us")),
        }
    )
    pq.write_table(table, tmp_path / "fhv_tripdata_2015-01.parquet", row_group_size=2)
    done = count_here(tmp_path, "--quarantine-limit", "2")
    first, second = ((row["row"], json.loads(row["raw"])) for row in done.quarantine())
    assert (first[0], second[0]) == (1, 3)
    assert first[1].keys() == second[1].keys() == {*table.column_names}
    assert (first[1]['say "it\'s"'], first[1]["fare"], second[1]["fare"]) == ('a"b', "NaN", -2.25)
    assert done.file("fhv_tripdata_2015-01.parquet")["reasons"] == {rules.NO_TIME: 3}


@pytest.mark.parametrize("never", [False, True])
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_the_pickup_time_in_quarantine_is_written_as_the_other_times(tmp_path, count_here, unit, never):
    """It stands where its column does, whether it is read once more or not; a name with quotes and capitals is fine."""
    parts = {"s": [0], "ms": [0, 500, 120], "us": [0, 500_000, 120_001], "ns": [0, 500_000_000, 1000]}[unit]
    second = 10 ** {"s": 0, "ms": 3, "us": 6, "ns": 9}[unit]
    stamps = [day * 86_400 * second + part for day in (-1, 0, 40_000) for part in parts]
    stamps += [None] + [400_000_000_000 * second] * (never and unit != "ns")
    times = pa.array(stamps, pa.timestamp(unit))
    table = pa.table(
        {'say "Pickup_datetime"': range(len(stamps)), "Pickup_datetime": times, "DropOff_datetime": times}
    )
    pq.write_table(table, tmp_path / "fhv_tripdata_2015-01.parquet", row_group_size=2, coerce_timestamps=None)
    rows = [json.loads(row["raw"]) for row in count_here(tmp_path).quarantine()]
    assert [next(iter(row.values())) for row in rows] == [*range(len(stamps))]
    assert all(list(row) == table.column_names for row in rows)
    assert [row["Pickup_datetime"] for row in rows] == [row["DropOff_datetime"] for row in rows]
    assert {None, "1970-01-01 00:00:00"} <= {row["Pickup_datetime"] for row in rows}


def test_a_damaged_column_beside_the_pickup_time(tmp_path, count_here):
    """It does not keep the trips from being counted; the refused row then has its time alone."""
    path = tmp_path / "fhv_tripdata_2015-01.parquet"
    table = pa.table({"pickup_datetime": ["never", "2015-01-01 00:00:00"], "note": ["x" * 500, "y" * 500]})
    pq.write_table(table, path, compression="snappy", use_dictionary=False, write_statistics=False)
    column = pq.ParquetFile(path).metadata.row_group(0).column(1)
    content = bytearray(path.read_bytes())
    end = column.data_page_offset + column.total_compressed_size
    content[end - 20 : end] = b"\xff" * 20
    path.write_bytes(content)
    done = count_here(tmp_path)
    assert [(row["row"], row["raw"]) for row in done.quarantine()] == [(1, "never")]
    assert done.summary["rows"] == {"read": 2, "counted": 1, "quarantined": 1}
