"""ride_counts as a function of trip_counts: made anew, or from the snapshot before by what has changed since.

The table has a data file for each calendar year, so a change of a few months replaces one or two files.
"""

# ruff: noqa: S608 - SQL is put together from this package's own expressions

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import pyarrow as pa
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from data_pipeline.etl.publishing import tables
from data_pipeline.etl.publishing.coverage import Covered
from taxi import features, partitions
from taxi.sources import DATASETS

_COLUMNS = ("dataset", "window_start", "trips")


@dataclass(frozen=True)
class Change:
    """The data files of ride_counts that go, and the rows in their place, by year."""

    gone: list[DataFile]
    rows: list[pa.Table]


def made_anew(rides: Table, trips: Table, snapshot: Snapshot, covered: Covered, fill: bool) -> Change:
    """All of ride_counts, from all of trip_counts in ``snapshot``."""
    scan = trips.scan(selected_fields=_COLUMNS, snapshot_id=snapshot.snapshot_id)
    gone = tables.files_in(rides, rides.current_snapshot())
    with duckdb.connect(":memory:") as db:
        db.register("trip_counts", scan.to_arrow_batch_reader())
        return Change(gone, _by_year(db, covered, fill))


def changed(
    rides: Table, trips: Table, before: int, after: int, covered: tuple[Covered, Covered], fill: bool
) -> Change:
    """The years of ride_counts, as made of the snapshot ``before`` of trip_counts, that are different when
    made of ``after``: their counts, less those of the data files that went, plus those of the new ones.

    ``covered`` are the months of both snapshots. Raises FileNotFoundError or KeyError if ``before`` cannot be
    read any more.
    """
    come, went = tables.difference(trips, before, after)
    with duckdb.connect(":memory:") as db:
        db.register("come", tables.read_files(trips, come, _COLUMNS))
        db.register("went", tables.read_files(trips, went, _COLUMNS))
        db.execute(
            "CREATE TEMP TABLE delta AS SELECT dataset, window_start, CAST(sum(trips) AS BIGINT) AS trips FROM "
            "(FROM come UNION ALL SELECT dataset, window_start, -trips FROM went) GROUP BY ALL HAVING sum(trips) <> 0"
        )
        touched = {year for (year,) in db.execute("SELECT DISTINCT year(window_start) FROM delta").fetchall()}
        if fill:
            touched |= {int(month[:4]) for _, month in covered[0] ^ covered[1]}
        current = tables.files_in(rides, rides.current_snapshot())
        files = [(file, partitions.years_of(rides, file)) for file in current]
        gone = [(file, years) for file, years in files if touched & set(years)]
        db.register("old", tables.read_files(rides, [file for file, _ in gone]))
        db.execute(
            f"CREATE TEMP VIEW trip_counts AS FROM delta UNION ALL SELECT dataset, timestamp, trips FROM "
            f"(UNPIVOT old ON {', '.join(DATASETS)} INTO NAME dataset VALUE trips)"
        )
        years = touched.union(*(years for _, years in gone))
        inside = frozenset((d, month) for d, month in covered[1] if int(month[:4]) in years)
        return Change([file for file, _ in gone], _by_year(db, inside, fill))


def _by_year(db: duckdb.DuckDBPyConnection, covered: Covered, fill: bool) -> list[pa.Table]:
    """The rows of ride_counts from ``db``'s relation trip_counts, one table for each year."""
    features.covered(db, covered)
    db.execute(f"CREATE TEMP TABLE rides AS {features.ride_counts(fill)}")
    years = [
        year
        for (year,) in db.execute("SELECT DISTINCT year(timestamp) AS y FROM rides ORDER BY y").fetchall()
    ]
    query = "FROM rides WHERE year(timestamp) = ? ORDER BY timestamp"
    return [db.execute(query, [year]).to_arrow_table().cast(features.RIDE_COUNTS) for year in years]
