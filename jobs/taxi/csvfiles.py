"""Trip files in CSV, plain or gzipped: the header, and the lines after it, a chunk of whole ones at a time.

What a line, a row and a field is stands in ``rules``.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from data_pipeline.etl.errors import FileError
from data_pipeline.etl.reading import gzip_members
from taxi.scan_layout import FILLED, LAST, LINES, NEXT, NO_FILE, PADDING

CHUNK_BYTES = 1 << 18
"""Bytes that are looked at together."""
SPAN_BYTES = 8 << 20
"""Bytes of a plain file that one thread is given at once."""
LONGEST_LINE = 16 << 20
HEADER_BYTES = 1 << 16
_BOM = b"\xef\xbb\xbf"
csv.field_size_limit(LONGEST_LINE + HEADER_BYTES + CHUNK_BYTES)
_OTHER_FORMATS = {
    b"PAR1": "it is a Parquet file with the name of a CSV file",
    b"\x1f\x8b": "it is a gzip file with the name of a plain one",
    b"PK\x03\x04": "it is a ZIP archive",
    b"\xff\xfe": "it is UTF-16, not UTF-8",
    b"\xfe\xff": "it is UTF-16, not UTF-8",
}


@dataclass(frozen=True)
class Span:
    """The lines of a plain file that begin in its bytes ``start`` to ``end``. ``first``: one begins at
    ``start``, right behind the header.
    """

    start: int
    end: int
    first: bool


class Lines:
    """Lines of an open file that follow each other, a chunk of whole ones at a time, each with its end.

    ``buffer``, and ``text``, the same bytes as a NumPy array, hold the chunk and after it PADDING bytes or more.
    ``positions`` says where what is in it and in the file (``scan_layout``); who takes lines moves AT, and may read the
    next chunk from ``descriptor`` unless that is NO_FILE. ``cut_off``: the last line has no end in the file, and was
    given one.
    """

    def __init__(
        self, file: BinaryIO, rest: bytes, size: int, first: int = 0, last: int | None = None
    ) -> None:
        """``rest`` and all that follows it in gzip data; or bytes ``first`` to ``last`` of a plain file, in chunks of
        about ``size`` bytes.
        """
        self.file = file
        self.descriptor = NO_FILE if last is None else file.fileno()
        self.cut_off = False
        room = size if last is None else min(size, last - first)
        self._hold(rest, len(rest) + room)
        self.positions = np.array([0, 0, len(rest), first, last or 0], np.int64)

    def more(self) -> bool:
        """Whether there is a line to take; if all of the chunk are taken, the next one is read.

        Raises FileError for gzip data that is cut off or damaged, and for a line that is too long to be a trip.
        """
        at, end, filled = self.positions[: FILLED + 1].tolist()
        if at < end:
            return True
        filled -= end
        self.buffer[:filled] = self.buffer[end : end + filled]
        end = 0
        while not end:
            if filled == len(self.buffer) - PADDING:
                self._grow(filled)
            got = self._read(filled)
            if not got:
                break
            end = self.buffer.rfind(b"\n", filled, filled + got) + 1
            filled += got
        if filled and not end:
            self.cut_off = self.buffer[filled - 1] not in b"\r\n"
            self.buffer[filled] = ord("\n")
            end = filled = filled + 1
        self.positions[: FILLED + 1] = 0, end, filled
        return bool(end > 0)

    def chunk(self) -> bytes:
        """All lines of the chunk, whether they are taken or not."""
        return bytes(self.buffer[: self.positions[LINES]])

    def _hold(self, filled: bytes | bytearray, room: int) -> None:
        self.buffer = bytearray(room + PADDING)
        self.buffer[: len(filled)] = filled
        self.text = np.frombuffer(self.buffer, np.uint8)

    def _grow(self, filled: int) -> None:
        if filled > LONGEST_LINE:
            raise _too_long()
        self._hold(self.buffer[:filled], filled + min(filled, LONGEST_LINE + 1 - filled))

    def _read(self, filled: int) -> int:
        """Fill the buffer from ``filled`` on: with how many bytes."""
        end = len(self.buffer) - PADDING
        if self.descriptor != NO_FILE:
            end = min(end, filled + int(self.positions[LAST] - self.positions[NEXT]))
            self.file.seek(self.positions[NEXT])
        at = filled
        with memoryview(self.buffer) as view:
            while at < end and (got := self.file.readinto(view[at:end])):  # type: ignore[attr-defined]
                at += got
        self.positions[NEXT] += at - filled
        return at - filled


@dataclass(frozen=True)
class Opened:
    """An open trip file of which the header has been read. ``names``: of its columns; ``rest``: what was read of the
    file after them.
    """

    file: BinaryIO
    names: list[str]
    rest: bytes
    gzipped: bool

    def spans(self, size: int = SPAN_BYTES) -> list[Span]:
        """What follows the header, in spans of about ``size`` bytes; none of gzip data, which come in one stream."""
        if self.gzipped:
            return []
        start, stop = self._range()
        return [Span(at, min(at + size, stop), at == start) for at in range(start, stop, size)]

    def lines(self, size: int = CHUNK_BYTES) -> Lines:
        """The lines after the header, in chunks of about ``size`` bytes; once."""
        if self.gzipped:
            return Lines(self.file, self.rest, size)
        return Lines(self.file, b"", size, *self._range())

    def _range(self) -> tuple[int, int]:
        """Where what follows the header of a plain file begins and ends."""
        start = self.file.tell() - len(self.rest)
        return start, max(start, os.fstat(self.file.fileno()).st_size)


@contextmanager
def opened(path: Path, gzipped: bool) -> Iterator[Opened]:
    """A trip file, open. Raises FileError if no line of it is not blank, or the first such line is no header."""
    with gzip_members.opened(path) if gzipped else path.open("rb") as file:
        line, rest = _header_line(file)
        if gzipped and line.startswith(gzip_members.MAGIC):
            raise FileError("it is gzip data in gzip data: it was compressed twice; decompress it once")
        yield Opened(file, _names(line), rest, gzipped)


def _names(line: bytes) -> list[str]:
    """The column names in the header's line."""
    text = line.removeprefix(_BOM)
    for magic, what in _OTHER_FORMATS.items():
        if line.startswith(magic):
            raise FileError(what)
    if not text.strip(b"\r\n"):
        raise FileError("it is empty")
    if text.lstrip().startswith(b"<"):
        raise FileError("it is a web page (HTML or XML), not a CSV file")
    try:
        return next(csv.reader([text.decode("utf-8")]))
    except (UnicodeDecodeError, csv.Error) as error:
        raise FileError(f"its header cannot be read: {error}") from error


