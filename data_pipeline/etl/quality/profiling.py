"""What rows are like, for a report: one pass over them for counts and times, and a sample for distributions.

A profile is for people. Nothing is decided by it, so what cannot be told is left out and never stops a run.
"""

# ruff: noqa: S608 - SQL is put together from names in quotes

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from data_pipeline.etl.documents.datasets import AVAILABLE_AT, Series
from data_pipeline.etl.documents.profile import SHARES, Column, Example, Table, Timeline

from .facts import FileFacts, History
from .sql import name, value

COLUMNS = 40
"""Of how many columns a profile tells."""
SAMPLE = 100_000
"""Rows of which quantiles and values are told, where there are more."""
VALUES, DISTINCT = 8, 200
"""Values of a text that are told, where it has no more than so many different ones."""
POINTS, SERIES = 150, 6
"""Steps of a timeline, and series that are told apart; of more, the smallest are added up."""
REST = "others"
PERIODS = 400
EXAMPLES, EXAMPLE_FILES, REASONS, LONGEST = 3, 20, 12, 300

_STEPS = {"hour": 3600.0, "day": 86_400.0, "week": 7 * 86_400.0, "month": 30 * 86_400.0, "year": 0.0}
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL", "UBIGINT")
_TIMES = ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE")
_TEXTS = ("VARCHAR", "BOOLEAN")
_TYPES = {
    "VARCHAR": "string",
    "INTEGER": "int",
    "BIGINT": "long",
    "FLOAT": "float",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
}
_DIGITS = 6


def profile(
    db: duckdb.DuckDBPyConnection,
    rows: str,
    *,
    hidden: Collection[str] = (),
    texts: bool = True,
    time: str = "",
    timeline: Timeline | None = None,
) -> Table | None:
    """What the relation ``rows`` of ``db`` is like; None without a row. Of ``hidden`` columns only nulls are counted,
    of columns with text no value unless ``texts``. ``time``: the column of hours and weekdays, without it the first
    time; ``timeline``: as it is known already.
    """
    try:
        return _profile(db, rows, hidden, texts, time, timeline)
    except duckdb.Error:
        return None
    finally:
        db.execute("DROP TABLE IF EXISTS _sample")


def _profile(
    db: duckdb.DuckDBPyConnection,
    rows: str,
    hidden: Collection[str],
    texts: bool,
    time: str,
    timeline: Timeline | None,
) -> Table | None:
    every = db.execute(f"DESCRIBE SELECT * FROM {name(rows)}").fetchall()
    own = {each[0]: str(each[1]) for each in every if not each[0].startswith("_")}
    shown = dict([*own.items()][:COLUMNS])
    count, nulls, ends = _counted(db, rows, shown)
    if not count:
        return None
    sampled = _sample(db, rows, [*shown], count)
    columns = []
    for column, kind in shown.items():
        told: Column = {"name": column, "type": _type(kind), "nulls": nulls[column]}
        if column not in hidden:
            told.update(_ends(kind, ends.get(column)))
            told.update(_shape(db, column, kind, texts))
        columns.append(told)
    found: Table = {"rows": count, "columns": columns, "more_columns": len(own) - len(shown)}
    if sampled < count:
        found["sampled"] = sampled
    at = time or _first_time(own, hidden)
    if at in own:
        found.update(_timed(db, rows, at, own[at]))
        if timeline is not None:
            found["timeline"] = timeline
    return found


def _counted(
    db: duckdb.DuckDBPyConnection, rows: str, columns: Mapping[str, str]
) -> tuple[int, dict[str, int], dict[str, tuple[Any, Any]]]:
    """How many rows there are, column → nulls, and column with an order → least and most."""
    ordered = [column for column, kind in columns.items() if _is_number(kind) or kind in _TIMES]
    asked = [f"count(*) - count({name(column)})" for column in columns]
    asked += [_end(way, column, columns[column]) for column in ordered for way in ("min", "max")]
    count, *answers = _one(db, f"SELECT {', '.join(['count(*)', *asked])} FROM {name(rows)}")
    ends = answers[len(columns) :]
    pairs = dict(zip(ordered, zip(ends[::2], ends[1::2])))
    return count, dict(zip(columns, answers)), pairs


def _end(way: str, column: str, kind: str) -> str:
    end = f"{way}({name(column)})"
    return f"CAST({end} AS VARCHAR)" if kind in _TIMES else end


