"""The rows of a published table as the records of a feature group.

A group's table of records has the record identifier, the event time, its other features in the order of the
configuration, then ``available_at`` and ``available_by`` (``published`` or ``lag``). Of months that the
snapshot does not cover nothing is known: a data set has no record of them, rather than one with 0.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import duckdb
import pyarrow as pa
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from data_pipeline.core.config.feature_groups import FeatureGroup
from data_pipeline.core.config.feature_query import columns, query, select, starts
from data_pipeline.core.errors import UserError

from . import availability
from .snapshots import properties

#: runs a SELECT of Athena's SQL over the published tables.
Ask = Callable[[str], pa.Table]

_AVAILABLE = pa.schema(
    [("dataset", pa.string()), ("month", pa.timestamp("us")), ("at", pa.timestamp("us")), ("by", pa.string())]
)


def read(
    table: Table,
    snapshot: Snapshot,
    group: FeatureGroup,
    since: datetime | None = None,
    until: datetime | None = None,
    ask: Ask | None = None,
) -> pa.Table:
    """The records of ``group`` in ``snapshot``, by identifier and event time: those whose event time is from
    ``since`` on and before ``until`` (on the table's wall clock). ``ask`` brings the rows; without it, the table's
    files are read. UserError if the table lacks a column.
    """
    needed = columns(group)
    missing = [name for name in needed if name not in table.schema().column_names]
    if missing:
        raise UserError(
            f"table {group.table} has no column {', '.join(missing)}; it has {', '.join(table.schema().column_names)}"
        )
    if ask is not None:
        rows = ask(select(group, snapshot.snapshot_id, since, until))
    else:
        filtered = _between(group, since, until)
        rows = table.scan(
            filtered, selected_fields=tuple(needed), snapshot_id=snapshot.snapshot_id
        ).to_arrow()
    with duckdb.connect(":memory:") as db:
        db.register("rows", rows)
        known = months(snapshot, group)
        db.register("by_dataset", _arrow(known))
        db.register("by_all", _arrow(availability.latest(known)))
        return db.execute(query(group)).to_arrow_table()


def months(snapshot: Snapshot, group: FeatureGroup) -> list[availability.Available]:
    """When each month of ``snapshot`` was available."""
    noted = properties(snapshot)
    texts = (noted.get(availability.PROPERTY, ""), noted.get(availability.COVERED, ""))
    return availability.months(*texts, group.source_lag_days, group.timezone)


def _between(group: FeatureGroup, since: datetime | None, until: datetime | None) -> str | AlwaysTrue:
    """Bounds of the event time as a filter of PyIceberg."""
    bounds = starts(group, since, until)
    parts = [f"{group.window.start} {sign} '{time.isoformat()}'" for sign, time in bounds]
    return " and ".join(parts) or AlwaysTrue()


def _arrow(known: list[availability.Available]) -> pa.Table:
    rows = [{"dataset": one.dataset, "month": one.month, "at": one.at, "by": one.by} for one in known]
    return pa.Table.from_pylist(rows, _AVAILABLE)
