"""How far a job has come: as its log says it, now and then, and as a command reads it there."""

from __future__ import annotations

import pytest

from data_pipeline.etl.documents import progress
from data_pipeline.etl.documents.load_plan import PlannedFile, Unit
from data_pipeline.etl.documents.progress import Reached
from data_pipeline.etl.loading.reading import FileResult, UnitResult
from data_pipeline.etl.loading.telling import Telling
from data_pipeline.etl.reading.protocol import FileRows

FILE = PlannedFile("u", "p", "e", 5, "", {})


def result(*rows: int) -> UnitResult:
    """Of a unit whose files have so many rows each."""
    files = tuple(FileResult(FILE, FileRows(each, each, 0)) for each in rows)
    return UnitResult(Unit("k", "orders", (FILE,) * len(rows), "new"), files)


def test_a_line_is_written_every_few_seconds() -> None:
    """However fast the files are; the results go on as they are."""
    seconds = iter([0.0, 1.0, 6.0, 6.0, 7.0, 12.0, 12.0])
    said: list[str] = []
    results = [result(10), result(1000, 500), result(1), result()]
    telling = Telling(5, lambda: next(seconds), said.append)
    assert [*telling.counted(results)] == results
    assert said == ["progress: 3 of 5 files, 1,510 rows", "progress: 4 of 5 files, 1,511 rows"]


@pytest.mark.parametrize(
    "reached", [Reached(0, 0, 0), Reached(12, 500, 1_234_567), Reached(10**6, 10**6, 10**12)]
)
def test_what_the_job_writes_is_read(reached: Reached) -> None:
    """The last line that tells of it, also where a service writes the time before it."""
    lines = [
        progress.written(Reached(1, 9, 9)),
        f"2026-11-30T05:00:00 {progress.written(reached)}",
        "orders: 5 rows read",
    ]
    assert progress.last(lines) == reached
    assert progress.last(["orders: 5 rows read", "progress: none"]) is None
