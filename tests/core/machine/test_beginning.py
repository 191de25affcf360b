"""Where an execution begins, and whose results it reads on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from asl import evaluate

from data_pipeline.core.machine.state_machine import state_machine
from tests.datasets_project import datasets_project

STEPS = """
steps:
  fetch: {script: fetch.py, service: glue}
  prepare: {after: fetch}
  check_files: {script: report.py, service: glue, after: prepare, result: checked}
  load: {after: check_files}
  tell: {script: report.py, service: glue, after: load}
"""
OLD, NEW = "old-1", "new-2"


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder: Path = tmp_path_factory.mktemp("project")
    found: dict[str, Any] = state_machine(datasets_project(folder, STEPS))["States"]
    return found


def context(step: str | None) -> dict[str, Any]:
    """The context of an execution that begins at a step."""
    given = {"from": f"{step}@{OLD}"} if step else {}
    return {"input": given, "context": {"Execution": {"Input": given, "Name": NEW}}}


def way(states: dict[str, Any], step: str | None) -> tuple[list[str], dict[str, str], str]:
    """The states that an execution goes through where nothing fails, whose results it reads, and whose plan it has."""
    seen, read, planned = ["CheckInput"], {}, NEW
    results = {"decision": {"proceed": True}, "checked": {}, "verdict": {"passed": True}, "earlier": []}
    while states[seen[-1]]["Type"] not in ("Succeed", "Fail"):
        state = states[seen[-1]]
        if seen[-1].startswith("Read"):
            read[seen[-1]] = evaluate(state["Arguments"]["Key"], context(step)).split("/")[-2]
        rules = [
            rule
            for rule in state.get("Choices", [])
            if evaluate(rule["Condition"], context(step), planned=planned, **results) is True
        ]
        taken = rules[0] if rules else state
        if "planned" in taken.get("Assign", {}):
            planned = evaluate(taken["Assign"]["planned"], context(step))
        seen.append(taken.get("Next") or state["Default"])
    return seen, read, planned


@pytest.mark.parametrize(
    ("step", "jobs", "earlier", "plan"),
    [
        (None, ["Fetch", "Prepare", "CheckFiles", "Load", "Tell"], [], NEW),
        ("prepare", ["Prepare", "CheckFiles", "Load", "Tell"], [], NEW),
        ("check_files", ["CheckFiles", "Load", "Tell"], ["ReadDecision"], OLD),
        ("load", ["Load", "Tell"], ["ReadDecision", "ReadChecked"], OLD),
        ("tell", ["Tell"], ["ReadDecision", "ReadChecked", "ReadVerdict"], OLD),
    ],
)
def test_an_execution_begins_at_a_step_with_what_an_earlier_run_left(
    states: dict[str, Any], step: str | None, jobs: list[str], earlier: list[str], plan: str
) -> None:
    """Steps before it are not run; their results are the earlier run's, those of later steps its own."""
    seen, read, planned = way(states, step)
    tasks = [name for name in seen if name in ("Fetch", "Prepare", "CheckFiles", "Load", "Tell")]
    assert (tasks, planned, seen[-1]) == (jobs, plan, "Published")
    assert [name for name, run in read.items() if run == OLD] == earlier
    assert {*read} == {"ReadDecision", "ReadChecked", "ReadVerdict"}


@pytest.mark.parametrize("step", ["fetch", "publish", "Load"])
def test_a_step_at_which_none_begins_is_refused_by_the_first_state(states: dict[str, Any], step: str) -> None:
    """The first one, which needs no such field, and one that is none."""
    rule = states["CheckInput"]["Choices"][1]
    assert evaluate(rule["Condition"], context(step)) is True
    assert rule["Next"] == "Failed"
    assert evaluate(rule["Assign"]["failure"]["Cause"], context(step)) == (
        "the input of an execution is not valid: from: expected a step behind the first one, of: "
        f"prepare, check_files, load, tell; found: {step}@{OLD}"
    )
    assert evaluate(rule["Condition"], context(None)) is False