def _sample(db: duckdb.DuckDBPyConnection, rows: str, columns: Sequence[str], count: int) -> int:
    """Leave all rows, or some of them by chance, in ``_sample``; how many."""
    some = f" USING SAMPLE {100 * SAMPLE / count:.9f} PERCENT (bernoulli, 1)" if count > SAMPLE else ""
    named = ", ".join(map(name, columns)) or "1 AS one"
    db.execute(f"CREATE OR REPLACE TEMP TABLE _sample AS SELECT {named} FROM {name(rows)}{some}")
    return int(_one(db, "SELECT count(*) FROM _sample")[0])


def _ends(kind: str, pair: tuple[Any, Any] | None) -> Column:
    if pair is None or pair[0] is None:
        return {}  # type: ignore[typeddict-item]  # a part of one
    least, most = (_plain(end) if _is_number(kind) else end for end in pair)
    return {"least": least, "most": most}  # type: ignore[typeddict-item]  # a part of one


def _shape(db: duckdb.DuckDBPyConnection, column: str, kind: str, texts: bool) -> Column:
    """The distribution of a number, or the most frequent values of a text."""
    found: dict[str, Any] = {}
    if _is_number(kind):
        number = f"CAST({name(column)} AS DOUBLE)"
        shares = ", ".join(str(share / 100) for share in SHARES)
        mean, quantiles = _one(
            db,
            f"SELECT avg({number}), quantile_disc({number}, [{shares}]) FROM _sample WHERE isfinite({number})",
        )
        if quantiles:
            found = {"mean": _plain(mean), "quantiles": [_plain(each) for each in quantiles]}
    elif kind == "BOOLEAN" or (texts and kind in _TEXTS):
        values = db.execute(
            f"SELECT CAST({name(column)} AS VARCHAR) AS text, count(*) AS rows FROM _sample "
            f"WHERE {name(column)} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {DISTINCT + 1}"
        ).fetchall()
        if 0 < len(values) <= DISTINCT:
            found = {"values": {text[:LONGEST]: rows for text, rows in values[:VALUES]}}
            found["other"] = sum(rows for _, rows in values[VALUES:])
    return found  # type: ignore[return-value]  # a part of one


def _first_time(columns: Mapping[str, str], hidden: Collection[str]) -> str:
    """The first column with a time, or else with a date; nothing without any. When rows became available, which tables
    carry on, says little of them.
    """
    left_out = {*hidden, AVAILABLE_AT.strip("_")}
    open_ = {column: kind for column, kind in columns.items() if column not in left_out}
    times = [column for column, kind in open_.items() if kind in _TIMES[1:]]
    dates = [column for column, kind in open_.items() if kind == _TIMES[0]]
    return next(iter([*times, *dates]), "")


def _timed(db: duckdb.DuckDBPyConnection, rows: str, column: str, kind: str) -> Table:
    """Rows by hour, by weekday from Monday, and by step; a date has no hours."""
    moment = _moment(column)
    counts = db.execute(
        f"SELECT date_trunc('hour', {moment}) AS hour, count(*) FROM {name(rows)} "
        f"WHERE {moment} BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-30' GROUP BY 1 ORDER BY 1"
    ).fetchall()
    hours, weekdays = [0] * 24, [0] * 7
    for hour, count in counts:
        hours[hour.hour] += count
        weekdays[hour.weekday()] += count
    found: Table = {"hours": None if kind == "DATE" else hours, "weekdays": weekdays, "timeline": None}
    if counts:
        step = step_of(counts[0][0], counts[-1][0])
        steps: dict[str, int] = {}
        for hour, count in counts:
            start = _floor(hour, step).isoformat()
            steps[start] = steps.get(start, 0) + count
        points = [(start, "", float(each), float(each)) for start, each in [*steps.items()][-POINTS:]]
        found["timeline"] = {
            "column": column,
            "weight": "",
            "step": step,
            "whole": False,
            "points": points,
        }
    return found


def _floor(moment: datetime, step: str) -> datetime:
    """The start of the step that a whole hour lies in, as ``date_trunc`` has it."""
    if step == "hour":
        return moment
    day = moment.replace(hour=0)
    if step == "week":
        return day - timedelta(days=day.weekday())
    return day if step == "day" else day.replace(day=1, month=1 if step == "year" else day.month)