@contextmanager
def lines_of(path: Path, span: Span, size: int = CHUNK_BYTES) -> Iterator[Lines]:
    """The lines of ``span`` of a plain file, as ``Opened.lines`` gives those of a whole one."""
    with path.open("rb") as file:
        last = _line_start(file, span.end)
        first = span.start if span.first else _line_start(file, span.start)
        yield Lines(file, b"", size, first, last)


def _line_start(file: BinaryIO, position: int) -> int:
    """Where the first line begins that begins at ``position`` or after it: behind an LF, or at the file's
    end.
    """
    file.seek(position - 1)
    if len(file.readline(LONGEST_LINE)) == LONGEST_LINE:
        raise _too_long()
    return file.tell()


def _too_long() -> FileError:
    return FileError(f"it has a line of more than {LONGEST_LINE >> 20} MiB")


def _header_line(file: BinaryIO) -> tuple[bytes, bytes]:
    """The first line that is not blank, without its end, and what was read of the file after it. The line is
    cut at HEADER_BYTES, and empty if the file has none.
    """
    line = file.readline(HEADER_BYTES)
    bom = _BOM if line.startswith(_BOM) else b""
    line = line.removeprefix(_BOM)
    while line and not line.strip(b"\r\n"):
        line = file.readline(HEADER_BYTES)
    line, *rest = line.lstrip(b"\r").splitlines(keepends=True) or [b""]
    return bom + line.rstrip(b"\r\n"), b"".join(rest)


def fields(line: str) -> list[str]:
    """The fields of one line; a NUL in them is another character, because Python 3.10 reads no line with it."""
    return next(csv.reader([line.replace("\0", "\ufffd")]))
