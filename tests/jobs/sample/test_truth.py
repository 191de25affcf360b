"""The true counts against a count by the csv module and pyarrow, and the oddities that must be there."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

PICKUP_NAMES = {
    "trip_pickup_datetime",
    "pickup_datetime",
    "tpep_pickup_datetime",
    "lpep_pickup_datetime",
    "pickup_date",
}

REASONS = ("cut_off", "fields", "unreadable", "outside")


def _parsed(value: object) -> datetime | None:
    if isinstance(value, datetime) or value is None:
        return value
    try:
        return datetime.strptime(str(value), "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007 - wall clock without zone
    except ValueError:
        return None


def _csv_rows(path: Path) -> tuple[list[str], list[list[str]]]:
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    header, *rows = [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    return [name.strip().lower() for name in header], rows


def pickups(path: Path) -> list[datetime | None]:
    """Every data row's pickup time in the file's order; None where it cannot be read."""
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        (column,) = [name for name in table.column_names if name.lower() in PICKUP_NAMES]
        return [_parsed(value) for value in table[column].to_pylist()]
    header, rows = _csv_rows(path)
    (position,) = [index for index, name in enumerate(header) if name in PICKUP_NAMES]
    return [_parsed(row[position]) for row in rows]


def verdicts(path: Path) -> list[datetime | str]:
    """Every data row's pickup time, or the first reason why the row does not count, as truth.json names it."""
    found: list[datetime | str] = [time or "unreadable" for time in pickups(path)]
    month = datetime.strptime(path.name.split("_")[2][:7], "%Y-%m")  # noqa: DTZ007 - wall clock without zone
    first, end = month - timedelta(days=1), (month + timedelta(days=32)).replace(day=1) + timedelta(days=1)
    found = [t if isinstance(t, str) or first <= t < end else "outside" for t in found]
    if path.suffix == ".parquet":
        return found
    header, rows = _csv_rows(path)
    for at, row in enumerate(rows):
        if len(row) < len(header) or len(row) > len(header) + 2 or any(row[len(header) :]):
            found[at] = "fields"
    if path.suffix == ".csv" and not path.read_bytes().endswith(b"\n") and found[-1] == "fields":
        found[-1] = "cut_off"
    return found


def trip_files(directory: Path) -> list[Path]:
    return sorted(path for path in directory.iterdir() if "_tripdata_" in path.name)


@pytest.fixture(scope="module")
def truth(sample_dir: Path) -> Any:
    return json.loads((sample_dir / "truth.json").read_text())


