"""How a run of data sets ends: with some tables held back, with warnings, and what is told of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from asl import evaluate

from data_pipeline.core.machine import state_names
from data_pipeline.core.machine.state_machine import state_machine
from tests.datasets_project import STORE, TABLES, datasets_project

NOTIFY = "notify: {when: [failure, warning], emails: [data-team@example.com]}\n"
REPORT = "steps: {report: {script: report.py, service: glue, after: load}}\n"


def states(root: Path, *parts: str) -> dict[str, Any]:
    env = datasets_project(root, TABLES, *parts)
    found: dict[str, Any] = state_machine(env)["States"]
    assert {*found} == state_names.all_states(env.steps, env.notify)
    return found


def following(state: dict[str, Any], verdict: dict[str, Any]) -> str:
    """Where a Choice goes with this verdict."""
    for rule in state["Choices"]:
        if evaluate(rule["Condition"], {}, verdict=verdict, decision={}):
            return str(rule["Next"])
    return str(state["Default"])


@pytest.mark.parametrize(
    ("verdict", "then"),
    [
        ({"passed": True}, "Ingest"),
        ({"passed": False, "published": 2}, "Ingest"),
        ({"passed": False, "published": 0}, "QualityGateFailed"),
        ({"passed": False}, "QualityGateFailed"),
        ({"passed": False, "published": "2"}, "QualityGateFailed"),
        ({"proceed": False}, "NothingNew"),
    ],
)
def test_what_is_published_is_ingested_although_a_rule_failed(
    tmp_path: Path, verdict: dict[str, Any], then: str
) -> None:
    """And only where something is."""
    assert following(states(tmp_path, STORE)["CheckVerdict"], verdict) == then


@pytest.mark.parametrize("passed", [True, False])
def test_a_run_that_leaves_tables_leaves_the_ingestion(tmp_path: Path, passed: bool) -> None:
    """To the run that makes them. A rule that failed is not forgotten."""
    asked = {"context": {"Execution": {"Input": {"defer_tables": True}}}}
    verdict = {"passed": passed, "published": 1}
    rules = states(tmp_path, STORE)["CheckVerdict"]["Choices"]
    then = next(rule for rule in rules if evaluate(rule["Condition"], asked, verdict=verdict, decision={}))
    assert then["Next"] == "CheckRest"


def test_the_run_fails_after_that_ingestion(tmp_path: Path) -> None:
    """A rule that failed is not forgotten."""
    found = states(tmp_path, STORE)
    assert found["Ingest"]["Next"] == "CheckRest"
    assert following(found["CheckRest"], {"passed": False, "published": 2}) == "QualityGateFailed"
    assert following(found["CheckRest"], {"passed": True}) == "CheckWarnings"


def test_steps_behind_do_not_run_where_a_rule_failed(tmp_path: Path) -> None:
    """A script of the project's own relies on what is published."""
    found = states(tmp_path, REPORT)
    assert following(found["CheckVerdict"], {"passed": False, "published": 2}) == "QualityGateFailed"
    assert following(found["CheckVerdict"], {"passed": True}) == "Report"
    assert found["Report"]["Next"] == "CheckWarnings"


@pytest.mark.parametrize(
    ("verdict", "end"),
    [
        ({"passed": True, "warnings": 1}, "PublishedWithWarnings"),
        ({"passed": True, "warnings": 0}, "Published"),
        ({"passed": True}, "Published"),
    ],
)
def test_a_run_with_warnings_ends_as_such(tmp_path: Path, verdict: dict[str, Any], end: str) -> None:
    """It succeeds, at a state of its own, with the verdict as its output."""
    found = states(tmp_path)
    assert following(found["CheckWarnings"], verdict) == end
    assert evaluate(found[end]["Output"], {}, verdict=verdict) == verdict


