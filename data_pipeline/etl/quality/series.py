"""Series: which windows are missing from a period, and how its distributions differ from those of the periods before.

A window counts where its rows weigh something. Compared are, of each series and period: ``rows`` (or the weight's
column) of a window, over the windows; ``minutes`` since midnight and ``dow`` (1 on Monday), over the rows by weight;
and each of the series' ``values``, over the rows. What is usual is taken from what is published of the periods before,
``periods.BEFORE``.

The population stability index is the sum over bins of (a - e) · ln(a / e), where e and a are the bin's shares of what
is usual and of the period; the bins part what is usual at its deciles, and the outer ones are open. Naeem Siddiqi,
Credit Risk Scorecards (Wiley, 2006), chapter 9, where under 0.1 is no change to speak of and from 0.25 on a shift; it
is the divergence of Jeffreys (1946).
"""

# ruff: noqa: S608 - SQL is put together from names in quotes

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import duckdb

from data_pipeline.etl.documents.datasets import Series

from . import periods
from .facts import Measured
from .kept import KeptRows
from .sql import name, value

RULES = ("missing-windows", "more-missing-windows", "drift")
BINS = 10
FLOOR = 1e-4
"""What stands for an empty bin, whose logarithm there is none of."""
LEAST_WINDOWS = 20
"""Fewer windows are no distribution; nor are those of less than a day, or of a quarter of a shorter period."""
_DAY = 1440
_MINUTES = {"hour": 60, "day": _DAY, "month": 30 * _DAY, "year": 365 * _DAY}
_TABLES = ("_new", "_old", "_now", "_shapes", "_compared")

#: a period of a series that has new rows: its windows with rows, and how many it should have
_NOW = """
CREATE OR REPLACE TEMP TABLE _now AS
SELECT member, period, count(DISTINCT value) AS there,
    date_diff('minute', period, least(period + INTERVAL 1 {unit}, {last})) // {step} AS every
FROM (FROM _new UNION ALL FROM _old) SEMI JOIN _new USING (member, period) WHERE feature = '' GROUP BY ALL
"""
#: the published periods before it
_COMPARED = """
CREATE OR REPLACE TEMP TABLE _compared AS
WITH published AS (
    SELECT member, period, count(DISTINCT value) AS there,
        date_diff('minute', period, period + INTERVAL 1 {unit}) // {step} AS every
    FROM _old WHERE feature = '' GROUP BY ALL
), paired AS (
    SELECT n.member, n.period, count(*) AS periods, sum(p.there) AS there, sum(p.every) AS every,
        list(p.period) AS before
    FROM _now n JOIN published p
    ON n.member = p.member AND p.period < n.period AND p.period >= n.period - INTERVAL {before} {unit} GROUP BY ALL
)
SELECT p.member, p.period, p.before, p.there, p.every FROM paired p JOIN _now n USING (member, period)
WHERE p.periods >= {least} AND least(n.there, p.there) >= {windows}
"""
#: how much each value of each feature weighs, in a period with new rows and as published before
_SHAPES = """
CREATE OR REPLACE TEMP TABLE _shapes AS
WITH sides AS (
    SELECT true AS now, * FROM (FROM _new UNION ALL FROM _old) SEMI JOIN _compared USING (member, period)
    UNION ALL SELECT false, * FROM _old
), windows AS (
    SELECT now, member, period, make_timestamp(CAST(value AS BIGINT)) AS start, sum(weight) AS weight
    FROM sides WHERE feature = '' GROUP BY ALL
)
SELECT now, member, period, feature, value, sum(weight) AS weight FROM (
    SELECT now, member, period, 'rows' AS feature, weight AS value, 1.0 AS weight FROM windows
    UNION ALL SELECT now, member, period, 'minutes', hour(start) * 60 + minute(start), weight FROM windows
    UNION ALL SELECT now, member, period, 'dow', isodow(start), weight FROM windows
    UNION ALL SELECT * FROM sides WHERE feature <> ''
) GROUP BY ALL
"""
_DRIFT = """
WITH expected AS (
    SELECT c.member, c.period, s.feature, s.value, sum(s.weight) AS weight
    FROM (SELECT member, period, unnest(before) AS before FROM _compared) c
    JOIN _shapes s ON s.member = c.member AND s.period = c.before AND NOT s.now GROUP BY ALL
), actual AS (
    SELECT member, period, feature, value, weight FROM _shapes WHERE now
), below AS (
    SELECT *, sum(weight) OVER (PARTITION BY member, period, feature ORDER BY value) AS below,
        sum(weight) OVER (PARTITION BY member, period, feature) AS total FROM expected
), deciles AS (
    SELECT member, period, feature, n, min(value) AS edge FROM below, range(1, {bins}) t(n)
    WHERE below * {bins} >= total * n GROUP BY ALL
), edges AS (
    SELECT member, period, feature, list(DISTINCT edge) AS edges FROM deciles GROUP BY ALL
), bins AS (
    SELECT member, period, feature, len([e for e in edges if e < value]) AS bin, sum(e) AS e, sum(a) AS a
    FROM (SELECT * EXCLUDE weight, weight AS e, 0 AS a FROM expected UNION ALL
        SELECT * EXCLUDE weight, 0, weight FROM actual) JOIN edges USING (member, period, feature) GROUP BY ALL
), totals AS (
    SELECT member, period, feature, sum(e) AS all_e, sum(a) AS all_a FROM bins GROUP BY ALL HAVING sum(a) > 0
), shares AS (
    SELECT member, period, feature, greatest(e / all_e, {floor}) AS e, greatest(a / all_a, {floor}) AS a
    FROM bins JOIN totals USING (member, period, feature)
)
SELECT member, period, feature, sum((a - e) * ln(a / e)) FROM shares GROUP BY ALL ORDER BY ALL
"""


