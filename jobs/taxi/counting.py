"""Counting the rows of one trip file by 15-minute window, and refusing those that do not count (``rules``).

A file counts wholly or not at all: whatever makes a part of it unreadable raises FileError. Memory is bounded
by a few chunks of ``csvfiles.CHUNK_BYTES``, the refused rows of a few spans of ``csvfiles.SPAN_BYTES``, or a few
batches of ``parquetfiles.BATCH`` rows, whatever the size of the file.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from data_pipeline.etl.errors import FileError
from data_pipeline.etl.reading import parquet_opening, zones
from data_pipeline.etl.reading.quarantine import Quarantine, Refused
from taxi import csvfiles, csvrows, layouts, parquetfiles, parquetrows, rules, times
from taxi.monthly import MOST_WINDOWS, Month
from taxi.sources import TripFile

MOST_THREADS = 8


@dataclass(frozen=True)
class Counted:
    """What one file holds. ``windows``: starts of windows (microseconds since 1970-01-01 on the wall clock), in order,
    and the trips in each, two NumPy arrays. ``reasons``: rows that do not count. ``warnings``: times that may not be
    meant as they were read.
    """

    layout: layouts.Match
    rows: int
    windows: tuple[Any, Any]
    reasons: Counter[str]
    warnings: tuple[str, ...] = ()

    @property
    def trips(self) -> int:
        return int(self.windows[1].sum())

    @property
    def refused(self) -> int:
        return sum(self.reasons.values())


class Counters:
    """What counts files: ``workers``, the threads of this process that count spans of CSV files, ``threads`` of them;
    and DuckDB, where rows of Parquet must be written out. All files of a process share them.
    """

    def __init__(self) -> None:
        self.workers = _workers()
        self.threads = _threads()

    @property
    def db(self) -> duckdb.DuckDBPyConnection:
        return _database()


def _threads() -> int:
    return max(1, min(os.cpu_count() or 1, MOST_THREADS))


@cache
def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(_threads())


@cache
def _database() -> duckdb.DuckDBPyConnection:
    """One for all files: to open it takes as long as to count a small one. It makes its folder where it needs one."""
    place = str(Path(tempfile.gettempdir()) / f"trip-rows-{os.getpid()}")
    limit = f"{256 + 128 * _threads()}MB"
    return duckdb.connect(config={"threads": 1, "memory_limit": limit, "temp_directory": place})


@dataclass(frozen=True)
class Sizes:
    """Bytes of a CSV file that are looked at together, and that a worker is given at once."""

    chunk: int = csvfiles.CHUNK_BYTES
    span: int = csvfiles.SPAN_BYTES


_SIZES = Sizes()


def count(
    counters: Counters,
    source: TripFile,
    path: Path,
    policy: rules.Policy,
    quarantine: Quarantine,
    sizes: Sizes = _SIZES,
) -> Counted:
    """Count the rows of ``source``, whose content is the local file ``path``, and give those that do not count
    to ``quarantine``. Raises FileError.
    """
    limits = policy.limits(source.month)
    windows: times.Windows
    if source.form == "parquet":
        with parquet_opening.opened(path) as file, parquet_opening.readable():
            rows, schema = file.metadata.num_rows, file.schema_arrow
            layout = layouts.match(schema.names, source.dataset)
            quarantine.whole = partial(_whole, counters, path, schema, layout.position)
            windows = parquetfiles.count(file, layout.name, limits, quarantine)
            marked = zones.warning(file, layout.name, "UTC")  # a time is taken as it is stored
    else:
        rows, windows, trips, marked = 0, [], np.zeros(MOST_WINDOWS, np.int64), ""
        with csvfiles.opened(path, source.form == "csv.gz") as csv:
            layout = layouts.match(csv.names, source.dataset)
            shape = csvrows.Shape(len(csv.names), layout.position, Month.of(source.month), limits)
            for tally in _tallies(counters, path, csv, shape, sizes):
                quarantine.add(refused._replace(row=rows + refused.row) for refused in tally.refused)
                rows += tally.rows
                trips += tally.month
                windows += tally.windows
        windows += shape.month.windows(trips)
    said = (marked,) if marked else ()
    counted = Counted(layout, rows, times.total(windows), quarantine.reasons, said)
    _refuse_lost_rows(source, counted, rows)
    return counted


def _refuse_lost_rows(source: TripFile, counted: Counted, rows: int) -> None:
    """FileError for a Parquet file whose footer and data differ; RuntimeError where the job has lost some."""
    found = counted.trips + counted.refused
    if found == rows:
        return
    if source.form == "parquet":
        raise FileError(
            f"the Parquet data cannot be read: its footer says {rows} rows, its data hold {found}"
        )
    raise RuntimeError(
        f"{source.path}: {rows} rows read, {counted.trips} counted and {counted.refused} refused: "
        "a bug of the job"
    )


def _whole(
    counters: Counters, path: Path, schema: pa.Schema, pickup: int, rows: list[Refused]
) -> dict[int, str]:
    return parquetrows.whole(counters.db, path, schema, pickup, rows)


def _tallies(
    counters: Counters, path: Path, csv: csvfiles.Opened, shape: csvrows.Shape, sizes: Sizes
) -> Iterator[csvrows.Tally]:
    """The tallies of the file in order. Of a large plain file each thread has a span, and one more waits; a small one
    and gzip data, which come in one stream, are counted here.
    """
    spans = csv.spans(sizes.span)
    if len(spans) < 2:
        yield csvrows.tally(csv.lines(sizes.chunk), shape)
        return
    waiting: deque[Future[csvrows.Tally]] = deque()
    try:
        for span in spans:
            waiting.append(counters.workers.submit(_tally, path, span, shape, sizes.chunk))
            if len(waiting) > counters.threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        wait(waiting)


def _tally(path: Path, span: csvfiles.Span, shape: csvrows.Shape, chunk: int) -> csvrows.Tally:
    with csvfiles.lines_of(path, span, chunk) as lines:
        return csvrows.tally(lines, shape)
