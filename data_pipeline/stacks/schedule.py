"""The schedule: EventBridge Scheduler starts the state machine; a queue keeps what could not be delivered."""

from __future__ import annotations

import json
from typing import Any

from awacs.aws import Action, PolicyDocument
from troposphere import GetAtt, Ref, scheduler, sqs

from data_pipeline.core.config.environment import Schedule
from data_pipeline.core.machine.execution import SCHEDULE, execution_input
from data_pipeline.core.naming import DAILY, MAINTENANCE, Names

from . import permissions as may

_TWO_WEEKS = 14 * 24 * 3600

#: a start that Scheduler could not deliver within six hours belongs to the next day's run.
_GIVE_UP_AFTER = 6 * 3600


def schedule(names: Names, daily: Schedule, maintenance: Schedule | None, customer_key: bool) -> list[Any]:
    """The resources of the schedule; its role is elsewhere."""
    found = [
        _dead_letters(customer_key),
        _encrypted_transport_only(),
        scheduler.ScheduleGroup("ScheduleGroup", Name=names.schedule_group),
        _starts(
            "", DAILY, "StateMachineAlias", names.state_machine, daily, execution_input(started_by=SCHEDULE)
        ),
    ]
    if maintenance:
        found.append(
            _starts("Maintenance", MAINTENANCE, "MaintenanceStateMachine", names.maintenance, maintenance, {})
        )
    return found


def _starts(
    what: str, name: str, target: str, machine: str, when: Schedule, value: dict[str, Any]
) -> scheduler.Schedule:
    """The schedule that starts ``machine``, through the resource ``target`` (a logical id)."""
    return scheduler.Schedule(
        f"{what}Schedule",
        Name=name,
        GroupName=Ref("ScheduleGroup"),
        Description=f"Starts {machine}",
        ScheduleExpression=when.expression,
        ScheduleExpressionTimezone=when.timezone,
        State="ENABLED" if when.enabled else "DISABLED",
        FlexibleTimeWindow=scheduler.FlexibleTimeWindow(Mode="OFF"),
        Target=scheduler.Target(
            Arn=Ref(target),
            RoleArn=GetAtt("ScheduleRole", "Arn"),
            Input=json.dumps(value, sort_keys=True),
            RetryPolicy=scheduler.RetryPolicy(
                MaximumEventAgeInSeconds=_GIVE_UP_AFTER, MaximumRetryAttempts=20
            ),
            DeadLetterConfig=scheduler.DeadLetterConfig(Arn=GetAtt("DeadLetters", "Arn")),
        ),
    )


def _dead_letters(customer_key: bool) -> sqs.Queue:
    key = {"KmsMasterKeyId": Ref("DataKey")} if customer_key else {"SqsManagedSseEnabled": True}
    return sqs.Queue("DeadLetters", MessageRetentionPeriod=_TWO_WEEKS, **key)


def _encrypted_transport_only() -> sqs.QueuePolicy:
    return sqs.QueuePolicy(
        "DeadLettersPolicy",
        Metadata={"Why": {"RefusePlainHttp": "messages travel encrypted"}},
        Queues=[Ref("DeadLetters")],
        PolicyDocument=PolicyDocument(
            Version="2012-10-17",
            Statement=[may.refuse_plain_http(Action("sqs", "*"), [GetAtt("DeadLetters", "Arn")])],
        ),
    )
