"""Gzip data as one stream of bytes, by RFC 1952: members, one or more, that follow each other up to the file's end.

Every member has to be whole, and its checksum and length have to be right; zlib looks at these and at the header's
reserved bits and own checksum. Zeros behind the last member are padding, as gzip's manual has it ("Using gzip on
tapes"); between members, too. Anything else behind a member is damage: it may be the rest of one.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from data_pipeline.etl.errors import FileError

MAGIC = b"\x1f\x8b"
_PIECE = 1 << 17
_GZIP_ALONE = 16 + zlib.MAX_WBITS


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """The content of a gzip file, open. FileError as of ``GzipMembers``."""
    with path.open("rb") as file, io.BufferedReader(GzipMembers(file), _PIECE) as content:
        yield content


class GzipMembers(io.RawIOBase):
    """What the members in the open ``file`` hold. Reading raises FileError for data that are damaged or cut off."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._next = b""
        self._member: Any = None
        self._before = False

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the start of ``buffer``: with how many bytes, 0 at the end."""
        while self._member is not None or self._begins():
            data = self._inflated(len(buffer))
            if data:
                buffer[: len(data)] = data
                return len(data)
        return 0

    def _begins(self) -> bool:
        """Whether another member begins here."""
        while not (start := self._next.lstrip(b"\0") if self._before else self._next):
            self._next = self._file.read(_PIECE)
            if not self._next:
                return False
        self._next = start
        if len(start) == 1:
            self._next += self._file.read(_PIECE)
        if not self._next.startswith(MAGIC[: len(self._next)]):
            what = "behind its end is other data" if self._before else "it is not a gzip file"
            raise FileError(f"the gzip data is damaged: {what}")
        self._member, self._before = zlib.decompressobj(_GZIP_ALONE), True
        return True

    def _inflated(self, size: int) -> bytes:
        """At most ``size`` bytes of the member; none at its end, and where it needs more data to go on."""
        data = self._next or self._file.read(_PIECE)
        try:
            found: bytes = self._member.decompress(data, size)
        except zlib.error as error:
            said = str(error).rpartition(": ")[2]
            raise FileError(f"the gzip data is damaged: {said}") from error
        if self._member.eof:
            self._next, self._member = self._member.unused_data, None
        else:
            self._next = self._member.unconsumed_tail
            if not data and not found:
                raise FileError("the gzip data is cut off: the file is not complete")
        return found
