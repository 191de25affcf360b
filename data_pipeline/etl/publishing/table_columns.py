"""The columns and partitions that a data set's table has once a run has published to it."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
from pyiceberg.partitioning import PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table, Transaction

from data_pipeline.etl import arrow_types
from data_pipeline.etl.documents.datasets import RESERVED, Column

from . import data_files, iceberg_types, schema_changes, tables, transactions, transforms
from .definition import Definition
from .parquet_parts import Split


@dataclass(frozen=True)
class Wanted:
    """What a table is to be: its ``definition``, whose ``columns`` are given again as the data set has them, without
    those that the tool adds. ``anew``: all of its rows are replaced; ``dropped``: ``NAME.COLUMN`` of those that may go.
    ``called``: what the run knows it as, where that is not the table's name.
    """

    definition: Definition
    columns: Sequence[Column]
    anew: bool = False
    dropped: frozenset[str] = frozenset()
    called: str = ""


@dataclass(frozen=True)
class Layout:
    """How rows are to be written so that they can be data files: ``schema`` with the numbers of its fields, and which
    rows are in which partition. ``spec`` names the partitions.
    """

    schema: pa.Schema
    split: Split
    spec: str


def layout(at: tables.Tables, name: str, wanted: Wanted) -> Layout:
    """How rows of the table ``name`` are to be written now. Nothing is changed. JobError for columns that it cannot
    take, with what to do.
    """
    table = at.find(name)
    if table is None:
        schema = iceberg_types.schema(wanted.definition.columns)
        return laid_out(schema, transforms.spec(schema, wanted.definition.partitions))
    transaction, _ = changed(table, name, wanted)
    return laid_out(transaction.table_metadata.schema(), transaction.table_metadata.spec())


def laid_out(schema: Schema, spec: PartitionSpec) -> Layout:
    """The layout of a table with these columns and partitions."""
    split = functools.partial(transforms.split, spec, schema)
    return Layout(data_files.arrow_schema(schema), split, str(spec))


def changed(table: Table, name: str, wanted: Wanted) -> tuple[Transaction, bool]:
    """A transaction in which ``table`` becomes what is wanted, and whether it is not that already. JobError for columns
    that it cannot take, with what to do.
    """
    columns, name = [*wanted.columns], wanted.called or name
    for field in wanted.definition.columns:
        if field.name in RESERVED:
            columns.append(Column(field.name, str(arrow_types.of_arrow(field.type)), nullable=True))
    partitions = wanted.definition.partitions
    if wanted.anew:
        changes = schema_changes.anew(name, table, columns, partitions)
    else:
        changes = schema_changes.evolve(name, table, columns, partitions, wanted.dropped)
    transaction = transactions.begin(table)
    changes.apply(transaction)
    return transaction, bool(changes)
