"""Tables made of others by SQL: each is a function of one snapshot of each of its inputs, whose ids it records.

It is made anew only where an input or its definition has changed: whole, or, where it says what follows from what, by
the partitions that the changed data files of its inputs touch, from the input that these partitions need. What comes
out is compared with what is published, partition by partition; only those that differ are replaced, in one commit, and
none is made where nothing differs. Memory is bounded by DuckDB's limit, beyond which it writes to a folder.
"""

# ruff: noqa: S608 - SQL is put together from names in quotes and from the table's own SELECT

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pyarrow as pa
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table as IcebergTable

from data_pipeline.etl import arrow_types
from data_pipeline.etl.documents import form, rules, types
from data_pipeline.etl.documents.datasets import Column, Table
from data_pipeline.etl.documents.duckdb_types import to_duckdb
from data_pipeline.etl.documents.findings import Violation
from data_pipeline.etl.documents.profile import Table as Profile
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.exits import one_line
from data_pipeline.etl.quality import measuring, profiling
from data_pipeline.etl.quality.facts import Facts, Judgement
from data_pipeline.etl.quality.judging import judge
from data_pipeline.etl.quality.sql import name as quoted

from . import inputs, months, recorded, schema_changes, tables
from .commits import commit_with_retry
from .definition import Definition, upgrade
from .engine import Engine
from .following import Part, part
from .keys import Key, keys, of_file
from .prints import hashed
from .recorded import DEFINITION
from .tables import Tables

ROWS = 500_000
"""Rows that are written, and held in memory, at a time."""


@dataclass(frozen=True)
class Refreshed:
    """What is published now: a table's snapshot (empty: none) and its rows; whether this run has committed it; ``how``:
    ``unchanged``, ``whole``, ``partitions``, ``equal`` (made anew, without a difference), ``held`` (a rule failed) or
    ``waiting`` (an input has nothing yet); what the rules said; what the rows that were made are like.
    """

    snapshot: str
    rows: int
    committed: bool
    how: str
    judgement: Judgement = field(default_factory=Judgement)
    profile: Profile | None = field(default=None, compare=False)


def refresh(
    at: Tables,
    table: Table,
    lineage: Mapping[str, str],
    *,
    accepted: Collection[Violation] = (),
    engine: Engine | None = None,
    private: bool = False,
) -> Refreshed:
    """Make ``table`` the function of the newest snapshots of its inputs, unless it is that already.

    ``lineage`` goes into the snapshot's summary; ``accepted``: what its rules let through; ``private``: it is made of
    personal data. JobError where its SQL fails.
    """
    made_by = engine or Engine()
    return commit_with_retry(table.name, lambda: _refresh(at, table, lineage, accepted, made_by, private))


def _refresh(
    at: Tables,
    table: Table,
    lineage: Mapping[str, str],
    accepted: Collection[Violation],
    engine: Engine,
    private: bool,
) -> Refreshed:
    """The table is looked at before its inputs: so nothing older can follow something newer."""
    current = at.find(table.name)
    sources = {name: at.find(name) for name in table.inputs}
    found = {
        name: source for name, source in sources.items() if source is not None and source.current_snapshot()
    }
    if len(found) < len(sources):
        return _as_it_is(current, "waiting")
    made = {tables.made_of(name): _newest(source) for name, source in found.items()}
    made[DEFINITION] = _definition(table)
    if current is not None and recorded.known(current) == made:
        upgrade(current, Definition(pa.schema([]), table.comment, table.comments))
        return _as_it_is(current, "unchanged")
    with engine.connection() as db:
        work = _Work(at, table, current, found, made, private)
        return work.run(db, dict(lineage), accepted)