def measure(
    db: duckdb.DuckDBPyConnection,
    of: str,
    rows: str,
    series: Series,
    published: KeptRows | None,
    complete: bool,
) -> list[Measured]:
    """The values of RULES, for each period of each series that ``rows`` have something of. Unless a period that has
    rows is ``complete``, windows are missing only up to the newest time that there is.
    """
    first = _first(db, rows, series)
    if first is None:
        return []
    columns = tuple(dict.fromkeys((series.time, *series.by, *filter(None, [series.weight]), *series.values)))
    reader = published.read(columns, series.time, first) if published else None
    try:
        _observe(db, "_new", name(rows), series, first)
        if reader is None:
            db.execute("CREATE OR REPLACE TEMP TABLE _old AS FROM _new LIMIT 0")
        else:
            db.register("_published", reader)
            _observe(db, "_old", "_published", series, first)
            db.unregister("_published")
        return list(_measured(db, of, series, complete))
    finally:
        for table in _TABLES:
            db.execute(f"DROP TABLE IF EXISTS {table}")


def _first(db: duckdb.DuckDBPyConnection, rows: str, series: Series) -> datetime | None:
    """The start of the earliest period that any of the new rows is compared with."""
    (earliest,) = _one(db, f"SELECT CAST(min({name(series.time)}) AS TIMESTAMP) FROM {name(rows)}")
    if earliest is None:
        return None
    period = periods.text(earliest, series.period)
    return periods.start([*periods.before(period), period][0])


def _observe(db: duckdb.DuckDBPyConnection, table: str, rows: str, series: Series, first: datetime) -> None:
    """``table``: how much each value of each feature weighs in each period of each series: columns ``member`` (the
    values of ``by``), ``period`` (its start), ``feature``, ``value``, ``weight``. The feature without a name is the
    window: its start in microseconds since 1970.
    """
    by = ", ".join(f"CAST({name(column)} AS VARCHAR)" for column in series.by)
    time = f"CAST({name(series.time)} AS TIMESTAMP)"
    weight = f"coalesce(CAST({name(series.weight)} AS DOUBLE), 0)" if series.weight else "1.0"
    step = series.step_minutes * 60_000_000
    window = f"epoch_us({time}) - (epoch_us({time}) % {step} + {step}) % {step}"
    features = [("", window, weight), *((column, name(column), "1.0") for column in series.values)]
    structs = ", ".join(
        f"{{'feature': {value(feature)}, 'value': CAST({number} AS DOUBLE), 'weight': {weighs}}}"
        for feature, number, weighs in features
    )
    source = (
        f"SELECT [{by}]::VARCHAR[] AS member, date_trunc('{series.period}', {time}) AS period, "
        f"unnest([{structs}]) AS f FROM {rows} WHERE {time} >= TIMESTAMP {value(first.isoformat(' '))}"
    )
    db.execute(
        f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT member, period, f.feature, f.value, sum(f.weight) AS weight "
        f"FROM ({source}) WHERE f.value IS NOT NULL AND NOT isnan(f.value) GROUP BY ALL HAVING sum(f.weight) > 0"
    )


def _measured(db: duckdb.DuckDBPyConnection, of: str, series: Series, complete: bool) -> Iterator[Measured]:
    step = series.step_minutes
    newest = "SELECT max(value) FROM (FROM _new UNION ALL FROM _old) WHERE feature = ''"
    last = (
        "TIMESTAMP '9999-01-01'"
        if complete
        else f"make_timestamp(CAST(({newest}) AS BIGINT)) + INTERVAL {step} MINUTE"
    )
    filled = {
        "unit": series.period,
        "step": step,
        "last": last,
        "before": periods.BEFORE[series.period],
        "least": periods.LEAST,
        "windows": max(LEAST_WINDOWS, min(_DAY, _MINUTES[series.period] // 4) // step),
        "bins": BINS,
        "floor": FLOOR,
    }
    for query in (_NOW, _COMPARED, _SHAPES):
        db.execute(query.format(**filled))
    missing: dict[tuple[Any, ...], float] = {}
    for by, start, there, every in db.execute("FROM _now WHERE every > 0 ORDER BY member, period").fetchall():
        missing[(*by, start)] = share = max(0.0, 1 - there / every)
        yield Measured("missing-windows", _source(of, series, by, start), share)
    for by, start, there, every in db.execute(
        "SELECT member, period, there, every FROM _compared WHERE every > 0 ORDER BY member, period"
    ).fetchall():
        if (*by, start) in missing:
            rise = missing[(*by, start)] - max(0.0, 1 - there / every)
            yield Measured("more-missing-windows", _source(of, series, by, start), rise)
    same = ("minutes",) if step == _DAY else ()
    for by, start, feature, index in db.execute(_DRIFT.format(**filled)).fetchall():
        if feature not in same:
            yield Measured("drift", f"{_source(of, series, by, start)} {feature}", index)


def _source(of: str, series: Series, by: Sequence[Any], start: datetime) -> str:
    """``orders 2024-01 country=de, kind=a``."""
    which = ", ".join(f"{column}={text}" for column, text in zip(series.by, by))
    return " ".join(filter(None, (of, periods.text(start, series.period), which)))


def _one(db: duckdb.DuckDBPyConnection, query: str) -> Any:
    return db.execute(query).fetchone()
