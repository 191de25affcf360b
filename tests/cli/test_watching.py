"""A run on a terminal: clocks, expected times, how far its job has come; and the lines elsewhere."""

from __future__ import annotations

import io

import pytest
from core.histories import History
from rich.console import Console

from data_pipeline.aws.states import Watched
from data_pipeline.cli.running import watching
from data_pipeline.cli.running.watching import Look, Moving
from data_pipeline.core.progress.follow import Progress
from data_pipeline.etl.documents.progress import Reached

JOB = "a-pipeline-with-a-long-name-production-load-0123456789ab-0-0-0"
EXPECTED = {"Prepare": 25.0, "Load": 240.0, "ReadVerdict": 0.4}


def loading() -> Progress:
    """A run that is in its second job since a minute."""
    history = History()
    history.enter(0, "Prepare")
    history.glue_run(0, "a-pipeline-with-a-long-name-production-prepare", "jr_1")
    history.leave(20, "Prepare")
    history.enter(20, "ReadDecision")
    history.leave(21, "ReadDecision")
    history.enter(21, "Load")
    history.processing_job(21, JOB)
    return Progress().after(history.events)


def drawn(look: Look, width: int, seconds: float = 81) -> list[str]:
    """The lines of the table."""
    moving = Moving(lambda: seconds)
    moving.show(look)
    screen = Console(file=io.StringIO(), width=width, highlight=False, color_system=None)
    screen.print(moving.render())
    file = screen.file
    assert isinstance(file, io.StringIO)
    return [line.rstrip() for line in file.getvalue().splitlines()]


@pytest.mark.parametrize("width", [80, 120])
def test_each_state_has_one_line_with_its_times(width: int) -> None:
    """A job that tells how far it is says so in place of its name; a long name is cut, no line is folded."""
    reached = Reached(120, 500, 1_234_567)
    lines = drawn(Look(Watched(loading()), reached, EXPECTED, 266.0), width)
    assert len(lines) == 3
    assert lines[0].startswith("✓  Prepare  00:20           a-pipeline-with-a-long-name-")
    assert lines[1].endswith("Load     01:00 of 04:00  120 of 500 files, 1,234,567 rows")
    assert lines[2].strip() == "01:21 of 04:26"
    assert max(map(len, lines)) <= width


def test_without_runs_before_there_are_clocks_alone() -> None:
    """And the name of the job, until it says how far it is."""
    lines = drawn(Look(Watched(loading())), 120)
    assert lines[1].endswith(f"Load     01:00  {JOB}")
    assert lines[2].strip() == "01:21"


def test_a_network_that_is_away_is_told() -> None:
    """In the place of the clock of the whole."""
    lines = drawn(Look(Watched(loading(), "no route to host")), 120)
    assert lines[-1].strip() == "AWS does not answer, trying again: no route to host"


def test_elsewhere_a_line_says_how_far_a_job_is(capfd: pytest.CaptureFixture[str]) -> None:
    """Once, as long as it is the same."""
    with watching.shown(lambda: 0.0) as show:
        for files in (None, 1, 1, 2):
            reached = None if files is None else Reached(files, 2, 10)
            show(Look(Watched(loading()), reached))
    assert capfd.readouterr().err.splitlines()[-2:] == [
        "      Load: 1 of 2 files, 10 rows",
        "      Load: 2 of 2 files, 10 rows",
    ]
