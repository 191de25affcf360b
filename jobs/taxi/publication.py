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

import io
from dataclasses import dataclass
from datetime import UTC, datetime

import duckdb
import pyarrow as pa
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from data_pipeline.etl.errors import JobError
from data_pipeline.etl.exits import log
from data_pipeline.etl.publishing import availability, coverage, tables
from data_pipeline.etl.publishing.commits import commit_with_retry
from data_pipeline.etl.storage.filesystem import files
from taxi import features, merge, partitions
from taxi.reading import TRIP_COUNTS
from taxi.rides import Change, changed, made_anew
from taxi.work import Work

FILL = "pipeline.fill-windows"
TRIPS_SNAPSHOT = tables.made_of("trip_counts")
RIDES_SNAPSHOT = tables.made_of("ride_counts")


@dataclass(frozen=True)
class Published:
    """What is published now: a table's snapshot, its rows, and whether this run has committed it."""

    snapshot: str
    rows: int
    committed: bool


def publish_trip_counts(
    at: tables.Tables, work: Work, lineage: dict[str, str]
) -> tuple[Published, merge.Choice]:
    """Put the rows of this run in place of those that trip_counts has of the same sources, but keep those of
    other runs that are newer. Only partitions (data set and month) that change are read and written.
    """

    def attempt() -> tuple[Published, merge.Choice]:
        table = at.load("trip_counts")
        found = table.current_snapshot()
        mine = work.partitions()
        old = [file for file in tables.files_in(table, found) if partitions.partition_of(file) in mine]
        choice = _merged(work, tables.read_files(table, old))
        different = _different(work.db)
        if found is not None and not different:
            return Published(str(found.snapshot_id), tables.rows_in(found), False), choice
        gone = [file for file in old if partitions.partition_of(file) in different]
        rows = work.db.execute(
            "SELECT merged.* FROM merged SEMI JOIN different USING (dataset, month) "
            "ORDER BY dataset, month, source, window_start"
        ).to_arrow_table()
        left = set(zip(rows["dataset"].to_pylist(), rows["month"].to_pylist(), strict=True))
        before = covered_in(table, found) if found else frozenset()
        covered = (before - different) | left
        known = availability.parse(tables.properties_of(found).get(availability.AVAILABLE, ""))
        available = availability.carried(known, before, covered, datetime.now(UTC))
        properties = {
            **lineage,
            coverage.COVERED: coverage.text(covered),
            availability.AVAILABLE: availability.text(available),
        }
        tables.replace(table, gone, [rows.cast(TRIP_COUNTS)], properties)
        return _committed(table), choice

    return commit_with_retry("trip_counts", attempt)


def publish_ride_counts(at: tables.Tables, fill: bool = False) -> Published:
    """Make ride_counts the function of the newest snapshot of trip_counts, unless it is that already."""

    def attempt() -> Published:
        rides = at.load("ride_counts")
        trips = at.load("trip_counts")
        found, newest = rides.current_snapshot(), trips.current_snapshot()
        if newest is None:
            raise JobError("trip_counts has no rows to publish")
        made = {TRIPS_SNAPSHOT: str(newest.snapshot_id), FILL: "zero" if fill else "none"}
        known = tables.properties_of(found)
        if found is not None and all(known.get(name) == value for name, value in made.items()):
            return Published(str(found.snapshot_id), tables.rows_in(found), False)
        covered = covered_in(trips, newest)
        change = _change(rides, trips, newest, covered, fill)
        properties = {**_lineage(newest), **made, coverage.COVERED: coverage.text(covered)}
        tables.replace(rides, change.gone, change.rows, properties)
        return _committed(rides)

    return commit_with_retry("ride_counts", attempt)


def _change(rides: Table, trips: Table, newest: Snapshot, covered: coverage.Covered, fill: bool) -> Change:
    """What makes ride_counts the function of ``newest``: from what has changed since it was made, if the
    table still has that snapshot, else anew.
    """
    known = tables.properties_of(rides.current_snapshot())
    before = trips.snapshot_by_id(int(known.get(TRIPS_SNAPSHOT, 0)))
    if before is not None and known.get(FILL, "none") == ("zero" if fill else "none"):
        both = (covered_in(trips, before), covered)
        try:
            return changed(rides, trips, before.snapshot_id, newest.snapshot_id, both, fill)
        except FileNotFoundError:
            log("ride_counts: the snapshot that it was made of has expired; it is made anew")
    return made_anew(rides, trips, newest, covered, fill)


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
        content = _parquet(tables.read_files(rides, tables.files_in(rides, newest)), lineage)
        # An object's metadata are 2 KB at most; the months, which may be many, are in the file's own.
        many = (coverage.COVERED, availability.AVAILABLE)
        headers = {_header(name): value for name, value in lineage.items() if name not in many}
        files(place).write_if(place, content, head.etag if head else None, headers)
        return True

    return commit_with_retry(place, attempt)


def _merged(work: Work, published: pa.Table) -> merge.Choice:
    """Leave the rows that are to be published in ``db``'s table ``merged``, on top of those that are."""
    work.db.register("published", published)
    of = dict(work.db.execute("SELECT DISTINCT source, etag FROM published").fetchall())
    choice = merge.choose(work.counted(), work.unreadable(), work.removed, of, work.now())
    replaced = sorted(choice.mine | choice.gone)
    work.db.execute(
        "CREATE OR REPLACE TEMP TABLE merged AS FROM trip_counts WHERE source IN $mine "
        "UNION ALL BY NAME FROM published WHERE source NOT IN $replaced",
        {"mine": sorted(choice.mine), "replaced": replaced},
    )
    return choice


def _different(db: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """The partitions in which ``merged`` and ``published`` differ, also left in the table ``different``."""
    names = ", ".join(TRIP_COUNTS.names)
    merged, published = (f"SELECT {names} FROM {name}" for name in ("merged", "published"))
    db.execute(
        "CREATE OR REPLACE TEMP TABLE different AS SELECT DISTINCT dataset, month FROM "
        f"(({merged} EXCEPT ALL {published}) UNION ALL ({published} EXCEPT ALL {merged}))"
    )
    return set(db.execute("SELECT dataset, month FROM different").fetchall())


def covered_in(trips: Table, snapshot: Snapshot) -> coverage.Covered:
    """The months of ``snapshot`` of trip_counts: it says so, or its data files do."""
    text = tables.properties_of(snapshot).get(coverage.COVERED)
    if text is not None:
        return coverage.parse(text)
    return frozenset(map(partitions.partition_of, tables.files_in(trips, snapshot)))


def _parquet(rows: pa.Table, lineage: dict[str, str]) -> bytes:
    content = io.BytesIO()
    features.write_rows(rows.cast(features.RIDE_COUNTS).sort_by("timestamp"), lineage, content)
    return content.getvalue()


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
