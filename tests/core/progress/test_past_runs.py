"""Runs of the past: which one somebody means, and how a list tells of each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from data_pipeline.core.errors import UserError
from data_pipeline.core.progress import past_runs
from data_pipeline.core.progress.past_runs import PastRun

START = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
NAMES = ["2026-11-24T06-00-00Z-aaaaaa", "2026-11-23T06-00-00Z-bbbbbb", UUID, "2026-11-22T06-00-00Z-aabbbb"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("last", 0),
        ("last~0", 0),
        ("last~3", 3),
        (NAMES[1], 1),
        ("2026-11-23", 1),
        ("0f8f", 2),
        ("28950e", 2),
        ("aabbbb", 3),
        ("aaaaaa", 0),
    ],
)
def test_a_run_is_named_by_its_place_or_a_part_of_its_name(text: str, place: int) -> None:
    """From the newest backwards; the beginning, or the end."""
    assert past_runs.chosen(text, NAMES) == NAMES[place]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("last~4", "there are only 4 runs; the oldest is last~3"),
        ("2026-11-2", f"means several runs: {NAMES[0]}, {NAMES[1]}, {NAMES[3]}; write more"),
        ("bbbb", f"means several runs: {NAMES[1]}, {NAMES[3]}; write more"),
        ("lost", "there is no run 'lost': expected 'last', 'last~2', or the beginning or end of a name"),
        ("", "there is no run ''"),
        ("11-23", "there is no run '11-23'"),
    ],
)
def test_what_names_no_run_or_several_is_refused(text: str, said: str) -> None:
    """With what is there."""
    with pytest.raises(UserError) as error:
        past_runs.chosen(text, NAMES)
    assert said in str(error.value)


def test_without_any_run_none_is_meant() -> None:
    """Not even the last one."""
    with pytest.raises(UserError, match="last: there is no run yet"):
        past_runs.chosen("last", [])


DECISION = {"proceed": True, "new": 2, "changed": 1, "unchanged": 7, "deleted": 0}
VERDICT = {"passed": True, "rows": {"read": 1012, "counted": 1000, "quarantined": 12}, "warnings": 0}


def _run(status: Any = "SUCCEEDED", error: str | None = None, judged: bool = True, **results: Any) -> PastRun:
    stopped = None if status == "RUNNING" else START + timedelta(seconds=65)
    return PastRun(NAMES[0], status, START, stopped, error, {"started_by": "schedule"}, results, judged)


@pytest.mark.parametrize(
    ("run", "ended"),
    [
        (_run("RUNNING"), "running"),
        (_run("ABORTED", "Stopped"), "stopped"),
        (_run("TIMED_OUT"), "timed out"),
        (_run("FAILED", "JobFailed"), "failed"),
        (_run("FAILED", "QualityGateFailed"), "gate failed"),
        (_run("FAILED", "DefinitionChanged"), "held"),
        (_run(decision={**DECISION, "proceed": False}), "nothing new"),
        (_run(decision=DECISION, verdict=VERDICT), "published"),
        (_run(decision=DECISION, verdict={**VERDICT, "warnings": 2}), "warnings"),
        (replace(_run(), waived=True), "another ran"),
        (_run(), "ended well"),
        (_run(judged=False), "ended well"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_how_a_run_ended_is_two_words_at_most(run: PastRun, ended: str) -> None:
    """From its status, its error, and what its steps left."""
    assert run.ended == ended


def test_a_row_has_what_was_new_and_how_many_rows() -> None:
    """Short enough for a terminal; what nobody counted is a dash."""
    now = START + timedelta(minutes=2)
    whole = _run(decision=DECISION, verdict=VERDICT)
    assert past_runs.row(whole, now) == (
        "aaaaaa",
        "11-23 06:00",
        "published",
        "01:05",
        "3",
        "1,000",
        "12",
        "schedule",
    )
    assert past_runs.row(_run("RUNNING"), now)[2:7] == ("running", "02:00", "-", "-", "-")
    assert len(past_runs.HEAD) == len(past_runs.row(whole, now))


def test_json_has_the_whole_name_and_no_words_for_what_is_unknown() -> None:
    """None stands for it."""
    told = past_runs.as_json(_run("RUNNING"), START + timedelta(seconds=1))
    assert (told["execution"], told["rows"], told["new"], told["stopDate"]) == (NAMES[0], None, None, None)
    assert told["seconds"] == 1.0
    assert past_runs.as_json(_run(verdict=VERDICT), START)["quarantined"] == 12


@pytest.mark.parametrize(
    ("starter", "shown"),
    [
        ("schedule", "schedule"),
        ("arn:aws:sts::123456789012:assumed-role/Data/ann", "ann"),
        ("arn:aws:iam::123456789012:user/team/bob", "bob"),
        ("arn:aws:iam::123456789012:root", "root"),
        ("unknown", "unknown"),
    ],
)
def test_of_an_arn_the_person_is_shown(starter: str, shown: str) -> None:
    """The last part."""
    assert past_runs.person(starter) == shown


def test_nobody_is_unknown() -> None:
    """As for an execution that was started from the console."""
    assert PastRun(UUID, "RUNNING", START).started_by == "unknown"
    assert past_runs.short(UUID) == "0f8fad5b"
