"""Trip files in CSV, plain or gzipped: the header, and the bytes after it in chunks of whole lines.

What a line, a row and a field is stands in ``rules``.
"""

from __future__ import annotations

import csv
import gzip
import os
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tlc.errors import FileError

CHUNK_BYTES = 1 << 20
"""Bytes that are looked at together."""
PADDING = 64
"""Bytes behind a chunk that may be read, so that nothing need ask for its end at every byte."""
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


@dataclass(frozen=True)
class Chunk:
    """Whole lines: the first ``size`` bytes of ``buffer``, the last of which is an LF; PADDING bytes follow them.
    ``cut_off``: that LF is not the file's, which ends without one.

    The buffer is used again for the next chunk of the same iterator.
    """

    buffer: bytearray
    size: int
    cut_off: bool

    def content(self) -> bytes:
        """The lines alone."""
        return bytes(memoryview(self.buffer)[: self.size])


@dataclass(frozen=True)
class Opened:
    """An open trip file of which the header has been read. ``names``: of its columns; ``rest``: what was read of the
    file after them.
    """

    file: BinaryIO
    names: list[str]
    rest: bytes

    def spans(self, size: int = SPAN_BYTES) -> list[Span]:
        """What follows the header, in spans of about ``size`` bytes; none of gzip data, which come in one stream."""
        more = self._more()
        start = self.file.tell() - len(self.rest)
        stop = start if more is None else start + len(self.rest) + more
        return [Span(at, min(at + size, stop), at == start) for at in range(start, stop, size)]

    def chunks(self, size: int = CHUNK_BYTES) -> Iterator[Chunk]:
        """The lines after the header, in order, in chunks of about ``size`` bytes; once.

        Raises FileError for gzip data that is cut off or damaged, and for a line that is too long to be a trip.
        """
        return _whole_lines(self.file, self.rest, size, self._more())

    def _more(self) -> int | None:
        """How many bytes of a plain file are not yet read."""
        if isinstance(self.file, gzip.GzipFile):
            return None
        return max(0, os.fstat(self.file.fileno()).st_size - self.file.tell())


@contextmanager
def opened(path: Path, gzipped: bool) -> Iterator[Opened]:
    """A trip file, open. Raises FileError if no line of it is not blank, or the first such line is no header."""
    try:
        with gzip.open(path, "rb") if gzipped else path.open("rb") as file:
            line, rest = _header_line(file)  # type: ignore[arg-type]  # a GzipFile reads as a file does
            yield Opened(file, _names(line), rest)  # type: ignore[arg-type]
    except EOFError as error:
        raise FileError("the gzip data is cut off: the file is not complete") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise FileError(f"the gzip data is damaged: {error}") from error


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


def chunks_of(path: Path, span: Span, size: int = CHUNK_BYTES) -> Iterator[Chunk]:
    """The lines of ``span`` of a plain file, as ``Opened.chunks`` gives those of a whole one."""
    with path.open("rb") as file:
        stop = _line_start(file, span.end)
        start = span.start if span.first else _line_start(file, span.start)
        file.seek(start)
        yield from _whole_lines(file, b"", size, stop - start)


def _whole_lines(file: BinaryIO, rest: bytes, size: int, most: int | None) -> Iterator[Chunk]:
    """``rest`` and the next ``most`` bytes of ``file``, which end where a line does, or all that it holds."""
    room = size if most is None else min(size, most)
    buffer, filled = bytearray(len(rest) + room + PADDING), len(rest)
    buffer[:filled] = rest
    while got := _read_into(file, buffer, filled, most):
        filled += got
        most = most if most is None else most - got
        end = buffer.rfind(b"\n", 0, filled) + 1
        if end:
            yield Chunk(buffer, end, False)
            filled -= end
            buffer[:filled] = buffer[end : end + filled]
        elif filled > LONGEST_LINE:
            raise _too_long()
        else:
            buffer = buffer + bytes(min(filled, LONGEST_LINE + 1 - filled))
    if filled:
        cut_off = buffer[filled - 1] not in b"\r\n"
        buffer[filled] = ord("\n")
        yield Chunk(buffer, filled + 1, cut_off)


def _read_into(file: BinaryIO, buffer: bytearray, filled: int, most: int | None) -> int:
    """Fill the rest of ``buffer`` but its padding, with ``most`` bytes at most: how many there were."""
    end = len(buffer) - PADDING
    end = end if most is None else min(end, filled + most)
    at = filled
    with memoryview(buffer) as view:
        while at < end and (got := file.readinto(view[at:end])):  # type: ignore[attr-defined]
            at += got
    return at - filled


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
