"""A user's SQL over the published tables, where there is no Athena: DuckDB over what PyIceberg reads.

DuckDB sees the tables that the query names and nothing else: no file, no network, no extension.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb
import pyarrow as pa
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from data_pipeline.core import sql
from data_pipeline.core.errors import UserError
from data_pipeline.core.problems import quoted

from . import snapshots
from .snapshots import Tables

_SETTINGS = {
    "integer_division": "true",  # as in Athena, 7 / 2 is 3
    "TimeZone": "'UTC'",
    "python_enable_replacements": "false",
    "enable_external_access": "false",
    "lock_configuration": "true",
}
_HUGE = pa.decimal128(38, 0)
"""DuckDB's sum of whole numbers; Athena's is a bigint."""


@dataclass(frozen=True)
class Answer:
    """The rows of a query, and the bytes of the data files that it looked at."""

    rows: pa.Table
    bytes: int


def run(tables: Tables, query: sql.Query, most_bytes: int) -> Answer:
    """What the query answers. UserError for what is not there, is not translated, or reads over ``most_bytes``."""
    loaded = {
        name: (tables.load(name), nodes)
        for name, nodes in sql.sources(query, tables.database, tables.names()).items()
    }
    states: dict[str, tuple[Table, Snapshot]] = {}
    names: dict[int, str] = {}
    for name, (table, nodes) in loaded.items():
        for node in nodes:
            snapshot = _snapshot(table, sql.state_of(node))
            names[id(node)] = f"{name}@{snapshot.snapshot_id}"
            states[names[id(node)]] = (table, snapshot)
    text = sql.for_duckdb(query, lambda node: names[id(node)])
    scans = {name: table.scan(snapshot_id=snapshot.snapshot_id) for name, (table, snapshot) in states.items()}
    size = sum(task.file.file_size_in_bytes for scan in scans.values() for task in scan.plan_files())
    if size > most_bytes:
        raise UserError(
            f"the query would read {size:,} bytes; athena.gb_per_query allows {most_bytes:,}. Name fewer tables, or "
            "raise it."
        )
    with duckdb.connect(":memory:") as db:
        for name, scan in scans.items():
            db.register(name, scan.to_arrow())
        for setting, value in _SETTINGS.items():
            db.execute(f"SET {setting} = {value}")
        try:
            return Answer(_as_athena(db.execute(text).to_arrow_table()), size)
        except duckdb.Error as error:
            raise UserError(
                f"the query cannot be run: {str(error).partition('LINE 1:')[0].strip()}"
            ) from error


def _snapshot(table: Table, state: sql.State | None) -> Snapshot:
    if state is None:
        return snapshots.current(table)
    if state.kind == "version":
        return snapshots.by_id(table, state.text)
    text = state.text.removesuffix("UTC").strip()
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise UserError(
            f"FOR TIMESTAMP AS OF {quoted(state.text)}: expected '2026-11-25 12:00:00 UTC'"
        ) from error
    return snapshots.as_of(table, time if time.tzinfo else time.replace(tzinfo=UTC))


def _as_athena(rows: pa.Table) -> pa.Table:
    """The rows with Athena's types for whole numbers."""
    fields = [field.with_type(pa.int64()) if field.type == _HUGE else field for field in rows.schema]
    return rows.cast(pa.schema(fields))
