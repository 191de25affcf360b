"""Which small data files are put together, so that a table to which each run adds a little has few of them.

Each is written again at most once for every ``MOST`` that come to its partition, until it is no longer small.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyiceberg.manifest import DataFile
from pyiceberg.table import Table

MOST = 6
"""So many small files of a partition are put together."""
SMALL_BYTES = 32 << 20
"""A file of fewer bytes is small."""
AT_ONCE_BYTES = 256 << 20
"""As much is written again in one commit; the next one goes on."""


def crowded(table: Table, files: Sequence[DataFile], gone: Sequence[DataFile]) -> list[DataFile]:
    """Those of ``files``, without ``gone``, of which their partition has too many small ones."""
    leaving = {file.file_path for file in gone}
    by_partition: dict[str, list[DataFile]] = {}
    for file in files:
        small = file.file_size_in_bytes < SMALL_BYTES and file.spec_id == table.spec().spec_id
        if small and file.file_path not in leaving:
            by_partition.setdefault(str(file.partition), []).append(file)
    found: list[DataFile] = []
    room = AT_ONCE_BYTES
    for group in by_partition.values():
        size = sum(file.file_size_in_bytes for file in group)
        if len(group) >= MOST and size <= room:
            found += group
            room -= size
    return found
