"""Expiry of a table's old snapshots, and deletion of the files that no snapshot needs any more."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pyiceberg.table import Table

from tlc.publication import TRIPS_SNAPSHOT, settled
from tlc.storage import files
from tlc.tables import Tables, properties_of

DAY = 86_400.0


@dataclass(frozen=True)
class Expired:
    """How many snapshots were expired, and how many files and bytes deleted."""

    snapshots: int
    files: int
    bytes: int


def expire(at: Tables, name: str, days: int, snapshots: int, now: float) -> Expired | None:
    """Clean up the table ``name``: keep the snapshots of ``days`` days before ``now`` (seconds since 1970), the
    newest ``snapshots`` and all with a tag or a branch; delete files that are a day old and that no kept
    snapshot needs. None if there is no such table.
    """
    if at.find(name) is None:
        return None
    gone = settled(name, lambda: _expire(at, name, now - days * DAY, snapshots))
    # First what lies there, then what is needed: a file that is committed in between is on the second list.
    stored = [
        file for file in files(at.warehouse).list(f"{at.warehouse}/{name}") if file.modified < now - DAY
    ]
    needed = set(_needed(at.load(name)))
    stale = [file for file in stored if file.uri not in needed]
    for file in stale:
        files(file.uri).delete(file.uri)
    return Expired(gone, len(stale), sum(file.size for file in stale))


def _expire(at: Tables, name: str, oldest: float, most: int) -> int:
    table = at.load(name)
    kept = {ref.snapshot_id for ref in table.metadata.refs.values()}
    if name == "trip_counts":  # what ride_counts was made of is what its next version starts from
        rides = at.find("ride_counts")
        made_of = properties_of(rides.current_snapshot() if rides else None).get(TRIPS_SNAPSHOT)
        kept |= {int(made_of)} if made_of else set()
    by_age = sorted(table.snapshots(), key=lambda snapshot: snapshot.timestamp_ms)
    old = [
        s.snapshot_id for s in by_age[:-most] if s.timestamp_ms < oldest * 1000 and s.snapshot_id not in kept
    ]
    if old:
        table.maintenance.expire_snapshots().by_ids(old).commit()
    return len(old)


def _needed(table: Table) -> Iterable[str]:
    """The places of all files that ``table`` needs, its metadata included."""
    yield table.metadata_location
    yield from (entry.metadata_file for entry in table.metadata.metadata_log)
    for statistics in (*table.metadata.statistics, *table.metadata.partition_statistics):
        yield statistics.statistics_path
    manifests = {}
    for snapshot in table.snapshots():
        yield snapshot.manifest_list
        manifests |= {manifest.manifest_path: manifest for manifest in snapshot.manifests(table.io)}
    for path, manifest in manifests.items():
        yield path
        for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True):
            yield entry.data_file.file_path
