"""Expiry of a table's old snapshots, and deletion of the files that no snapshot needs any more."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from pyiceberg.manifest import ManifestFile
from pyiceberg.table import Table

from data_pipeline.etl.errors import JobError
from data_pipeline.etl.storage.filesystem import files

from .commits import commit_with_retry
from .tables import EQUAL, Tables, made_of, properties_of

DAY = 86_400.0


@dataclass(frozen=True)
class Expired:
    """How many snapshots were expired, and how many files and bytes deleted."""

    snapshots: int
    files: int
    bytes: int


def expire(
    at: Tables, name: str, others: Collection[str], days: int, snapshots: int, now: float
) -> Expired | None:
    """Clean up the table ``name``: keep the snapshots of ``days`` days before ``now`` (seconds since 1970), the
    newest ``snapshots``, all with a tag or a branch, and those of which a table of ``others`` is made; delete files
    that are a day old and that no kept snapshot needs. None if there is no such table.
    """
    if at.find(name) is None:
        return None
    gone = commit_with_retry(name, lambda: _expire(at, name, others, now - days * DAY, snapshots))
    # First what lies there, then what is needed: a file that is committed in between is on the second list.
    stored = [
        file for file in files(at.warehouse).list(f"{at.warehouse}/{name}") if file.modified < now - DAY
    ]
    wanted = set(needed(_found(at, name)))
    stale = [file for file in stored if file.uri not in wanted]
    for file in stale:
        files(file.uri).delete(file.uri)
    return Expired(gone, len(stale), sum(file.size for file in stale))


def _found(at: Tables, name: str) -> Table:
    table = at.find(name)
    if table is None:
        raise JobError(f"{name}: somebody has dropped the table while it was cleaned up")
    return table


def _expire(at: Tables, name: str, others: Collection[str], oldest: float, most: int) -> int:
    table = _found(at, name)
    kept = {ref.snapshot_id for ref in table.metadata.refs.values()}
    for other in others:  # what a table was made of is what its next version starts from
        derived = at.find(other)
        if derived is not None:
            told = (
                properties_of(derived.current_snapshot()),
                json.loads(derived.properties.get(EQUAL, "{}")),
            )
            kept |= {int(each[made_of(name)]) for each in told if made_of(name) in each}
    by_age = sorted(table.snapshots(), key=lambda snapshot: snapshot.timestamp_ms)
    old = [
        s.snapshot_id for s in by_age[:-most] if s.timestamp_ms < oldest * 1000 and s.snapshot_id not in kept
    ]
    if old:
        table.maintenance.expire_snapshots().by_ids(old).commit()
    return len(old)


def needed(table: Table, without: Collection[int] = ()) -> Iterable[str]:
    """The places of all files that ``table`` needs, its metadata included; ``without`` the snapshots of these ids."""
    yield table.metadata_location
    yield from (entry.metadata_file for entry in table.metadata.metadata_log)
    for statistics in (*table.metadata.statistics, *table.metadata.partition_statistics):
        yield statistics.statistics_path
    manifests: dict[str, ManifestFile] = {}
    for snapshot in table.snapshots():
        if snapshot.snapshot_id in without:
            continue
        yield snapshot.manifest_list
        manifests |= {manifest.manifest_path: manifest for manifest in snapshot.manifests(table.io)}
    for path, manifest in manifests.items():
        yield path
        for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True):
            yield entry.data_file.file_path