def test_the_counts_are_those_of_the_files(sample_dir: Path) -> None:
    """truth.csv agrees, window by window and data set by data set, with a count that shares no code."""
    counted: Counter[tuple[str, str]] = Counter()
    for path in trip_files(sample_dir):
        for pickup in verdicts(path):
            if isinstance(pickup, datetime):
                window = pickup - timedelta(minutes=pickup.minute % 15, seconds=pickup.second)
                counted[str(window), path.name.split("_")[0]] += 1
    with (sample_dir / "truth.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {(row["window_start"], row["dataset"]): int(row["trips"]) for row in rows} == counted
    assert [*rows] == sorted(rows, key=lambda row: (row["window_start"], row["dataset"]))


def test_the_rows_of_every_file_are_told(sample_dir: Path, truth: Any) -> None:
    """truth.json names each file with its rows, and by number and reason those that do not count."""
    assert truth["files"]
    assert {path.name for path in trip_files(sample_dir)} == set(truth["files"])
    for name, entry in truth["files"].items():
        found = verdicts(sample_dir / name)
        assert entry["rows"] == len(found)
        for reason in REASONS:
            assert entry[reason] == [row for row, verdict in enumerate(found, 1) if verdict == reason]
        assert entry["counted"] == entry["rows"] - sum(len(entry[reason]) for reason in REASONS)
        assert entry["bytes"] == (sample_dir / name).stat().st_size
    assert truth["rows"] == sum(entry["rows"] for entry in truth["files"].values())
    assert truth["counted"] == sum(entry["counted"] for entry in truth["files"].values())


def test_some_rows_cannot_be_read_in_every_format(truth: Any) -> None:
    """Quarantine has something to do for text, compressed text and Parquet alike."""
    for ending in ("csv", "csv.gz", "parquet"):
        assert sum(len(e["unreadable"]) for n, e in truth["files"].items() if n.endswith("." + ending)) > 5


def test_every_reason_is_there(truth: Any) -> None:
    """Each reason of the rules has its rows; those that Parquet knows are there in Parquet too."""
    for ending, reasons in ((".csv", REASONS), (".parquet", ("unreadable", "outside"))):
        for reason in reasons:
            assert any(entry[reason] for name, entry in truth["files"].items() if name.endswith(ending))


def test_no_truth_looks_like_a_trip_file(sample_dir: Path) -> None:
    """What lies beside the trips is not taken for trips, whatever the reader's pattern."""
    names = {path.name for path in sample_dir.iterdir()} - {path.name for path in trip_files(sample_dir)}
    assert names == {"truth.csv", "truth.json"}
    for path in trip_files(sample_dir):
        assert re.fullmatch(
            r"(yellow|green|fhv|fhvhv)_tripdata_\d{4}-\d{2}\.(csv|csv\.gz|parquet)", path.name
        )


def test_the_sample_is_small(sample_dir: Path, truth: Any) -> None:
    """Below 5 MB in all, some 100,000 rows, every data set in every format that the job reads."""
    assert sum(path.stat().st_size for path in sample_dir.iterdir()) < 5_000_000
    assert 60_000 < truth["rows"] < 150_000
    kinds = {(entry["dataset"], name.rsplit(".", 1)[-1]) for name, entry in truth["files"].items()}
    assert {(dataset, "parquet") for dataset in ("yellow", "green", "fhv", "fhvhv")} <= kinds


def test_rows_repeat_exactly(sample_dir: Path) -> None:
    """Exact duplicates are trips: in fhv 2015 by the minute, elsewhere as copies."""
    for name in ("fhv_tripdata_2015-01.csv", "yellow_tripdata_2009-01.csv", "yellow_tripdata_2019-06.csv.gz"):
        _, rows = _csv_rows(sample_dir / name)
        assert max(Counter(map(tuple, rows)).values()) > 1


def test_rows_of_other_months_since_late_2017(sample_dir: Path) -> None:
    """From 2017-10 on a file holds trips of its neighbours and of a clock that was reset; before, none."""
    for path in trip_files(sample_dir):
        month = path.name.split("_")[2][:7]
        strangers = [time for time in pickups(path) if time and f"{time:%Y-%m}" != month]
        assert bool(strangers) == (month >= "2017-10"), path.name
        if strangers:
            assert min(strangers).year in (2008, 2009)


@pytest.mark.parametrize(
    ("name", "night", "hour", "other"),
    [
        ("yellow_tripdata_2015-11.csv", "2015-11-01", 1, 2),
        ("green_tripdata_2025-11.parquet", "2025-11-02", 1, 2),
    ],
)
def test_the_hour_that_happens_twice_in_autumn(
    sample_dir: Path, name: str, night: str, hour: int, other: int
) -> None:
    """When clocks go back, the repeated hour holds more trips than the one after it."""
    hours = Counter(time.hour for time in pickups(sample_dir / name) if time and f"{time:%Y-%m-%d}" == night)
    assert hours[hour] > hours[other] > 0


@pytest.mark.parametrize(
    ("name", "night"),
    [("yellow_tripdata_2012-03.csv.gz", "2012-03-11"), ("green_tripdata_2023-03.parquet", "2023-03-12")],
)
def test_the_hour_that_does_not_happen_in_spring(sample_dir: Path, name: str, night: str) -> None:
    """When clocks go forward, only the two trips of clocks that nobody set begin in the skipped hour."""
    hours = Counter(time.hour for time in pickups(sample_dir / name) if time and f"{time:%Y-%m-%d}" == night)
    assert hours[2] == 2


def test_the_week_has_the_citys_rhythm(sample_dir: Path) -> None:
    """Working days peak in the evening, nights are quiet, and late Saturday beats late Tuesday."""
    times = [time for time in pickups(sample_dir / "yellow_tripdata_2019-06.csv.gz") if time]
    hours = Counter((time.weekday(), time.hour) for time in times)
    assert hours[1, 18] > hours[1, 8] > 2 * hours[1, 4]
    assert hours[5, 23] > 1.3 * hours[1, 23]
