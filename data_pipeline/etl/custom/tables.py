"""Reading and publishing tables in a script of one's own: docs/how-to/custom-step.md. Needs PyArrow and PyIceberg."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa
from pyiceberg.table import Table

from data_pipeline.etl import arrow_types
from data_pipeline.etl.documents import types
from data_pipeline.etl.documents.datasets import Column
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.publishing import inputs, prints, schema_changes, tables
from data_pipeline.etl.publishing.commits import commit_with_retry
from data_pipeline.etl.publishing.definition import Definition, upgrade
from data_pipeline.etl.publishing.tables import Tables
from data_pipeline.etl.storage.filesystem import join

__all__ = ["JobError", "Published", "TableText", "Tables", "open_tables", "publish_table", "read_table"]

PRINT = "pipeline.rows-print"
"""Of a snapshot: what its rows are, by which another run knows that they are the same."""


@dataclass(frozen=True)
class TableText:
    """What the catalog says of a table: its ``comment``, and those of its ``columns``."""

    comment: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Published:
    """The table's snapshot, its rows, and whether this run has committed it."""

    snapshot: str
    rows: int
    committed: bool


def open_tables(catalog: str, output: str) -> Tables:
    """The tables of ``catalog`` (``glue:{database}`` in the step's arguments), whose files are below ``output``."""
    return tables.connect(catalog, join(output, "warehouse"))


def read_table(at: Tables, name: str, columns: Sequence[str] = ()) -> pa.RecordBatchReader:
    """The rows of the newest snapshot of a table, or these columns of them, once: batch by batch, or all of them by
    ``.read_all()``. JobError if there is no such table or column.
    """
    table = at.find(name)
    if table is None:
        raise JobError(
            f"there is no table {name} in {at.database}; the step has to follow the one that publishes it"
        )
    names = [each.name for each in table.schema().fields]
    if unknown := [each for each in columns if each not in names]:
        raise JobError(f"the table {name} has no column {unknown[0]}, only {', '.join(names)}")
    return inputs.reader(table, tables.files_in(table, table.current_snapshot()), columns or names)


def publish_table(
    at: Tables,
    name: str,
    rows: pa.Table,
    run: str,
    partition: Sequence[str] = (),
    text: TableText | None = None,
) -> Published:
    """Make ``rows`` the whole content of the table, in one commit; none where it has just these rows already.

    The table is made where there is none; columns come, go and change their types with the rows. ``partition`` as in
    the configuration. JobError for a type that a table does not have.
    """
    columns = _columns(name, rows)
    return commit_with_retry(name, lambda: _publish(at, name, columns, run, partition, text or TableText()))


def _publish(
    at: Tables, name: str, rows: pa.Table, run: str, partition: Sequence[str], text: TableText
) -> Published:
    definition = Definition(rows.schema, text.comment, text.columns, tuple(partition))
    lineage = {"pipeline.run": run, PRINT: _print(rows)}
    table = at.find(name)
    if table is None:
        table, change = at.load(name, definition), None
    else:
        change = schema_changes.anew(name, table, _wanted(rows, text), partition)
        if not change and tables.properties_of(table.current_snapshot()).get(PRINT) == lineage[PRINT]:
            upgrade(table, definition)
            return _published(table, False)
    gone = tables.files_in(table, table.current_snapshot())
    tables.replace(table, gone, [rows], lineage, change.apply if change else None)
    made = at.find(name)
    assert made is not None
    upgrade(made, definition)
    return _published(made, True)


def _columns(name: str, rows: pa.Table) -> pa.Table:
    """``rows`` with the types that a table has for them."""
    fields = []
    for column in rows.schema:
        try:
            fields.append(pa.field(column.name, arrow_types.to_arrow(arrow_types.of_arrow(column.type))))
        except types.WrongTypeError as error:
            raise JobError(f"table {name}: column {column.name}: {error}") from error
    return rows.cast(pa.schema(fields))


def _wanted(rows: pa.Table, text: TableText) -> list[Column]:
    return [
        Column(each.name, str(arrow_types.of_arrow(each.type)), True, comment=text.columns.get(each.name, ""))
        for each in rows.schema
    ]


def _print(rows: pa.Table) -> str:
    """The number of ``rows`` and two sums of their hashes: the same in any order of the rows."""
    nested = [each.name for each in rows.schema if pa.types.is_nested(each.type)]
    names = prints.hashed(rows.column_names, nested)
    with duckdb.connect() as db:
        db.register("rows", rows)
        sums = f"sum(CAST(hash({names}) AS HUGEINT)), sum(CAST(hash({names}, 1) AS HUGEINT))"
        (found,) = db.execute(f"SELECT count(*), {sums} FROM rows").fetchall()  # noqa: S608 - names in quotes
    return " ".join(map(str, (*found, ",".join(rows.column_names))))


def _published(table: Table, committed: bool) -> Published:
    snapshot = table.current_snapshot()
    if snapshot is None:
        return Published("", 0, committed)
    return Published(str(snapshot.snapshot_id), tables.rows_in(snapshot), committed)
