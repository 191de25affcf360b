"""What is made of the versions of keys, as DuckDB's SQL over them: of each key the newest, and its history. Pure.

Versions are in the order of the data set's ``latest``, then of period, file and row; of full snapshots the period comes
first. Null is before everything.
"""

# ruff: noqa: S608 - SQL is put together from names in quotes and from expressions that were checked

from __future__ import annotations

from collections.abc import Sequence

from data_pipeline.etl.documents.datasets import (
    AVAILABLE_AT,
    FILE,
    PERIOD,
    RESERVED,
    ROW,
    UNIT,
    VALID_FROM,
    VALID_TO,
    Dataset,
)
from data_pipeline.etl.quality.sql import name as quoted

PERIODS = "_periods"
"""The relation of which periods of full snapshots there are, which some keys alone do not tell."""
_PLACE = (UNIT, AVAILABLE_AT)


def order(dataset: Dataset, columns: Sequence[str]) -> list[str]:
    """The columns by which versions are told apart, the first one first. Where SQL has left out the numbers of rows,
    the values decide at last.
    """
    told = [*dataset.latest, PERIOD, FILE]
    if dataset.replaces == "all":
        told = [PERIOD, *dataset.latest, FILE]
    rest = [ROW] if ROW in columns else [each for each in columns if each not in (*told, *_PLACE)]
    return list(dict.fromkeys([*told, *rest]))


def keys(dataset: Dataset) -> str:
    """The columns of the key, between commas."""
    return ", ".join(map(quoted, dataset.key))


def gone(dataset: Dataset) -> str:
    """A condition on a version: it says that its key is deleted."""
    return f"coalesce(({dataset.deleted}), false)" if dataset.deleted else "false"


def periods(dataset: Dataset, versions: str, parts: Sequence[str]) -> str:
    """A SELECT of ``PERIODS`` over all ``versions``, for each value of the named ``parts``; nothing where none are full
    snapshots.
    """
    if dataset.replaces != "all":
        return ""
    return f"SELECT DISTINCT {', '.join(map(quoted, (*parts, PERIOD)))} FROM {quoted(versions)}"


def standing(dataset: Dataset, versions: str, parts: Sequence[str]) -> str:
    """A SELECT of those ``versions`` (a relation) that can be current: all, but of full snapshots the newest, for each
    value of the named ``parts``; ``PERIODS`` has those.
    """
    there = " AND ".join(f"{quoted(each)} IS NOT NULL" for each in dataset.key)
    if dataset.replaces != "all":
        return f"SELECT * FROM {quoted(versions)} WHERE {there}"
    period, group = f"coalesce({quoted(PERIOD)}, '')", "".join(f"{quoted(each)}, " for each in parts)
    last = f"SELECT {group}max({period}) AS _last FROM {PERIODS} GROUP BY ALL"
    same = "".join(f" AND mine.{quoted(each)} = newest.{quoted(each)}" for each in parts)
    return (
        f"SELECT mine.* FROM {quoted(versions)} mine SEMI JOIN ({last}) newest ON {period} = newest._last{same} "
        f"WHERE {there}"
    )


def newest(dataset: Dataset, versions: str, columns: Sequence[str], parts: Sequence[str]) -> str:
    """A SELECT of the newest version of each key among ``versions``, unless it says that its key is deleted. Only those
    of keys that have several are put in order; the others need not be held for it.
    """
    key, listed = keys(dataset), ", ".join(map(quoted, columns))
    by = ", ".join(f"{quoted(each)} DESC NULLS LAST" for each in order(dataset, columns))
    steps = {
        "_standing": standing(dataset, versions, parts),
        "_several": f"SELECT {key} FROM _standing GROUP BY ALL HAVING count(*) > 1",
        "_ordered": f"SELECT * FROM _standing SEMI JOIN _several USING ({key}) "
        f"QUALIFY row_number() OVER (PARTITION BY {key} ORDER BY {by}) = 1",
    }
    told = ", ".join(
        f"{name} AS {'MATERIALIZED' if name == '_several' else 'NOT MATERIALIZED'} ({sql})"
        for name, sql in steps.items()
    )
    return (
        f"WITH {told} SELECT {listed} FROM (SELECT * FROM _standing ANTI JOIN _several USING ({key}) "
        f"UNION ALL BY NAME SELECT * FROM _ordered) WHERE NOT {gone(dataset)}"
    )


