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
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb

from data_pipeline.etl.documents.datasets import Series

from . import periods, profiling
from .facts import Measured, Measurements, SeriesReport
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
ALL = "all"
"""All members of a series together."""
QUANTILES = (5, 25, 50, 75, 95)
NUMBERS = ("rows", "missing", "min", *(f"q{share:02}" for share in QUANTILES), "max", "mean")
"""What is told of a feature: a quantile is the value at or below which so many hundredths of the values lie."""
_DIGITS = 6
_TABLES = ("_new", "_old", "_now", "_before", "_compared", "_windows", "_shapes", "_covered")

#: a period of a series that has new rows: its windows with rows, and how many it should have
_NOW = """
CREATE OR REPLACE TEMP TABLE _now AS
SELECT member, period, count(DISTINCT value) AS there,
    date_diff('minute', period, least(period + INTERVAL 1 {unit}, {last})) // {step} AS every
FROM (FROM _new UNION ALL FROM _old) SEMI JOIN _new USING (member, period) WHERE feature = '' GROUP BY ALL
"""
#: the same of each period that is published
_BEFORE = """
CREATE OR REPLACE TEMP TABLE _before AS
SELECT member, period, count(DISTINCT value) AS there,
    date_diff('minute', period, period + INTERVAL 1 {unit}) // {step} AS every
FROM _old WHERE feature = '' GROUP BY ALL
"""
#: the published periods before a period with new rows
_COMPARED = """
CREATE OR REPLACE TEMP TABLE _compared AS
WITH paired AS (
    SELECT n.member, n.period, count(*) AS periods, sum(p.there) AS there, sum(p.every) AS every,
        list(p.period) AS before
    FROM _now n JOIN _before p
    ON n.member = p.member AND p.period < n.period AND p.period >= n.period - INTERVAL {before} {unit} GROUP BY ALL
)
SELECT p.member, p.period, p.before, p.there, p.every FROM paired p JOIN _now n USING (member, period)
WHERE p.periods >= {least} AND least(n.there, p.there) >= {windows}
"""
#: what is there in a period with new rows, and as published before
_SIDES = """
    SELECT true AS now, * FROM (FROM _new UNION ALL FROM _old) SEMI JOIN _now USING (member, period)
    UNION ALL SELECT false, * FROM _old
"""
#: how much each window weighs
_WINDOWS = f"""
CREATE OR REPLACE TEMP TABLE _windows AS
SELECT now, member, period, make_timestamp(CAST(value AS BIGINT)) AS start, sum(weight) AS weight
FROM ({_SIDES}) WHERE feature = '' GROUP BY ALL
"""
#: how much each value of each feature weighs
_SHAPES = f"""
CREATE OR REPLACE TEMP TABLE _shapes AS
SELECT now, member, period, feature, value, sum(weight) AS weight FROM (
    SELECT now, member, period, 'rows' AS feature, weight AS value, 1.0 AS weight FROM _windows
    UNION ALL SELECT now, member, period, 'minutes', hour(start) * 60 + minute(start), weight FROM _windows
    UNION ALL SELECT now, member, period, 'dow', isodow(start), weight FROM _windows
    UNION ALL SELECT * FROM ({_SIDES}) WHERE feature <> ''
) GROUP BY ALL
"""
#: what the values of each feature are like, now and in the periods that are compared; without a member: of all of them,
#: whose windows are added up
_DESCRIBED = """
WITH told AS (
    SELECT true AS now, member, period, there, every FROM _now
    UNION ALL SELECT false, * FROM _before
        SEMI JOIN (SELECT member, unnest(before) AS period FROM _compared) USING (member, period)
), whole AS (
    SELECT now, start, sum(weight) AS value FROM _windows SEMI JOIN told USING (now, member, period) GROUP BY ALL
), weighed AS (
    SELECT now, member, feature, value, sum(weight) AS weight FROM _shapes
    SEMI JOIN told USING (now, member, period) GROUP BY ALL
    UNION ALL SELECT now, NULL, 'rows', value, count(*) FROM whole GROUP BY ALL
), below AS (
    SELECT *, sum(weight) OVER (PARTITION BY now, member, feature ORDER BY value) AS below,
        sum(weight) OVER (PARTITION BY now, member, feature) AS total FROM weighed
), missing AS (
    SELECT now, member, sum(greatest(every - there, 0)) AS missing FROM told GROUP BY ALL
    UNION ALL SELECT now, NULL, greatest(sum(every) - any_value(windows), 0)
    FROM (SELECT DISTINCT now, period, every FROM told)
    JOIN (SELECT now, count(*) AS windows FROM whole GROUP BY now) USING (now) GROUP BY now
)
SELECT now, b.member, feature, total, missing, min(value), {quantiles}, max(value), sum(value * weight) / total
FROM below b JOIN missing m USING (now) WHERE b.member IS NOT DISTINCT FROM m.member
GROUP BY now, b.member, feature, total, missing ORDER BY b.member NULLS FIRST, feature, now
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


@dataclass(frozen=True)
class Covered:
    """The periods that there are files of: ``pairs`` of the series that a file's name tells, as ``a=1, b=2`` of the
    columns ``parts``, and the period, which may be longer than those of the series.
    """

    parts: tuple[str, ...]
    pairs: frozenset[tuple[str, str]]


def measure(
    db: duckdb.DuckDBPyConnection,
    of: str,
    rows: str,
    series: Series,
    published: KeptRows | None,
    complete: bool,
    covered: Covered | None = None,
) -> Measurements:
    """The values of RULES, for each period of each series that ``rows`` have something of and that is ``covered``, if
    that is known; and what is told of them. Unless a period that has rows is ``complete``, windows are missing only up
    to the newest time that there is.
    """
    first = _first(db, rows, series)
    if first is None:
        return Measurements()
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
        if covered is not None:
            _leave_out(db, series, covered)
        _compare(db, series, complete)
        values = list(_measured(db, of, series))
        timeline = profiling.windows(db, series)
        return Measurements(values, SeriesReport(of, _drift(db, series), _statistics(db, series), timeline))
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


def _leave_out(db: duckdb.DuckDBPyConnection, series: Series, covered: Covered) -> None:
    """Take from _new and _old what is of no period that is covered: one that files are of, or part of one."""
    pairs = [(which, periods.unit(each), periods.start(each)) for which, each in sorted(covered.pairs)]
    db.execute("CREATE OR REPLACE TEMP TABLE _covered (which VARCHAR, unit VARCHAR, period TIMESTAMP)")
    if pairs:
        db.execute("INSERT INTO _covered SELECT unnest(?), unnest(?), unnest(?)", [*map(list, zip(*pairs))])
    inside = " OR ".join(
        f"(which, date_trunc('{unit}', period)) IN (SELECT (which, period) FROM _covered WHERE unit = '{unit}')"
        for unit in sorted({unit for _, unit, _ in pairs})
    )
    places = [(part, series.by.index(part) + 1) for part in covered.parts]
    texts = [f"{value(part + '=')} || coalesce(member[{place}], '')" for part, place in places]
    which = " || ', ' || ".join(texts) or "''"
    for table in ("_new", "_old"):
        db.execute(
            f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT * EXCLUDE which "
            f"FROM (SELECT *, {which} AS which FROM {table}) WHERE {inside or 'false'}"
        )


def _compare(db: duckdb.DuckDBPyConnection, series: Series, complete: bool) -> None:
    """Make the tables that everything else asks."""
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
    }
    for query in (_NOW, _BEFORE, _COMPARED, _WINDOWS, _SHAPES):
        db.execute(query.format(**filled))


def _measured(db: duckdb.DuckDBPyConnection, of: str, series: Series) -> Iterator[Measured]:
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
    for by, start, feature, index in _indices(db, series):
        yield Measured("drift", f"{_source(of, series, by, start)} {feature}", index)


def _indices(db: duckdb.DuckDBPyConnection, series: Series) -> list[Any]:
    """Member, period, feature and stability index of what is compared."""
    same = ["minutes"] if series.step_minutes == _DAY or series.period == "hour" else []
    same += ["dow"] if series.period in ("day", "hour") else []  # a day has one weekday
    found = db.execute(_DRIFT.format(bins=BINS, floor=FLOOR)).fetchall()
    return [each for each in found if each[2] not in same]


def _drift(db: duckdb.DuckDBPyConnection, series: Series) -> list[dict[str, Any]]:
    psi: dict[tuple[Any, ...], dict[str, float]] = {}
    for by, start, feature, index in _indices(db, series):
        psi.setdefault((*by, start), {})[feature] = round(index, _DIGITS)
    shares = "SELECT c.*, n.there, n.every FROM _compared c JOIN _now n USING (member, period) ORDER BY member, period"
    return [
        {
            "period": periods.text(start, series.period),
            "series": _which(series, by),
            "before": [periods.text(each, series.period) for each in sorted(before)],
            "psi": psi.get((*by, start), {}),
            "missing": round(max(0.0, 1 - there / every), _DIGITS) if every else 0.0,
            "missing_before": round(max(0.0, 1 - there_before / every_before), _DIGITS),
        }
        for by, start, before, there_before, every_before, there, every in db.execute(shares).fetchall()
    ]


def _statistics(db: duckdb.DuckDBPyConnection, series: Series) -> list[dict[str, Any]]:
    """Of all members together, then of each."""
    quantiles = ", ".join(f"min(value) FILTER (below * 100 >= {share} * total)" for share in QUANTILES)
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for now, by, feature, *numbers in db.execute(_DESCRIBED.format(quantiles=quantiles)).fetchall():
        if by == []:
            continue  # a series without members is described as all
        which = ALL if by is None else _which(series, by)
        told = found.setdefault(
            (which, feature), {"series": which, "feature": feature, "now": None, "before": None}
        )
        told["now" if now else "before"] = {name: _plain(number) for name, number in zip(NUMBERS, numbers)}
    return [each for each in found.values() if each["now"]]


def _plain(number: Any) -> float:
    """Rounded, and whole where it is."""
    rounded = round(float(number), _DIGITS)
    return int(rounded) if rounded.is_integer() else rounded


def _source(of: str, series: Series, by: Sequence[Any], start: datetime) -> str:
    """``orders 2024-01 country=de, kind=a``."""
    return " ".join(filter(None, (of, periods.text(start, series.period), _which(series, by))))


def _which(series: Series, by: Sequence[Any]) -> str:
    return ", ".join(f"{column}={text}" for column, text in zip(series.by, by))


def _one(db: duckdb.DuckDBPyConnection, query: str) -> Any:
    return db.execute(query).fetchone()
