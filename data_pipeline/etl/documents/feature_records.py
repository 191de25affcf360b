"""The rows of a published table as the records of a feature group, in DuckDB's SQL; pure.

One text for all who read records: the package on the laptop, and the job that ingests them in the cloud. Columns are
given with their types, as ``types`` or Iceberg write them.
"""

# ruff: noqa: S608 - SQL is put together from names that the configuration has checked

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta

from . import duckdb_types
from .datasets import AVAILABLE_AT
from .features import Feature, RecordSource
from .patterns import UNITS

ALL = "all"
#: what a record carries besides its features: since when it could be known, on the wall clock, and what says so.
AVAILABILITY = ("available_at", "available_by")
#: until when it holds, that time excluded, where the group says that records end; null: it still does.
ENDS = "ends_at"
_MADE_OF = re.compile(r"pipeline\.(.+)-snapshot")
_OF_FEATURES = {"string": "VARCHAR", "integral": "BIGINT", "fractional": "DOUBLE"}
_DAY = timedelta(days=1)


def available_column(source: RecordSource, columns: Collection[str]) -> str:
    """The column that says since when a row could be known: the one that is named, else the one that data sets have or
    that tables carry on under its plain name; empty where the table has none.
    """
    if source.available:
        return source.available
    return next((name for name in (AVAILABLE_AT, AVAILABILITY[0]) if name in columns), "")


def needed(source: RecordSource, columns: Collection[str]) -> list[str]:
    """The columns of the table that the records are made of."""
    own = [
        _column(source, record, name)
        for record in source.records or [None]
        for name in source.features
        if name != source.event_time and not (source.records and name == source.identifier)
    ]
    available = available_column(source, columns)
    return list(dict.fromkeys([time_column(source), *own, *filter(None, (available, source.ends))]))


def time_column(source: RecordSource) -> str:
    """The column that the event time comes from."""
    return source.time_column or source.features[source.event_time].column


def sql_type(feature: Feature, columns: Mapping[str, str]) -> str:
    """DuckDB's type of a feature: the one that the group writes, else that of its column; empty for a nested one."""
    if feature.type:
        return _OF_FEATURES[feature.type]
    kind = columns.get(feature.column, "").replace(" ", "")
    return kind.upper() if kind.startswith("decimal(") else duckdb_types.NAMES.get(kind, "")


def period_of(
    source: RecordSource, properties: Mapping[str, str], made_of: Callable[[str], Mapping[str, str]]
) -> str:
    """The longest period of the data sets that the table is made of, or empty. ``properties``: of its snapshot;
    ``made_of``: another table's name → the properties of its newest snapshot.
    """
    if source.period:
        return source.period
    found, left, seen = {source.periods.get(source.table, "")}, [properties], {source.table}
    while left:
        for name in filter(None, map(_made_of, left.pop())):
            if name in seen:
                continue
            seen.add(name)
            if name in source.periods:
                found.add(source.periods[name])
            else:
                left.append(made_of(name))
    return min(found - {""}, key=UNITS.index, default="")


def _made_of(name: str) -> str:
    found = _MADE_OF.fullmatch(name)
    return found[1].replace("-", "_") if found else ""


def query(
    source: RecordSource,
    columns: Mapping[str, str],
    period: str,
    series: Collection[str],
    since: datetime | None = None,
    until: datetime | None = None,
) -> str:
    """SQL: the records from the relation ``rows`` (of the table, with ``columns``) whose event times are from ``since``
    on and before ``until``.

    ``series``: those of which the snapshot notes when their months were available, which the relations ``by_dataset``
    and ``by_all`` (dataset, month, at, by) say. They count where the table has no column that says it.
    """
    each = [_one(source, columns, record) for record in source.records] or [_one(source, columns, None)]
    event = _quoted(source.event_time)
    bounds = [
        f"{event} {sign} TIMESTAMP '{time.isoformat(' ')}'"
        for sign, time in ((">=", since), ("<", until))
        if time
    ]
    kept = " AND ".join([f"{_quoted(source.identifier)} IS NOT NULL", f"{event} IS NOT NULL", *bounds])
    timed = (
        f"WITH records AS ({' UNION ALL '.join(each)}), timed AS (SELECT *, "
        f"{_latest(source, period)} AS _latest FROM records WHERE {kept}) "
    )
    return timed + (_by_months(source) if by_months(source, columns, series) else _by_rows(source))


def by_months(source: RecordSource, columns: Collection[str], series: Collection[str]) -> bool:
    """Whether it goes by the months of ``series`` when a record was available: no column says it, and the records of a
    row are series.
    """
    named = not source.records or any(name in series for name in source.records)
    return bool(series) and named and not available_column(source, columns)


def _by_rows(source: RecordSource) -> str:
    """Each record by the time of its own row, or by the lag where that is later."""
    known = "_noted <= _latest" if source.lag_minutes is not None else "_noted IS NOT NULL"
    return (
        f"SELECT * EXCLUDE (_noted, _latest), CASE WHEN {known} THEN _noted ELSE _latest END AS available_at, "
        f"CASE WHEN {known} THEN 'published' WHEN _latest IS NOT NULL THEN 'lag' END AS available_by FROM timed "
        f"ORDER BY {_quoted(source.identifier)}, {_quoted(source.event_time)}, available_at"
    )


