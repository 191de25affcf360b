"""How a run ends other than at Published: what its steps' results say, and other executions."""

from __future__ import annotations

from typing import Any

import pytest
from asl import evaluate
from environments import environment

from data_pipeline.core.machine.state_machine import state_machine

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:nyc-tlc-dev"
ARN = MACHINE.replace("stateMachine", "execution")


def _states() -> dict[str, Any]:
    states: dict[str, Any] = state_machine(environment())["States"]
    return states


def _following(judge: str, **variables: Any) -> tuple[str, Any]:
    """Where the Choice ``judge`` goes, and what it hands on."""
    state = _states()[judge]
    for rule in state["Choices"]:
        if evaluate(rule["Condition"], {}, **variables):
            return rule["Next"], evaluate(rule["Output"], {}, **variables)
    return state["Default"], None


@pytest.mark.parametrize(
    ("decision", "following"),
    [
        ({"proceed": False, "reason": "nothing is new"}, "NothingNew"),
        ({"proceed": True, "bytes": 1}, "Load"),
        ({"bytes": 1}, "Load"),
        ({"proceed": None}, "Load"),
        ({"proceed": "false"}, "Load"),
        ({"passed": False}, "QualityGateFailed"),
        ({}, "Load"),
    ],
)
def test_a_run_with_nothing_to_do_ends_well(decision: dict[str, Any], following: str) -> None:
    """Where a result says in so many words that nothing is left to do, with that result as the output."""
    found, output = _following("CheckDecision", decision=decision)
    assert found == following
    assert output == (None if following == "Load" else decision)
    assert _states()["NothingNew"] == {"Type": "Succeed"}


@pytest.mark.parametrize(
    ("verdict", "following"),
    [
        ({"passed": True, "failed_rules": []}, "CheckWarnings"),
        ({"windows": 3}, "CheckWarnings"),
        ({"passed": False, "failed_rules": [{"rule": "x"}]}, "QualityGateFailed"),
        ({"proceed": False}, "NothingNew"),
    ],
)
def test_a_result_that_did_not_pass_fails_the_run(verdict: dict[str, Any], following: str) -> None:
    """Any step's result may say so; one that says nothing has passed."""
    assert _following("CheckVerdict", verdict=verdict)[0] == following


def _cause(**verdict: Any) -> str:
    gate = _states()["QualityGateFailed"]
    assert (gate["Type"], gate["Error"]) == ("Fail", "QualityGateFailed")
    cause: str = evaluate(gate["Cause"], {"input": verdict})
    return cause


def test_the_gate_names_rule_value_and_limit() -> None:
    """Of each failed rule, with the file where the rule is about one."""
    one = {"rule": "quarantined-share", "source": "a.csv", "value": 0.25, "limit": 0.05}
    other = {"rule": "missing-windows", "source": None, "value": 12, "limit": 0}
    assert _cause(failed_rules=[one]) == "quarantined-share of a.csv: 0.25, limit 0.05"
    assert _cause(failed_rules=[one, other]) == (
        "quarantined-share of a.csv: 0.25, limit 0.05; missing-windows: 12, limit 0"
    )
    assert _cause(failed_rules=[{"rule": "future-time", "value": "2031-01-01", "limit": "now"}]) == (
        "future-time: 2031-01-01, limit now"
    )


@pytest.mark.parametrize("verdict", [{}, {"failed_rules": []}, {"failed_rules": None}])
def test_a_gate_without_a_rule_says_so(verdict: dict[str, Any]) -> None:
    """Whatever a script leaves out, the execution fails with a cause and not in an expression."""
    assert _cause(passed=False, **verdict) == "the result of the step names no rule"


def test_the_cause_is_bounded() -> None:
    """However long the names and values, and however many rules."""
    rule = {"rule": "r" * 500, "source": "s" * 5000, "value": "v" * 500, "limit": "l" * 500}
    assert len(_cause(failed_rules=[rule])) < 400
    assert len(_cause(failed_rules=[rule] * 500)) == 4000


def _earlier(*others: tuple[str, str], mine: str = "m", started: str = "2026-11-25T06:00:00.500Z") -> Any:
    """What LookForOthers keeps of the running executions (name, start), this one among them."""
    listed = [{"ExecutionArn": f"{ARN}:{name}", "StartDate": start} for name, start in others]
    states = {
        "context": {"Execution": {"Id": f"{ARN}:{mine}", "StartTime": started}},
        "result": {"Executions": listed},
    }
    found = evaluate(_states()["LookForOthers"]["Assign"]["earlier"], states)
    return [arn.rpartition(":")[2] for arn in found]


def test_only_an_earlier_execution_counts() -> None:
    """One that started later will itself find this one; of two in one millisecond exactly one goes on."""
    now = "2026-11-25T06:00:00.500Z"
    assert _earlier(("m", now)) == []
    assert _earlier() == []
    assert _earlier(("m", now), ("a", "2026-11-25T06:00:00.499Z")) == ["a"]
    assert _earlier(("z", "2026-11-25T05:59:59Z"), ("m", now), ("a", "2026-11-25T06:00:01Z")) == ["z"]
    assert _earlier(("m", now), ("n", now)) == []
    assert _earlier(("m", now), ("n", now), mine="n") == ["m"]


def test_the_look_is_at_running_executions_of_this_machine() -> None:
    """Whatever the machine is called; what is found is the output of the run that ends."""
    states = _states()
    look, compare = states["LookForOthers"], states["CheckOthers"]
    machine = evaluate(
        look["Arguments"].pop("StateMachineArn"), {"context": {"StateMachine": {"Id": MACHINE}}}
    )
    assert machine == MACHINE
    assert look["Arguments"] == {"StatusFilter": "RUNNING", "MaxResults": 100}
    (rule,) = compare["Choices"]
    assert evaluate(rule["Condition"], {}, earlier=["a"]) is True
    assert evaluate(rule["Condition"], {}, earlier=[]) is False
    assert (rule["Next"], compare["Default"]) == ("AlreadyRunning", "BeginAt")
    assert evaluate(states["AlreadyRunning"]["Output"]["running"], {}, earlier=["a"]) == ["a"]


@pytest.mark.parametrize(
    ("given", "following"),
    [({}, "LookForOthers"), ({"concurrent": False}, "LookForOthers"), ({"concurrent": True}, "BeginAt")],
)
def test_concurrent_does_not_look(given: dict[str, Any], following: str) -> None:
    """Who asks for it runs beside whatever is running."""
    check = _states()["CheckInput"]
    states = {"input": given, "context": {"Execution": {"Input": given}}}
    chosen = [rule["Next"] for rule in check["Choices"] if evaluate(rule["Condition"], states)]
    assert [*chosen, check["Default"]][0] == following
