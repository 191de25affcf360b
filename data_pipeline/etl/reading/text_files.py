"""A text file as a stream of UTF-8: plain, ``.gz``, ``.zst`` or ``.bz2``, in any of Python's encodings.

Bytes that are no text in the file's encoding become 0xFF, which is none in UTF-8 either, so that what reads the
stream refuses their record. A byte order mark is dropped; that of UTF-16 says UTF-16 where UTF-8 was expected.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from data_pipeline.etl.errors import FileError, JobError
from data_pipeline.etl.reading.gzip_members import GzipMembers

COMPRESSIONS = {".gz": "gzip", ".zst": "zstd", ".bz2": "bz2"}
_STARTS = {
    b"\x1f\x8b": "a gzip file",
    b"\x28\xb5\x2f\xfd": "a zstd file",
    b"BZh": "a bzip2 file",
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": "a ZIP archive",
}
_UTF8, _UTF16 = codecs.BOM_UTF8, (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_NO_TEXT = "no-text-in-this-encoding"
codecs.register_error(_NO_TEXT, lambda error: ("\udcff", error.end))  # type: ignore[attr-defined]


class Readable(Protocol):
    """What is read forward."""

    def read(self, size: int) -> bytes:
        """About ``size`` bytes; none at the end."""


class TextFile:
    """The bytes of an open text file in UTF-8, without a byte order mark."""

    def __init__(self, file: Any, encoding: str, start: bytes = b"") -> None:
        """``start``: the first bytes, three or more if there are as many, if they were read of ``file`` already."""
        self._file = file
        self._start = start or _read(file, 4)
        self._decoder: codecs.IncrementalDecoder | None = None
        name = codecs.lookup(encoding).name
        if name == "utf-8" and self._start.startswith(_UTF16):
            name = "utf-16"
        if name != "utf-8":
            self._decoder = codecs.getincrementaldecoder(name)(_NO_TEXT)
        elif self._start.startswith(_UTF8):
            self._start = self._start[3:]
        self._first = True

    def read(self, size: int) -> bytes:
        """About ``size`` bytes; none at the end. FileError for compressed data that is damaged or cut off, and for
        UTF-16 without a byte order mark.
        """
        while True:
            data, self._start = self._start + _read(self._file, size), b""
            if self._decoder is None:
                return data
            try:
                text = self._decoder.decode(data, final=not data)
            except UnicodeError as error:  # what an error handler is not asked about
                raise FileError(f"it is no text in the data set's encoding: {error}") from error
            if self._first and text:
                text, self._first = text.removeprefix("\ufeff"), False
            if text or not data:
                return text.encode("utf-8", "surrogateescape")


@contextmanager
def opened(path: Path, encoding: str) -> Iterator[TextFile]:
    """The text of a local file. FileError if it is not compressed as its name says; JobError for an encoding that
    Python does not know.
    """
    try:
        codecs.lookup(encoding)
    except LookupError as error:
        raise JobError(f"encoding {encoding} is not known; use one such as utf-8 or cp1252") from error
    kind = COMPRESSIONS.get(path.suffix.lower())
    with pa.OSFile(str(path), "rb") as file:
        if kind and not file.size():
            raise FileError(f"it is empty, not a {kind} file")
        content = _decompressed(file, kind)
        start = _read(content, 4)
        for sign, what in _STARTS.items():
            if start.startswith(sign):
                raise FileError(_no_text(what, kind))
        yield TextFile(content, encoding, start)


def _decompressed(file: Any, kind: str | None) -> Any:
    if kind == "gzip":  # Arrow takes padding for damage, and other data of zlib for gzip
        return io.BufferedReader(GzipMembers(file))
    return pa.CompressedInputStream(file, kind) if kind else file


def _no_text(what: str, kind: str | None) -> str:
    """Why a file that is compressed as ``kind`` says, or not at all, and then is ``what``, is no text."""
    if kind is None:
        return f"it is {what} by its first bytes, which its name does not say"
    return f"decompressed as {kind} it is {what}, no text; it may be compressed once, as its name says"


def _read(file: Any, size: int) -> bytes:
    try:
        data: bytes = file.read(size)
        return data
    except (pa.ArrowException, OSError) as error:
        raise FileError(f"its compressed data is damaged or cut off: {error}") from error


def undecodable(data: bytes) -> list[int]:
    """The positions of what is no UTF-8 in ``data``."""
    found: list[int] = []

    def note(error: UnicodeError) -> tuple[str, int]:
        found.extend(range(error.start, error.end))  # type: ignore[attr-defined]
        return "?", error.end  # type: ignore[attr-defined]

    if is_utf8(data):
        return found
    codecs.register_error("note-what-is-no-utf-8", note)
    data.decode("utf-8", "note-what-is-no-utf-8")
    return found


def is_utf8(data: bytes) -> bool:
    """Quicker than decoding it."""
    offsets = pa.array([0, len(data)], pa.int32()).buffers()[1]
    try:
        pa.StringArray.from_buffers(1, offsets, pa.py_buffer(data)).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True
