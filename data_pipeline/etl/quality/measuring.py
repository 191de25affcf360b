"""The values of rules that look at rows, asked of DuckDB: of what a run is about to publish, with what stays published.

One pass over the new rows serves all rules of single columns; what is published is read only for rules that need it,
and of it only the columns and the times that they need.
"""

# ruff: noqa: S608 - SQL is put together from names in quotes and from rules that were checked

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import duckdb

from data_pipeline.etl.documents.datasets import FILE, Series
from data_pipeline.etl.documents.rules import Rule
from data_pipeline.etl.errors import JobError

from . import series as serial
from .facts import Measured, Measurements
from .kept import KeptRows
from .sql import name, value

_AHEAD = timedelta(days=1)
_LONGEST, _FILES = 100, 3
"""Characters of an example, and files that it names."""
_SCALAR = ("null-share", "accepted", "future-times", "freshness")


def measure(
    db: duckdb.DuckDBPyConnection,
    of: str,
    rows: str,
    rules: Sequence[Rule],
    now: float,
    *,
    published: KeptRows | None = None,
    series: Series | None = None,
    complete: bool = False,
    covered: serial.Covered | None = None,
    version: str = "",
    private: bool = False,
) -> Measurements:
    """The values of ``rules`` as far as they look at rows, and what is told of a series.

    ``rows``: a relation in ``db`` with the rows that the data set or table ``of`` is about to publish; ``published``:
    what stays beside them; ``now``: seconds since 1970, UTC; ``complete``: a period that has rows has all of them;
    ``covered``: the periods that are judged, or None for all that have rows; ``version``: of what the new rows come
    from; ``private``: no value of them is told. JobError for a rule of one's own whose SQL fails or returns no number.
    """
    db.execute("SET TimeZone = 'UTC'")
    moment = datetime.fromtimestamp(now, timezone.utc).replace(tzinfo=None)
    found = list(_scalars(db, of, rows, rules, moment, published, version))
    for rule in rules:
        if rule.own:
            found.append(Measured(rule.key, of, _own(db, of, rows, rule), version))
        elif rule.name == "unique":
            again, example = _repeated(db, rows, rule, published, private)
            found.append(Measured(rule.key, of, again, version, example))
    wanted = {rule.key for rule in rules} & set(serial.RULES)
    if series is None or not wanted:
        return Measurements(found)
    of_series = serial.measure(db, of, rows, series, published, complete, covered)
    found += [each for each in of_series.values if each.key in wanted]
    return Measurements(found, of_series.report)


def _scalars(
    db: duckdb.DuckDBPyConnection,
    of: str,
    rows: str,
    rules: Sequence[Rule],
    moment: datetime,
    published: KeptRows | None,
    version: str,
) -> Iterator[Measured]:
    asked = [rule for rule in rules if rule.name in _SCALAR and rule.columns]
    if not asked:
        return
    wanted = ", ".join(_expression(rule, moment) for rule in asked)
    count, *answers = _row(db, f"SELECT count(*), {wanted} FROM {name(rows)}")
    for rule, answer in zip(asked, answers):
        if rule.name == "freshness":
            newest = max(filter(None, (answer, _newest(db, rule, published))), default=None)
            if newest is not None:
                age = max(0.0, (moment - newest).total_seconds() / 3600)
                yield Measured(rule.key, of, age, newest.isoformat())
        elif rule.name == "null-share":
            if count:
                yield Measured(rule.key, of, answer / count, version)
        else:
            yield Measured(rule.key, of, answer, version)


def _expression(rule: Rule, moment: datetime) -> str:
    column = name(rule.columns[0])
    if rule.name == "null-share":
        return f"count(*) FILTER ({column} IS NULL)"
    if rule.name == "accepted":
        listed = ", ".join(map(value, rule.values))
        return f"count(*) FILTER (CAST({column} AS VARCHAR) NOT IN ({listed}))"
    if rule.name == "future-times":
        return f"count(*) FILTER ({column} > TIMESTAMP {value((moment + _AHEAD).isoformat(' '))})"
    return _last(column)


def _last(column: str) -> str:
    """The end of the newest time, in UTC where it has a zone: of a date, the end of its day."""
    newest = f"max({column})"
    day = f"if(typeof({newest}) = 'DATE', INTERVAL 1 DAY, INTERVAL 0 DAY)"
    return f"CAST({newest} AS TIMESTAMP) + {day}"


