"""Taking erased keys out of a table, and out of its history: the snapshots that hold them, and the files that only
those need.
"""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyiceberg.manifest import DataFile
from pyiceberg.table import Table
from pyiceberg.table.metadata import TableMetadata

from data_pipeline.etl.storage.filesystem import join

from . import data_files, expiry, table_columns, tables, transactions
from .commits import commit_with_retry
from .erased_keys import ErasedKeys
from .parquet_parts import Part, PartWriter
from .tables import Tables


@dataclass(frozen=True)
class Old:
    """What becomes of a table's snapshots that may hold an erased key: the ids of those that can go, the ``files`` that
    only they need, and of those that stay the tags and branches that keep them; whether some go ``later``.
    """

    snapshots: tuple[int, ...] = ()
    files: frozenset[str] = frozenset()
    kept: Mapping[int, tuple[str, ...]] | None = None
    later: bool = False


def count(at: Tables, name: str, keys: ErasedKeys) -> int:
    """How many rows of erased keys the table ``name`` has now."""
    table = at.find(name)
    if table is None:
        return 0
    found = tables.files_in(table, table.current_snapshot())
    return sum(_hits(table, file, keys) for file in found)


def drop(at: Tables, name: str, keys: ErasedKeys, lineage: Mapping[str, str], work: Path) -> int:
    """Take the rows of erased keys out of the table ``name``, in one commit, or none where it has none; how many.
    ``work``: a folder for files that are made on the way.
    """
    return commit_with_retry(name, lambda: _drop(at, name, keys, lineage, work))


def _drop(at: Tables, name: str, keys: ErasedKeys, lineage: Mapping[str, str], work: Path) -> int:
    table = at.find(name)
    if table is None:
        return 0
    found = {}
    for file in tables.files_in(table, table.current_snapshot()):
        if number := _hits(table, file, keys):
            found[file.file_path] = (file, number)
    if not found:
        return 0
    gone = [file for file, _ in found.values()]
    transaction = transactions.begin(table)
    metadata = transaction.table_metadata
    with tempfile.TemporaryDirectory(dir=work) as folder:
        parts = _kept(table, metadata, gone, keys, Path(folder))
        place = join(table.location(), "data")
        come = [data_files.uploaded(metadata, part, join(place, f"{uuid.uuid4()}.parquet")) for part in parts]
        tables.exchange_in(transaction, table, gone, come, dict(lineage))
        transaction.commit_transaction()
    return sum(number for _, number in found.values())


def _hits(table: Table, file: DataFile, keys: ErasedKeys) -> int:
    return sum(int(keys.hits(rows).sum()) for rows in data_files.batches(table, file, keys.columns))


def _kept(
    table: Table, metadata: TableMetadata, gone: Sequence[DataFile], keys: ErasedKeys, folder: Path
) -> list[Part]:
    """The rows of other keys that the files ``gone`` have."""
    laid_out = table_columns.laid_out(metadata.schema(), metadata.spec())
    writer = PartWriter(folder, laid_out.schema, laid_out.split, "kept")
    for file in gone:
        for rows in data_files.batches(table, file, schema=metadata.schema()):
            writer.write(keys.without(rows))
    return writer.close()


def old(at: Tables, name: str, keys: ErasedKeys | None, later: Collection[int] = ()) -> Old:
    """The snapshots of the table ``name`` before its present one that hold one of ``keys``; all of them where nobody
    can tell (``None``), as of a table that is made of such rows. ``later``: those that cannot go yet.
    """
    table = at.find(name)
    current = table.current_snapshot() if table is not None else None
    if table is None or current is None:
        return Old()
    holding = [each.snapshot_id for each in table.snapshots() if each.snapshot_id != current.snapshot_id]
    if keys is not None:
        holding = [*_holding(table, holding, keys)]
    refs: dict[int, tuple[str, ...]] = {}
    for ref, said in table.metadata.refs.items():
        refs[said.snapshot_id] = (*refs.get(said.snapshot_id, ()), ref)
    gone = tuple(each for each in holding if each not in refs and each not in later)
    files = {*expiry.needed(table)} - {*expiry.needed(table, gone)} if gone else set()
    kept = {each: refs[each] for each in holding if each in refs}
    return Old(gone, frozenset(files), kept, any(each in later for each in holding if each not in refs))


def _holding(table: Table, snapshots: Sequence[int], keys: ErasedKeys) -> Iterator[int]:
    """Those of ``snapshots`` that have a row of one of ``keys``. Each data file is looked into once."""
    known: dict[str, bool] = {}
    for number in snapshots:
        files = tables.files_in(table, table.snapshot_by_id(number))
        for file in files:
            if file.file_path not in known:
                known[file.file_path] = bool(_hits(table, file, keys))
        if any(known[file.file_path] for file in files):
            yield number


def expire(at: Tables, name: str, snapshots: Collection[int]) -> int:
    """Expire those of ``snapshots`` that the table ``name`` still has; how many."""
    return commit_with_retry(name, lambda: _expire(at, name, snapshots))


def _expire(at: Tables, name: str, snapshots: Collection[int]) -> int:
    table = at.find(name)
    there = {each.snapshot_id for each in table.snapshots()} if table is not None else set()
    gone = sorted(there & {*snapshots})
    if table is not None and gone:
        table.maintenance.expire_snapshots().by_ids(gone).commit()
    return len(gone)


def needed(at: Tables, name: str) -> set[str]:
    """The places of all files that the table ``name`` needs."""
    table = at.find(name)
    return set() if table is None else {*expiry.needed(table)}
