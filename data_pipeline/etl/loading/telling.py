"""What the log of a job tells while it reads: how many files and rows, now and then."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import Callable

from data_pipeline.etl import exits
from data_pipeline.etl.documents import progress
from data_pipeline.etl.documents.progress import Reached

from .reading import UnitResult

SECONDS = 5.0
"""Between two lines."""


class Telling:
    """Counts the files of a plan as they are read, and says so every few seconds; of a plan of no files, nothing."""

    def __init__(
        self,
        of: int,
        now: Callable[[], float] = time.monotonic,
        say: Callable[[str], None] = exits.log,
    ) -> None:
        self._of, self._now, self._say = of, now, say
        self._files, self._rows = 0, 0
        self._said = now()

    def counted(self, results: Iterable[UnitResult]) -> Iterator[UnitResult]:
        """The same results, one after the other."""
        for result in results:
            self._files += len(result.files)
            self._rows += sum(each.rows.read for each in result.files)
            if self._of and self._now() - self._said >= SECONDS:
                self._said = self._now()
                self._say(progress.written(Reached(self._files, self._of, self._rows)))
            yield result
