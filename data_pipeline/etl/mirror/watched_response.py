"""An answer that comes too slowly, or with too long a head, is broken off. Runs on Python 3.9, standard library alone.

http.client reads until a buffer is full, and each byte begins its time limit anew. So every read of the connection is
watched here, below its buffers. Only the time in which the server is waited for counts, not our own pauses.
"""

from __future__ import annotations

import http.client
import io
import time
from typing import Any

from .retry_policy import RetryPolicy


class WatchedResponse(http.client.HTTPResponse):
    """A response of which every read is held against the policy. Raises OSError where the server is too slow, and
    HTTPException where its head is too long.
    """

    def __init__(self, retry_policy: RetryPolicy, sock: Any, *arguments: Any, **more: Any) -> None:
        super().__init__(sock, *arguments, **more)
        self._watch = _Watch(retry_policy)
        self.fp = io.BufferedReader(_Watched(self.fp.detach(), self._watch))

    def begin(self) -> None:
        super().begin()
        self._watch.end_head()


class _Watch:
    """Counts bytes and seconds of a head, then of a body."""

    def __init__(self, retry_policy: RetryPolicy) -> None:
        self._policy = retry_policy
        self._in_head = True
        self._bytes, self._seconds, self._since = 0, 0.0, 0.0

    def end_head(self) -> None:
        self._in_head = False
        self._bytes, self._seconds, self._since = 0, 0.0, 0.0

    def came(self, count: int, seconds: float) -> None:
        """``count`` bytes came, after ``seconds`` in which they were waited for."""
        policy = self._policy
        self._bytes += count
        self._seconds += seconds
        if self._in_head:
            if self._seconds > policy.head:
                raise OSError(f"the head of its answer took longer than {policy.head:g} s")
            if self._bytes > policy.head_bytes:
                raise http.client.HTTPException(
                    f"the head of its answer is longer than {policy.head_bytes:,} bytes"
                )
            return
        if self._seconds > policy.body:
            raise OSError(f"the body of its answer took longer than {policy.body:g} s")
        if count and self._seconds - self._since >= policy.stall:
            if self._bytes < policy.stall_bytes:
                raise OSError(f"only {self._bytes:,} bytes came in {policy.stall:g} s")
            self._bytes, self._since = 0, self._seconds


class _Watched(io.RawIOBase):
    """A socket's stream, with its watch."""

    def __init__(self, raw: Any, watch: _Watch) -> None:
        self._raw, self._watch = raw, watch

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        began = time.monotonic()
        count: int | None = self._raw.readinto(buffer)
        self._watch.came(count or 0, time.monotonic() - began)
        return count

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()
