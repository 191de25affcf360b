"""What a run has counted, and what is published: as distributions to compare, and described in numbers."""

# ruff: noqa: S608 - SQL is put together from this package's own expressions

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import duckdb
import numpy as np
import pyarrow as pa
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from data_pipeline.etl.publishing import coverage, tables
from data_pipeline.etl.publishing.commits import commit_with_retry
from taxi import drift, partitions, statistics
from taxi.sources import DATASETS

_COUNTED = (
    "SELECT dataset, window_start, sum(trips) AS trips FROM trip_counts "
    "WHERE month = strftime(window_start, '%Y-%m') GROUP BY ALL"
)
_PUBLISHED = (
    "SELECT dataset, timestamp AS window_start, trips FROM "
    f"(UNPIVOT published ON {', '.join(DATASETS)} INTO NAME dataset VALUE trips) WHERE trips > 0"
)


def drifts(at: tables.Tables, db: duckdb.DuckDBPyConnection) -> tuple[str | None, list[drift.Drift]]:
    """The snapshot of ride_counts that is published now, None if there is none, and how the months in ``db``'s
    table trip_counts differ from it.

    It reads the years of ride_counts that the twelve months before are in: two for one month.
    """
    return commit_with_retry("ride_counts", lambda: _drifts(at, db))


def _drifts(at: tables.Tables, db: duckdb.DuckDBPyConnection) -> tuple[str | None, list[drift.Drift]]:
    rides = at.find("ride_counts")
    snapshot = rides.current_snapshot() if rides else None
    if rides is None or snapshot is None:
        return None, []
    now = _observed(db, _COUNTED)
    before = {(dataset, m) for dataset, month in now for m in drift.months_before(month)}
    covered = coverage.parse(tables.properties_of(snapshot).get(coverage.COVERED, "")) & before
    return str(snapshot.snapshot_id), drift.compare(now, _published(rides, covered))


def described(at: tables.Tables, snapshot: str) -> list[tuple[str, statistics.Statistics]]:
    """A snapshot of ride_counts and the one before it, each with what its values are like, as far as they are there:
    another one may have expired.
    """
    rides = at.load("ride_counts")
    one = rides.snapshot_by_id(int(snapshot))
    with suppress(FileNotFoundError):
        return [] if one is None else [_described(*each) for each in _rows(rides, one)]
    return []


def _rows(rides: Table, one: Snapshot) -> Iterator[tuple[Snapshot, pa.Table]]:
    """The rows of a snapshot and, if they are still there, of the one before it. What both share is read once."""
    files = {file.file_path: file for file in tables.files_in(rides, one)}
    before, come, went = one.parent_snapshot_id, [*files.values()], None
    with suppress(FileNotFoundError, KeyError):
        if before is not None:
            changed, gone = tables.difference(rides, before, one.snapshot_id)
            went, come = tables.read_files(rides, gone), changed
    shared = tables.read_files(rides, [files[path] for path in files.keys() - {f.file_path for f in come}])
    yield one, pa.concat_tables([shared, tables.read_files(rides, come)])
    parent = rides.snapshot_by_id(before) if before is not None else None
    if parent is not None and went is not None:
        yield parent, pa.concat_tables([shared, went])


def _described(snapshot: Snapshot, rows: pa.Table) -> tuple[str, statistics.Statistics]:
    covered = coverage.parse(tables.properties_of(snapshot).get(coverage.COVERED, ""))
    return str(snapshot.snapshot_id), statistics.describe(rows, covered)


def _published(rides: Table, covered: coverage.Covered) -> dict[drift.Key, drift.Observed]:
    """These months of ride_counts; one of which it has no row is there, too, without a window."""
    years = {int(month[:4]) for _, month in covered}
    files = tables.files_in(rides, rides.current_snapshot())
    needed = [file for file in files if years & set(partitions.years_of(rides, file))]
    with duckdb.connect(":memory:") as db:
        db.register("published", tables.read_files(rides, needed, ("timestamp", *DATASETS)))
        found = _observed(db, _PUBLISHED)
    return {key: found.get(key, drift.NOTHING) for key in covered}


def _observed(db: duckdb.DuckDBPyConnection, relation: str) -> dict[drift.Key, drift.Observed]:
    """Each month of ``relation`` (dataset, window_start, trips; one row for a window)."""
    columns = db.execute(
        "SELECT dataset, year(window_start) * 12 + month(window_start) - 1 AS month, "
        "hour(window_start) * 60 + minute(window_start) AS minutes, dayofweek(window_start) + 1 AS dow, "
        f"CAST(trips AS BIGINT) AS trips FROM ({relation}) ORDER BY dataset, month, window_start"
    ).fetchnumpy()
    dataset, month = columns["dataset"], columns["month"]
    rows = np.stack([columns[name].astype(np.int64) for name in ("minutes", "dow", "trips")], axis=1)
    starts = np.flatnonzero((dataset[1:] != dataset[:-1]) | (month[1:] != month[:-1])) + 1
    parts = zip([0, *starts], np.split(rows, starts), strict=True)
    named = ((str(dataset[at]), divmod(int(month[at]), 12), part) for at, part in parts if len(part))
    return {(name, f"{year:04}-{number + 1:02}"): part for name, (year, number), part in named}
