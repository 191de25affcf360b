"""EventBridge Scheduler: MiniStack's API and store; schedules that fire in their zone and start executions
as their role.
"""

from __future__ import annotations

import datetime
import json
import logging
import re
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import scheduler

from data_pipeline.embedded_aws.answers import Response, error, not_emulated
from data_pipeline.embedded_aws.identity import caller, iam, sessions

from . import schedules

_log = logging.getLogger("embedded.scheduler")

PRINCIPAL = "scheduler.amazonaws.com"
#: Seconds between two looks at the schedules.
TICK = 2
#: Most items of a list.
_PAGE = 100
#: Seconds that a StartDate may lie back.
_LATE = 300
Handler = Callable[[str, dict[str, Any]], Response]
Record = dict[str, Any]

#: (account, region, "group/name") → (time of the schedule's last change, time up to which it was looked at)
_seen: dict[tuple[str, str, str], tuple[float, float]] = {}
_started = time.time()


def install() -> None:
    """Check what is created, and fire what is due, in the place of MiniStack."""
    scheduler._create_schedule = _checked(scheduler._create_schedule)
    scheduler._update_schedule = _checked(scheduler._update_schedule)
    scheduler._list_schedules = _paged(scheduler._list_schedules, "Schedules", _in_group)
    scheduler._list_schedule_groups = _paged(scheduler._list_schedule_groups, "ScheduleGroups")
    scheduler._tick_schedules = tick
    scheduler._SCHEDULE_TICK_INTERVAL = TICK


def _checked(handler: Handler) -> Handler:
    """Create or update a schedule only if AWS would, and if it can be fired here."""

    def checked(name: str, body: dict[str, Any]) -> Response:
        return _refused(body) or handler(name, body)

    return checked


def _paged(
    handler: Callable[[dict[str, Any]], Response],
    member: str,
    check: Callable[[dict[str, Any]], Response | None] = lambda _: None,
) -> Callable[[dict[str, Any]], Response]:
    """A list in pages of at most MaxResults, by name; MiniStack ends it there."""

    def paged(query: dict[str, Any]) -> Response:
        token, most = str(query.get("NextToken", "0")), str(query.get("MaxResults", _PAGE))
        if not re.fullmatch(r"\d{1,9}", token, re.ASCII):
            return error("ValidationException", "Invalid NextToken provided.")
        if not re.fullmatch(r"\d{1,3}", most, re.ASCII) or not 1 <= int(most) <= _PAGE:
            return error("ValidationException", f"MaxResults is a number from 1 to {_PAGE}; found {most!r}.")
        refused = check(query)
        if refused is not None:
            return refused
        status, headers, body = handler({**query, "MaxResults": sys.maxsize})
        items = sorted(json.loads(body)[member], key=lambda item: (item.get("GroupName", ""), item["Name"]))
        first, last = int(token), int(token) + int(most)
        more = {"NextToken": str(last)} if last < len(items) else {}
        return status, headers, json.dumps({member: items[first:last], **more}).encode()

    return paged


def _in_group(query: dict[str, Any]) -> Response | None:
    group = query.get("ScheduleGroup")
    if group in (None, "default") or group in scheduler._schedule_groups:
        return None
    return error("ResourceNotFoundException", f"Schedule group {group} does not exist.", 404)


def _refused(body: dict[str, Any]) -> Response | None:
    target = body.get("Target") or {}
    if ":stateMachine:" not in target.get("Arn", ""):
        return not_emulated(f"a schedule whose target is {target.get('Arn')}, only state machines")
    if (body.get("FlexibleTimeWindow") or {}).get("Mode") != "OFF":
        return not_emulated("a schedule with a flexible time window")
    if body.get("KmsKeyArn"):
        return not_emulated("a schedule with a customer's key")
    try:
        schedules.parse(body.get("ScheduleExpression", ""), body.get("ScheduleExpressionTimezone", "UTC"))
        json.loads(target.get("Input") or "{}")
    except schedules.Invalid as problem:
        return error("ValidationException", str(problem))
    except ValueError as problem:
        return error("ValidationException", f"Invalid RequestJson provided. Reason: {problem}")
    start, end = (scheduler._to_epoch(body.get(field)) for field in ("StartDate", "EndDate"))
    recurs = not body.get("ScheduleExpression", "").startswith("at(")  # only there it has a meaning
    if recurs and start is not None and start < time.time() - _LATE:
        return error("ValidationException", "The StartDate you specify cannot be earlier than 5 minutes ago.")
    if end is not None and end <= max(start or 0, time.time()):
        return error("ValidationException", "The EndDate must be in the future, and after the StartDate.")
    role_arn = target.get("RoleArn", "")
    role = sessions.role_of(role_arn)
    group = scheduler._group_arn(body.get("GroupName", "default"))
    if role is None or not sessions.trusts(
        role["AssumeRolePolicyDocument"], PRINCIPAL, role_arn, _source(group)
    ):
        message = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
        return error("ValidationException", message)
    return None


