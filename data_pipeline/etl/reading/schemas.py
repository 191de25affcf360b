"""The Arrow types of a data set's columns, and the schema of the rows that reading hands on."""

from __future__ import annotations

import functools

import pyarrow as pa

from data_pipeline.etl.arrow_types import to_arrow
from data_pipeline.etl.documents import types
from data_pipeline.etl.documents.datasets import ROW, Column, Dataset


def arrow_type(kind: types.Type) -> pa.DataType:
    """The Arrow type of what is read. Its fields and elements are null only where ``kind`` says so."""
    return to_arrow(kind, strict=True)


def arrow_column(column: Column) -> pa.Field:
    """The field of a column as it is handed on: what ``pii: hash`` hashed is a string."""
    kind = pa.string() if column.pii == "hash" else _of_text(column.type)
    return pa.field(column.name, kind, column.nullable)


@functools.lru_cache(maxsize=1024)  # asked for each column of each file
def _of_text(type: str) -> pa.DataType:
    return arrow_type(types.parse(type))


def arrow_schema(dataset: Dataset, parts: tuple[str, ...] = ()) -> pa.Schema:
    """Of the tables that ``staged`` gets: the columns in their order, without those that ``pii`` drops, then each of
    the named ``parts`` as a string, then the row's number.
    """
    columns = [arrow_column(column) for column in dataset.columns if column.pii != "drop"]
    named = [pa.field(name, pa.string(), nullable=False) for name in parts]
    return pa.schema([*columns, *named, pa.field(ROW, pa.int64(), nullable=False)])
