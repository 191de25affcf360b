"""The rows of a published table as the records of a feature group, in DuckDB's SQL; pure.

One text for all who read records: the package on the laptop, and the job that ingests them in the cloud.
"""

# ruff: noqa: S608 - SQL is put together from names that the configuration has checked

from __future__ import annotations

from datetime import datetime, timedelta

from .feature_groups import FeatureGroup

ALL = "all"
_SQL_TYPES = {"string": "VARCHAR", "integral": "BIGINT", "fractional": "DOUBLE"}


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


def select(group: FeatureGroup, snapshot: int, since: datetime | None, until: datetime | None) -> str:
    """SQL of Athena: the columns that the group reads of a snapshot of its table, for the event times from ``since``
    on and before ``until``.
    """
    names = ", ".join(f'"{name}"' for name in columns(group))
    bounds = [
        f"\"{group.window.start}\" {sign} TIMESTAMP '{time:%Y-%m-%d %H:%M:%S.%f}'"
        for sign, time in starts(group, since, until)
    ]
    where = f" WHERE {' AND '.join(bounds)}" if bounds else ""
    return f'SELECT {names} FROM "{group.table}" FOR VERSION AS OF {snapshot}{where}'


def starts(group: FeatureGroup, since: datetime | None, until: datetime | None) -> list[tuple[str, datetime]]:
    """The bounds of the event time as comparisons (``>=`` or ``<``) of the start of the window, which the table has."""
    length = timedelta(minutes=group.window.minutes)
    return [(sign, time - length) for sign, time in ((">=", since), ("<", until)) if time is not None]


def columns(group: FeatureGroup) -> list[str]:
    """The table's columns that the group reads."""
    own = [
        _column(group, record, name)
        for record in group.records or [None]
        for name in group.features
        if name != group.event_time and not (group.records and name == group.record_identifier)
    ]
    return list(dict.fromkeys([group.window.start, *own]))
