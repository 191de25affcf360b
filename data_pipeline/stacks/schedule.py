"""The schedule: EventBridge Scheduler starts the state machine; a queue keeps what could not be delivered."""

from __future__ import annotations

import json
from typing import Any

from awacs.aws import Action, Bool, Condition, Deny, PolicyDocument, Principal, Statement
from troposphere import GetAtt, Ref, scheduler, sqs

from data_pipeline.core.config import Environment
from data_pipeline.core.execution import execution_input

_TWO_WEEKS = 14 * 24 * 3600

#: a start that Scheduler could not deliver within six hours belongs to the next day's run.
_GIVE_UP_AFTER = 6 * 3600


def schedule(env: Environment) -> list[Any]:
    """The resources of the schedule; its role is elsewhere."""
    return [
        _dead_letters(env),
        _encrypted_transport_only(),
        scheduler.ScheduleGroup("ScheduleGroup", Name=env.names.schedule_group),
        scheduler.Schedule(
            "Schedule",
            Name="daily",
            GroupName=Ref("ScheduleGroup"),
            Description=f"Starts {env.names.state_machine}",
            ScheduleExpression=env.schedule.expression,
            ScheduleExpressionTimezone=env.schedule.timezone,
            State="ENABLED" if env.schedule.enabled else "DISABLED",
            FlexibleTimeWindow=scheduler.FlexibleTimeWindow(Mode="OFF"),
            Target=scheduler.Target(
                Arn=Ref("StateMachine"),
                RoleArn=GetAtt("ScheduleRole", "Arn"),
                Input=json.dumps(execution_input(), sort_keys=True),
                RetryPolicy=scheduler.RetryPolicy(
                    MaximumEventAgeInSeconds=_GIVE_UP_AFTER, MaximumRetryAttempts=20
                ),
                DeadLetterConfig=scheduler.DeadLetterConfig(Arn=GetAtt("DeadLetters", "Arn")),
            ),
        ),
    ]


def _dead_letters(env: Environment) -> sqs.Queue:
    key = {"KmsMasterKeyId": Ref("DataKey")} if env.customer_key else {"SqsManagedSseEnabled": True}
    return sqs.Queue("DeadLetters", MessageRetentionPeriod=_TWO_WEEKS, **key)


def _encrypted_transport_only() -> sqs.QueuePolicy:
    return sqs.QueuePolicy(
        "DeadLettersPolicy",
        Metadata={"Why": {"RefusePlainHttp": "messages travel encrypted"}},
        Queues=[Ref("DeadLetters")],
        PolicyDocument=PolicyDocument(
            Version="2012-10-17",
            Statement=[
                Statement(
                    Sid="RefusePlainHttp",
                    Effect=Deny,
                    Principal=Principal("*"),
                    Action=[Action("sqs", "*")],
                    Resource=[GetAtt("DeadLetters", "Arn")],
                    Condition=Condition(Bool("aws:SecureTransport", "false")),
                )
            ],
        ),
    )