@dataclass(frozen=True)
class _Work:
    """One attempt: ``sources`` by name, ``made``: the properties that say what the table is made of."""

    at: Tables
    table: Table
    current: IcebergTable | None
    sources: Mapping[str, IcebergTable]
    made: Mapping[str, str]
    private: bool = False

    def run(
        self, db: duckdb.DuckDBPyConnection, lineage: dict[str, str], accepted: Collection[Violation]
    ) -> Refreshed:
        part = self._part(db)
        columns = self._make(db, part)
        change = self._change(columns)
        if part is not None and change is not None:  # an input has other columns now
            self._forget(db)
            part, columns = None, self._make(db, None)
        files = tables.files_in(self.current, self.current.current_snapshot()) if self.current else []
        key = keys(self.table.partition, columns)
        scope = files
        if part is not None:
            number = key.index(part.key)
            scope = [file for file in files if part.has(of_file(file, key)[number])]
        different: set[tuple[Any, ...]] | None = None
        if _snapshot(self.current)[0] and change is None:
            different = self._different(db, key, scope, columns)
            if not different:
                return self._note()
        judgement, profile = self._judge(db, files, scope, accepted)
        if judgement.failed:
            return Refreshed(*_snapshot(self.current), False, "held", judgement, profile)
        gone = [file for file in scope if different is None or of_file(file, key) in different]
        rows = _rows(db, key, columns, different is not None)
        sources = self.sources.values()
        covered = months.properties(
            (each, tables.files_in(each, each.current_snapshot())) for each in sources
        )
        self._commit(columns, change, gone, rows, {**lineage, **self.made, **covered})
        how = "partitions" if part else "whole"
        return Refreshed(*_snapshot(self.at.find(self.table.name)), True, how, judgement, profile)

    def _part(self, db: duckdb.DuckDBPyConnection) -> Part | None:
        """The part of the table that its inputs' changes touch; None for all of it."""
        known = recorded.known(self.current)
        names = {name: tables.made_of(name) for name in self.sources}
        if self.current is None or known.get(DEFINITION) != self.made[DEFINITION]:
            return None
        if not known.keys() >= set(names.values()):
            return None
        before = {name: int(known[made]) for name, made in names.items()}
        return part(db, self.table, self.current, self.sources, before)

    def _make(self, db: duckdb.DuckDBPyConnection, part: Part | None) -> dict[str, types.Type]:
        """Leave the rows of the table, or of the ``part`` of it, in ``_made``; its columns and their types."""
        for name, source in self.sources.items():
            files = tables.files_in(source, source.current_snapshot())
            needs = part.needs.get(name) if part else None
            if needs is None:
                inputs.register(db, name, source, files)
            else:
                inputs.register(db, f"_input_{name}", source, needs.files(source, files))
                db.execute(
                    f"CREATE TEMP VIEW {quoted(name)} AS FROM {quoted(f'_input_{name}')} WHERE {needs.sql}"
                )
        try:
            columns = _columns(
                self.table.name, db.sql(f"SELECT * FROM ({self.table.sql}) LIMIT 0").to_arrow_table()
            )
            cast = ", ".join(
                f"CAST({quoted(column)} AS {to_duckdb(type)}) AS {quoted(column)}"
                for column, type in columns.items()
            )
            condition = f" WHERE {part.rows.sql}" if part else ""
            db.execute(f"CREATE TEMP TABLE _made AS SELECT {cast} FROM ({self.table.sql}){condition}")
        except duckdb.Error as error:
            raise JobError(
                f"table {self.table.name}: its SQL cannot be run: {one_line(str(error))}"
            ) from error
        return columns

    def _forget(self, db: duckdb.DuckDBPyConnection) -> None:
        """Undo ``_make``."""
        db.execute("DROP TABLE _made")
        for name in self.sources:
            db.execute(f"DROP VIEW IF EXISTS {quoted(name)}")
            for relation in (name, f"_input_{name}"):
                inputs.forget(db, relation)

    def _change(self, columns: Mapping[str, types.Type]) -> schema_changes.Changes | None:
        """What becomes of the columns of the table that there is; None if they stay."""
        if self.current is None:
            return None
        comments = self.table.comments
        wanted = [
            Column(name, str(type), True, comment=comments.get(name, "")) for name, type in columns.items()
        ]
        return schema_changes.anew(self.table.name, self.current, wanted, self.table.partition) or None

    def _different(
        self,
        db: duckdb.DuckDBPyConnection,
        key: Sequence[Key],
        scope: Sequence[DataFile],
        columns: Mapping[str, types.Type],
    ) -> set[tuple[Any, ...]]:
        """The partitions in which what is made and what is published in ``scope`` differ, also left in
        ``_different``: by how many rows they have, and by two sums of the rows' hashes.
        """
        assert self.current is not None
        inputs.register(db, "_current", self.current, scope)
        nested = [name for name, type in columns.items() if not isinstance(type, types.Primitive)]
        names = hashed([*columns], nested)
        parts = "".join(f"{each.sql} AS k{n}, " for n, each in enumerate(key))
        sides = [
            f"(SELECT {parts}count(*) AS rows, sum(CAST(hash({names}) AS HUGEINT)) AS one, "
            f"sum(CAST(hash({names}, 1) AS HUGEINT)) AS other FROM {side} GROUP BY ALL HAVING count(*) > 0)"
            for side in ("_made", "_current")
        ]
        picked = ", ".join(f"k{n}" for n in range(len(key))) or "1 AS k"
        one, other = sides
        db.execute(
            f"CREATE TEMP TABLE _different AS SELECT DISTINCT {picked} FROM "
            f"(({one} EXCEPT {other}) UNION ALL ({other} EXCEPT {one}))"
        )
        found = db.execute("FROM _different").fetchall()
        inputs.forget(db, "_current")
        return set(found) if key else {() for _ in found}

    def _note(self) -> Refreshed:
        """The table is equal to what its inputs make of it: its property says so, and no snapshot is made."""
        assert self.current is not None
        recorded.note_equal(self.current, self.made)
        return _as_it_is(self.current, "equal")

    def _judge(
        self,
        db: duckdb.DuckDBPyConnection,
        files: Sequence[DataFile],
        scope: Sequence[DataFile],
        accepted: Collection[Violation],
    ) -> tuple[Judgement, Profile | None]:
        """What the table's rules say of the rows that are made, beside those that stay; and what they are like."""
        table, now = self.table, time.time()
        held = rules.effective(table.rules, files=False, period=False, series=table.series is not None)
        mine = {file.file_path for file in scope}
        staying = [file for file in files if file.file_path not in mine]
        kept = inputs.Kept(self.current, staying) if self.current is not None and staying else None
        version = hashlib.sha256(form.text(self.made).encode()).hexdigest()[:16]
        found = measuring.measure(
            db,
            table.name,
            "_made",
            held,
            now,
            published=kept,
            series=table.series,
            version=version,
            private=self.private,
        )
        time_ = table.series.time if table.series else ""
        profile = profiling.profile(db, "_made", texts=not self.private, time=time_, timeline=found.timeline)
        judgement = judge(held, Facts(table.name, now, (), found.values, found.report), {}, accepted)
        return judgement, profile

    def _commit(
        self,
        columns: Mapping[str, types.Type],
        change: schema_changes.Changes | None,
        gone: Sequence[DataFile],
        rows: Iterator[pa.Table],
        properties: dict[str, str],
    ) -> None:
        schema = pa.schema([(name, arrow_types.to_arrow(type)) for name, type in columns.items()])
        definition = Definition(schema, self.table.comment, self.table.comments, self.table.partition)
        target = self.current
        if target is None:
            target = self.at.load(self.table.name, definition)
            if target.current_snapshot() is not None:
                raise CommitFailedException("another has made the table meanwhile")
        else:
            upgrade(target, Definition(schema, self.table.comment, self.table.comments))
        tables.replace(target, gone, rows, properties, change.apply if change else None)


