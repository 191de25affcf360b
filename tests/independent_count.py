"""An independent count of trip files, by the csv module and by PyArrow alone. Uses nothing of the product."""

# ruff: noqa: DTZ001 - the times of the trips have no zone

import csv
import gzip
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq

PICKUPS = {
    "yellow": {"trip_pickup_datetime", "pickup_datetime", "tpep_pickup_datetime"},
    "green": {"lpep_pickup_datetime"},
    "fhv": {"pickup_date", "pickup_datetime"},
    "fhvhv": {"pickup_datetime"},
}


CUT_OFF = "cut-off"
FIELDS = "field-count"
EMPTY = "null"
NO_DATE = "no-date"
NO_TIME = "not-timestamp"
OUTSIDE = "outside-month"


@dataclass
class Count:
    """Trips by start of the window, and the reason of each data row (by number, from 1) that does not count."""

    windows: Counter = field(default_factory=Counter)
    refused: dict = field(default_factory=dict)
    rows: int = 0

    @property
    def reasons(self) -> Counter:
        return Counter(self.refused.values())

    def add(self, verdict) -> None:
        """The next row: its time, or the reason why it does not count."""
        self.rows += 1
        if isinstance(verdict, datetime):
            self.windows[window(verdict)] += 1
        else:
            self.refused[self.rows] = verdict


def window(time: datetime) -> datetime:
    """The start of the quarter of an hour."""
    return time.replace(minute=time.minute // 15 * 15, second=0, microsecond=0)


def read(text: str | None) -> datetime | str:
    """A pickup time, or why it is none."""
    text = (text or "").strip(" ")
    if not text:
        return EMPTY
    match = re.fullmatch(
        r"([0-9]{4})-([0-9]{2})-([0-9]{2})[ T]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]{1,9})?", text
    )
    try:
        return datetime(*map(int, match.groups())) if match else NO_TIME
    except ValueError:
        return NO_DATE


def fits(time: datetime, month: str) -> bool:
    """Whether a file of this month (YYYY-MM) may hold the time: a day of tolerance on either side."""
    month_of = {f"{time + timedelta(days=days):%Y-%m}" for days in (-1, 0, 1)}
    return month in month_of


def judge(text: str | None, month: str) -> datetime | str:
    """A pickup time that counts in a file of this month, or the reason why not."""
    time = read(text)
    return OUTSIDE if isinstance(time, datetime) and not fits(time, month) else time


def judge_line(line: str, fields: int, column: int, month: str, cut_off: bool) -> datetime | str:
    """The same for one line of CSV. ``cut_off``: it is the file's last and has no line end."""
    row = next(csv.reader([line.replace("\0", "?")]))  # Python 3.10 refuses a NUL, and no time has one
    if cut_off and len(row) < fields:
        return CUT_OFF
    if len(row) < fields or len(row) > fields + 2 or [text for text in row[fields:] if text]:
        return FIELDS
    return judge(row[column], month)


def lines_of(content: bytes) -> list[str]:
    """The lines of a CSV file that are not blank."""
    text = content.decode("utf-8-sig")
    return [line for line in re.split("\r\n|\r|\n", text) if line]


def count_csv(content: bytes, dataset: str, month: str) -> Count:
    """Count a CSV file line by line, with the csv module."""
    header, *lines = lines_of(content)
    names = [name.strip().lower() for name in next(csv.reader([header]))]
    (column,) = [i for i, name in enumerate(names) if name in PICKUPS[dataset]]
    open_end = not content.endswith((b"\n", b"\r"))
    result = Count()
    for number, line in enumerate(lines, 1):
        result.add(judge_line(line, len(names), column, month, open_end and number == len(lines)))
    return result


def count_parquet(path: Path, dataset: str, month: str) -> Count:
    """Count a Parquet file value by value."""
    file = pq.ParquetFile(path)
    (column,) = [name for name in file.schema_arrow.names if name.strip().lower() in PICKUPS[dataset]]
    result = Count()
    for value in file.read(columns=[column]).column(0).to_pylist():
        if isinstance(value, datetime):
            result.add(value if fits(value, month) else OUTSIDE)
        else:
            result.add(judge(value, month))
    return result


def count_file(path: Path) -> Count:
    """Count a trip file of any form; its name says the data set and the month."""
    dataset, month = path.name.split("_")[0], path.name.split("_")[2][:7]
    if path.suffix == ".parquet":
        return count_parquet(path, dataset, month)
    content = path.read_bytes()
    return count_csv(gzip.decompress(content) if path.suffix == ".gz" else content, dataset, month)


def features(files: dict[str, Count]) -> list[dict]:
    """The rows of the feature table for these files (by name), in order of time."""
    by_window: dict[datetime, Counter] = {}
    for name, count in files.items():
        for start, trips in count.windows.items():
            by_window.setdefault(start, Counter())[name.rsplit("/", 1)[-1].split("_")[0]] += trips
    return [
        {
            "timestamp": start,
            "num_rides": sum(trips.values()),
            "minutes": start.hour * 60 + start.minute,
            "dow": int(start.strftime("%w")) + 1,
            "month": start.month,
            "doy": (start - datetime(start.year, 1, 1)) // timedelta(days=1) + 1,
            **{dataset: trips[dataset] for dataset in ("yellow", "green", "fhv", "fhvhv")},
        }
        for start, trips in sorted(by_window.items())
    ]
