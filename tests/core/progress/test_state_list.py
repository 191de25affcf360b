"""The states of a run as rows."""

from __future__ import annotations

from datetime import timedelta

from core.histories import START, History, succeeded

from data_pipeline.core.progress import state_list
from data_pipeline.core.progress.follow import Progress


def test_each_state_that_does_something_has_a_row() -> None:
    """With its job; choices are left out."""
    progress = Progress().after(succeeded().events)
    rows = state_list.rows(progress, START)
    assert rows[0] == ("Prepare", "done", "20 s", "nyc-tlc-dev-prepare run jr_1")
    assert [row[:3] for row in rows] == [("Prepare", "done", "20 s"), ("Load", "done", "3 min")]
    told = state_list.as_json(progress)
    assert (told[0]["name"], told[0]["seconds"], told[0]["job"]) == ("Prepare", 20.0, "jr_1")


def test_a_state_that_lasts_and_one_that_was_broken_off() -> None:
    """A clock that goes on, and one that stood still when the run was stopped."""
    history = History()
    history.enter(0, "Load")
    progress = Progress().after(history.events)
    assert state_list.rows(progress, START + timedelta(seconds=9)) == [("Load", "running", "9 s", "")]
    assert state_list.as_json(progress)[0]["seconds"] is None
    history.add(5, "ExecutionAborted", {"cause": "enough"})
    stopped = Progress().after(history.events)
    assert state_list.rows(stopped, START + timedelta(seconds=9)) == [("Load", "broken off", "5 s", "")]


def test_a_state_that_failed_says_why() -> None:
    """For scripts, the one line that matters."""
    history = History()
    history.enter(0, "Load")
    history.processing_job(1, "j-1")
    history.fail(2, "E", '{"ExitMessage": "error: no files"}')
    progress = Progress().after(history.events)
    assert state_list.rows(progress, START)[0][1] == "failed"
    assert state_list.as_json(progress)[0]["reason"] == "no files"
