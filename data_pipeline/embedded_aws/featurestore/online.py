"""The online store, and the records that wait for the offline store: one SQLite file beside the services' state.

A record is on disk before its request is answered, so a server that is killed loses none. Rows of the online store
are one for each record identifier; a soft-deleted record stays as its marker, an expired one is as if it were gone.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from .values import Record

_TABLES = """
CREATE TABLE IF NOT EXISTS online (arn TEXT, identifier TEXT, event REAL, expires REAL, deleted INTEGER, record TEXT,
    PRIMARY KEY (arn, identifier)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pending (id INTEGER PRIMARY KEY AUTOINCREMENT, arn TEXT, invoked INTEGER, deleted INTEGER,
    record TEXT);
CREATE INDEX IF NOT EXISTS pending_of ON pending (arn, id);
"""


class Kept(NamedTuple):
    """A record of the online store; times in seconds since 1970."""

    event: float
    expires: float | None
    deleted: bool
    record: Record


class Pending(NamedTuple):
    """A record that the offline store lacks yet; ``invoked``: microseconds since 1970, never twice the same."""

    id: int
    invoked: int
    deleted: bool
    record: Record


class Store:
    """The file, opened when it is first used."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._file: sqlite3.Connection | None = None
        self._invoked = 0

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One after the other, each whole or not at all; one within another is part of it."""
        with self._lock:
            file = self._opened()
            if file.in_transaction:
                yield file
                return
            with file:
                file.execute("BEGIN")
                yield file

    def _opened(self) -> sqlite3.Connection:
        if self._file is None:
            path = Path(os.environ["STATE_DIR"]) / "feature-store.sqlite"
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self._file.execute("PRAGMA journal_mode = WAL")
            self._file.execute("PRAGMA synchronous = NORMAL")  # a killed process loses nothing
            self._file.executescript(_TABLES)
        return self._file

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def get(self, arn: str, identifier: str) -> Kept | None:
        """The record, its marker when it was soft-deleted; None when there is none or it has expired."""
        with self.transaction() as file:
            query = "SELECT event, expires, deleted, record FROM online WHERE arn = ? AND identifier = ?"
            row = file.execute(query, (arn, identifier)).fetchone()
        if row is None or (row[1] is not None and row[1] <= time.time()):
            return None
        return Kept(row[0], row[1], bool(row[2]), json.loads(row[3]))

    def put(self, arn: str, identifier: str, kept: Kept) -> bool:
        """Keep a record whose event time is after that of the one that is there; whether it is kept."""
        with self.transaction() as file:
            present = self.get(arn, identifier)
            if present is not None and present.event >= kept.event:
                return False
            row = (arn, identifier, kept.event, kept.expires, kept.deleted, json.dumps(kept.record))
            file.execute("INSERT OR REPLACE INTO online VALUES (?, ?, ?, ?, ?, ?)", row)
        return True

    def remove(self, arn: str, identifier: str) -> None:
        """Forget a record."""
        with self.transaction() as file:
            file.execute("DELETE FROM online WHERE arn = ? AND identifier = ?", (arn, identifier))

    def identifiers(self, arn: str, deleted: bool) -> list[str]:
        """The record identifiers of a group in order, soft-deleted ones too where asked for."""
        query = (
            "SELECT identifier FROM online WHERE arn = ? AND (expires IS NULL OR expires > ?) "
            "AND deleted <= ? ORDER BY identifier"
        )
        with self.transaction() as file:
            return [row[0] for row in file.execute(query, (arn, time.time(), int(deleted)))]

    def append(self, arn: str, record: Record, deleted: bool) -> None:
        """Have a record wait for the offline store."""
        with self.transaction() as file:
            self._invoked = max(time.time_ns() // 1000, self._invoked + 1)
            row = (arn, self._invoked, deleted, json.dumps(record))
            file.execute("INSERT INTO pending (arn, invoked, deleted, record) VALUES (?, ?, ?, ?)", row)

    def waiting(self, arn: str, most: int) -> list[Pending]:
        """The oldest records of a group that wait for the offline store."""
        query = "SELECT id, invoked, deleted, record FROM pending WHERE arn = ? ORDER BY id LIMIT ?"
        with self.transaction() as file:
            rows = file.execute(query, (arn, most)).fetchall()
        return [Pending(row[0], row[1], bool(row[2]), json.loads(row[3])) for row in rows]

    def written(self, arn: str, through: int) -> None:
        """The offline store has the records of a group up to this one."""
        with self.transaction() as file:
            file.execute("DELETE FROM pending WHERE arn = ? AND id <= ?", (arn, through))

    def groups_waiting(self) -> list[str]:
        """The ARNs of the groups whose records wait."""
        with self.transaction() as file:
            return [row[0] for row in file.execute("SELECT DISTINCT arn FROM pending")]

    def forget(self, arns: Sequence[str] | None = None) -> None:
        """Everything of these groups; without them, of all."""
        with self.transaction() as file:
            for table in ("online", "pending"):
                if arns is None:
                    file.execute(f"DELETE FROM {table}")  # noqa: S608 - one of two names
                for arn in arns or ():
                    file.execute(f"DELETE FROM {table} WHERE arn = ?", (arn,))  # noqa: S608 - the same


STORE = Store()
