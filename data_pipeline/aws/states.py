"""Step Functions: starting an execution, and watching it until it ends."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from data_pipeline.core.progress.follow import Event, Progress, Status

from .errors import ACCESS_DENIED, error_code, error_message, explanation, passing

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions.client import SFNClient

_PAGE = 200


@dataclass(frozen=True)
class Pace:
    """How often to look, in seconds: ``fastest`` after something happened, ever slower up to ``slowest``
    while nothing does; ``tolerated_outage`` is how long AWS may be unreachable before watching ends.
    """

    fastest: float = 1.0
    slowest: float = 6.0
    tolerated_outage: float = 900.0


@dataclass(frozen=True)
class Watched:
    """An execution at one look; ``lost`` says why AWS did not answer, if it did not."""

    progress: Progress
    lost: str | None = None


@dataclass(frozen=True)
class Execution:
    """An execution as AWS lists it; times have a zone. ``error``, ``output`` (JSON) and why it cannot be redriven: of
    one that is described. ``version``: the number of the state machine's version, empty for one that follows none.
    """

    arn: str
    status: Status
    started: datetime
    stopped: datetime | None = None
    error: str | None = None
    output: str | None = None
    unredrivable: str | None = None
    version: str = ""

    @property
    def name(self) -> str:
        return self.arn.rpartition(":")[2]


def execution_name(now: datetime, token: Callable[[int], str] = secrets.token_hex) -> str:
    """A name that no execution had before and that sorts by time: UTC, then six random hex digits."""
    return f"{now.astimezone(UTC):%Y-%m-%dT%H-%M-%SZ}-{token(3)}"


def start(client: SFNClient, machine: str, name: str, value: dict[str, Any]) -> str:
    """Start the state machine with an input; the execution's ARN."""
    answer = client.start_execution(stateMachineArn=machine, name=name, input=json.dumps(value))
    return answer["executionArn"]


def watch(
    client: SFNClient,
    arn: str,
    sleep: Callable[[float], None],
    clock: Callable[[], float],
    pace: Pace | None = None,
    beyond: int = 0,
) -> Iterator[Watched]:
    """Look at an execution until it has ended, with an event after the id ``beyond``; the last one yielded has ended.

    Throttling makes it slower. A network or service that does not answer is borne for ``pace.tolerated_outage``
    seconds, then the error is raised; so is every other error at once.
    """
    pace = pace or Pace()
    progress = Progress()
    interval = pace.fastest
    lost_since: float | None = None
    while True:
        try:
            events = new_events(client, arn, progress.last_event)
            lost, lost_since = None, None
        except (ClientError, BotoCoreError) as error:
            if not passing(error):
                raise
            lost_since = clock() if lost_since is None else lost_since
            if clock() - lost_since >= pace.tolerated_outage:
                raise
            lost, events = str(error), []
        progress = progress.after(events)
        if progress.last_event > beyond or lost:
            yield Watched(progress, lost)
            if progress.ended:
                return
        interval = pace.fastest if events else min(interval * 1.5, pace.slowest)
        sleep(interval)


def new_events(client: SFNClient, arn: str, last: int) -> list[Event]:
    """The events of an execution's history after the one with the id ``last``, oldest first."""
    found: list[Event] = []
    request: dict[str, Any] = {"executionArn": arn, "reverseOrder": True, "maxResults": _PAGE}
    while True:
        page = client.get_execution_history(**request)
        found += [event for event in page["events"] if event["id"] > last]
        reached = any(event["id"] <= last for event in page["events"])
        if reached or not page.get("nextToken"):
            return sorted(found, key=lambda event: int(event["id"]))
        request["nextToken"] = page["nextToken"]


def newest(client: SFNClient, machine: str, most: int) -> list[Execution]:
    """At most so many executions of a state machine, the newest first."""
    pages = client.get_paginator("list_executions").paginate(
        stateMachineArn=machine, PaginationConfig={"MaxItems": most}
    )
    return [_execution(each) for page in pages for each in page["executions"]]


def running(client: SFNClient, machine: str) -> Execution | None:
    """An execution of a state machine that is under way; None where there is none, or no such machine (any more)."""
    try:
        found = client.list_executions(stateMachineArn=machine, statusFilter="RUNNING", maxResults=1)
    except client.exceptions.StateMachineDoesNotExist:
        return None
    return next((_execution(each) for each in found["executions"]), None)


def described(client: SFNClient, arn: str) -> tuple[Execution, dict[str, Any]] | None:
    """An execution, and its input as far as that is a JSON object; None where there is none of this ARN (any more)."""
    try:
        answer: Any = client.describe_execution(executionArn=arn)
    except client.exceptions.ExecutionDoesNotExist:
        return None
    value = json.loads(answer.get("input") or "{}")
    return _execution(answer), value if isinstance(value, dict) else {}


def definition(client: SFNClient, machine: str) -> str | None:
    """The definition of a state machine, as JSON text; None where it may not be looked at."""
    try:
        return client.describe_state_machine(stateMachineArn=machine)["definition"]
    except ClientError as error:
        if error_code(error) in ACCESS_DENIED:
            return None
        raise


def followed(client: SFNClient, arn: str) -> str | None:
    """The definition that an execution follows, as JSON text; None where it may not be looked at."""
    try:
        return client.describe_state_machine_for_execution(executionArn=arn)["definition"]
    except ClientError as error:
        if error_code(error) in ACCESS_DENIED:
            return None
        raise


def redrive(client: SFNClient, arn: str) -> None:
    """Let an execution that did not end well go on where it ended."""
    client.redrive_execution(executionArn=arn, clientToken=secrets.token_hex(16))


def delete_version(client: SFNClient, arn: str) -> str:
    """Delete a version of a state machine; its executions, and what has none, are left alone.

    Returns why AWS refuses it, as where an alias routes to the version; empty where it does not.
    """
    try:
        client.delete_state_machine_version(stateMachineVersionArn=arn)
    except ClientError as error:
        return explanation(error) or error_message(error)
    return ""


def stop(client: SFNClient, arn: str, error: str, cause: str) -> None:
    """End an execution as ABORTED; nothing happens to one that has ended."""
    client.stop_execution(executionArn=arn, error=error, cause=cause)


def _execution(answer: Any) -> Execution:
    """An entry of ListExecutions, or the answer of DescribeExecution."""
    return Execution(
        answer["executionArn"],
        answer["status"],
        answer["startDate"],
        answer.get("stopDate"),
        answer.get("error"),
        answer.get("output"),
        answer.get("redriveStatusReason", "it says no reason")
        if answer.get("redriveStatus", "REDRIVABLE") != "REDRIVABLE"
        else None,
        (answer.get("stateMachineVersionArn") or "").rpartition(":")[2],
    )
