"""Spans of a large Parquet file: row groups, whose rows the footer counts.

The copy of a span is a file with the whole one's footer, in which the bytes of the other row groups are a hole.
Format: https://parquet.apache.org/docs/file-format/
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from data_pipeline.etl.errors import FileError
from data_pipeline.etl.reading import parquet_opening
from data_pipeline.etl.reading.span import BLOCK, ReadAt, Span

_MAGIC, _END = b"PAR1", 8
"""Behind the footer come its length, in 4 bytes, and the magic."""


def looked_at(read: ReadAt, size: int, cut: tuple[int, int]) -> Span:
    """The row groups that begin in the part ``cut`` of a file of ``size`` bytes; those without a row are left out.
    FileError if the file has to be read as a whole.
    """
    footer = _footer(read, size)
    if read(0, len(_MAGIC)) != _MAGIC:
        raise FileError("it does not begin as a Parquet file")
    with parquet_opening.readable():
        metadata = pq.read_metadata(pa.BufferReader(_MAGIC + footer))
        every = [metadata.row_group(at) for at in range(metadata.num_row_groups)]
        extents = {at: _extent(group) for at, group in enumerate(every) if group.num_rows}
    edges = [len(_MAGIC), *(edge for extent in extents.values() for edge in extent), size - len(footer)]
    if edges != sorted(edges):
        raise FileError("its row groups do not follow each other")
    groups = tuple(at for at, (start, _) in extents.items() if cut[0] <= start < cut[1])
    if not groups:
        return Span(cut[0], cut[0], 0)
    records = sum(every[at].num_rows for at in groups)
    return Span(extents[groups[0]][0], extents[groups[-1]][1], records, groups=groups)


def copy(read: ReadAt, size: int, span: Span, path: Path) -> None:
    """Write to ``path`` what a reader of the row groups of ``span`` needs of a file of ``size`` bytes."""
    footer = _footer(read, size)
    with path.open("wb") as target:
        target.write(_MAGIC)
        target.seek(span.start)
        for at in range(span.start, span.end, BLOCK):
            target.write(read(at, min(BLOCK, span.end - at)))
        target.seek(size - len(footer))
        target.write(footer)


def _footer(read: ReadAt, size: int) -> bytes:
    """The footer with its length and the magic, as the file ends."""
    end = read(size - _END, _END)
    length = int.from_bytes(end[:4], "little")
    if end[4:] != _MAGIC or length + _END > size:
        raise FileError("it has no footer")
    return read(size - _END - length, length) + end


def _extent(group: Any) -> tuple[int, int]:
    """Where the bytes of a row group begin and end."""
    starts, ends = [], []
    for at in range(group.num_columns):
        column = group.column(at)
        start = column.data_page_offset
        if column.has_dictionary_page:
            start = min(start, column.dictionary_page_offset)
        starts.append(start)
        ends.append(start + column.total_compressed_size)
    return min(starts, default=0), max(ends, default=0)
