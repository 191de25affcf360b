"""The point-in-time join: for each label the newest record of every group that was known at the label's time.

A record is known at ``t`` if its event time is not after ``t``, and it was available not after ``t``. Records may
become available out of order, so the newest event among the records known so far is carried along the order
in which records become known; then one ASOF join looks it up. Of several versions of one record, which became available
one after the other, the last one known counts. Identifiers are compared as texts. PyArrow tables in, PyArrow table out.
"""

# ruff: noqa: S608 - SQL is put together from names that the configuration has checked

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from data_pipeline.core.errors import UserError
from data_pipeline.etl.documents.feature_records import ENDS


@dataclass(frozen=True)
class JoinSource:
    """Records to join: ``rows`` with ``identifier``, ``event_time``, ``available_at`` and ``feature`` columns, and with
    ``ends_at`` where records end: from then on nothing is known.

    ``record``: of this identifier, in place of the label's own. ``before_minutes``: as it was that long before, also
    where the record has ended since.
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
    and event time that became available at once, if a column is there twice, or if the labels' times have a zone.
    """
    kind = labels.schema.field(time).type
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        raise UserError(
            f"the labels' {time} has the zone {kind.tz}, and features are on the wall clock of their group: write it "
            "on that clock, without a zone"
        )
    names = [*labels.column_names, *(name for source in sources for name in source.columns.values())]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UserError(f"the join would have two columns {', '.join(twice)}: give each a name of its own")
    with duckdb.connect(":memory:") as db:
        db.register("given", labels)
        db.execute("CREATE TEMP TABLE joined AS SELECT *, row_number() OVER () AS label_row FROM given")
        for source in sources:
            _place(db, source, available)
            db.execute(f"CREATE OR REPLACE TEMP TABLE joined AS {_query(source, identifier, time)}")
        return db.execute("SELECT * EXCLUDE label_row FROM joined ORDER BY label_row").to_arrow_table()


@dataclass(frozen=True)
class Nothing:
    """How many labels found nothing for a feature, and why."""

    strangers: int
    """There is no record of their identifier."""
    early: int
    """Their identifier's first record is later."""
    unavailable: int
    """Their identifier has records so early, of which none was available yet."""
    empty: int
    """The record that they found has no value, or has ended by then."""

    @property
    def labels(self) -> int:
        return self.strangers + self.early + self.unavailable + self.empty

    def __str__(self) -> str:
        parts = (
            (self.strangers, "no record of their identifier"),
            (self.early, "no record so early"),
            (self.unavailable, "no record that was available by then"),
            (self.empty, "a record that has no value, or had ended"),
        )
        return ", ".join(f"{number:,} {reason}" for number, reason in parts if number)


def nothing(
    joined: pa.Table, identifier: str, time: str, sources: Sequence[JoinSource]
) -> dict[str, Nothing]:
    """Column of a feature → why labels have no value in it, in the result of ``join``."""
    found = {}
    with duckdb.connect(":memory:") as db:
        db.register("joined", joined)
        for source in sources:
            _place(db, source, available=True)
            at = f"CAST(joined.{_quoted(time)} AS TIMESTAMP)"
            for name in source.columns.values():
                counts = db.execute(
                    "WITH first AS (SELECT id, min(event) AS event, min(since) AS since FROM placed GROUP BY id) "
                    "SELECT count(*) FILTER (first.id IS NULL), "
                    f"count(*) FILTER (first.event > {at}), "
                    f"count(*) FILTER (first.event <= {at} AND (first.since > {at} OR first.since IS NULL)), "
                    f"count(*) FILTER (first.since <= {at}) "
                    f"FROM joined LEFT JOIN first ON first.id = {_wanted(source, identifier)} "
                    f"WHERE joined.{_quoted(name)} IS NULL"
                ).fetchone()
                assert counts is not None, "a count has a row"
                found[name] = Nothing(*counts)
    return found


def _place(db: duckdb.DuckDBPyConnection, source: JoinSource, available: bool) -> None:
    """Make the table ``placed`` of the records: ``since`` when each is known, and its place by event and version.
    UserError for two of one event time that became available at once.
    """
    db.register("source", source.rows)
    event = f"{_quoted(source.event_time)} + INTERVAL {source.before_minutes} MINUTE"
    # A record whose availability is not known is never known: NULL is after every time.
    known = (
        f"CASE WHEN available_at IS NOT NULL THEN greatest({event}, available_at) END" if available else event
    )
    features = ", ".join(f"{_quoted(feature)} AS f_{feature}" for feature in source.columns)
    end = ENDS if ENDS in source.rows.column_names else "CAST(NULL AS TIMESTAMP)"
    ends = f"{end} + INTERVAL {source.before_minutes} MINUTE AS {ENDS}"
    db.execute(
        f"CREATE OR REPLACE TEMP TABLE placed AS SELECT CAST({_quoted(source.identifier)} AS VARCHAR) AS id, "
        f"{event} AS event, {known} AS since, available_at AS version, {ends}, {features}, row_number() OVER "
        f"(ORDER BY {_quoted(source.event_time)}, available_at NULLS FIRST) AS place FROM source"
    )
    twice = db.execute(
        f"SELECT id, event - INTERVAL {source.before_minutes} MINUTE, count(*) FROM placed "
        "GROUP BY id, event, version HAVING count(*) > 1 ORDER BY 1, 2 LIMIT 1"
    ).fetchone()
    if twice is not None:
        raise UserError(
            f"there are {twice[2]} records of {twice[0]!r} at {twice[1]}: an event time has one record. Choose an "
            "identifier and event time that tell rows apart, or let the table's SQL bring them together"
        )


def _query(source: JoinSource, identifier: str, time: str) -> str:
    at = f"CAST(joined.{_quoted(time)} AS TIMESTAMP)"
    holds = f"p.{ENDS} IS NULL OR p.{ENDS} > {at}"
    features = ", ".join(
        f"CASE WHEN {holds} THEN p.f_{feature} END AS {_quoted(name)}"
        for feature, name in source.columns.items()
    )
    return (
        "WITH newest AS (SELECT id, since, max(place) OVER so_far AS place FROM placed WHERE since IS NOT NULL "
        "WINDOW so_far AS (PARTITION BY id ORDER BY since RANGE UNBOUNDED PRECEDING)), "
        "steps AS (SELECT DISTINCT id, since, place FROM newest) "
        f"SELECT joined.*, {features} FROM joined ASOF LEFT JOIN steps ON steps.id = "
        f"{_wanted(source, identifier)} AND steps.since <= {at} "
        "LEFT JOIN placed p ON p.place = steps.place"
    )


def _wanted(source: JoinSource, identifier: str) -> str:
    """The identifier to look up for a label, as a text."""
    if source.record is None:
        return f"CAST(joined.{_quoted(identifier)} AS VARCHAR)"
    literal = source.record.replace("'", "''")
    return f"'{literal}'"


def _quoted(name: str) -> str:
    return f'"{name}"'
