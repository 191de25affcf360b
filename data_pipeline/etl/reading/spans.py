"""Spans of a large file, which are read apart from each other and give what the whole file gives.

A Parquet file is cut between row groups, see ``parquet_spans``. A text is cut behind line feeds. Each span is looked at
before: how many records are in it, for the numbers of the rows behind it, and whether a record begins where it begins.
That is so in JSON lines, and in CSV as long as the quotes of all spans before are plain and closed, see
``csv_records.quotes``. A span is read as a file of its own, which begins as the whole one does: with the header, if
there is one.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from data_pipeline.etl.documents.datasets import Dataset, Format
from data_pipeline.etl.errors import FileError
from data_pipeline.etl.reading import (
    csv_blocks,
    csv_records,
    json_blocks,
    json_files,
    parquet_spans,
    text_files,
)
from data_pipeline.etl.reading.csv_records import LONGEST, Dialect
from data_pipeline.etl.reading.protocol import FileRows
from data_pipeline.etl.reading.span import BLOCK, ReadAt, Span
from data_pipeline.etl.reading.text_files import Readable, TextFile

STEP = 1 << 20
"""Bytes in which the next line feed is looked for, and what says whether it is in quotes."""


def may_be_cut(dataset: Dataset, path: str) -> bool:
    """Whether the file of this name may have spans: Parquet, or a plain text in UTF-8, whose rows become rows of the
    table.
    """
    if dataset.by_unit or dataset.reader:
        return False
    written = dataset.format
    if written.kind == "parquet":
        return True
    known = written.kind == "json" or (written.kind == "csv" and _dialect(written).plain)
    plain = PurePosixPath(path).suffix.lower() not in text_files.COMPRESSIONS
    return known and plain and _is_utf8(written.encoding)


def cuts(size: int, most: int) -> list[tuple[int, int]]:
    """Where a file of ``size`` bytes is cut into equal parts of at most ``most`` bytes: their starts and ends."""
    count = max(-(-size // most), 1)
    edges = [size * at // count for at in range(count + 1)]
    return list(zip(edges, edges[1:]))


def looked_at(read: ReadAt, size: int, cut: tuple[int, int], written: Format) -> Span:
    """The span of the lines or row groups that begin in the part ``cut`` of a file of ``size`` bytes, as if a record
    began where it begins and there were none before; that of a text's first part tells the header. FileError if the
    file has to be read as a whole.
    """
    if written.kind == "parquet":
        return parquet_spans.looked_at(read, size, cut)
    start, end = (_record_start(read, at, size, written) for at in cut)
    if end < start:
        raise FileError("a cut is within quotes")
    stretch = _Stretch(read, start, end)
    if start:
        return Span(start, end, sum(count for count, _ in _records(stretch, written)))
    begin = read(0, 4)
    if begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise FileError("it is UTF-16")
    found = [each for each in _records(TextFile(stretch, "utf-8"), written) if each[0]]
    records = sum(count for count, _ in found)
    if written.kind == "json" or not written.header:
        return Span(0, end, records)
    if not found:
        raise FileError("its header is not in its first span")
    mark = len(codecs.BOM_UTF8) if begin.startswith(codecs.BOM_UTF8) else 0
    return Span(0, end, records - 1, header=mark + found[0][1])


def joined(found: Iterable[Span]) -> list[Span]:
    """The spans of a file, in their order, with the records before each. Those without a byte are left out."""
    spans: list[Span] = []
    before, header = 0, 0
    for each in sorted(found, key=lambda each: each.start):
        header = header or each.header
        if each.end > each.start:
            spans.append(replace(each, before=before, header=header if each.start else 0))
            before += each.records
    return spans


def copy(read: ReadAt, size: int, span: Span, path: Path) -> None:
    """Write the span of a file of ``size`` bytes to ``path`` as a file that is read by itself. What comes before the
    lines of a text is never empty, so that they are not taken for its beginning, where a byte order mark may stand.
    """
    if span.groups:
        parquet_spans.copy(read, size, span, path)
        return
    with path.open("wb") as target:
        if span.start:
            target.write((read(0, span.header) if span.header else b"") + b"\n")
        stretch = _Stretch(read, span.start, span.end)
        while block := stretch.read(BLOCK):
            target.write(block)


def added(one: FileRows, other: FileRows) -> FileRows:
    """The rows of two spans of a file, ``other`` the later."""
    reasons = dict(one.reasons)
    for reason, count in other.reasons.items():
        reasons[reason] = reasons.get(reason, 0) + count
    return FileRows(
        one.read + other.read,
        one.accepted + other.accepted,
        one.quarantined + other.quarantined,
        reasons,
        tuple(dict.fromkeys([*one.columns_ignored, *other.columns_ignored])),
        (*one.warnings, *other.warnings),
        one.erased + other.erased,
    )


class _Stretch:
    """The bytes from ``start`` to ``end``, read forward."""

    def __init__(self, read: ReadAt, start: int, end: int) -> None:
        self._read, self._at, self._end = read, start, end

    def read(self, size: int) -> bytes:
        size = min(size, self._end - self._at)
        data = self._read(self._at, size) if size else b""
        self._at += len(data)
        return data


def _record_start(read: ReadAt, at: int, size: int, written: Format) -> int:
    """Where the first line begins behind ``at`` that seems to be no part of a text in quotes; the end if none does. A
    file begins with one.
    """
    start = _line_start(read, at, size)
    if written.kind != "csv" or not written.quote or start in (0, size):
        return start
    return start + _out_of_quotes(read(start, STEP), _dialect(written))


def _out_of_quotes(data: bytes, dialect: Dialect) -> int:
    """Where a record begins in ``data``, which begins with a line: at once, or behind the quotes that the line is in,
    if the quotes in ``data`` are plain for longer then. It may be neither, which looking at the spans will tell.
    """
    outside = csv_records.quotes(np.frombuffer(data, np.uint8), dialect)
    if outside.odd is None:
        return 0
    text = np.frombuffer(dialect.quote + data, np.uint8)
    inside = csv_records.quotes(text, dialect)
    if inside.odd is not None and inside.odd <= outside.odd + 1:
        return 0
    ends = csv_records.line_ends(text[: inside.odd], inside.positions)
    return int(ends[0]) if len(ends) else 0


def _line_start(read: ReadAt, at: int, size: int) -> int:
    """Where the first line begins behind ``at``; the end if none does. A file begins with one."""
    if not at or at == size:
        return at
    first = at
    while at - first <= LONGEST:
        data = read(at, STEP)
        found = data.find(b"\n")
        if found >= 0:
            return at + found + 1
        if not data:
            return size
        at += len(data)
    raise FileError("a line is too long, or does not end with a line feed")


def _records(file: Readable, written: Format) -> Iterator[tuple[int, int]]:
    """How many records each block of ``file`` has, and where in the file the first of them ends (of JSON: 0). FileError
    where a record is not sure to be one wherever blocks end.
    """
    if written.kind == "json":
        for data in json_files.blocks(file):
            starts = json_blocks.line_starts(np.frombuffer(data, np.uint8))
            _not_too_long(np.diff(starts, append=len(data)))
            yield json_blocks.count(data), 0
        return
    at = 0
    for piece in csv_blocks.pieces(file, _dialect(written), b""):
        if piece.records is not None:
            raise FileError("its quotes are not plain, or a cut is within them")
        starts, ends = piece.extents
        _not_too_long(ends - starts)
        yield len(starts), at + int(ends[0]) if len(ends) else 0
        at += len(piece.data)


def _not_too_long(lengths: Any) -> None:
    if len(lengths) and lengths.max() > LONGEST:
        raise FileError("it has a line that may be too long")


def _dialect(written: Format) -> Dialect:
    return Dialect(written.delimiter.encode(), written.quote.encode())


def _is_utf8(encoding: str) -> bool:
    try:
        return codecs.lookup(encoding).name == "utf-8"
    except LookupError:
        return False
