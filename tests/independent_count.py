"""An independent count of trip files, by the csv module and by PyArrow alone. Uses nothing of the product."""

# ruff: noqa: DTZ001 - the times of the trips have no zone

import csv
import gzip
import io
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


@dataclass
class Count:
    """Trips by start of the window, and the numbers (from 1) of the data rows whose time cannot be read."""

    windows: Counter = field(default_factory=Counter)
    bad: list = field(default_factory=list)
    rows: int = 0


def window(time: datetime) -> datetime:
    """The start of the quarter of an hour."""
    return time.replace(minute=time.minute // 15 * 15, second=0, microsecond=0)


def read(text: str | None) -> datetime | None:
    """A time exactly as TLC writes it, or None."""
    match = re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{6})?", text or "")
    try:
        return datetime.fromisoformat(match[0]) if match else None
    except ValueError:
        return None


def count_csv(content: bytes, dataset: str) -> Count:
    """Count a CSV file row by row. A row is what the csv module says; one without any field is none."""
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    rows = (row for row in rows if row)
    names = [name.strip().lower() for name in next(rows)]
    (column,) = [i for i, name in enumerate(names) if name in PICKUPS[dataset]]
    return _count(row[column] if column < len(row) else None for row in rows)


def _count(texts) -> Count:
    result = Count()
    for result.rows, text in enumerate(texts, 1):
        time = read(text)
        if time is None:
            result.bad.append(result.rows)
        else:
            result.windows[window(time)] += 1
    return result


def count_parquet(path: Path, dataset: str) -> Count:
    """Count a Parquet file value by value."""
    file = pq.ParquetFile(path)
    (column,) = [name for name in file.schema_arrow.names if name.strip().lower() in PICKUPS[dataset]]
    values = file.read(columns=[column]).column(0).to_pylist()
    if values and isinstance(values[0], str):
        return _count(values)
    result = Count(rows=len(values))
    for row, time in enumerate(values, 1):
        if time is None:
            result.bad.append(row)
        else:
            result.windows[window(time)] += 1
    return result


def count_file(path: Path) -> Count:
    """Count a trip file of any form; its name says the data set."""
    dataset = path.name.split("_")[0]
    if path.suffix == ".parquet":
        return count_parquet(path, dataset)
    content = path.read_bytes()
    return count_csv(gzip.decompress(content) if path.suffix == ".gz" else content, dataset)


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
