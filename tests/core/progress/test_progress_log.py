"""Progress of an execution → lines for a log."""

from __future__ import annotations

import pytest
from core.histories import History, succeeded

from data_pipeline.core.progress.follow import Progress
from data_pipeline.core.progress.progress_log import changes, clock, duration

JOB = "nyc-tlc-dev-load-0123456789ab-0-0-0"
LINES = [
    "00:00 Prepare: job nyc-tlc-dev-prepare run jr_1",
    "00:20 Prepare: done in 20 s",
    f"00:20 Load: job {JOB}",
    "03:20 Load: done in 3 min",
    "03:20 SUCCEEDED",
]


def test_a_whole_run_at_once() -> None:
    """Tasks with their jobs and times, then the end; states that only decide are not mentioned."""
    assert list(changes(Progress(), Progress().after(succeeded().events))) == LINES


def test_states_without_a_job_are_told_where_they_take_long() -> None:
    """Waits at once; what reads a result only if something is wrong with it; long ids of runs are cut."""
    history = History()
    for at, name, kind, until in (
        (0, "Look", "Task", 1),
        (1, "Backoff", "Wait", 61),
        (61, "Read", "Task", 75),
    ):
        history.enter(at, name, kind)
        history.leave(until, name, kind)
    history.enter(75, "Prepare")
    history.glue_run(75, "prepare", "jr_" + "0" * 64)
    assert list(changes(Progress(), Progress().after(history.events))) == [
        "00:01 Backoff",
        "01:01 Backoff: done in 1 min",
        "01:15 Read: done in 14 s",
        "01:15 Prepare: job prepare run jr_000000000…",
    ]


def test_a_run_event_by_event_says_the_same() -> None:
    """However often one looks, each change is told once; a Glue job when its run has an id."""
    said: list[str] = []
    progress = Progress()
    for event in succeeded().events:
        now = progress.after([event])
        said += changes(progress, now)
        progress = now
    assert said == LINES


def test_each_attempt_that_went_wrong_is_told_once() -> None:
    """Two failures of one state are two lines; leaving it after a failure is not called done."""
    history = History()
    history.enter(0, "Load")
    said: list[str] = []
    progress = Progress().after(history.events)
    for cause in ("Rate exceeded", '{"ExitMessage": "error: no files"}'):
        history.processing_job(1, JOB)
        history.fail(2, "E", cause)
        said += changes(progress, progress := progress.after(history.events))
    history.leave(3, "Load")
    said += changes(progress, progress.after(history.events))
    assert [line for line in said if "job" not in line] == [
        "00:00 Load: failed: Rate exceeded",
        "00:00 Load: failed: no files",
    ]


@pytest.mark.parametrize(
    ("seconds", "as_clock", "as_words"),
    [
        (0, "00:00", "0 s"),
        (-3, "00:00", "0 s"),
        (59.4, "00:59", "59 s"),
        (59.6, "00:59", "1 min"),
        (125, "02:05", "2 min 5 s"),
        (3600, "1:00:00", "1 h"),
        (3_840, "1:04:00", "1 h 4 min"),
    ],
)
def test_times(seconds: float, as_clock: str, as_words: str) -> None:
    """A clock that ran backwards shows zero; words are rounded to what matters."""
    assert (clock(seconds), duration(seconds)) == (as_clock, as_words)
