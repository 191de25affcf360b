"""Counting the rows of one trip file by 15-minute window, and finding those whose pickup time cannot be read.

A file counts wholly or not at all: whatever makes a part of it unreadable raises FileError. Memory is bounded
by a few chunks of ``csvfiles.CHUNK_BYTES`` or of DuckDB's Parquet reader, whatever the size of the file.
"""

# ruff: noqa: S608 - SQL is put together from this package's own expressions and quoted names

from __future__ import annotations

import os
import threading
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from tlc import csvfiles, layouts, parquetfiles, times
from tlc.sources import Source

MOST_THREADS = 8
BAD_ROW = pa.schema([("row", pa.int64()), ("reason", pa.string()), ("raw", pa.string())])


@dataclass(frozen=True)
class Counted:
    """What one file holds. ``windows``: start in microseconds since 1970-01-01 on the wall clock → trips."""

    layout: layouts.Match
    rows: int
    windows: Counter[int]
    unreadable: int
    bad_chunks: dict[int, int] = field(default_factory=dict)
    """CSV: chunks with unreadable rows, by number, each with the number of rows before it."""


class Engine:
    """DuckDB in this process, with its threads and memory bounded: as many threads as there are processors
    unless told otherwise. Use it in a ``with`` statement.
    """

    def __init__(self, work: Path, threads: int | None = None) -> None:
        self.threads = threads or max(1, min(os.cpu_count() or 1, MOST_THREADS))
        self.db = duckdb.connect(":memory:")
        self.db.execute(f"SET threads = {self.threads}")
        self.db.execute(f"SET memory_limit = '{256 + 128 * self.threads}MB'")
        self.db.execute("SET temp_directory = ?", [str(work / "duckdb")])
        self.pool = ThreadPoolExecutor(self.threads)
        self._local = threading.local()

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown(cancel_futures=True)
        self.db.close()

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection to the same database for the calling thread alone."""
        if not hasattr(self._local, "cursor"):
            self._local.cursor = self.db.cursor()
        cursor: duckdb.DuckDBPyConnection = self._local.cursor
        return cursor


def count(engine: Engine, source: Source, path: Path) -> Counted:
    """Count the rows of ``source``, whose content is the local file ``path``. Raises FileError."""
    if source.form == "parquet":
        return _count_parquet(engine, source, path)
    gzipped = source.form == "csv.gz"
    layout = layouts.match(csvfiles.header(path, gzipped), source.dataset)
    rows, unreadable, windows, bad_chunks = 0, 0, Counter[int](), {}
    for number, tally in enumerate(_tallies(engine, path, gzipped, layout.position)):
        if tally.windows[None]:
            bad_chunks[number] = rows
        rows += tally.rows
        unreadable += tally.windows.pop(None, 0)
        windows.update(tally.windows)
    return _proved(source, Counted(layout, rows, windows, unreadable, bad_chunks))


def bad_rows(engine: Engine, source: Source, path: Path, counted: Counted) -> Iterator[pa.RecordBatch]:
    """The rows that ``counted`` could not read, in order, as batches of BAD_ROW. ``row`` counts data rows
    from 1.
    """
    if source.form == "parquet":
        yield from parquetfiles.bad_rows(engine.db, path, counted.layout.name).cast(BAD_ROW)
        return
    for number, chunk in enumerate(csvfiles.chunks(path, source.form == "csv.gz")):
        if number in counted.bad_chunks:
            yield from _bad_lines(engine.db, chunk, counted.layout.position, counted.bad_chunks[number])


@dataclass(frozen=True)
class _Tally:
    rows: int
    windows: Counter[int | None]


def _tallies(engine: Engine, path: Path, gzipped: bool, position: int) -> Iterator[_Tally]:
    """The tally of each chunk, in order; one chunk per thread is worked on, and one more waits."""
    waiting: deque[Future[_Tally]] = deque()
    try:
        for chunk in csvfiles.chunks(path, gzipped):
            waiting.append(engine.pool.submit(_tally, engine, chunk, position))
            if len(waiting) > engine.threads:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        wait(waiting)


def _tally(engine: Engine, chunk: bytes, position: int) -> _Tally:
    lines = _whole_lines(engine.cursor(), chunk)
    text = csvfiles.quick_field(position, quoted=b'"' in chunk)
    query = f"SELECT {text} AS text FROM lines WHERE line <> ''"
    found = engine.cursor().execute(times.count_windows(times.read_texts(query))).fetchall()
    rows = pc.sum(pc.not_equal(pc.binary_length(lines["line"]), 0)).as_py() or 0
    return _Tally(rows, Counter(dict(found)))


def _whole_lines(cursor: duckdb.DuckDBPyConnection, chunk: bytes) -> pa.Table:
    """The lines of ``chunk``, also registered with ``cursor`` as the view ``lines``."""
    lines = csvfiles.lines(chunk)
    cursor.register("lines", lines)
    if cursor.execute("SELECT count(*) FROM lines WHERE contains(line, chr(13))").fetchone() != (0,):
        lines = csvfiles.lines(csvfiles.with_cr_as_line_end(chunk))
        cursor.register("lines", lines)
    return lines


def _bad_lines(
    db: duckdb.DuckDBPyConnection, chunk: bytes, position: int, before: int
) -> Iterator[pa.RecordBatch]:
    lines = _whole_lines(db, chunk)["line"]
    numbered = pa.table({"line": lines.filter(pc.not_equal(pc.binary_length(lines), 0))})
    db.register(
        "lines", numbered.append_column("row", pa.array(range(before + 1, before + 1 + len(numbered))))
    )
    texts = f"SELECT row, line, {csvfiles.field(position)} AS text FROM lines"
    query = f"SELECT row, {times.reason('text')} AS reason, line AS raw FROM ({times.read_texts(texts)}) "
    yield from (
        db.execute(query + "WHERE time IS NULL ORDER BY row").to_arrow_table().cast(BAD_ROW).to_batches()
    )


def _count_parquet(engine: Engine, source: Source, path: Path) -> Counted:
    names, rows = parquetfiles.shape(engine.db, path)
    layout = layouts.match(names, source.dataset)
    windows: Counter[int | None] = Counter(dict(parquetfiles.count(engine.db, path, layout.name)))
    unreadable = windows.pop(None, 0)
    return _proved(source, Counted(layout, rows, Counter(windows), unreadable))


def _proved(source: Source, counted: Counted) -> Counted:
    total = sum(counted.windows.values()) + counted.unreadable
    if total != counted.rows:
        raise RuntimeError(
            f"{source.path}: {counted.rows} rows read, but {total} counted or refused: a bug of the job"
        )
    return counted
