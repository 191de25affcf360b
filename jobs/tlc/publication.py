# ruff: noqa: S608 - SQL is put together from this package's own expressions
"""Publication: trip_counts, then ride_counts as a function of it, then X.parquet as a function of that.

Each step looks at what is published, works out what should be, and commits only if that differs and nobody
else has committed meanwhile; otherwise it looks again. So a step that was killed, or lost a race, or whose
answer was lost, is taken up by whoever comes next, and a step that has nothing to do leaves no trace.
ride_counts names the snapshot of trip_counts that it was made of, X.parquet the snapshot of ride_counts; each
is made of the newest there is, read after the state that the commit depends on, so that nothing older can
follow something newer.
"""

from __future__ import annotations

import hashlib
import random
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa
from botocore.exceptions import BotoCoreError, ClientError
from pyiceberg.exceptions import CommitFailedException, ValidationException
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from tlc import features, merge, tables
from tlc.errors import JobError
from tlc.exits import log
from tlc.reading import TRIP_COUNTS, Result
from tlc.sources import list_sources, with_etags
from tlc.storage import ChangedError, files

ATTEMPTS = 12
DIGEST = "pipeline.content-digest"
TRIPS_SNAPSHOT = "pipeline.trip-counts-snapshot"
RIDES_SNAPSHOT = "pipeline.ride-counts-snapshot"
_PASSING = {
    "ConcurrentModificationException",
    "InternalServiceException",
    "OperationTimeoutException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "SlowDown",
    "ThrottlingException",
}
T = TypeVar("T")


@dataclass(frozen=True)
class Published:
    """What is published now: a table's snapshot, its rows, and whether this run has committed it."""

    snapshot: str
    rows: int
    committed: bool


def publish_trip_counts(
    at: tables.Tables,
    db: duckdb.DuckDBPyConnection,
    results: list[Result],
    input: str,
    lineage: dict[str, str],
) -> Published:
    """Make trip_counts the rows of ``db``'s table ``trip_counts``, but keep those of other runs that are
    newer.
    """

    def attempt() -> Published:
        table = at.load("trip_counts")
        rows = _merged(db, table, results, input)
        digest = content_digest(db)
        found = table.current_snapshot()
        if found is not None and tables.properties_of(found).get(DIGEST) == digest:
            return Published(str(found.snapshot_id), tables.rows_in(found), False)
        tables.replace(table, rows, {**lineage, DIGEST: digest})
        return _committed(table)

    return settled("trip_counts", attempt)


def publish_ride_counts(at: tables.Tables) -> Published:
    """Make ride_counts the function of the newest snapshot of trip_counts, unless it is that already."""

    def attempt() -> Published:
        rides = at.load("ride_counts")
        trips = at.load("trip_counts")
        found, newest = rides.current_snapshot(), trips.current_snapshot()
        if newest is None:
            raise JobError("trip_counts has no rows to publish")
        made_of = str(newest.snapshot_id)
        if found is not None and tables.properties_of(found).get(TRIPS_SNAPSHOT) == made_of:
            return Published(str(found.snapshot_id), tables.rows_in(found), False)
        tables.replace(rides, ride_counts_of(trips, newest), {**_lineage(newest), TRIPS_SNAPSHOT: made_of})
        return _committed(rides)

    return settled("ride_counts", attempt)


def publish_export(at: tables.Tables, place: str) -> bool:
    """Make the object ``place`` the newest snapshot of ride_counts as one Parquet file, in one conditional
    PUT.

    Returns whether it was not that already.
    """

    def attempt() -> bool:
        head = files(place).head(place)
        rides = at.load("ride_counts")
        newest = rides.current_snapshot()
        if newest is None:
            raise JobError("ride_counts has no rows to export")
        made_of = str(newest.snapshot_id)
        if head is not None and head.metadata.get(_header(RIDES_SNAPSHOT)) == made_of:
            return False
        lineage = {**_lineage(newest), RIDES_SNAPSHOT: made_of}
        content = _parquet(rides.scan(snapshot_id=newest.snapshot_id).to_arrow(), lineage)
        headers = {_header(name): value for name, value in lineage.items()}
        files(place).write_if(place, content, head.etag if head else None, headers)
        return True

    return settled(place, attempt)