def _columns(name: str, made: pa.Table) -> dict[str, types.Type]:
    """The columns that a SELECT returns, with the types that a table has for them."""
    found: dict[str, types.Type] = {}
    for column in made.schema:
        try:
            found[column.name] = arrow_types.of_arrow(column.type)
        except types.WrongTypeError as error:
            raise JobError(f"table {name}: column {column.name}: {error}") from error
    return found


def _rows(
    db: duckdb.DuckDBPyConnection, key: Sequence[Key], columns: Mapping[str, types.Type], different: bool
) -> Iterator[pa.Table]:
    """What is made, of the ``different`` partitions or of all, partition by partition, ROWS at a time."""
    schema = pa.schema([(name, arrow_types.to_arrow(type)) for name, type in columns.items()])
    same = " AND ".join(f"{each.sql} IS NOT DISTINCT FROM k{n}" for n, each in enumerate(key))
    join = f" SEMI JOIN _different ON {same}" if different and key else ""
    order = f" ORDER BY {', '.join(each.sql for each in key)}" if key else ""
    batches = db.execute(f"SELECT _made.* FROM _made{join}{order}").to_arrow_reader(ROWS)
    for batch in batches:
        yield pa.Table.from_batches([batch]).cast(schema)


def _definition(table: Table) -> str:
    """Of what decides the table's rows and where they are."""
    return " ".join((table.definition, *table.partition))


def _newest(source: IcebergTable) -> str:
    return _snapshot(source)[0]


def _snapshot(table: IcebergTable | None) -> tuple[str, int]:
    """The table's snapshot and its rows; nothing where there is none."""
    snapshot = table.current_snapshot() if table is not None else None
    return ("", 0) if snapshot is None else (str(snapshot.snapshot_id), tables.rows_in(snapshot))


def _as_it_is(current: IcebergTable | None, how: str) -> Refreshed:
    return Refreshed(*_snapshot(current), False, how)