def known(dataset: Dataset, versions: str, parts: Sequence[str]) -> str:
    """A SELECT of how many keys there are among ``versions``, those that are deleted too."""
    return (
        f"SELECT count(*) FROM (SELECT DISTINCT {keys(dataset)} FROM ({standing(dataset, versions, parts)}))"
    )


_REST = "0000-01-01T00:00:00"
"""What a period lacks to be a moment."""


def begin(period: str) -> str:
    """When a period begins, in UTC: ``period`` is SQL of a text."""
    return f"(CAST({period} || substr('{_REST}', length({period}) + 1) AS TIMESTAMP) AT TIME ZONE 'UTC')"


def history(dataset: Dataset, versions: str, columns: Sequence[str], parts: Sequence[str], time: str) -> str:
    """A SELECT of when each version has held: from its own time (the first column of ``latest``, or when its period
    begins), which is of DuckDB's type ``time``, until the next one of its key, which may only end it. Of versions of
    one time the last holds; one that is as the one before has no row of its own. ``columns``: without those of a
    history.

    Full snapshots end the keys that they lack. Where a later version tells an earlier time, the later time holds.
    """
    key, by = keys(dataset), ", ".join(f"{quoted(each)} NULLS FIRST" for each in order(dataset, columns))
    until = f"PARTITION BY {key} ORDER BY {by}"
    along = f"OVER (PARTITION BY {key} ORDER BY _number)"
    own = ", ".join(quoted(each) for each in columns if each not in RESERVED)
    same = f"row(_end, CASE WHEN NOT _end THEN row({own}) END)"
    steps = {
        "_events": _events(dataset, versions, columns, parts, time),
        "_timed": f"SELECT *, row_number() OVER ({until}) AS _number, max(_time) OVER ({until} ROWS UNBOUNDED "
        f"PRECEDING) AS {VALID_FROM} FROM _events",
        "_last": f"SELECT * FROM _timed QUALIFY lead({VALID_FROM}) {along} IS DISTINCT FROM {VALID_FROM}",
        "_changes": f"SELECT * FROM _last QUALIFY {same} IS DISTINCT FROM lag({same}) {along} "
        f"AND NOT (_end AND row_number() {along} = 1)",
        "_spans": f"SELECT *, lead({VALID_FROM}) {along} AS {VALID_TO} FROM _changes",
    }
    told = ", ".join(f"{name} AS ({sql})" for name, sql in steps.items())
    every = ", ".join(map(quoted, columns))
    return f"WITH {told} SELECT {every}, {VALID_FROM}, {VALID_TO} FROM _spans WHERE NOT _end"


def _events(dataset: Dataset, versions: str, columns: Sequence[str], parts: Sequence[str], time: str) -> str:
    """A SELECT of the versions with their time and whether they end their key; of full snapshots one for each key, and
    an end for each key that the next one lacks.
    """
    own = quoted(dataset.latest[0]) if dataset.latest else begin(quoted(PERIOD))
    listed = ", ".join(map(quoted, columns))
    there = " AND ".join(f"{quoted(each)} IS NOT NULL" for each in dataset.key)
    found = f"SELECT {listed}, {own} AS _time, {gone(dataset)} AS _end FROM {quoted(versions)} WHERE {there}"
    if dataset.replaces != "all":
        return found
    key, period = keys(dataset), quoted(PERIOD)
    by = ", ".join(f"{quoted(each)} DESC NULLS LAST" for each in order(dataset, columns))
    found += f" QUALIFY row_number() OVER (PARTITION BY {key}, {period} ORDER BY {by}) = 1"
    within = ", ".join(map(quoted, parts)) or "1"
    group = ", ".join(map(quoted, (*parts, PERIOD)))
    following = (
        f"SELECT *, lead({period}) OVER (PARTITION BY {within} ORDER BY {period}) AS _following "
        f"FROM {PERIODS}"
    )
    lacking = (
        f"SELECT {key}, _following AS {period}, CAST({begin('_following')} AS {time}) AS _time, true AS _end "
        f"FROM (SELECT *, lead({period}) OVER (PARTITION BY {key} ORDER BY {period}) AS _next FROM ({found})) "
        f"JOIN ({following}) USING ({group}) WHERE _following IS NOT NULL AND _next IS DISTINCT FROM _following"
    )
    return f"{found} UNION ALL BY NAME {lacking}"
