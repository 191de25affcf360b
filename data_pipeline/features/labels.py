"""The labels of a training set: of a feature group, or of any table with an identifier and a time."""

# ruff: noqa: S608 - SQL is put together from names that the configuration has checked

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from data_pipeline.core.config.feature_groups import Labels, TrainingSet

from . import records, snapshots
from .snapshots import Tables
from .store import Store

FIRST, LAST = "0001-01-01", "9999-12-31"


def read(store: Store, made: TrainingSet, states: Mapping[str, str]) -> tuple[pa.Table, str]:
    """The labels, and the column of their record identifier."""
    given = made.labels
    if given.group is not None:
        group = store.groups[given.group]
        identifier, event = group.record_identifier, f'"{group.event_time}"'
        rows = store.get(given.group, snapshot=states[group.table])
    else:
        identifier, event = str(given.identifier), str(given.time)
        rows = _rows_of_table(store.tables, made, states)
        zones = {store.groups[joined.group].timezone for joined in made.features.values()} or {"UTC"}
        event = f"CAST({_wall_clock(rows, event, min(zones))} AS TIMESTAMP)"
    with duckdb.connect(":memory:") as db:
        db.execute("SET TimeZone = 'UTC'")
        db.register("rows", rows)
        query = _query(given, identifier, event)
        return db.execute(query, _bounds(given)).to_arrow_table(), identifier


def _rows_of_table(tables: Tables, made: TrainingSet, states: Mapping[str, str]) -> pa.Table:
    given = made.labels
    name = str(given.table)
    table = tables.load(name)
    snapshot = snapshots.by_id(table, states[name])
    needed = list(dict.fromkeys([str(given.identifier), str(given.time), given.feature, *given.known]))
    records.refuse_missing(name, needed, records.columns(table, snapshot))
    return table.scan(selected_fields=tuple(needed), snapshot_id=snapshot.snapshot_id).to_arrow()


def _wall_clock(rows: pa.Table, column: str, zone: str) -> str:
    kind = rows.schema.field(column).type
    zoned = pa.types.is_timestamp(kind) and kind.tz is not None
    return f"timezone('{zone}', \"{column}\")" if zoned else f'"{column}"'


def _query(labels: Labels, identifier: str, event: str) -> str:
    time = f"{event} - INTERVAL {labels.horizon_minutes} MINUTE"
    identifier, feature, *known = (f'"{name}"' for name in (identifier, labels.feature, *labels.known))
    columns = [identifier, f"{time} AS time", *known, f"{feature} AS label"]
    return (
        f"SELECT {', '.join(columns)} FROM rows WHERE {feature} IS NOT NULL AND {identifier} IS NOT NULL AND "
        f"{time} >= $since AND {time} < $until AND (len($records) = 0 OR "
        f"CAST({identifier} AS VARCHAR) IN (SELECT unnest($records))) ORDER BY time, {identifier}, label"
    )


def _bounds(labels: Labels) -> dict[str, Any]:
    since, until = day(labels.since or FIRST), day(labels.until or LAST)
    return {"since": since, "until": until, "records": list(labels.records)}


def day(text: str) -> datetime:
    """A day of the wall clock, at its first midnight."""
    return datetime.strptime(text, "%Y-%m-%d")  # noqa: DTZ007 - a day of the table's wall clock