@pytest.mark.parametrize(
    ("when", "told"),
    [
        ("failure", []),
        ("warning", ["NotifyWarnings"]),
        ("success", ["NotifyWarnings", "NotifyPublished"]),
    ],
)
def test_who_is_told_of_warnings(tmp_path: Path, when: str, told: list[str]) -> None:
    """Whoever wants to hear of warnings, and of success, which it is."""
    found = states(tmp_path, NOTIFY.replace("failure, warning", when))
    assert [name for name in ("NotifyWarnings", "NotifyPublished") if name in found] == told


def test_what_is_told_of_warnings_and_of_tables_held_back(tmp_path: Path) -> None:
    """The mail does not say that nothing was published where something was."""
    found = states(tmp_path, NOTIFY, STORE)
    context = {"Execution": {"Name": "run-1", "Id": "arn:x"}, "State": {"Name": "n"}}
    verdict = {"passed": False, "published": 2, "failed_rules": [{"rule": "unique", "value": 1, "limit": 0}]}

    def message(state: str, given: dict[str, Any]) -> str:
        text = found[state]["Arguments"]["Message"]
        said: str = evaluate(text, {"input": given, "context": context}, verdict=given)
        return said

    assert "the run run-1 published with warnings." in message("NotifyWarnings", {"warnings": 3})
    some = message("NotifyGateFailure", verdict)
    assert "what it is about was not published; 2 other tables are up to date." in some
    assert "; 1 other table is up to date." in message("NotifyGateFailure", {**verdict, "published": 1})
    assert "Nothing was published" in message("NotifyGateFailure", {**verdict, "published": 0})


@pytest.mark.parametrize(
    ("decision", "then"),
    [
        ({"proceed": False, "held": ["orders"]}, "DefinitionChanged"),
        ({"proceed": True, "held": ["orders"]}, "Load"),
        ({"proceed": False, "held": []}, "NothingNew"),
        ({"proceed": False}, "NothingNew"),
    ],
)
def test_a_data_set_that_is_held_does_not_keep_the_others(
    tmp_path: Path, decision: dict[str, Any], then: str
) -> None:
    """They are loaded first; without any the run fails at once, for nobody would notice a run that found nothing."""
    check = states(tmp_path)["CheckDecision"]
    found = [r["Next"] for r in check["Choices"] if evaluate(r["Condition"], {}, decision=decision)]
    assert [*found, check["Default"]][0] == then


def test_the_run_fails_in_the_end_where_a_data_set_is_held(tmp_path: Path) -> None:
    """Which one, what its new definition is about, and the two answers are its cause, and are told."""
    found = states(tmp_path, NOTIFY)
    held = {"held": ["orders"], "messages": ["orders: 3 files of 2 kB"]}
    at_end = found["CheckWarnings"]["Choices"]
    assert [rule["Next"] for rule in at_end] == ["NotifyDefinitionChanged", "NotifyWarnings"]
    assert evaluate(at_end[0]["Condition"], {}, decision=held, verdict={"warnings": 1}) is True
    assert evaluate(at_end[0]["Condition"], {}, decision={"held": []}, verdict={}) is False
    cause = evaluate(found["DefinitionChanged"]["Cause"], {}, decision=held)
    assert cause == (
        "the definition has changed of orders; not loaded until a run says --rebuild NAME or --from-now-on NAME; "
        "orders: 3 files of 2 kB"
    )
    context = {"Execution": {"Name": "run-1", "Id": "arn:x"}, "State": {"Name": "n"}}
    told = found["NotifyDefinitionChanged"]["Arguments"]["Message"]
    assert cause in evaluate(told, {"input": {}, "context": context}, decision=held)


def test_a_large_plan_takes_the_cluster(tmp_path: Path) -> None:
    """By the bytes of the decision, as for any step."""
    cluster = "steps: {load: {cluster: {above_gb: 20, gb_per_instance: 10, most_instances: 4}}}\n"
    check = states(tmp_path, cluster)["CheckDecision"]
    assert [rule["Next"] for rule in check["Choices"]][-1] == "LoadOnCluster"
