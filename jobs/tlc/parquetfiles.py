"""Trip files in Parquet: only the pickup column is read, as text or as a timestamp of any unit.

A timestamp is taken as the wall-clock time that its stored number says, also where the file marks it as UTC:
TLC's times have no zone. Row-group statistics are not relied on; many files have none.
"""

# ruff: noqa: S608 - SQL is put together from this package's own expressions and quoted names

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import duckdb
import pyarrow.compute as pc

from tlc import parquetrows, rules, times
from tlc.csvrows import Refused
from tlc.errors import FileError
from tlc.quarantine import Quarantine

_MAGIC = b"PAR1"
_BATCH = 100_000
_TIMESTAMPS = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE")


def shape(db: duckdb.DuckDBPyConnection, path: Path) -> tuple[list[str], int]:
    """Column names and number of rows, from the footer. Raises FileError if this is no Parquet file."""
    with path.open("rb") as file:
        start = file.read(4)
    if not start:
        raise FileError("it is empty")
    if start != _MAGIC:
        raise FileError(f"it is not a Parquet file: it starts with {start!r}")
    with _readable():
        names = db.execute("SELECT * FROM read_parquet(?) LIMIT 0", [str(path)]).description
        rows = db.execute("SELECT num_rows FROM parquet_file_metadata(?)", [str(path)]).fetchone()
    if rows is None or names is None:
        raise FileError("its footer says nothing of rows")
    return [name[0] for name in names], rows[0]


def count(
    db: duckdb.DuckDBPyConnection, path: Path, column: str, limits: times.Limits, quarantine: Quarantine
) -> times.Windows:
    """Trips by start of the window; the rows that do not count go to ``quarantine``."""
    name, file = '"' + column.replace('"', '""') + '"', "'" + str(path).replace("'", "''") + "'"
    rows = f"FROM read_parquet({file}, file_row_number = true)"
    quarantine.whole = partial(parquetrows.whole, path)
    with _readable():
        kind = str(db.execute(f"SELECT {name} {rows} LIMIT 0").description[0][1])
        if kind == "VARCHAR":
            return _count_texts(db, f"SELECT {name} AS text {rows}", limits, quarantine)
        if kind in _TIMESTAMPS:
            return _count_times(
                db, f"SELECT epoch_us({name}) AS time, file_row_number {rows}", limits, quarantine
            )
    raise FileError(f"its pickup column {column} holds {kind}, neither text nor timestamps")


def _count_texts(
    db: duckdb.DuckDBPyConnection, query: str, limits: times.Limits, quarantine: Quarantine
) -> times.Windows:
    windows: times.Windows = []
    before = 0
    for batch in db.execute(query).to_arrow_reader(_BATCH):
        texts = batch.column(0)
        found, doubtful = times.count(texts, limits)
        refused, starts = [], []
        for at in sorted(doubtful):
            text = texts[at].as_py()
            judged = times.judge(text or "", limits)
            if isinstance(judged, str):
                refused.append(Refused(before + at + 1, judged, text))
            else:
                starts.append(judged)
        windows += found + times.single(starts)
        quarantine.add(refused)
        before += len(batch)
    return windows


def _count_times(
    db: duckdb.DuckDBPyConnection, query: str, limits: times.Limits, quarantine: Quarantine
) -> times.Windows:
    fits = f"time >= {limits[0]} AND time < {limits[1]}"
    start = f"(time - ({rules.YEAR_1})) // {times.WINDOW} * {times.WINDOW} + ({rules.YEAR_1})"
    counts = db.execute(
        f"SELECT CASE WHEN {fits} THEN {start} END AS start, count(*) AS trips FROM ({query}) GROUP BY ALL"
    ).to_arrow_table()
    windows = counts.filter(pc.is_valid(counts["start"]))
    if len(windows) < len(counts):
        others = db.execute(
            f"SELECT file_row_number + 1, time FROM ({query}) WHERE ({fits}) IS NOT TRUE ORDER BY ALL"
        )
        while found := others.fetchmany(_BATCH):
            quarantine.add(Refused(row, *_reason(time)) for row, time in found)
    return [(windows["start"].combine_chunks(), windows["trips"].combine_chunks())]


def _reason(time: int | None) -> tuple[str, str | None]:
    """Why a stored time does not count, and its text."""
    if time is None:
        return rules.EMPTY, None
    if not rules.YEAR_1 <= time < rules.YEAR_10000:
        return rules.NO_TIME, str(time)
    stamp = datetime(1, 1, 1) + timedelta(microseconds=time - rules.YEAR_1)  # noqa: DTZ001 - has no zone
    return rules.OUTSIDE, str(stamp)


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except (duckdb.OutOfMemoryException, duckdb.InternalException, duckdb.FatalException):
        raise
    except UnicodeDecodeError as error:
        raise FileError("the Parquet data cannot be read: a name in its footer is not UTF-8") from error
    except duckdb.Error as error:
        raise FileError(f"the Parquet data cannot be read: {' '.join(str(error).split())[:300]}") from error
