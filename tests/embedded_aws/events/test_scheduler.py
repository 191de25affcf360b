"""EventBridge Scheduler: executions really start, as the schedule's role, with the input that it gives."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from waiting import until

from tests.embedded_aws.conftest import allow

ACCOUNT = "000000000000"
PAST = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=10)


@pytest.fixture
def machine(aws: Any, role: Any, name: str) -> str:
    """The ARN of a machine that succeeds at once."""
    definition = {"QueryLanguage": "JSONata", "StartAt": "S", "States": {"S": {"Type": "Succeed"}}}
    created = aws("stepfunctions").create_state_machine(
        name=name, definition=json.dumps(definition), roleArn=role("states.amazonaws.com")
    )
    return str(created["stateMachineArn"])


@pytest.fixture
def schedule(aws: Any, machine: str, name: str) -> Any:
    """``schedule(role, …)``: a new schedule ``daily`` in a group of its own, of the machine, that runs
    every minute.
    """
    aws("scheduler").create_schedule_group(Name=name)

    def make(role_arn: str, **more: Any) -> Any:
        target = {"Arn": machine, "RoleArn": role_arn, **more.pop("target", {})}
        values = {
            "Name": "daily",
            "GroupName": name,
            "ScheduleExpression": "rate(1 minute)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": target,
            **more,
        }
        return aws("scheduler").create_schedule(**values)

    yield make
    aws("scheduler").delete_schedule_group(Name=name)


def trust(name: str) -> dict[str, Any]:
    """The trust of a role that only the schedules of one group may use."""
    arn = f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule-group/{name}"
    return {"Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnLike": {"aws:SourceArn": arn}}}


def executions(aws: Any, machine: str) -> list[dict[str, Any]]:
    """The executions of a machine."""
    return list(aws("stepfunctions").list_executions(stateMachineArn=machine)["executions"])


def test_schedule_starts_executions(aws: Any, role: Any, schedule: Any, machine: str, name: str) -> None:
    """A schedule starts its machine with its input, the context of the invocation put in."""
    who = role("scheduler.amazonaws.com", allow("states:StartExecution", machine), trust=trust(name))
    text = '{"version": 1, "at": "<aws.scheduler.scheduled-time>", "id": "<aws.scheduler.execution-id>"}'
    schedule(who, target={"Input": text})
    found = until(lambda: executions(aws, machine))
    given = json.loads(
        aws("stepfunctions").describe_execution(executionArn=found[0]["executionArn"])["input"]
    )
    assert given["version"] == 1
    assert given["at"][4] == "-"
    assert given["at"].endswith("Z")
    assert len(given["id"]) == 36
    assert len(executions(aws, machine)) == 1


def test_disabled_schedule_does_not_fire(aws: Any, role: Any, schedule: Any, machine: str, name: str) -> None:
    """A schedule that is off starts nothing; switched on for one moment, it fires once and is deleted."""
    who = role("scheduler.amazonaws.com", allow("states:StartExecution", machine))
    schedule(who, State="DISABLED", ScheduleExpressionTimezone="America/New_York")
    described = aws("scheduler").get_schedule(Name="daily", GroupName=name)
    assert (described["State"], described["ScheduleExpressionTimezone"]) == ("DISABLED", "America/New_York")
    with pytest.raises(AssertionError):
        until(lambda: executions(aws, machine), seconds=5)
    values = {key: described[key] for key in ("Name", "GroupName", "FlexibleTimeWindow", "Target")}
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=3)
    expression = f"at({soon:%Y-%m-%dT%H:%M:%S})"
    aws("scheduler").update_schedule(
        **values, ScheduleExpression=expression, State="ENABLED", ActionAfterCompletion="DELETE"
    )
    assert until(lambda: executions(aws, machine))
    until(lambda: not aws("scheduler").list_schedules(GroupName=name)["Schedules"])
    assert len(executions(aws, machine)) == 1


def test_role_without_permission_goes_to_the_dead_letters(
    aws: Any, role: Any, schedule: Any, machine: str, name: str
) -> None:
    """A role that may not start the machine starts nothing; the invocation is in the dead-letter queue,
    with why.
    """
    url = aws("sqs").create_queue(QueueName=name)["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"
    schedule(
        role("scheduler.amazonaws.com", allow("sqs:SendMessage", arn)),
        target={"DeadLetterConfig": {"Arn": arn}},
    )
    letters = until(
        lambda: aws("sqs").receive_message(QueueUrl=url, MessageAttributeNames=["All"]).get("Messages"),
        seconds=20,
    )
    assert "states:StartExecution" in letters[0]["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]
    assert executions(aws, machine) == []


@pytest.mark.parametrize("service", ["states.amazonaws.com", "scheduler.amazonaws.com"])
def test_role_must_trust_the_group(role: Any, schedule: Any, service: str) -> None:
    """A role that trusts another service, or the schedules of another group, is refused."""
    with pytest.raises(ClientError, match="must allow AWS EventBridge Scheduler to assume the role"):
        schedule(role(service, trust=trust("another")))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ScheduleExpression": "cron(0 6 * * * *)"}, "Invalid Schedule Expression"),
        ({"ScheduleExpressionTimezone": "Mars/Olympus"}, "Mars/Olympus"),
        ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5}}, "flexible time window"),
        ({"target": {"Arn": "arn:aws:lambda:us-east-1:000000000000:function:f"}}, "only state machines"),
        ({"target": {"Input": "{"}}, "Invalid RequestJson"),
        ({"StartDate": PAST}, "cannot be earlier than 5 minutes ago"),
        ({"EndDate": PAST}, "must be in the future"),
    ],
)
def test_refused_schedules(role: Any, schedule: Any, change: dict[str, Any], message: str) -> None:
    """What Scheduler refuses, and what is not emulated, is refused by name."""
    with pytest.raises(ClientError, match=message):
        schedule(role("scheduler.amazonaws.com"), **change)


def test_schedules_in_pages(aws: Any, role: Any, schedule: Any, name: str) -> None:
    """By name, at most MaxResults at once; a group that there is not, and a token that was not given, are refused. Of a
    time that comes once the StartDate has no meaning.
    """
    arn, scheduler = role("scheduler.amazonaws.com"), aws("scheduler")
    for each in ("c", "a", "b"):
        schedule(
            arn, Name=each, State="DISABLED", ScheduleExpression="at(2099-01-01T00:00:00)", StartDate=PAST
        )
    first = scheduler.list_schedules(GroupName=name, MaxResults=2)
    second = scheduler.list_schedules(GroupName=name, MaxResults=2, NextToken=first["NextToken"])
    assert [[each["Name"] for each in page["Schedules"]] for page in (first, second)] == [["a", "b"], ["c"]]
    assert "NextToken" not in second
    groups = scheduler.get_paginator("list_schedule_groups").paginate(PaginationConfig={"PageSize": 1})
    assert name in [each["Name"] for page in groups for each in page["ScheduleGroups"]]
    with pytest.raises(ClientError, match="Invalid NextToken"):
        scheduler.list_schedules(GroupName=name, NextToken=name)
    with pytest.raises(ClientError, match="ResourceNotFound"):
        scheduler.list_schedules(GroupName=f"{name}-gone")


def test_pass_role_is_needed(aws: Any, role: Any, user: Any, machine: str) -> None:
    """Who creates a schedule must be allowed to pass its role to Scheduler, not to another service."""
    who = role("scheduler.amazonaws.com", allow("states:StartExecution", machine))
    may = allow("scheduler:CreateSchedule", f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule/default/*")
    wrong = allow("iam:PassRole", who, StringEquals={"iam:PassedToService": "states.amazonaws.com"})
    credentials = user(may, wrong)
    values = {
        "Name": who.rsplit("/", 1)[1],
        "ScheduleExpression": "rate(1 minute)",
        "State": "DISABLED",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": machine, "RoleArn": who},
    }
    with pytest.raises(ClientError, match=rf"not authorized to perform: iam:PassRole on resource: {who}"):
        aws("scheduler", **credentials).create_schedule(**values)
