"""Which small data files are put together, so that a table to which each run adds a little has few of them.

A month that is over keeps one file, or as many as are large enough; the present one keeps a few until they are worth
writing again.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyiceberg.manifest import DataFile
from pyiceberg.table import Table

MOST = 5
"""So many small files of a partition are put together."""
SHARE = 0.1
"""Beyond one each, the partitions of a table may have ``MOST - 2`` small files in all, or this share of how many
partitions there are.
"""
SMALL_BYTES = 32 << 20
"""A file of fewer bytes is small."""
AT_ONCE_BYTES = 256 << 20
"""As much is written again in one commit; the next one goes on."""


def crowded(table: Table, files: Sequence[DataFile], gone: Sequence[DataFile]) -> list[DataFile]:
    """Those of ``files``, without ``gone``, of which their partition has too many small ones: ``MOST``, or fewer where
    all partitions together have too many.
    """
    leaving = {file.file_path for file in gone}
    by_partition: dict[str, list[DataFile]] = {}
    for file in files:
        small = file.file_size_in_bytes < SMALL_BYTES and file.spec_id == table.spec().spec_id
        if small and file.file_path not in leaving:
            by_partition.setdefault(str(file.partition), []).append(file)
    found: list[DataFile] = []
    room = AT_ONCE_BYTES
    more = sum(len(group) - 1 for group in by_partition.values())
    for group in sorted(by_partition.values(), key=len, reverse=True):
        if len(group) < MOST and more <= max(MOST - 2, SHARE * len(by_partition)):
            break
        size = sum(file.file_size_in_bytes for file in group)
        if len(group) > 1 and size <= room:
            found += group
            room -= size
            more -= len(group) - 1
    return found
