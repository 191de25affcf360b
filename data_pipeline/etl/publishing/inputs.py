"""Tables as DuckDB reads them: as a stream of their files, of which those without a wanted value are left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
from pyiceberg.conversions import from_bytes
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import ArrowScan, PyArrowFileIO
from pyiceberg.manifest import DataFile
from pyiceberg.table import FileScanTask, Table
from pyiceberg.types import DateType, PrimitiveType

from data_pipeline.etl import arrow_types, null_lists
from data_pipeline.etl.documents.duckdb_types import to_duckdb
from data_pipeline.etl.quality.sql import name as quoted
from data_pipeline.etl.storage.filesystem import files as storage

from . import iceberg_types
from .spans import LATEST, Span

null_lists.keep()

FETCHES = 8
"""Data files that are fetched at a time: an answer of S3 is waited for longer than a small file takes."""
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - UTC, or the clock of the data


def arrow_schema(table: Table, columns: Sequence[str] | None = None) -> pa.Schema:
    """The Arrow types of the table's columns, or of these."""
    fields = {field.name: field for field in table.schema().fields}
    names = fields if columns is None else columns
    return pa.schema(
        [(name, arrow_types.to_arrow(iceberg_types.of_iceberg(fields[name].field_type))) for name in names]
    )


def register(
    db: duckdb.DuckDBPyConnection,
    relation: str,
    table: Table,
    files: Sequence[DataFile],
    columns: Sequence[str] | None = None,
) -> None:
    """Make the rows of these data files the relation of this name in ``db``. Where all files name and type their
    columns as the table does now, DuckDB reads of them what it needs, when it needs it; else they are copied.
    """
    schema = arrow_schema(table, columns)
    if not files:
        db.register(relation, schema.empty_table())
        return
    if not plain(table):
        db.register("_stream", reader(table, files, schema.names))
        db.execute(f"CREATE TEMP TABLE {quoted(relation)} AS FROM _stream")
        db.unregister("_stream")
        return
    io = table.io
    assert isinstance(io, PyArrowFileIO)
    places = [io.parse_location(file.file_path, io.properties) for file in files]
    scheme, netloc, _ = places[0]
    system, paths = io.fs_by_scheme(scheme, netloc), [path for _, _, path in places]
    form = ds.ParquetFileFormat()
    db.register(
        relation, ds.FileSystemDataset.from_paths(paths, schema=schema, format=form, filesystem=system)
    )


def register_copies(
    db: duckdb.DuckDBPyConnection,
    relation: str,
    table: Table,
    files: Sequence[DataFile],
    copies: Copies,
) -> None:
    """As ``register``, of files that are fetched to this machine first: DuckDB reads all of them in a third of the time
    and without Arrow's memory. They are there for as long as ``copies`` are.
    """
    if not files or not plain(table):
        register(db, relation, table, files)
        return
    rows_of(db, copies.fetched([file.file_path for file in files]), types_of(table)).create_view(relation)


def types_of(table: Table) -> dict[str, str]:
    """The columns of the table in their order, with DuckDB's types."""
    return {
        field.name: to_duckdb(iceberg_types.of_iceberg(field.field_type)) for field in table.schema().fields
    }


def rows_of(
    db: duckdb.DuckDBPyConnection, paths: Sequence[str], types: Mapping[str, str]
) -> duckdb.DuckDBPyRelation:
    """The rows of files of this machine; a column that a file does not have is null."""
    found = db.read_parquet([*paths], union_by_name=True)
    return found.project(
        ", ".join(
            quoted(name) if name in found.columns else f"CAST(NULL AS {kind}) AS {quoted(name)}"
            for name, kind in types.items()
        )
    )


@dataclass
class Copies:
    """Data files on this machine, below ``folder``, until ``held`` is closed."""

    folder: Path
    held: ExitStack
    paths: dict[str, str] = field(default_factory=dict)

    def path(self, place: str) -> str:
        """Where the data file that is at ``place`` is here; it is fetched once."""
        if place not in self.paths:
            self.paths[place] = str(self.held.enter_context(storage(place).fetched(place, "", self.folder)))
        return self.paths[place]

    def fetched(self, places: Sequence[str]) -> list[str]:
        """As ``path``, of each of these places, at least one and each another; several are fetched at a time."""
        storage(places[0])  # makes the client of S3 that the threads share
        with ThreadPoolExecutor(FETCHES) as pool:
            return [*pool.map(self.path, places)]


def forget(db: duckdb.DuckDBPyConnection, relation: str) -> None:
    """Undo ``register``."""
    db.unregister(relation)
    db.execute(f"DROP TABLE IF EXISTS {quoted(relation)}")


def reader(table: Table, files: Sequence[DataFile], columns: Sequence[str]) -> pa.RecordBatchReader:
    """The rows of these data files, once, file after file."""
    schema = arrow_schema(table, columns)
    return pa.RecordBatchReader.from_batches(schema, _batches(table, files, schema))


def _batches(table: Table, files: Sequence[DataFile], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    scan = ArrowScan(table.metadata, table.io, table.schema().select(*schema.names), AlwaysTrue())
    for file in files:
        for batch in scan.to_record_batches([FileScanTask(file)]):
            yield from pa.Table.from_batches([batch]).select(schema.names).cast(schema).to_batches()


def plain(table: Table) -> bool:
    """Whether each column has always had its name and its type, and no other column had its name."""
    types: dict[int, tuple[str, str]] = {}
    numbers: dict[str, int] = {}
    return all(
        types.setdefault(field.field_id, (field.name, str(field.field_type)))
        == (field.name, str(field.field_type))
        and numbers.setdefault(field.name, field.field_id) == field.field_id
        for schema in table.metadata.schemas
        for field in schema.fields
    )


def overlapping(
    table: Table, files: Sequence[DataFile], column: str, spans: Sequence[Span], nulls: bool = False
) -> list[DataFile]:
    """The data files that may have a row whose time in ``column`` is in one of the spans, or null."""
    field = table.schema().find_field(column)
    kind = field.field_type
    assert isinstance(kind, PrimitiveType)
    found = []
    for file in files:
        lower, upper = (
            (bounds or {}).get(field.field_id) for bounds in (file.lower_bounds, file.upper_bounds)
        )
        empty = (file.null_value_counts or {}).get(field.field_id, 1)
        if nulls and empty:
            found.append(file)
        elif lower is None or upper is None:
            if empty < file.record_count or field.field_id not in (file.null_value_counts or {}):
                found.append(file)
        else:
            first, last = (
                moment(from_bytes(kind, bound), isinstance(kind, DateType)) for bound in (lower, upper)
            )
            if any(start <= last and (first < end or end == LATEST) for start, end in spans):
                found.append(file)
    return found


def moment(value: Any, days: bool) -> datetime:
    """What Iceberg keeps of a date (days since 1970) or a time (microseconds), as a time without a zone."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - on the clock of the data
    return _EPOCH + (timedelta(days=value) if days else timedelta(microseconds=value))


@dataclass(frozen=True)
class Kept:
    """The rows of some of a table's data files, for rules that ask what is published already."""

    table: Table
    files: Sequence[DataFile]

    def read(self, columns: Sequence[str], time: str = "", since: datetime | None = None) -> Any:
        """A reader of these columns, None without a file; see ``quality.kept``."""
        names = {field.name for field in self.table.schema().fields}
        files = self.files
        if time and since is not None and time in names:
            files = overlapping(self.table, files, time, [(since, datetime.max)])  # noqa: DTZ901 - no end
        return reader(self.table, files, columns) if files and names.issuperset(columns) else None