def _by_months(source: RecordSource) -> str:
    """Each record of a series, or of all of them, by its month: it is none where the month is not covered. Any other
    one by the lag.
    """
    identifier, event = _quoted(source.identifier), _quoted(source.event_time)
    start = f"{event} - INTERVAL {source.window_minutes} MINUTE"
    text = f"CAST({identifier} AS VARCHAR)"
    other = "FALSE" if source.records else f"NOT _all AND {text} NOT IN (SELECT dataset FROM by_dataset)"
    return (
        f", placed AS (SELECT *, date_trunc('month', {start}) AS _month, {text} = '{ALL}' AS _all FROM timed), "
        f"other AS (SELECT *, {other} AS _other FROM placed) "
        "SELECT t.* EXCLUDE (_noted, _latest, _month, _all, _other), "
        "CASE WHEN _other THEN _latest WHEN _all THEN a.at ELSE d.at END AS available_at, "
        "CASE WHEN _other AND _latest IS NOT NULL THEN 'lag' WHEN _all THEN a.by ELSE d.by END AS available_by "
        f"FROM other t LEFT JOIN by_dataset d ON d.dataset = CAST(t.{identifier} AS VARCHAR) AND d.month = t._month "
        "AND NOT _all LEFT JOIN by_all a ON a.month = t._month AND _all "
        "WHERE _other OR d.month IS NOT NULL OR a.month IS NOT NULL "
        f"ORDER BY t.{identifier}, t.{event}"
    )


def _latest(source: RecordSource, period: str) -> str:
    """The end of a record's period and the lag: later it was not available."""
    if source.lag_minutes is None:
        return "CAST(NULL AS TIMESTAMP)"
    end = _quoted(source.event_time)
    if period:
        end = f"date_trunc('{period}', {end} - INTERVAL {source.window_minutes} MINUTE) + INTERVAL 1 {period}"
    return f"{end} + INTERVAL {source.lag_minutes} MINUTE"


def _one(source: RecordSource, columns: Mapping[str, str], record: str | None) -> str:
    """The records of one identifier, or of the identifiers in the table's own column."""
    parts = [
        _identifier(source, columns, record),
        f"{_event_time(source, columns)} AS {_quoted(source.event_time)}",
    ]
    for name, feature in source.features.items():
        if name not in (source.identifier, source.event_time):
            own = Feature(_column(source, record, name), feature.type)
            parts.append(f"{_typed(own, columns)} AS {_quoted(name)}")
    if source.ends:
        parts.append(f"{_wall_clock(source.ends, columns, source)} AS {ENDS}")
    available = available_column(source, columns)
    noted = _wall_clock(available, columns, source) if available else "CAST(NULL AS TIMESTAMP)"
    return f"SELECT {', '.join([*parts, f'{noted} AS _noted'])} FROM rows"


def _identifier(source: RecordSource, columns: Mapping[str, str], record: str | None) -> str:
    if record is None:
        return f"{_typed(source.features[source.identifier], columns)} AS {_quoted(source.identifier)}"
    literal = record.replace("'", "''")
    return f"'{literal}' AS {_quoted(source.identifier)}"


def _quoted(name: str) -> str:
    return f'"{name}"'


def _typed(feature: Feature, columns: Mapping[str, str]) -> str:
    kind = sql_type(feature, columns)
    column = _quoted(feature.column)
    return f"CAST({column} AS {kind})" if kind else column


def _event_time(source: RecordSource, columns: Mapping[str, str]) -> str:
    time = _wall_clock(time_column(source), columns, source)
    return f"{time} + INTERVAL {source.window_minutes} MINUTE" if source.time_column else time


def _wall_clock(column: str, columns: Mapping[str, str], source: RecordSource) -> str:
    """A time of the table on the group's wall clock."""
    if columns.get(column) == "timestamptz":
        return f"timezone('{source.timezone}', CAST(\"{column}\" AS TIMESTAMPTZ))"
    return f'CAST("{column}" AS TIMESTAMP)'


def _column(source: RecordSource, record: str | None, name: str) -> str:
    of_record = source.records[record].get(name) if record is not None else None
    return of_record or source.features[name].column


def bounds(
    source: RecordSource, columns: Mapping[str, str], since: datetime | None, until: datetime | None
) -> list[tuple[str, str]]:
    """Comparisons of the column of the event time with texts of its own type, which hold for every record from
    ``since`` on and before ``until``, and for few others. As (sign, text).
    """
    kind, window = columns.get(time_column(source), ""), timedelta(minutes=source.window_minutes)
    found = []
    for sign, time in ((">=", since), ("<", until)):
        if time is None:
            continue
        start = time - window
        if kind == "timestamp":
            found.append((sign, start.isoformat()))
        elif kind == "date":
            found.append((sign, f"{start if sign == '>=' else start + _DAY:%Y-%m-%d}"))
        elif kind == "timestamptz":  # a day is more than any zone is off
            found.append((sign, f"{(start - _DAY if sign == '>=' else start + _DAY).isoformat()}+00:00"))
    return found


def select(
    source: RecordSource,
    columns: Mapping[str, str],
    snapshot: int,
    since: datetime | None,
    until: datetime | None,
) -> str:
    """SQL of Athena: the columns that records are made of in a snapshot of the table, within the bounds."""
    names = ", ".join(f'"{name}"' for name in needed(source, columns))
    word = "DATE" if columns.get(time_column(source)) == "date" else "TIMESTAMP"
    tests = [
        f"\"{time_column(source)}\" {sign} {word} '{text.replace('T', ' ').replace('+00:00', ' UTC')}'"
        for sign, text in bounds(source, columns, since, until)
    ]
    where = f" WHERE {' AND '.join(tests)}" if tests else ""
    return f'SELECT {names} FROM "{source.table}" FOR VERSION AS OF {snapshot}{where}'
