"""The bytes of an object, of a part or of a range, in a file: they are read in pieces and hashed in pieces."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Protocol

#: Bytes that are in memory at once.
PIECE = 1 << 20


class Hasher(Protocol):
    """Takes bytes, then gives their digest."""

    def update(self, piece: bytes, /) -> None:
        """The next bytes."""

    def digest(self) -> bytes:
        """The digest of all of them."""


class Crc32:
    """CRC-32 as a hasher; the digest is big-endian, as S3 writes it."""

    def __init__(self) -> None:
        self._value = 0

    def update(self, piece: bytes, /) -> None:
        """Go on."""
        self._value = zlib.crc32(piece, self._value)

    def digest(self) -> bytes:
        """Four bytes."""
        return self._value.to_bytes(4, "big")


#: Name, as MiniStack writes it → what computes it.
HASHERS: dict[str, Callable[[], Hasher]] = {
    "MD5": lambda: hashlib.md5(usedforsecurity=False),
    "SHA1": lambda: hashlib.sha1(usedforsecurity=False),
    "SHA256": hashlib.sha256,
    "CRC32": Crc32,
}


@dataclass
class Body:
    """``size`` bytes of a file from ``start`` on. ``file`` is open where the path may soon hold another body.

    ``digests`` are those that are known. ``own`` is a file that nothing else refers to: it may be moved, and is
    removed when the body is not kept.
    """

    path: Path
    size: int
    start: int = 0
    file: BinaryIO | None = field(default=None, repr=False)
    digests: dict[str, bytes] = field(default_factory=dict, repr=False)
    own: bool = False

    @classmethod
    def of(cls, path: Path) -> Body:
        """What a file holds at this moment, whatever takes its place later."""
        file = path.open("rb")
        return cls(path, os.fstat(file.fileno()).st_size, file=file)

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, part: slice) -> Body:
        start, end, _ = part.indices(self.size)
        return Body(self.path, max(0, end - start), self.start + start, self.file)

    def pieces(self) -> Iterator[bytes]:
        """The bytes, in pieces; OSError when the file is shorter than it was."""
        file = self.file or self.path.open("rb")  # closed with the last reference to it
        done = 0
        while done < self.size:
            piece = os.pread(file.fileno(), min(PIECE, self.size - done), self.start + done)
            if not piece:
                raise OSError(f"{self.path}: ends {self.size - done} bytes too early")
            done += len(piece)
            yield piece

    def read(self) -> bytes:
        """All bytes."""
        return b"".join(self.pieces())

    def digest(self, algorithm: str) -> bytes:
        """The digest by one of HASHERS; the file is read unless it is known."""
        if algorithm not in self.digests:
            hasher = HASHERS[algorithm]()
            for piece in self.pieces():
                hasher.update(piece)
            self.digests[algorithm] = hasher.digest()
        return self.digests[algorithm]

    def place(self, target: Path) -> None:
        """Make these bytes the file ``target``, which is not there yet: moved, linked or copied.

        A file of the store is never changed in place, so that two names may share one.
        """
        if self.own:
            self.path.replace(target)
            self.path, self.own = target, False
            return
        if self.file is not None and self.start == 0 and self._is_all_of_its_path():
            with suppress(OSError):  # a file system without links
                os.link(self.path, target)
                return
        with target.open("xb") as file:
            for piece in self.pieces():
                file.write(piece)

    def discard(self) -> None:
        """Remove the file, if nothing took it over."""
        if self.own:
            self.path.unlink(missing_ok=True)

    def _is_all_of_its_path(self) -> bool:
        assert self.file is not None
        opened = os.fstat(self.file.fileno())
        return (
            opened.st_size == self.size and self.path.exists() and os.path.samestat(opened, self.path.stat())
        )


def join(bodies: list[Body], target: Path) -> Body:
    """The bytes of several files of their own in one, which the first becomes; the others stay. OSError with all
    as they were.
    """
    first, *others = bodies
    first.place(target)
    whole = Body(target, sum(len(body) for body in bodies), own=True)
    try:
        with target.open("ab") as file:
            for body in others:
                for piece in body.pieces():
                    file.write(piece)
    except OSError:
        part(whole, first)
        raise
    return whole


def part(whole: Body, first: Body) -> None:
    """Undo ``join``."""
    path = first.path.with_name(f"{first.path.name}-again")
    os.truncate(whole.path, first.size)
    whole.path.replace(path)
    first.path, first.own, whole.own = path, True, False
