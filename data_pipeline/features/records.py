"""The rows of a published table as the records of a feature group.

A group's table of records has the record identifier, the event time, its other features in the order of the
configuration, then ``available_at`` and ``available_by`` (``published`` or ``lag``). A row without identifier or event
time is no record. Where months of series are noted in place of a column that says since when a row could be known, a
series has no record of a month that the snapshot does not cover, rather than one with 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

import duckdb
import pyarrow as pa
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from data_pipeline.core.errors import UserError
from data_pipeline.etl.documents import feature_records, noted_months
from data_pipeline.etl.documents.features import RecordSource

from .snapshots import Tables, properties

#: runs a SELECT of Athena's SQL over the published tables.
Ask = Callable[[str], pa.Table]

_AVAILABLE = pa.schema(
    [("dataset", pa.string()), ("month", pa.timestamp("us")), ("at", pa.timestamp("us")), ("by", pa.string())]
)


def read(
    tables: Tables,
    table: Table,
    snapshot: Snapshot,
    source: RecordSource,
    since: datetime | None = None,
    until: datetime | None = None,
    ask: Ask | None = None,
) -> pa.Table:
    """The records in ``snapshot`` of ``table``, by identifier and event time: those whose event time is from ``since``
    on and before ``until`` (on the group's wall clock). ``ask`` brings the rows; without it, the table's files are
    read. UserError if the table lacks a column.
    """
    there = columns(table, snapshot)
    needed = feature_records.needed(source, there)
    refuse_missing(source.table, needed, there)
    if ask is not None:
        rows = ask(feature_records.select(source, there, snapshot.snapshot_id, since, until))
    else:
        parts = [
            f"{feature_records.time_column(source)} {sign} '{text}'"
            for sign, text in feature_records.bounds(source, there, since, until)
        ]
        filtered = " and ".join(parts) or AlwaysTrue()
        rows = table.scan(
            filtered, selected_fields=tuple(needed), snapshot_id=snapshot.snapshot_id
        ).to_arrow()
    known = noted_months.months(properties(snapshot), source.lag_minutes, source.timezone)
    asked = period(tables, table, snapshot, source)
    series = {one.dataset for one in known}
    with duckdb.connect(":memory:") as db:
        db.execute("SET TimeZone = 'UTC'")
        db.register("rows", rows)
        db.register("by_dataset", _arrow(known))
        db.register("by_all", _arrow(noted_months.latest(known)))
        return db.execute(feature_records.query(source, there, asked, series, since, until)).to_arrow_table()


def period(tables: Tables, table: Table, snapshot: Snapshot, source: RecordSource) -> str:
    """The period after which a lag counts; empty where there is none, and where months say what was available."""
    noted = properties(snapshot)
    series = {one for one, _ in noted_months.parse(noted.get(noted_months.COVERED, ""))}
    if source.lag_minutes is None or feature_records.by_months(source, columns(table, snapshot), series):
        return ""
    return feature_records.period_of(source, noted, lambda name: _newest(tables, name))


def columns(table: Table, snapshot: Snapshot | None = None) -> dict[str, str]:
    """Column → type of Iceberg, as the table has them in a snapshot (without one: now)."""
    schema = table.schema()
    if snapshot is not None and snapshot.schema_id is not None:
        schema = table.schemas().get(snapshot.schema_id, schema)
    return {field.name: str(field.field_type) for field in schema.fields}


def refuse_missing(name: str, needed: list[str], there: Mapping[str, str]) -> None:
    """UserError for columns that a table lacks."""
    missing = [column for column in needed if column not in there]
    if missing:
        raise UserError(f"table {name} has no column {', '.join(missing)}; it has {', '.join(there)}")


def _newest(tables: Tables, name: str) -> Mapping[str, str]:
    table = tables.find(name)
    current = table.current_snapshot() if table else None
    return properties(current) if current else {}


def _arrow(known: list[noted_months.Available]) -> pa.Table:
    rows = [{"dataset": one.dataset, "month": one.month, "at": one.at, "by": one.by} for one in known]
    return pa.Table.from_pylist(rows, _AVAILABLE)
