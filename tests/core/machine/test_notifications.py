"""What the state machine tells of its ends, what it says in which characters, and that nothing else changes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from asl import evaluate, reachable, targets
from environments import NOTIFY, environment

from data_pipeline.core.machine import state_names
from data_pipeline.core.machine.state_machine import maintenance, state_machine

RUN = {"Execution": {"Name": "run-1", "Id": "arn:aws:states:us-east-1:123456789012:execution:m:run-1"}}
ENDS = {
    "Failed": "NotifyFailure",
    "QualityGateFailed": "NotifyGateFailure",
    "Published": "NotifyPublished",
    "NothingNew": "NotifyNothingNew",
}


def states(changes: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = state_machine(environment(changes))["States"]
    return found


def text(state: str, **variables: Any) -> tuple[str, str]:
    """Subject and message of a notifying state."""
    arguments = states(NOTIFY)[state]["Arguments"]
    found = {"context": RUN, "input": variables.pop("given", {})}
    subject, message = (evaluate(arguments[key], found, **variables) for key in ("Subject", "Message"))
    assert isinstance(subject, str)
    assert isinstance(message, str)
    return subject, message


def test_every_way_to_an_end_is_told() -> None:
    """Nothing but its notification leads to an end that is told, and that state goes on to it whatever happens."""
    found = states(NOTIFY)
    for end, teller in ENDS.items():
        assert [name for name, state in found.items() if end in targets(state)] == [teller]
        assert {*targets(found[teller])} == {end}
    assert reachable(state_machine(environment(NOTIFY))) == found.keys()
    env = environment(NOTIFY)
    assert set(found) == state_names.all_states(env.steps, env.notify)


def test_only_failures_are_told_unless_asked() -> None:
    """The default; and without `notify`, the machine is what it was."""
    told = [name for name in states({"notify": {}}) if name.startswith("Notify")]
    assert told == ["NotifyDefinitionChanged", "NotifyGateFailure", "NotifyFailure"]
    assert not [name for name in states({}) if name.startswith("Notify")]
    assert "State.Name" not in json.dumps(states({}))


def test_the_maintenance_tells_of_its_failure() -> None:
    env = environment({"notify": {}})
    assert env.maintenance
    found = maintenance(env, env.maintenance)["States"]
    assert "Failed" in targets(found["NotifyFailure"])
    assert "NotifyFailure" in targets(found["ReadMaintained"])


def test_a_notification_that_fails_changes_nothing() -> None:
    """The catch assigns nothing, hands the input on, and goes where success goes."""
    for name in ENDS.values():
        state = states(NOTIFY)[name]
        (catch,) = state["Catch"]
        assert catch["ErrorEquals"] == ["States.ALL"]
        assert "Assign" not in catch
        assert "Assign" not in state
        assert catch["Output"] == state["Output"] == "{% $states.input %}"
        assert catch["Next"] == state["Next"]


REASONS = [
    ("plain text", "plain text"),
    (
        '{"ExitMessage":"error: \\"a\\\\b\\" is gr\\u00fcn","FailureReason":"AlgorithmError"}',
        'error: "a\\b" is grün',
    ),
    ('{"AttemptNumber":0,"ErrorMessage": "no such file"}', "no such file"),
    ('{"FailureReason":"CapacityError: none left"}', "CapacityError: none left"),
    ('{"ProcessingJobStatus":"Stopped"}', '{"ProcessingJobStatus":"Stopped"}'),
    ("", ""),
]


@pytest.mark.parametrize(("cause", "said"), REASONS)
def test_a_cause_is_told_in_short(cause: str, said: str) -> None:
    """What the job said last, or what the service says, of a job's description; anything else as it is."""
    failure = {"Error": "States.TaskFailed", "Cause": cause, "State": "Load"}
    subject, message = text("NotifyFailure", failure=failure)
    assert subject == "nyc-tlc in dev: failed: States.TaskFailed"
    assert message.splitlines() == [
        "nyc-tlc in dev: the run run-1 failed.",
        "state: Load",
        "error: States.TaskFailed",
        f"cause: {said}",
        "What was published before stays as it is.",
        "look: python -m data_pipeline runs show dev run-1",
        f"https://console.aws.amazon.com/states/home?region=us-east-1#/v2/executions/details/{RUN['Execution']['Id']}",
    ]


@pytest.mark.parametrize(
    "failure",
    [
        {"Error": "E" * 5000, "Cause": "c" * 32768, "State": "S"},
        {"Error": "zwei\nZeilen ü", "Cause": "\\\\" * 9000, "State": "S"},
        {"Error": "E", "Cause": json.dumps({"ExitMessage": '\x00\n"ü\\' * 4000}), "State": "S"},
    ],
)
def test_what_is_told_stays_below_the_limits_of_sns(failure: dict[str, str]) -> None:
    """A subject of fewer than 100 printable ASCII characters, a message far below 256 KiB, whatever the error."""
    subject, message = text("NotifyFailure", failure=failure)
    assert len(subject) < 100
    assert subject.isascii()
    assert subject.isprintable()
    assert len(message.encode()) < 16_384


def test_the_gate_is_told_with_value_and_limit() -> None:
    rule = {"rule": "missing-windows", "source": "a.csv", "value": 0.7, "limit": 0.5}
    other = {"rule": "null-share (id)", "source": "orders", "value": 0.7, "limit": 0.5}
    given = {"failed_rules": [rule, other, rule], "messages": ["a.csv could not be read", "another"]}
    subject, message = text("NotifyGateFailure", given=given)
    assert message.splitlines()[4:-1] == [
        "a.csv could not be read",
        "another",
        "What was published of it before stays as it is.",
        "to let it through: python -m data_pipeline run dev --accept missing-windows@run-1 --accept null-share@run-1",
        "look: python -m data_pipeline runs show dev run-1",
    ]
    subject, message = text("NotifyGateFailure", given={"failed_rules": [rule]})
    assert "to let it through: python -m data_pipeline run dev --accept missing-windows@run-1\n" in message
    assert subject == "nyc-tlc in dev: failed: QualityGateFailed"
    assert "cause: missing-windows of a.csv: 0.7, limit 0.5" in message


@pytest.mark.parametrize(
    ("value", "options"),
    [
        ({}, ""),
        ({"accept": []}, ""),
        ({"accept": ["drift@run-0"]}, " --accept drift@run-0"),
        ({"accept": ["drift@run-0", "unique@r"]}, " --accept drift@run-0 --accept unique@r"),
    ],
)
def test_the_gate_names_what_was_let_through_already(value: dict[str, Any], options: str) -> None:
    """A run that is given the new answer alone would fail by the old one again."""
    rule = {"rule": "missing-windows", "source": "a.csv", "value": 0.7, "limit": 0.5}
    context = {"Execution": {**RUN["Execution"], "Input": value}}
    arguments = states(NOTIFY)["NotifyGateFailure"]["Arguments"]
    message = evaluate(arguments["Message"], {"context": context, "input": {"failed_rules": [rule]}})
    said = f"through: python -m data_pipeline run dev{options} --accept missing-windows@run-1\n"
    assert said in str(message)


def test_links_lead_to_the_partition() -> None:
    china = state_machine(environment({**NOTIFY, "region": "cn-north-1"}))["States"]["NotifyFailure"]
    assert "https://console.amazonaws.cn/states/home?region=cn-north-1#" in china["Arguments"]["Message"]
