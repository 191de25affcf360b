"""A table of keys that is made whole by buckets of the key: what other machines are told, and what each of them does.

First the data files of the versions are split: each leaves its rows by bucket below a folder that all machines reach.
Then each bucket is made by itself, with the SQL that one machine runs over all rows. What no bucket knows alone, which
periods there are, it is told.
"""

# ruff: noqa: S608 - SQL is put together from names in quotes and from expressions that were checked

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import duckdb
import pyarrow as pa
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table

from data_pipeline.etl.exits import one_line
from data_pipeline.etl.quality.sql import name as quoted
from data_pipeline.etl.storage.filesystem import files, join

from . import data_files, inputs
from .engine import Engine
from .keyed_sql import PERIODS
from .keyed_table import Keyed
from .parquet_parts import Part, PartWriter, Split, Values
from .table_columns import Layout

BUCKET_ROWS = 4_000_000
"""About how many versions a bucket may have: what DuckDB has room for in ``MEMORY``."""
SPLIT_BYTES = 128 << 20
"""About how many bytes of data files make a task."""
MEMORY = "256MB"
ROWS = 100_000


@dataclass(frozen=True)
class Given:
    """What a table is made of. ``files``: place and bytes of each data file of the versions, whose ``columns`` have
    these types of DuckDB; ``rows``: how many they have; ``periods``: the relation ``PERIODS``, or None. Of ``select``,
    ``counted`` and ``key`` see ``Keyed``; ``schema`` and ``split``: how the rows are written.
    """

    name: str
    files: tuple[tuple[str, int], ...]
    rows: int
    columns: Mapping[str, str]
    periods: pa.Table | None
    key: tuple[str, ...]
    select: str
    counted: str
    schema: pa.Schema
    split: Split


@dataclass(frozen=True)
class Made:
    """The finished files, each of which is there until the next one is asked for, and how many keys there are."""

    parts: Iterator[Part]
    keys: int


class Buckets(Protocol):
    """Machines that make a table."""

    def __call__(self, given: Given, scratch: Path | None) -> AbstractContextManager[Made]: ...


@dataclass(frozen=True)
class Bucket:
    """A bucket with its number ``number``: place, values of the partition, rows and bytes of each finished file, and
    how many keys it has. ``fatal``: why it could not be made, or nothing.
    """

    number: int
    parts: tuple[tuple[str, Values, int, int], ...] = ()
    keys: int = 0
    fatal: str = ""


def given(
    table: Keyed, versions: Table, files: Sequence[DataFile], db: duckdb.DuckDBPyConnection, layout: Layout
) -> Given:
    """What makes ``table`` of these data files of its ``versions``, with ``layout``; ``db`` reads their periods."""
    periods = None
    if table.periods:
        narrow = [name for name in inputs.arrow_schema(versions).names if name in table.snapshots]
        inputs.register(db, "_versions", versions, files, narrow)
        periods = db.execute(table.periods).to_arrow_table()
        inputs.forget(db, "_versions")
    return Given(
        table.name,
        tuple((file.file_path, file.file_size_in_bytes) for file in files),
        sum(file.record_count for file in files),
        inputs.types_of(versions),
        periods,
        table.key,
        table.select,
        table.counted,
        layout.schema,
        layout.split,
    )


def how_many(rows: int, workers: int) -> int:
    """Into how many buckets so many versions are parted: one for each of the ``workers``, or more where these would be
    too large.
    """
    return max(workers, -(-rows // BUCKET_ROWS), 1)


def tasks_of(given: Sequence[tuple[str, int]], workers: int) -> list[tuple[int, tuple[str, ...]]]:
    """The data files in numbered tasks, of about ``SPLIT_BYTES`` at most, and no fewer than ``workers`` need."""
    most = min(SPLIT_BYTES, sum(size for _, size in given) // max(workers, 1))
    tasks: list[list[str]] = []
    room = 0
    for place, size in sorted(given, key=lambda each: -each[1]):
        if room <= 0:
            tasks.append([])
            room = most
        tasks[-1].append(place)
        room -= max(size, 1)
    return [(number, tuple(places)) for number, places in enumerate(tasks)]


def split(
    given: Given, buckets: int, folder: str, task: tuple[int, tuple[str, ...]]
) -> Iterator[tuple[int, str]]:
    """Leave the rows of a task's data files below ``folder``: the number of a bucket, and where rows of it are. Each
    attempt at a task has places of its own: one that comes late overwrites nothing.
    """
    number, places = task
    attempt = uuid.uuid4().hex
    key = ", ".join(map(quoted, given.key))
    there = " AND ".join(f"{quoted(each)} IS NOT NULL" for each in given.key)
    with _working() as (work, db, held):
        copies = inputs.Copies(work, held)
        rows = inputs.rows_of(db, [copies.path(place) for place in places], given.columns)
        rows.create_view("_files")
        out = work / "split"
        db.execute(
            f"COPY (SELECT *, hash({key}) % {buckets} AS _bucket FROM _files WHERE {there}) TO '{out}' "
            "(FORMAT parquet, COMPRESSION zstd, PARTITION_BY (_bucket))"
        )
        for at, path in enumerate(sorted(out.rglob("*.parquet"))):
            bucket = int(path.parent.name.removeprefix("_bucket="))
            place = join(folder, f"{bucket:05}", f"{number:05}-{at:05}-{attempt}.parquet")
            files(place).upload(path, place)
            yield bucket, place


def make(given: Given, folder: str, task: tuple[int, tuple[str, ...]]) -> Iterator[Bucket]:
    """Make the rows of a bucket of those that were split, and leave them below ``folder`` as finished files."""
    number, places = task
    pa.set_cpu_count(1)  # the other processors have tasks of their own
    with _working() as (work, db, held):
        copies = inputs.Copies(work, held)
        paths = [copies.path(place) for place in places]
        try:
            yield _made(given, folder, number, db, paths, work)
        except duckdb.Error as error:
            yield Bucket(number, fatal=f"it cannot be made of its versions: {one_line(str(error))}")


def _made(
    given: Given, folder: str, number: int, db: duckdb.DuckDBPyConnection, paths: Sequence[str], work: Path
) -> Bucket:
    inputs.rows_of(db, paths, given.columns).create_view("_versions")
    if given.periods is not None:
        db.register(PERIODS, given.periods)
    writer = PartWriter(work, given.schema, given.split, "rows")
    listed = ", ".join(map(quoted, given.schema.names))
    try:
        for batch in db.execute(f"SELECT {listed} FROM ({given.select})").to_arrow_reader(ROWS):
            writer.write(data_files.filled(pa.Table.from_batches([batch]), given.schema))
    except BaseException:
        writer.discard()
        raise
    parts = []
    attempt = uuid.uuid4().hex  # one that comes late overwrites nothing
    for at, part in enumerate(writer.close()):
        place = join(folder, "made", f"{number:05}-{at:05}-{attempt}.parquet")
        files(place).upload(part.path, place)
        parts.append((place, part.values, part.rows, part.path.stat().st_size))
    (keys,) = (db.execute(given.counted).fetchone() or (0,)) if given.counted else (0,)
    return Bucket(number, tuple(parts), int(keys))


@contextmanager
def _working() -> Iterator[tuple[Path, duckdb.DuckDBPyConnection, ExitStack]]:
    """A folder of this machine, DuckDB, and what is held until both go."""
    with (
        tempfile.TemporaryDirectory(prefix="keys-") as folder,
        Engine(MEMORY, Path(folder)).connection() as db,
        ExitStack() as held,
    ):
        yield Path(folder), db, held
