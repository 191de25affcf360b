"""What transfers share: where files come from and go to, buffers, uploading threads, limits, the clock."""

from __future__ import annotations

import queue
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Callable
from urllib.parse import urlsplit

from data_pipeline.etl.documents.sources import Limits

from .bucket import Bucket
from .record import Record
from .retry_policy import RetryPolicy
from .store import Store
from .web import DroppedError, LastingError, Web

#: threads that upload parts; buffers: one for each of them, and one for each file that is read.
UPLOADS = 4
_SAVE_EVERY = 5.0

Event = dict[str, Any]


class LeftError(Exception):
    """The run has to end; what is not done is left for the next one. The message says why."""


@dataclass(frozen=True)
class Budget:
    """What a run may take, bytes of bodies and seconds; None: as much as it needs."""

    bytes: int | None = None
    seconds: float | None = None


class TransferContext:
    """Shared by the transfers of one run; safe for several threads."""

    def __init__(
        self,
        store: Store,
        record: Record,
        limits: Limits = Limits(),  # noqa: B008 - it is frozen
        retry_policy: RetryPolicy = RetryPolicy(),  # noqa: B008 - it is frozen
        budget: Budget = Budget(),
        tell: Callable[[Event], None] = lambda _: None,
        chance: random.Random | None = None,
    ) -> None:
        self.store, self.record, self.limits, self.retry_policy = store, record, limits, retry_policy
        self.chance = chance or random.Random()  # noqa: S311 - for pauses
        self.tell = tell
        self.buffers: queue.Queue[bytearray] = queue.Queue()
        for _ in range(limits.connections + UPLOADS):
            self.buffers.put(bytearray(store.part))
        self.requests = self.received = 0
        self._budget, self._reserved = budget, 0
        self._began, self._saved = time.monotonic(), time.monotonic()
        self._lock = threading.Lock()
        self._next_request = 0.0
        self._stopped = self.used_up = ""
        self._web = Web(retry_policy, self._pace)
        self._bucket: Bucket | None = None

    @contextmanager
    def working(self, dry: bool = False) -> Iterator[TransferContext]:
        """While transfers run: their uploading threads; and the record is saved at the end, however it comes, but
        not after a ``dry`` run.
        """
        with ThreadPoolExecutor(UPLOADS, "upload") as self.uploads:
            try:
                yield self
            finally:
                if not dry:
                    self.record.save()

    def origin(self, url: str) -> Any:
        """Who is asked for a URL: a ``Web``, or a ``Bucket`` for ``s3://``."""
        if urlsplit(url).scheme != "s3":
            return self._web
        with self._lock:
            self._bucket = self._bucket or Bucket(self.retry_policy, self._pace)
            return self._bucket

    def now(self) -> str:
        return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")

    def save(self, now: bool = False) -> None:
        """Write the record, at once or if it was not written for a while."""
        with self._lock:
            due = now or time.monotonic() - self._saved > _SAVE_EVERY
            self._saved = time.monotonic() if due else self._saved
        if due:
            self.record.save()

    def stop(self, reason: str) -> None:
        """Have every transfer end at its next part."""
        self._stopped = reason

    def go_on(self) -> None:
        """Raises LeftError when the run has to end."""
        if self._stopped:
            raise LeftError(self._stopped)
        seconds = self._budget.seconds
        if seconds is not None and time.monotonic() - self._began > seconds:
            raise LeftError(f"the run's {seconds / 60:g} minutes are over")

    def reserve(self, size: int) -> None:
        """Take bytes of the budget, of which the first file may take more than there is. Raises LeftError."""
        with self._lock:
            most = self._budget.bytes
            if most is not None and self._reserved and self._reserved + size > most:
                self.used_up = f"the run's {most / 1e9:g} GB are used up"
                raise LeftError(self.used_up)
            self._reserved += max(1, size)

    def wait(self, seconds: float, everybody: bool = False) -> None:
        """Wait; and have nobody ask before that, where the server wants it. Raises LeftError."""
        if everybody:
            with self._lock:
                self._next_request = max(self._next_request, time.monotonic() + seconds)
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.go_on()
            time.sleep(min(left, 0.2))

    def pause(
        self, failures: int, asked: float | None = None, error: DroppedError | None = None
    ) -> float | None:
        """Seconds to wait after so many failures in a row, the last one by ``error``; None to give up."""
        pause = (
            None if isinstance(error, LastingError) else self.retry_policy.pause(failures, self.chance, asked)
        )
        within = error.within if error is not None else None
        return pause if pause is None or within is None else min(pause, within)

    def stall_watch(self) -> Callable[[int], None]:
        """A function that is told of bytes, and raises DroppedError when too few came for too long."""
        began, some = time.monotonic(), 0

        def count(more: int) -> None:
            nonlocal began, some
            some += more
            if time.monotonic() - began < self.retry_policy.stall:
                return
            if some < self.retry_policy.stall_bytes:
                raise DroppedError(f"only {some:,} bytes came in {self.retry_policy.stall:g} s")
            began, some = time.monotonic(), 0

        return count

    def began(self, path: str, position: int, size: int | None) -> None:
        self.tell({"event": "begin", "path": path, "position": position, "size": size})

    def progressed(self, path: str, count: int) -> None:
        with self._lock:
            self.received += count
        self.tell({"event": "bytes", "path": path, "bytes": count})

    def _pace(self) -> None:
        """Wait for this request's turn. Raises LeftError."""
        with self._lock:
            turn = max(self._next_request, time.monotonic())
            self._next_request = turn + 1.0 / self.limits.requests_per_second
            self.requests += 1
        if (left := turn - time.monotonic()) > 0:
            self.wait(left)
