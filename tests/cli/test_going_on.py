"""`runs redrive` and `runs rerun` on an embedded AWS: what goes on, and what a finished state does not do again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cli.deployed import BUCKET, SUMMARY, SUMMARY_KEY, Deployed, publishing
from cli.test_runs import ended, runs, start

from data_pipeline.aws.states import Execution
from data_pipeline.project import history

READ = {
    "Type": "Task",
    "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
    "Arguments": {"Bucket": BUCKET, "Key": "late"},
    "Output": {},
    "Next": "Publish",
}
FROM = "$exists($states.input.from) ? $substringBefore($states.input.from, '@') = 'load' : false"


@pytest.fixture
def broken(deployed: Deployed, capfd: pytest.CaptureFixture[str]) -> str:
    """A run that ended in its second state, which found no object; a state before it had ended."""
    machine = {
        "BeginAt": {
            "Type": "Choice",
            "Choices": [{"Condition": f"{{% {FROM} %}}", "Next": "Load"}],
            "Default": "Prepare",
        },
        "Prepare": {"Type": "Pass", "Next": "Load"},
        "Load": READ,
        **publishing(),
    }
    deployed.deploy(machine)
    deployed.put(SUMMARY_KEY, json.dumps(SUMMARY))
    name = start(deployed, periods="2024-01")
    ended(deployed, name)
    capfd.readouterr()
    return name


def visits(deployed: Deployed, name: str) -> list[str]:
    """The states that an execution has entered, in order."""
    (arn,) = [each["executionArn"] for each in deployed.executions() if each["name"] == name]
    events: list[dict[str, Any]] = deployed.client("stepfunctions").get_execution_history(executionArn=arn)[
        "events"
    ]
    return [
        each["stateEnteredEventDetails"]["name"] for each in events if each["type"].endswith("StateEntered")
    ]


def test_a_redrive_goes_on_and_repeats_no_finished_state(
    broken: str, deployed: Deployed, capfd: pytest.CaptureFixture[str]
) -> None:
    """Followed from there to the end; it is told where it was broken off, and once it has ended well it is refused."""
    deployed.put("late")
    assert runs("redrive", "local", "last", "--json") == 0
    record = json.loads(capfd.readouterr().out)
    assert (record["execution"], record["status"], record["endedAt"]) == (broken, "SUCCEEDED", "Published")
    assert visits(deployed, broken) == ["BeginAt", "Prepare", "Load", "Publish", "Published"]
    assert runs("redrive", "local") == 1
    assert f"error: {broken} ended well (ended well), so nothing of it failed" in capfd.readouterr().err


def test_a_rerun_that_fails_again_goes_on_with_what_the_first_run_left(
    broken: str, deployed: Deployed, capfd: pytest.CaptureFixture[str]
) -> None:
    """By the command that it prints: it has no plan of its own."""
    for name in ("decision", "plan"):
        deployed.put(f"output/runs/{broken}/{name}.json", "{}")
    assert runs("rerun", "local", "--from", "load") == 1
    capfd.readouterr()
    deployed.put("late")
    second = deployed.executions()[0]["name"]
    assert second != broken
    assert runs("rerun", "local", second, "--from", "load", "--json") == 0
    record = json.loads(capfd.readouterr().out)
    assert (record["rerunOf"], record["input"]["from"]) == (second, f"load@{broken}")


def test_a_run_of_the_maintenance_is_no_run_to_go_on_with(
    broken: str, deployed: Deployed, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pipeline would be started in its place."""
    arn = deployed.executions()[0]["executionArn"].replace(":execution:m-", ":execution:maintenance-")
    execution = Execution(arn, "FAILED", datetime.now(UTC))
    monkeypatch.setattr(history, "named", lambda *_: execution)
    for command in ("rerun", "redrive"):
        assert runs(command, "local", broken) == 1
        said = capfd.readouterr().err
        assert f"error: {broken} is a run of the maintenance, expected one of the pipeline" in said
        assert "python -m data_pipeline maintenance run local\n" in said
    assert len(deployed.executions()) == 1


def test_a_rerun_begins_at_a_step_with_what_the_run_left(
    broken: str, deployed: Deployed, capfd: pytest.CaptureFixture[str]
) -> None:
    """Not before that is there; then in a run of its own, which was asked the same."""
    assert runs("rerun", "local", "--from", "load") == 1
    assert f"error: {broken} has no decision.json, so a run cannot begin at load" in capfd.readouterr().err
    for name in ("decision", "plan"):
        deployed.put(f"output/runs/{broken}/{name}.json", "{}")
    deployed.put("late")
    assert runs("rerun", "local", "--from", "load", "--json") == 0
    record = json.loads(capfd.readouterr().out)
    assert (record["rerunOf"], record["status"]) == (broken, "SUCCEEDED")
    assert record["input"] == {"periods": "2024-01", "from": f"load@{broken}"}
    assert visits(deployed, record["execution"]) == ["BeginAt", "Load", "Publish", "Published"]
    assert runs("rerun", "local", broken, "--from", "load") == 1
    assert (
        f"error: {record['execution']} has run since (ended well), so the plan of" in capfd.readouterr().err
    )
    assert runs("show", "local") == 0
    assert f"from       load, with what {broken} left before it\n" in capfd.readouterr().out
    assert runs("rerun", "local", broken, "--no-wait") == 0
