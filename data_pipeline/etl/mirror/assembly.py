"""A file as it arrives: bytes fill parts, which other threads upload meanwhile; no more than a part is at hand."""

from __future__ import annotations

import hashlib
from concurrent.futures import Future
from typing import Any, Callable

from .store import Part
from .transfer_context import TransferContext

#: bytes kept of the file's beginning, and of the part before the last one: most Parquet footers fit.
FIRST = 64
_KEPT = 1 << 18


class Assembly:
    """The bytes of one version of a file, behind the ``stored`` parts that S3 has already."""

    def __init__(self, path: str, context: TransferContext, stored: list[Part]) -> None:
        self._path, self._context, self._size = path, context, context.store.part
        self._parts: list[Part | Future[Part]] = [*stored]
        self.position = sum(part.size for part in stored)
        self._filled = 0
        self._buffer: bytearray | None = None
        self._first = self._before = b""
        self._whole: Any = None if stored else hashlib.sha256()

    @property
    def count(self) -> int:
        """How many parts there are, uploaded or on their way."""
        return len(self._parts)

    @property
    def sha256(self) -> str:
        """Of all bytes (hexadecimal); empty where an earlier run has received some of them."""
        return self._whole.hexdigest() if self._whole is not None else ""

    def receive(self, answer: Any, total: int | None, upload: str, came: Callable[[int], None]) -> None:
        """Read the body to its end, or to ``total`` bytes of the file, and send every part but the last; ``came`` is
        told of bytes, and may raise.
        """
        while total is None or self.position < total:
            if self._filled == self._size:
                self.send(upload)
            if self._buffer is None:
                self._buffer = self._context.buffers.get()
            room = memoryview(self._buffer)[self._filled : self._size]
            count = answer.read(room)
            if not count:
                return
            self._take(room[:count])
            came(count)

    def _take(self, fresh: memoryview) -> None:
        if self._whole is not None:
            self._whole.update(fresh)
        if self.position == len(self._first) < FIRST:
            self._first += bytes(fresh[: FIRST - len(self._first)])
        self._filled += len(fresh)
        self.position += len(fresh)

    def send(self, upload: str) -> None:
        """Hand what is at hand, if anything is, to an uploading thread, which gives the buffer back. Raises what
        went wrong with an earlier part.
        """
        buffer, filled = self._buffer, self._filled
        if buffer is None or not filled:
            return
        for sent in self._parts:
            if isinstance(sent, Future) and sent.done():
                sent.result()
        self._before = bytes(buffer[max(0, filled - _KEPT) : filled])
        self._buffer, self._filled = None, 0
        number, size, context = len(self._parts) + 1, self._size, self._context

        def put() -> Part:
            try:
                content = buffer if filled == size else bytes(memoryview(buffer)[:filled])
                return context.store.put(self._path, upload, number, content)
            finally:
                context.buffers.put(buffer)

        self._parts.append(context.uploads.submit(put))

    def parts(self) -> list[Part]:
        """Every part, once it is stored. Raises what went wrong with one."""
        return [sent.result() if isinstance(sent, Future) else sent for sent in self._parts]

    def at_hand(self, start: int, length: int) -> bytes | None:
        """These bytes of the file, if they are still in memory: its first ones, and its last ones."""
        if start + length <= len(self._first):
            return self._first[start : start + length]
        last = self._before + bytes(memoryview(self._buffer)[: self._filled] if self._buffer else b"")
        begins = self.position - len(last)
        if begins <= start and start + length <= self.position:
            return last[start - begins : start - begins + length]
        return None

    def close(self) -> None:
        """Wait for the parts on their way, and give the buffer back."""
        for sent in self._parts:
            if isinstance(sent, Future):
                sent.exception()
        if self._buffer is not None:
            self._context.buffers.put(self._buffer)
            self._buffer, self._filled = None, 0
