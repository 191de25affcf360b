"""The columns and partitions that a table has, or will have once a run publishes to it."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Collection
from dataclasses import dataclass

import pyarrow as pa
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table

from data_pipeline.etl.errors import JobError

from . import data_files, iceberg_types, tables, transforms
from .definition import Definition, commented
from .parquet_parts import Split


@dataclass(frozen=True)
class Layout:
    """How rows are to be written so that they can be data files: ``schema`` with the numbers of its fields, and which
    rows are in which partition. ``spec`` names the partitions.
    """

    schema: pa.Schema
    split: Split
    spec: str


def layout(at: tables.Tables, name: str, definition: Definition) -> Layout:
    """The layout that ``fitted`` will give the table ``name``, as far as can be foreseen. Nothing is changed."""
    table = at.find(name)
    if table is None:
        schema = iceberg_types.schema(definition.columns)
        return laid_out(schema, transforms.spec(schema, definition.partitions))
    schema = _foreseen(table, definition)
    return laid_out(schema, table.spec())


def laid_out(schema: Schema, spec: PartitionSpec) -> Layout:
    split = functools.partial(transforms.split, spec, schema)
    return Layout(data_files.arrow_schema(schema), split, str(spec))


def _foreseen(table: Table, definition: Definition) -> Schema:
    ids = itertools.count(table.metadata.last_column_id + 1)
    before = {field.name: field for field in table.schema().fields}
    fields = []
    for field in iceberg_types.schema(definition.columns).fields:
        known = before.get(field.name)
        same = known is not None and iceberg_types.of_iceberg(known.field_type) == iceberg_types.of_iceberg(
            field.field_type
        )
        if known is not None and same:
            fields.append(known.model_copy(update={"name": field.name}))
        else:
            number = known.field_id if known is not None else next(ids)
            made = iceberg_types.to_iceberg(iceberg_types.of_iceberg(field.field_type), ids)
            fields.append(field.model_copy(update={"field_id": number, "field_type": made}))
    return Schema(*fields)


def fitted(at: tables.Tables, name: str, definition: Definition, dropped: Collection[str]) -> Table:
    """The table ``name`` with the columns of ``definition``: it is made if it is not there, and gets what it lacks.
    JobError for a column that it has and the definition has not, or has with another type.
    """
    table = at.load(name, definition)
    wanted = commented(iceberg_types.schema(definition.columns), definition.comments)
    before = {field.name: field for field in table.schema().fields}
    for field in wanted.fields:
        known = before.get(field.name)
        mine = iceberg_types.of_iceberg(field.field_type)
        if known is not None and iceberg_types.of_iceberg(known.field_type) != mine:
            raise JobError(
                f"{name}: the table's column {field.name} is of type {known.field_type}, the definition's of {mine}"
            )
    left = sorted(before.keys() - {field.name for field in wanted.fields} - frozenset(dropped))
    if left:
        raise JobError(
            f"{name}: the table has a column {left[0]}, the definition has none; let it go with "
            f"--drop-column {name}.{left[0]}, or put it back"
        )
    added = [field for field in wanted.fields if field.name not in before]
    gone = sorted(before.keys() & frozenset(dropped))
    if not added and not gone:
        return table
    with table.update_schema() as update:
        for field in added:
            update.add_column(field.name, field.field_type, field.doc)
        for column in gone:
            update.delete_column(column)
    return at.load(name, definition)
