"""The columns of a data set's table: those of its files or of its SQL, its named parts, and what the tool adds."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import duckdb
import pyarrow as pa

from data_pipeline.etl.arrow_types import of_arrow, to_arrow
from data_pipeline.etl.documents import types
from data_pipeline.etl.documents.datasets import AVAILABLE_AT, FILE, PERIOD, ROW, UNIT, Column, Dataset
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.exits import one_line
from data_pipeline.etl.planning import claims
from data_pipeline.etl.reading.schemas import arrow_schema

from . import transforms

ADDED: Mapping[str, str] = {
    UNIT: "the unit that the row came with: rows of a unit are replaced together",
    FILE: "path of the row's file below the input; null where several files make a unit by SQL",
    ROW: "number of the row in its file, from 1",
    PERIOD: "period of the row's file",
    AVAILABLE_AT: "when the version of the file that the row is of was first published here",
}
_QUOTED = re.compile("'[^']*'|\"[^\"]*\"")
_TYPES = {UNIT: pa.string(), FILE: pa.string(), ROW: pa.int64(), PERIOD: pa.string()}


#: of data sets with a key that name no partition: by the month of a row's file, or by the year where it has no more.
_BY_MONTH = f"truncate(7, {PERIOD})"


def partition(dataset: Dataset) -> tuple[str, ...]:
    """The partition of the table of the data set's name."""
    return dataset.partition or (versions_partition(dataset) if dataset.key else ())


def versions_partition(dataset: Dataset) -> tuple[str, ...]:
    """The partition of all accepted rows: with a key by month, if files have a period."""
    if not dataset.key:
        return dataset.partition
    return (_BY_MONTH,) if any(pattern.unit for pattern in claims.parsed(dataset)) else ()


def parts_of(dataset: Dataset) -> tuple[str, ...]:
    """The names of its parts, of all of its patterns."""
    return tuple(dict.fromkeys(name for pattern in claims.parsed(dataset) for name in pattern.names))


@dataclass(frozen=True)
class TableColumns:
    """The columns of a table with Arrow's types, in order, and the comments of those that have one. ``columns``: the
    same as a data set writes them, without those that the tool adds.
    """

    schema: pa.Schema
    comments: Mapping[str, str]
    columns: tuple[Column, ...]


def of(dataset: Dataset) -> TableColumns:
    """The columns of the table of ``dataset``. JobError for SQL that cannot be run, or that returns a reserved name."""
    own = _own(dataset)
    numbered = not dataset.by_unit
    if dataset.key and ROW in own.names:
        numbered, own = True, pa.schema(field for field in own if field.name != ROW)
    for name in (*ADDED, *(parts_of(dataset) if not dataset.by_unit else ())):
        if name in own.names:
            raise JobError(f"data set {dataset.name}: it has a column {name}, which the tool adds; rename it")
    added = [(name, pa.string()) for name in parts_of(dataset) if name not in own.names]
    added += [(name, kind) for name, kind in _TYPES.items() if name != ROW or numbered]
    added.append((AVAILABLE_AT, pa.timestamp("us", "UTC")))
    schema = pa.schema([*own, *(pa.field(name, kind) for name, kind in added)])
    comments = {column.name: column.comment for column in dataset.columns}
    comments = {**comments, **dataset.comments, **ADDED}
    told = {name: comments[name] for name in schema.names if comments.get(name)}
    return TableColumns(schema, told, _written(dataset, own, told))


def _written(dataset: Dataset, own: pa.Schema, comments: Mapping[str, str]) -> tuple[Column, ...]:
    given = {column.name: column for column in dataset.columns}
    found = [
        replace(given[name], type=text)
        if name in given and not dataset.by_unit
        else Column(name, text, nullable=True)
        for name, text in ((field.name, str(of_arrow(field.type))) for field in own)
    ]
    found += [Column(name, "string", nullable=True) for name in parts_of(dataset) if name not in own.names]
    return tuple(replace(column, comment=comments.get(column.name, "")) for column in found)


def _own(dataset: Dataset) -> pa.Schema:
    """The columns without those that the tool adds."""
    if dataset.transform:
        made = transforms.schema_of(dataset)
        return pa.schema([field.with_nullable(True) for field in made])
    return _by_sql(dataset) if dataset.sql else _of_files(dataset)


def _of_files(dataset: Dataset) -> pa.Schema:
    schema = arrow_schema(dataset)
    known = {column.name: column for column in dataset.columns}
    return pa.schema(
        pa.field(
            field.name,
            pa.string() if known[field.name].pii == "hash" else to_arrow(types.parse(known[field.name].type)),
        )
        for field in schema
        if field.name != ROW
    )


def _by_sql(dataset: Dataset) -> pa.Schema:
    empty = given(dataset).empty_table()
    if not dataset.key:
        empty = empty.drop_columns([ROW])
    with duckdb.connect() as db:
        found = run(db, dataset, empty).to_arrow_table().schema
    return pa.schema(pa.field(field.name, to_arrow(of_arrow(field.type))) for field in found)


def given(dataset: Dataset) -> pa.Schema:
    """The columns of what reading hands on, with the numbers of rows, which SQL sees of data sets with a key."""
    return arrow_schema(dataset, parts_of(dataset))


def run(db: duckdb.DuckDBPyConnection, dataset: Dataset, rows: object) -> duckdb.DuckDBPyConnection:
    """Run the data set's SQL over ``rows``, which it finds under the data set's name. JobError if it cannot be run."""
    try:
        db.execute("SET TimeZone = 'UTC'")
        db.register(dataset.name, rows)
        return db.execute(dataset.sql)
    except duckdb.Error as error:
        raise _wrong(dataset, error) from error


def batches(done: duckdb.DuckDBPyConnection, dataset: Dataset, size: int) -> Iterator[pa.RecordBatch]:
    """What the data set's SQL returns, ``size`` rows at a time. JobError where it goes wrong on the way."""
    try:
        reader = done.to_arrow_reader(size)
        while True:
            yield reader.read_next_batch()
    except StopIteration:
        return
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        raise _wrong(dataset, error) from error


def _wrong(dataset: Dataset, error: Exception) -> JobError:
    said = without_values(dataset, one_line(str(error)))
    return JobError(f"data set {dataset.name}: its SQL cannot be run: {said}")


def without_values(dataset: Dataset, said: str) -> str:
    """DuckDB's messages may quote a value, of which a data set with personal data tells nobody."""
    return _QUOTED.sub("'…'", said) if dataset.private else said