def settled(what: str, attempt: Callable[[], T], pause: Callable[[float], None] = time.sleep) -> T:
    """What ``attempt`` returns; it is made again, after a while, when it loses a race or AWS is busy."""
    for n in range(1, ATTEMPTS + 1):
        try:
            return attempt()
        except (CommitFailedException, ValidationException, ChangedError) as error:
            problem: Exception = error
            log(f"{what}: another publisher was faster; looking again ({type(error).__name__})")
        except (ClientError, BotoCoreError) as error:
            problem = error
            if isinstance(error, ClientError) and error.response["Error"]["Code"] not in _PASSING:
                raise JobError(f"{what} cannot be published: {error}") from error
        except OSError as error:
            raise JobError(f"{what} cannot be published: {error}") from error
        pause(min(5.0, 0.05 * 2**n) * random.uniform(0.5, 1))  # noqa: S311 - not for secrecy
    raise JobError(
        f"{what} could not be published in {ATTEMPTS} attempts; the next run tries again: {problem}"
    )


def _merged(db: duckdb.DuckDBPyConnection, table: Table, results: list[Result], input: str) -> pa.Table:
    """The rows to publish on top of ``table``; they are left in the table ``merged`` of ``db``, too."""
    mine = {result.source.path: result.etag for result in results if not result.error}
    failed = {result.source.path: result.etag for result in results if result.error}
    published: dict[str, str] = {}
    if table.current_snapshot() is not None:
        db.register("published", table.scan(selected_fields=("source", "etag")).to_arrow_batch_reader())
        published = dict(db.execute("SELECT DISTINCT source, etag FROM published").fetchall())
        now = {source.path: source.etag for source in with_etags(list_sources(input).sources)}
        choice = merge.choose(mine, failed, published, now)
    else:
        choice = merge.Choice(frozenset(mine), frozenset())
    db.execute(
        "CREATE OR REPLACE TEMP TABLE merged AS FROM trip_counts WHERE source IN $kept",
        {"kept": sorted(choice.mine)},
    )
    if choice.published:
        db.register("published", table.scan().to_arrow_batch_reader())
        db.execute(
            "INSERT INTO merged BY NAME FROM published WHERE source IN $kept",
            {"kept": sorted(choice.published)},
        )
    rows = db.execute("FROM merged ORDER BY dataset, month, source, window_start").to_arrow_table()
    return rows.cast(TRIP_COUNTS)


def content_digest(db: duckdb.DuckDBPyConnection) -> str:
    """SHA-256 of the rows of the table ``merged``, whatever their order."""
    digest = hashlib.sha256()
    each = "md5(string_agg(epoch_us(window_start) || ' ' || trips, ',' ORDER BY window_start))"
    keys = "dataset, month, source, etag"
    for row in db.execute(f"SELECT {keys}, {each} FROM merged GROUP BY ALL ORDER BY {keys}").fetchall():
        digest.update(repr(row).encode())
    return digest.hexdigest()


def ride_counts_of(trips: Table, snapshot: Snapshot) -> pa.Table:
    """The features as a function of one snapshot of trip_counts."""
    scan = trips.scan(selected_fields=("dataset", "window_start", "trips"), snapshot_id=snapshot.snapshot_id)
    with duckdb.connect(":memory:") as db:
        db.register("trip_counts", scan.to_arrow_batch_reader())
        return db.execute(features.ride_counts()).to_arrow_table().cast(features.RIDE_COUNTS)


def _parquet(rows: pa.Table, lineage: dict[str, str]) -> bytes:
    with duckdb.connect(":memory:") as db, tempfile.TemporaryDirectory() as folder:
        db.register("rides", rows)
        target = Path(folder) / "X.parquet"
        features.write_parquet(db, "FROM rides ORDER BY timestamp", features.RIDE_COUNTS, lineage, target)
        return target.read_bytes()


def _committed(table: Table) -> Published:
    snapshot = table.current_snapshot()
    assert snapshot is not None
    return Published(str(snapshot.snapshot_id), tables.rows_in(snapshot), True)


def _lineage(snapshot: Snapshot) -> dict[str, str]:
    return {
        name: value for name, value in tables.properties_of(snapshot).items() if name.startswith("pipeline.")
    }


def _header(name: str) -> str:
    return name.removeprefix("pipeline.")
