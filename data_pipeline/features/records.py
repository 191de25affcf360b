"""The rows of a published table as the records of a feature group.

A group's table of records has the record identifier, the event time, its other features in the order of the
configuration, then ``available_at`` and ``available_by`` (``published`` or ``lag``). Of months that the
snapshot does not cover nothing is known: a data set has no record of them, rather than one with 0.
"""

# ruff: noqa: S608 - SQL is put together from names that the configuration has checked

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb
import pyarrow as pa
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from data_pipeline.core.errors import UserError
from data_pipeline.core.feature_groups import FeatureGroup

from . import availability
from .snapshots import properties

ALL = "all"
_SQL_TYPES = {"string": "VARCHAR", "integral": "BIGINT", "fractional": "DOUBLE"}
_AVAILABLE = pa.schema(
    [("dataset", pa.string()), ("month", pa.timestamp("us")), ("at", pa.timestamp("us")), ("by", pa.string())]
)


def read(
    table: Table,
    snapshot: Snapshot,
    group: FeatureGroup,
    since: datetime | None = None,
    until: datetime | None = None,
) -> pa.Table:
    """The records of ``group`` in ``snapshot``, by identifier and event time: those whose event time is from
    ``since`` on and before ``until`` (on the table's wall clock). UserError if the table lacks a column.
    """
    columns = _columns(group)
    missing = [name for name in columns if name not in table.schema().column_names]
    if missing:
        raise UserError(
            f"table {group.table} has no column {', '.join(missing)}; it has {', '.join(table.schema().column_names)}"
        )
    scan = table.scan(
        row_filter=_between(group, since, until),
        selected_fields=tuple(columns),
        snapshot_id=snapshot.snapshot_id,
    )
    with duckdb.connect(":memory:") as db:
        db.register("rows", scan.to_arrow())
        known = months(snapshot, group)
        db.register("by_dataset", _arrow(known))
        db.register("by_all", _arrow(availability.latest(known)))
        return db.execute(query(group)).to_arrow_table()


def months(snapshot: Snapshot, group: FeatureGroup) -> list[availability.Available]:
    """When each month of ``snapshot`` was available."""
    noted = properties(snapshot)
    texts = (noted.get(availability.PROPERTY, ""), noted.get(availability.COVERED, ""))
    return availability.months(*texts, group.source_lag_days, group.timezone)


def query(group: FeatureGroup) -> str:
    """SQL: the records of ``group`` from the relations ``rows`` (of the table), ``by_dataset`` and ``by_all``
    (dataset, month, at, by). An identifier is a data set, or ``all`` for all of them together.
    """
    each = [_one(group, record) for record in group.records] or [_one(group, None)]
    window = f"{group.event_time} - INTERVAL {group.window.minutes} MINUTE"
    identifier = group.record_identifier
    return (
        f"WITH records AS ({' UNION ALL '.join(each)}), "
        f"timed AS (SELECT *, date_trunc('month', {window}) AS month_of_window, "
        f"{identifier} <> '{ALL}' AS of_one FROM records) "
        "SELECT timed.* EXCLUDE (month_of_window, of_one), CASE WHEN of_one THEN d.at ELSE a.at END AS available_at, "
        "CASE WHEN of_one THEN d.by ELSE a.by END AS available_by FROM timed "
        f"LEFT JOIN by_dataset d ON d.dataset = timed.{identifier} AND d.month = timed.month_of_window "
        "LEFT JOIN by_all a ON a.month = timed.month_of_window "
        "WHERE available_at IS NOT NULL OR NOT EXISTS (FROM by_dataset) "
        f"ORDER BY timed.{identifier}, timed.{group.event_time}"
    )


def _one(group: FeatureGroup, record: str | None) -> str:
    """The records of one identifier, or of the identifiers in the table's own column."""
    parts = [_identifier(group, record), f"{_event_time(group)} AS {group.event_time}"]
    parts += [
        f'CAST("{_column(group, record, name)}" AS {_SQL_TYPES[feature.type]}) AS {name}'
        for name, feature in group.features.items()
        if name not in (group.record_identifier, group.event_time)
    ]
    return f"SELECT {', '.join(parts)} FROM rows"


def _identifier(group: FeatureGroup, record: str | None) -> str:
    name = group.record_identifier
    if record is None:
        return f'CAST("{group.features[name].column or name}" AS VARCHAR) AS {name}'
    literal = record.replace("'", "''")
    return f"'{literal}' AS {name}"


def _event_time(group: FeatureGroup) -> str:
    return f'"{group.window.start}" + INTERVAL {group.window.minutes} MINUTE'


def _column(group: FeatureGroup, record: str | None, name: str) -> str:
    of_record = group.records[record].get(name) if record is not None else None
    return of_record or group.features[name].column or name


def _columns(group: FeatureGroup) -> list[str]:
    """The table's columns that the group reads."""
    own = [
        _column(group, record, name)
        for record in group.records or [None]
        for name in group.features
        if name != group.event_time and not (group.records and name == group.record_identifier)
    ]
    return list(dict.fromkeys([group.window.start, *own]))


def _between(group: FeatureGroup, since: datetime | None, until: datetime | None) -> str | AlwaysTrue:
    """The same for the start of the window, which the table has, as a filter of PyIceberg."""
    length = timedelta(minutes=group.window.minutes)
    bounds = [(">=", since), ("<", until)]
    start = group.window.start
    parts = [f"{start} {sign} '{(time - length).isoformat()}'" for sign, time in bounds if time is not None]
    return " and ".join(parts) or AlwaysTrue()


def _arrow(known: list[availability.Available]) -> pa.Table:
    rows = [{"dataset": one.dataset, "month": one.month, "at": one.at, "by": one.by} for one in known]
    return pa.Table.from_pylist(rows, _AVAILABLE)
