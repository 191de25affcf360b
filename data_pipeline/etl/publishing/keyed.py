"""Tables that are made of the versions of keys: each is a function of one snapshot of them, whose id it records.

Where it can be, only what the changed keys touch is made: the data files of the versions that differ since then say
which keys those are; their versions are looked up, what follows of them is compared with what the table has of these
keys, and only the partitions in which rows come or go are written again. One commit a table; none where keys were
looked up and no row of them differs.
"""

# ruff: noqa: S608 - SQL is put together from names in quotes and from expressions that were checked

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table, Transaction

from data_pipeline.etl.errors import JobError
from data_pipeline.etl.exits import log, one_line
from data_pipeline.etl.quality.sql import name as quoted
from data_pipeline.etl.storage.filesystem import join

from . import (
    data_files,
    inputs,
    key_buckets,
    keyed_files,
    recorded,
    table_columns,
    tables,
    transactions,
)
from .commits import commit_with_retry
from .engine import Engine
from .inputs import Copies
from .key_buckets import Buckets, Made
from .keyed_files import ChangedKeys
from .keyed_sql import PERIODS
from .keyed_table import Keyed
from .parquet_parts import Part, PartWriter
from .recorded import DEFINITION, DELETED
from .table_columns import Layout
from .tables import Tables

ROWS = 100_000
"""Rows that are written at a time."""
MANY_ROWS = 1_000_000
"""Keys are looked up where the data files of the versions that come and go have at most so many rows. Every row of such
a file counts, also one that was only put together with others.
"""
LARGE_SHARE = 0.25
"""Above ``MANY_ROWS``, the table is made anew where these rows are more than this share of all versions: that is
quicker than to look up their keys.
"""
MOST_ROWS = 3_000_000
"""Above these, other machines, where there are any, make the table anew in any case. With DuckDB's limit of 256 MB, the
look-up of 1.0 million such rows took 607 MB, of 1.9 million 721 MB, of 3.2 million 836 MB: about what a Python process
beside Spark is counted with (``spark_session.PYTHON_MEMORY_MB``).
"""


@dataclass(frozen=True)
class Refreshed:
    """What is published now: a table's snapshot (empty: none), its rows, how many keys are deleted, and the rows of the
    versions that it is made of; whether this run has committed it; ``how``: ``unchanged``, ``whole``, ``keys``,
    ``equal`` (no row differs) or ``waiting`` (there is no version yet).
    """

    snapshot: str
    rows: int
    deleted: int
    versions: int
    committed: bool
    how: str


def refresh(
    at: Tables,
    table: Keyed,
    lineage: Mapping[str, str],
    engine: Engine | None = None,
    buckets: Buckets | None = None,
) -> Refreshed:
    """Make ``table`` the function of the newest snapshot of its versions, unless it is that already. ``lineage`` goes
    into the snapshot's summary. ``buckets``: other machines, which make it where that is much. JobError where its SQL
    fails.
    """
    made_by = engine or Engine()
    return commit_with_retry(table.name, lambda: _refresh(at, table, lineage, made_by, buckets))


def _refresh(
    at: Tables, table: Keyed, lineage: Mapping[str, str], engine: Engine, buckets: Buckets | None
) -> Refreshed:
    """The table is looked at before its versions: so nothing older can follow something newer."""
    current, versions = at.find(table.name), at.find(table.versions)
    snapshot = versions.current_snapshot() if versions is not None else None
    if versions is None or snapshot is None:
        return Refreshed("", 0, 0, 0, False, "waiting")
    source = tables.made_of(table.versions)
    made = {source: str(snapshot.snapshot_id), DEFINITION: table.definition}
    known = recorded.known(current)
    if known.items() >= made.items():
        return _now(current, tables.rows_in(snapshot), known, False, "unchanged")
    before = None
    if current is not None and not table.whole and known.get(DEFINITION) == table.definition:
        before = known.get(source)
    with (
        engine.connection() as db,
        tempfile.TemporaryDirectory(dir=engine.scratch) as folder,
        ExitStack() as held,
    ):
        copies = Copies(Path(folder), held)
        others = buckets if inputs.plain(versions) else None
        work = _Work(at, table, current, versions, db, copies, others)
        try:
            how = work.by_keys(int(before)) if before else ""
            deleted = work.commit(how or "whole", lineage, made, int(known.get(DELETED, "0")))
        except duckdb.Error as error:
            raise JobError(
                f"{table.name}: it cannot be made of its versions: {one_line(str(error))}"
            ) from error
    made[DELETED] = str(deleted)
    return _now(at.find(table.name), tables.rows_in(snapshot), made, how != "equal", how or "whole")