def windows(db: duckdb.DuckDBPyConnection, series: Series) -> Timeline | None:
    """What the windows weigh that ``quality.series`` has left in ``_new`` and ``_old``, by step and series."""
    every = " UNION ALL ".join(
        f"SELECT member, make_timestamp(CAST(value AS BIGINT)) AS moment, weight, {new} AS new FROM {side} "
        "WHERE feature = ''"
        for side, new in (("_new", "true"), ("_old", "false"))
    )
    least, most = _one(db, f"SELECT min(moment), max(moment) FROM ({every})")
    if least is None:
        return None
    step = step_of(least, most)
    kept = f"SELECT member FROM ({every}) GROUP BY 1 ORDER BY sum(weight) DESC, 1 LIMIT {SERIES}"
    points = db.execute(
        f"SELECT date_trunc('{step}', moment), if(member IN ({kept}), member, NULL) AS which, sum(weight), "
        f"coalesce(sum(weight) FILTER (new), 0) FROM ({every}) GROUP BY 1, 2 ORDER BY 1, 2"
    ).fetchall()
    told = [
        (start.isoformat(), REST if which is None else _which(series, which), _plain(total), _plain(new))
        for start, which, total, new in points
    ]
    return {"column": series.time, "weight": series.weight, "step": step, "whole": True, "points": told}


def _which(series: Series, member: Sequence[Any]) -> str:
    return ", ".join(f"{column}={text}" for column, text in zip(series.by, member))


def step_of(least: datetime, most: datetime) -> str:
    """The shortest step of which a timeline has room for all between two times."""
    seconds = (most - least).total_seconds()
    return next((step for step, length in _STEPS.items() if seconds < (POINTS - 2) * length), "year")


def periods(files: Sequence[FileFacts], earlier: History) -> list[tuple[str, str, int, bool]]:
    """Period, series, rows of the table, and whether a file of it is loaded; the last PERIODS of them."""
    rows: dict[tuple[str, str], int] = {}
    own = {file.path for file in files}
    for file in files:
        key = (file.period, file.series)
        rows[key] = rows.get(key, 0) + file.accepted
    loaded = frozenset(rows)
    for path, issue in earlier.items():
        if path not in own:
            key = (issue.period, issue.series)
            rows[key] = rows.get(key, 0) + issue.rows
    told = sorted((period, which, count) for (period, which), count in rows.items() if period)
    return [(period, which, count, (period, which) in loaded) for period, which, count in told[-PERIODS:]]


def examples(folder: Path) -> list[Example]:
    """A few of the refused rows of each reason, out of some of the files of quarantine below ``folder``."""
    found = sorted(folder.rglob("*.parquet"))[:EXAMPLE_FILES]
    if not found:
        return []
    files = ", ".join(value(str(path)) for path in found)
    row = f"""{{'source': source, 'row': "row", 'column': "column", 'raw': left(raw, {LONGEST})}}"""
    try:
        with duckdb.connect() as db:
            every = db.execute(
                f"""SELECT reason, arg_min({row}, "row", {EXAMPLES}) FROM read_parquet([{files}]) GROUP BY reason """
                f"ORDER BY count(*) DESC, reason LIMIT {REASONS}"
            ).fetchall()
    except duckdb.Error:
        return []
    return [_example(reason[:LONGEST], one) for reason, rows in every for one in rows]


def _example(reason: str, one: Mapping[str, Any]) -> Example:
    return {
        "source": one["source"],
        "row": one["row"],
        "reason": reason,
        "column": one["column"],
        "raw": one["raw"],
    }


def _type(kind: str) -> str:
    """As ``documents.types`` names it; of a nested one, and of one that no table has, DuckDB's name."""
    return _TYPES.get(kind, kind.lower())


def _is_number(kind: str) -> bool:
    return kind.partition("(")[0] in _NUMBERS and not kind.endswith("]")  # a list of decimals is none


def _moment(column: str) -> str:
    """A time without a zone, of one with a zone in UTC, and of a date its midnight."""
    return f"CAST({name(column)} AS TIMESTAMP)"


def _plain(number: Any) -> Any:
    """Rounded, whole where it is, and nothing where JSON has no word for it."""
    given = float(number)
    if not math.isfinite(given):
        return None
    rounded = round(given, _DIGITS)
    return int(rounded) if rounded.is_integer() else rounded


def _one(db: duckdb.DuckDBPyConnection, query: str) -> Any:
    return db.execute(query).fetchone()
