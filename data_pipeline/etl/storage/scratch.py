"""The disk space that files in work may take together."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from data_pipeline.etl.errors import FileError

GIB = 1 << 30


class Scratch:
    """``limit`` bytes, shared by the threads that fetch files."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self._freed = threading.Condition()

    @contextmanager
    def room(self, size: int) -> Iterator[None]:
        """Hold ``size`` bytes, waiting until others have freed as many. FileError if there will never be as
        many.
        """
        if size > self.limit:
            raise FileError(
                f"its {size / GIB:.1f} GiB are more than the {self.limit / GIB:.1f} that --scratch-gb allows"
            )
        with self._freed:
            self._freed.wait_for(lambda: self.used + size <= self.limit)
            self.used += size
        try:
            yield
        finally:
            with self._freed:
                self.used -= size
                self._freed.notify_all()