def has_key(at: Tables, name: str) -> bool:
    """Whether the table ``name`` has the newest versions of keys."""
    return DELETED in recorded.known(at.find(name))


def _now(
    table: Table | None, versions: int, known: Mapping[str, str], committed: bool, how: str
) -> Refreshed:
    snapshot = table.current_snapshot() if table is not None else None
    assert snapshot is not None
    deleted = int(known.get(DELETED, "0"))
    return Refreshed(str(snapshot.snapshot_id), tables.rows_in(snapshot), deleted, versions, committed, how)


@dataclass(frozen=True)
class _Work:
    """One attempt. In ``db`` are the relations ``_versions`` (what the rows are made of), and of changed keys
    ``_made``, ``_touched``, ``_published``, ``_coming`` and ``_leaving``.
    """

    at: Tables
    table: Keyed
    current: Table | None
    versions: Table
    db: duckdb.DuckDBPyConnection
    copies: Copies
    buckets: Buckets | None = None

    @property
    def columns(self) -> list[str]:
        """What is published, in order."""
        return [*self.table.wanted.definition.columns.names]

    def whole(self, transaction: Transaction) -> Made:
        """All rows, which are not held, made here or by the buckets of the key on other machines."""
        files = tables.files_in(self.versions, self.versions.current_snapshot())
        if self.buckets is not None:
            given = key_buckets.given(self.table, self.versions, files, self.db, self._layout(transaction))
            return self.copies.held.enter_context(self.buckets(given, self.copies.folder))
        inputs.register_copies(self.db, "_versions", self.versions, files, self.copies)
        if self.table.periods:
            self.db.execute(f"CREATE TEMP VIEW {PERIODS} AS {self.table.periods}")
        parts = self._written(transaction, self.table.select)
        return Made(iter(parts), self._number(self.table.counted) if self.table.counted else 0)

    def by_keys(self, before: int) -> str:
        """Leave in ``_coming`` and ``_leaving`` the rows in which the table and what its versions make of the changed
        keys differ: ``keys`` or, where there are none, ``equal``. Nothing where it cannot be said which keys have
        changed, or where they are too many.
        """
        assert self.current is not None
        after = self.versions.current_snapshot()
        assert after is not None
        versions = tables.rows_in(after)
        try:
            come, gone = tables.difference(self.versions, before, after.snapshot_id)
            if self.too_many(sum(file.record_count for file in (*come, *gone)), versions):
                return ""
            keyed_files.touched(self.db, self.versions, self.table.key, come, gone)
        except (FileNotFoundError, KeyError):
            log(f"{self.table.name}: the versions that it was made of have expired; it is made anew, whole")
            return ""
        changed = ChangedKeys(self.db, self.table.key, self.copies)
        changed.copy("_versions", self.versions)
        self.db.execute(f"CREATE TEMP TABLE _made AS {self.table.select}")
        changed.copy("_published", self.current)
        self._compare()
        differ = self._number("SELECT (SELECT count(*) FROM _coming) + (SELECT count(*) FROM _leaving)")
        return "keys" if differ else "equal"

    def too_many(self, changed: int, versions: int) -> bool:
        """Whether the table is to be made anew of so many ``versions``, rather than the keys looked up of so many
        ``changed`` rows, in data files that come or go.
        """
        if self.buckets is not None and changed > MOST_ROWS:
            return True
        return changed > MANY_ROWS and changed > LARGE_SHARE * versions

    def _number(self, sql: str) -> int:
        row = self.db.execute(sql).fetchone()
        assert row is not None
        return int(row[0])

    def _compare(self) -> None:
        """Rows are told apart by the columns of ``row``; of those the values may differ."""
        row = ", ".join(map(quoted, self.table.row))
        one, other = keyed_files.hashed(self.table.wanted.definition.columns)
        printed = f"SELECT *, {one} AS _one, {other} AS _other FROM"
        for relation, these, those in (
            ("_coming", "_made", "_published"),
            ("_leaving", "_published", "_made"),
        ):
            self.db.execute(
                f"CREATE TEMP TABLE {relation} AS SELECT these.* EXCLUDE (_one, _other) FROM ({printed} {these}) these "
                f"ANTI JOIN ({printed} {those}) those USING ({row}, _one, _other)"
            )

    def _more_deleted(self) -> int:
        """How many more of the changed keys are deleted now than before: they have, or had, versions and no row."""
        if not self.table.counted:
            return 0
        key = ", ".join(map(quoted, self.table.key))
        before = self._number(
            f"SELECT count(*) FROM _touched LEFT JOIN (SELECT {key}, count(*) AS now FROM _versions GROUP BY ALL) "
            f"USING ({key}) ANTI JOIN _published USING ({key}) WHERE coalesce(now, 0) - come + gone > 0"
        )
        return self._number(self.table.counted) - self._number("SELECT count(*) FROM _made") - before

    def commit(self, how: str, lineage: Mapping[str, str], made: Mapping[str, str], deleted: int) -> int:
        """Publish what differs, or note that nothing does; how many keys are deleted, of which ``deleted`` were."""
        if how == "equal":
            assert self.current is not None
            deleted += self._more_deleted()
            recorded.note_equal(self.current, {**made, DELETED: str(deleted)})
            return deleted
        table = self.at.load(self.table.name, self.table.wanted.definition)
        if self._other(table):
            raise CommitFailedException("another has changed the table meanwhile")
        if how == "whole":
            transaction, _ = table_columns.changed(table, self.table.name, self.table.wanted)
            gone = tables.files_in(table, table.current_snapshot())
            made_whole = self.whole(transaction)
            come = self._uploaded(transaction, table, made_whole.parts)
            deleted = max(made_whole.keys - sum(file.record_count for file in come), 0)
        else:
            transaction = transactions.begin(table)
            gone = keyed_files.to_write_again(self.db, table)
            inputs.register_copies(self.db, "_gone", table, gone, self.copies)
            row = ", ".join(map(quoted, self.table.row))
            staying = f"SELECT * FROM _gone ANTI JOIN _leaving USING ({row})"
            parts = self._written(transaction, f"{staying} UNION ALL BY NAME SELECT * FROM _coming")
            come = self._uploaded(transaction, table, parts)
            deleted += self._more_deleted()
        properties = {**lineage, **made, DELETED: str(deleted)}
        tables.exchange_in(transaction, table, gone, come, properties)
        transaction.commit_transaction()
        return deleted

    def _uploaded(self, transaction: Transaction, table: Table, parts: Iterable[Part]) -> list[DataFile]:
        place, metadata = join(table.location(), "data"), transaction.table_metadata
        return [data_files.uploaded(metadata, part, join(place, f"{uuid.uuid4()}.parquet")) for part in parts]

    def _other(self, table: Table) -> bool:
        """Whether ``table`` is not as it was when it was looked at."""
        found = table.current_snapshot()
        before = self.current.current_snapshot() if self.current is not None else None
        return (found.snapshot_id if found else None) != (before.snapshot_id if before else None)

    def _layout(self, transaction: Transaction) -> Layout:
        metadata = transaction.table_metadata
        return table_columns.laid_out(metadata.schema(), metadata.spec())

    def _written(self, transaction: Transaction, rows: str) -> Sequence[Part]:
        laid_out = self._layout(transaction)
        writer = PartWriter(self.copies.folder, laid_out.schema, laid_out.split, "rows")
        listed = ", ".join(map(quoted, self.columns))
        try:
            for batch in self.db.execute(f"SELECT {listed} FROM ({rows})").to_arrow_reader(ROWS):
                writer.write(data_files.filled(pa.Table.from_batches([batch]), laid_out.schema))
        except BaseException:
            writer.discard()
            raise
        return writer.close()
