"""Parquet files, batch by batch, in bounded memory.

Arrow keeps what it has read of all row groups that it was asked for, until the last batch of them: a file of 800 MB
took as much. So it is asked for a few at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

AT_ONCE_BYTES = 32 << 20
"""As many bytes of row groups, before compression, are asked for at once; one row group at least."""


def batches(
    file: Any,
    rows: int,
    groups: Sequence[int] | None = None,
    columns: Sequence[str] | None = None,
    *,
    use_threads: bool = True,
) -> Iterator[Any]:
    """Record batches of at most ``rows`` rows of ``file`` (a ParquetFile): of all row groups and columns, or these."""
    given = range(file.num_row_groups) if groups is None else groups
    for some in _some(file.metadata, given):
        yield from file.iter_batches(rows, some, columns, use_threads=use_threads)


def _some(metadata: Any, groups: Sequence[int]) -> Iterator[list[int]]:
    found: list[int] = []
    size = 0
    for group in groups:
        found.append(group)
        size += metadata.row_group(group).total_byte_size
        if size >= AT_ONCE_BYTES:
            yield found
            found, size = [], 0
    if found:
        yield found