def _source(group_arn: str) -> dict[str, str]:
    return {"aws:SourceArn": group_arn, "aws:SourceAccount": get_account_id()}


def tick() -> None:
    """Fire every schedule that became due since the last look."""
    now = time.time()
    for key, record in list(scheduler._schedules._data.items()):
        account, region, _ = key
        with request_scope(account, region):
            for moment in due(key, record, now):
                fire(record, moment)
            if record.get("ActionAfterCompletion") == "DELETE" and _completed(record, now):
                scheduler._schedules._data.pop(key, None)


def due(key: tuple[str, str, str], record: Record, now: float) -> Iterator[float]:
    """The epoch seconds at which the schedule should have fired since the last look; what passed while the
    server was down is not made up for.
    """
    changed = float(record["LastModificationDate"])
    before, looked = _seen.get(key, (changed, max(_started, changed) - 0.001))
    if before != changed:
        looked = changed - 0.001
    _seen[key] = (changed, now)
    if record.get("State", "ENABLED") != "ENABLED":
        return
    start, end = (scheduler._to_epoch(record.get(field)) for field in ("StartDate", "EndDate"))
    schedule = schedules.parse(record["ScheduleExpression"], record.get("ScheduleExpressionTimezone", "UTC"))
    anchor = start if start is not None else float(record["CreationDate"])
    for moment in schedule.between(looked, now, anchor):
        if (start is None or moment >= start) and (end is None or moment <= end):
            yield moment


def _completed(record: Record, now: float) -> bool:
    schedule = schedules.parse(record["ScheduleExpression"], record.get("ScheduleExpressionTimezone", "UTC"))
    end = scheduler._to_epoch(record.get("EndDate"))
    return (isinstance(schedule, schedules.Once) and now >= schedule.moment) or (
        end is not None and now > end
    )


def fire(record: Record, moment: float) -> None:
    """Start the target's execution as the target's role; what fails goes to the dead-letter queue, and to
    the log.
    """
    target = record["Target"]
    execution = str(uuid.uuid4())
    when = datetime.datetime.fromtimestamp(moment, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = target.get("Input") or "{}"
    for name, value in (
        ("schedule-arn", record["Arn"]),
        ("scheduled-time", when),
        ("execution-id", execution),
        ("attempt-number", "1"),
    ):
        text = text.replace(f"<aws.scheduler.{name}>", value)
    try:
        credentials = sessions.assume_for_service(
            target["RoleArn"],
            PRINCIPAL,
            session=record["Name"],
            source=_source(scheduler._group_arn(record["GroupName"])),
        )
    except iam.AccessDenied as problem:
        _log.warning("%s: %s", record["Arn"], problem)
        return
    try:
        _client("stepfunctions", credentials).start_execution(stateMachineArn=target["Arn"], input=text)
        _log.info("%s: started an execution of %s for %s", record["Arn"], target["Arn"], when)
    except ClientError as problem:
        _log.warning("%s: %s", record["Arn"], problem)
        _bury(record, credentials, execution, text, problem)
    finally:
        sessions.revoke(credentials)


def _client(service: str, given: sessions.Credentials) -> Any:
    return caller.make(service, given.access_key, given.secret_key, given.token, get_region())


def _bury(
    record: Record, credentials: sessions.Credentials, execution: str, text: str, problem: ClientError
) -> None:
    """Send what was not delivered to the schedule's dead-letter queue, if it has one and the role may."""
    arn = (record["Target"].get("DeadLetterConfig") or {}).get("Arn")
    if not arn:
        return
    _, _, _, _, account, queue = arn.split(":")
    attributes = {
        "ERROR_CODE": problem.response["Error"]["Code"],
        "ERROR_MESSAGE": str(problem)[:1024],
        "EXECUTION_ID": execution,
        "SCHEDULE_ARN": record["Arn"],
        "TARGET_ARN": record["Target"]["Arn"],
    }
    try:
        _client("sqs", credentials).send_message(
            QueueUrl=f"{caller.url()}/{account}/{queue}",
            MessageBody=text,
            MessageAttributes={k: {"DataType": "String", "StringValue": v} for k, v in attributes.items()},
        )
    except ClientError as lost:
        _log.warning("%s: the dead-letter queue did not take it: %s", record["Arn"], lost)
