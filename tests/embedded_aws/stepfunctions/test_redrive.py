"""RedriveExecution: what goes on where it ended, with what, and what is refused."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from waiting import until

from data_pipeline.embedded_aws.stepfunctions import redrive
from tests.embedded_aws.conftest import allow
from tests.embedded_aws.stepfunctions.test_states import PASS, definition, ended, output

NOW = datetime.datetime(2026, 11, 29, tzinfo=datetime.UTC)


def reading(bucket: str) -> dict[str, Any]:
    """A machine that counts to one and then reads an object, of which it tells with the count."""
    return definition(
        First={"Type": "Pass", "Assign": {"n": "{% $states.input.n + 1 %}"}, "Next": "Read"},
        Read={
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
            "Arguments": {"Bucket": bucket, "Key": "late"},
            "Output": {
                "n": "{% $n %}",
                "body": "{% $states.result.Body %}",
                "redrives": "{% $states.context.Execution.RedriveCount %}",
                "again": "{% $exists($states.context.Execution.RedriveTime) %}",
            },
            "End": True,
        },
    )


@pytest.fixture
def failed(aws: Any, create: Any, name: str) -> dict[str, Any]:
    """An execution that found no object, and whose machine is another one since."""
    aws("s3").create_bucket(Bucket=name)
    states = aws("stepfunctions")
    machine = create(reading(name), allow(["s3:GetObject", "s3:ListBucket"]))
    started = states.start_execution(stateMachineArn=machine, input='{"n": 41}')
    found = ended(states, started["executionArn"])
    assert (found["status"], found["error"]) == ("FAILED", "S3.NoSuchKeyException")
    states.update_state_machine(stateMachineArn=machine, definition=json.dumps(definition(Other=PASS)))
    return found


def test_it_goes_on_with_its_own_definition_input_and_variables(
    aws: Any, failed: dict[str, Any], name: str
) -> None:
    """The task is scheduled again, what came before it is not; the machine's update does not matter."""
    states, arn = aws("stepfunctions"), failed["executionArn"]
    assert (failed["redriveStatus"], failed["redriveCount"]) == ("REDRIVABLE", 0)
    assert "redriveDate" not in failed
    aws("s3").put_object(Bucket=name, Key="late", Body=b"here")
    when = states.redrive_execution(executionArn=arn)["redriveDate"]
    found = ended(states, arn)
    assert output(found) == {"n": 42, "body": "here", "redrives": 1, "again": True}
    assert (found["redriveCount"], found["redriveDate"]) == (1, when)
    assert found["redriveStatusReason"] == "Execution is SUCCEEDED and cannot be redriven"
    types = [event["type"] for event in found["events"]]
    assert types[types.index("ExecutionFailed") :] == [
        "ExecutionFailed",
        "ExecutionRedriven",
        "TaskScheduled",
        "TaskStarted",
        "TaskSucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]
    (redriven,) = [event for event in found["events"] if event["type"] == "ExecutionRedriven"]
    assert redriven["executionRedrivenEventDetails"] == {"redriveCount": 1}
    (listed,) = states.list_executions(stateMachineArn=found["stateMachineArn"])["executions"]
    assert (listed["redriveCount"], listed["redriveDate"]) == (1, when)
    own = states.describe_state_machine_for_execution(executionArn=arn)["definition"]
    assert json.loads(own) == reading(name)


def test_it_can_fail_again_and_one_token_redrives_once(aws: Any, failed: dict[str, Any]) -> None:
    """Each redrive counts; the same client token is answered, but redrives nothing."""
    states, arn = aws("stepfunctions"), failed["executionArn"]
    first = states.redrive_execution(executionArn=arn, clientToken="once")
    assert ended(states, arn)["error"] == "S3.NoSuchKeyException"
    assert (
        states.redrive_execution(executionArn=arn, clientToken="once")["redriveDate"] == first["redriveDate"]
    )
    assert states.describe_execution(executionArn=arn)["redriveCount"] == 1
    states.redrive_execution(executionArn=arn)
    assert ended(states, arn)["redriveCount"] == 2


def test_a_stopped_execution_goes_on_and_a_running_one_is_refused(aws: Any, create: Any) -> None:
    """A Wait that was left when the execution was stopped is entered again."""
    states = aws("stepfunctions")
    machine = create(definition(Pause={"Type": "Wait", "Seconds": "{% $states.input.s %}", "End": True}))
    arn = states.start_execution(stateMachineArn=machine, input='{"s": 2}')["executionArn"]
    with pytest.raises(states.exceptions.ExecutionNotRedrivable, match="Execution is RUNNING"):
        states.redrive_execution(executionArn=arn)
    until(lambda: len(states.get_execution_history(executionArn=arn)["events"]) > 1)
    states.stop_execution(executionArn=arn, error="Stopped")
    states.redrive_execution(executionArn=arn)
    found = ended(states, arn)
    assert (found["status"], found.get("error")) == ("SUCCEEDED", None)
    types = [event["type"] for event in found["events"]]
    assert types.count("WaitStateEntered") == 2
    assert types.count("ExecutionAborted") == 1


def test_a_fail_state_fails_again(aws: Any, create: Any) -> None:
    """An execution that ended in a Fail state ends there again."""
    states = aws("stepfunctions")
    machine = create(definition(No={"Type": "Fail", "Error": "Mine", "Cause": "why"}))
    arn = states.start_execution(stateMachineArn=machine)["executionArn"]
    ended(states, arn)
    states.redrive_execution(executionArn=arn)
    found = ended(states, arn)
    assert (found["status"], found["error"], found["redriveCount"]) == ("FAILED", "Mine", 1)
    assert [event["type"] for event in found["events"]].count("FailStateEntered") == 2


def test_what_is_unknown_or_not_allowed_is_refused(aws: Any, user: Any, failed: dict[str, Any]) -> None:
    """No such execution, no ARN, a filter of Map Runs, and a caller without the permission."""
    states, arn = aws("stepfunctions"), failed["executionArn"]
    with pytest.raises(states.exceptions.ExecutionDoesNotExist):
        states.redrive_execution(executionArn=arn + "x")
    with pytest.raises(states.exceptions.InvalidArn):
        states.redrive_execution(executionArn="e")
    with pytest.raises(ClientError, match="redriveFilter"):
        states.list_executions(stateMachineArn=failed["stateMachineArn"], redriveFilter="REDRIVEN")
    with pytest.raises(ClientError, match="AccessDenied"):
        aws("stepfunctions", **user()).redrive_execution(executionArn=arn)


def _record(**changes: Any) -> dict[str, Any]:
    ended_at = NOW - datetime.timedelta(days=13)
    found = {"status": "FAILED", "events": [], "ownMachine": {}, "startDate": ended_at.isoformat()}
    return {**found, "stopDate": ended_at.isoformat(), **changes}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, None),
        ({"status": "TIMED_OUT"}, None),
        ({"status": "ABORTED"}, None),
        ({"status": "SUCCEEDED"}, "Execution is SUCCEEDED and cannot be redriven"),
        ({"stopDate": "2026-11-14T23:59:59+00:00"}, "Execution redrivable period exceeded"),
        ({"startDate": "2025-11-28T00:00:00+00:00"}, "Execution has exceeded the max execution time"),
        ({"events": [{}] * 24_999}, "Execution history event limit exceeded"),
        ({"events": [{}] * 24_998}, None),
    ],
)
def test_when_an_execution_can_be_redriven(changes: dict[str, Any], reason: str | None) -> None:
    """Within 14 days of an end that was none of success, and within what a history can hold."""
    assert redrive.why_not(_record(**changes), NOW) == reason