def _newest(db: duckdb.DuckDBPyConnection, rule: Rule, published: KeptRows | None) -> datetime | None:
    reader = published.read(rule.columns) if published else None
    if reader is None:
        return None
    found: datetime | None = _row(db.from_arrow(reader), _last(name(rule.columns[0])))[0]
    return found


def _repeated(
    db: duckdb.DuckDBPyConnection, rows: str, rule: Rule, published: KeptRows | None, private: bool
) -> tuple[int, str]:
    """How many of the new rows repeat the values of another row, new or published, and an example; those with a null do
    not count.
    """
    columns = ", ".join(map(name, rule.columns))
    there = " AND ".join(f"{name(column)} IS NOT NULL" for column in rule.columns)
    db.execute(
        f"CREATE OR REPLACE TEMP TABLE _keys AS SELECT {columns}, count(*) AS _rows FROM {name(rows)} WHERE {there} "
        "GROUP BY ALL"
    )
    again: int = _row(db, "SELECT coalesce(sum(_rows - 1), 0) FROM _keys")[0]
    example = (
        _example(db, rows, rule, f"SELECT {columns} FROM _keys WHERE _rows > 1", private) if again else ""
    )
    reader = published.read(rule.columns) if published else None
    if reader is not None:
        db.register("_published", reader)
        db.execute(
            f"CREATE OR REPLACE TEMP TABLE _both AS SELECT {columns} FROM _keys SEMI JOIN _published USING ({columns})"
        )
        db.unregister("_published")
        repeated: int = _row(db, "SELECT count(*) FROM _both")[0]
        if repeated and not again:
            example = (
                _example(db, rows, rule, f"SELECT {columns} FROM _both", private) + ", and published already"
            )
        again += repeated
        db.execute("DROP TABLE _both")
    db.execute("DROP TABLE _keys")
    return int(again), example


def _example(db: duckdb.DuckDBPyConnection, rows: str, rule: Rule, keys: str, private: bool) -> str:
    """The first of ``keys``, a SELECT of values that are there again, and the files that have it; without the values
    where they are ``private``.
    """
    columns = ", ".join(map(name, rule.columns))
    db.execute(f"CREATE OR REPLACE TEMP TABLE _first AS {keys} ORDER BY ALL LIMIT 1")
    # as texts: to fetch times with a zone, DuckDB needs pytz, which jobs do without
    key = _row(
        db, f"SELECT {', '.join(f'CAST({name(column)} AS VARCHAR)' for column in rule.columns)} FROM _first"
    )
    told = " ".join(f"{column}={each}" for column, each in zip(rule.columns, key))
    named = "such as one" if private else f"such as {told[:_LONGEST]}"
    known = {each[0] for each in db.execute(f"SELECT * FROM {name(rows)} LIMIT 0").description or ()}
    if FILE not in known:
        return named
    found = db.execute(
        f"SELECT DISTINCT {name(FILE)} FROM {name(rows)} SEMI JOIN _first USING ({columns}) "
        f"WHERE {name(FILE)} IS NOT NULL ORDER BY 1"
    ).fetchall()
    files = [each[0] for each in found]
    more = f" and {len(files) - _FILES:,} more" if len(files) > _FILES else ""
    return f"{named} in {', '.join(files[:_FILES])}{more}" if files else named


def _own(db: duckdb.DuckDBPyConnection, of: str, rows: str, rule: Rule) -> float:
    try:
        if of != rows:
            db.execute(f"CREATE OR REPLACE TEMP VIEW {name(of)} AS FROM {name(rows)}")
        found = db.execute(rule.query).fetchmany(2)
        if of != rows:
            db.execute(f"DROP VIEW {name(of)}")
    except duckdb.Error as error:
        raise JobError(f"{of}: the SQL of the rule {rule.name} fails: {error}") from error
    try:
        ((answer,),) = found
        number = float(answer)
        if math.isnan(number):  # no limit is less than that
            raise ValueError
        return number
    except (TypeError, ValueError) as error:
        raise JobError(
            f"{of}: the SQL of the rule {rule.name} returns {found!r}, not one row with one number"
        ) from error


def _row(db: Any, query: str) -> Any:
    """Of a connection: the one row of a query; of a relation: that of an aggregate."""
    found = db.execute(query) if isinstance(db, duckdb.DuckDBPyConnection) else db.aggregate(query)
    return found.fetchone()
