"""Which small data files are put together, so that a table to which each run adds a little has few of them.

A partition that gets rows keeps a few small files until they are worth writing again; one that gets none any more,
such as a month that is over, is put together once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pyiceberg.manifest import DataFile
from pyiceberg.table import Table
from pyiceberg.typedef import Record

from .parquet_parts import Values

MOST = 5
"""So many small files of a partition are put together."""
SHARE = 0.1
"""A table may have ``MOST - 2`` small files beyond the first of each partition, all partitions together, or this share
of how many partitions have one; where it has more, those that get no rows are put together, too.
"""
SMALL_BYTES = 32 << 20
"""A file of fewer bytes is small."""
AT_ONCE_BYTES = 256 << 20
"""As much is written again in one commit; the next one goes on."""


def crowded(
    table: Table, files: Sequence[DataFile], gone: Sequence[DataFile], growing: Collection[Values]
) -> list[DataFile]:
    """Those of ``files``, without ``gone``, that are to be put together, of each partition at least two. ``growing``:
    the partitions that get rows in the same commit.
    """
    leaving = {file.file_path for file in gone}
    by_partition: dict[str, list[DataFile]] = {}
    for file in files:
        small = file.file_size_in_bytes < SMALL_BYTES and file.spec_id == table.spec().spec_id
        if small and file.file_path not in leaving:
            by_partition.setdefault(str(file.partition), []).append(file)
    grow = {str(Record(*values)) for values in growing}
    found: list[DataFile] = []
    room = AT_ONCE_BYTES
    more = sum(len(group) - 1 for group in by_partition.values())
    allowed = max(MOST - 2, SHARE * len(by_partition))
    for partition, group in sorted(by_partition.items(), key=lambda item: len(item[1]), reverse=True):
        if len(group) < MOST and (more <= allowed or partition in grow):
            continue
        taken = _smallest(group, room)
        if len(taken) > 1:
            found += taken
            room -= sum(file.file_size_in_bytes for file in taken)
            more -= len(taken) - 1
    return found


def _smallest(group: Sequence[DataFile], room: int) -> list[DataFile]:
    """As many of the files as there is room for, the smallest first."""
    found = []
    for file in sorted(group, key=lambda file: file.file_size_in_bytes):
        if file.file_size_in_bytes > room:
            break
        found.append(file)
        room -= file.file_size_in_bytes
    return found
