"""The point-in-time join: for each label the newest record of every group that was known at the label's time.

A record is known at ``t`` if its event time is not after ``t``, and it was available not after ``t``. Months may
become available out of order, so the newest event among the records known so far is carried along the order
in which records become known; then one ASOF join looks it up. PyArrow tables in, PyArrow table out.
"""

# ruff: noqa: S608 - SQL is put together from names that the configuration has checked

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from data_pipeline.core.errors import UserError


@dataclass(frozen=True)
class JoinSource:
    """Records to join: ``rows`` with ``identifier``, ``event_time``, ``available_at`` and ``feature`` columns.

    ``record``: of this identifier, in place of the label's own. ``before_minutes``: as it was that long before.
    """

    rows: pa.Table
    identifier: str
    event_time: str
    columns: Mapping[str, str]
    """Feature of ``rows`` → name of the column in the result."""
    record: str | None = None
    before_minutes: int = 0


def join(
    labels: pa.Table, identifier: str, time: str, sources: Sequence[JoinSource], *, available: bool = True
) -> pa.Table:
    """``labels``, in their order, with the columns of each source; null where nothing was known.

    ``identifier`` and ``time`` are columns of ``labels``. With ``available=False`` only event times count: what a
    model would have had from a source without delay. UserError if a source has two records of one identifier
    and event time, or a column is there twice.
    """
    names = [*labels.column_names, *(name for source in sources for name in source.columns.values())]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UserError(f"the join would have two columns {', '.join(twice)}: give each a name of its own")
    with duckdb.connect(":memory:") as db:
        db.register("given", labels)
        db.execute("CREATE TEMP TABLE joined AS SELECT *, row_number() OVER () AS label_row FROM given")
        for source in sources:
            db.register("source", source.rows)
            _unique(db, source)
            db.execute(
                f"CREATE OR REPLACE TEMP TABLE joined AS {_query(source, identifier, time, available)}"
            )
        return db.execute("SELECT * EXCLUDE label_row FROM joined ORDER BY label_row").to_arrow_table()


def _query(source: JoinSource, identifier: str, time: str, available: bool) -> str:
    event = f"{source.event_time} + INTERVAL {source.before_minutes} MINUTE"
    # A record whose availability is not known is never known: NULL is after every time.
    known = (
        f"CASE WHEN available_at IS NOT NULL THEN greatest({event}, available_at) END" if available else event
    )
    features = ", ".join(f"s.{feature} AS {name}" for feature, name in source.columns.items())
    literal = (
        "'{}'".format(source.record.replace("'", "''"))
        if source.record is not None
        else f"joined.{identifier}"
    )
    return (
        f"WITH known AS (SELECT {source.identifier} AS id, {source.event_time} AS event, {known} AS since "
        "FROM source), "
        "newest AS (SELECT id, since, max(event) OVER so_far AS event FROM known WHERE since IS NOT NULL "
        "WINDOW so_far AS (PARTITION BY id ORDER BY since RANGE UNBOUNDED PRECEDING)), "
        "steps AS (SELECT DISTINCT id, since, event FROM newest) "
        f"SELECT joined.*, {features} FROM joined "
        f"ASOF LEFT JOIN steps ON steps.id = {literal} AND steps.since <= joined.{time} "
        f"LEFT JOIN source s ON s.{source.identifier} = steps.id AND s.{source.event_time} = steps.event"
    )


def _unique(db: duckdb.DuckDBPyConnection, source: JoinSource) -> None:
    keys = f"{source.identifier}, {source.event_time}"
    found = db.execute(
        f"SELECT {keys}, count(*) FROM source GROUP BY {keys} HAVING count(*) > 1 LIMIT 1"
    ).fetchone()
    if found is not None:
        raise UserError(
            f"there are {found[2]} records of {found[0]!r} at {found[1]}: an event time has one record"
        )
