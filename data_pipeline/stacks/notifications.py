"""Who is told how runs end: the topic with its subscribers, the permission to publish, and alarms.

The state machine tells of the ends that it sees. Alarms are for what no state can tell: an execution that somebody
stops, a start that was never delivered, and runs that should succeed and do not come.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from awacs import sns as may_on_topic
from awacs.aws import Allow, ArnLike, Condition, PolicyDocument, Principal, Statement, StringEquals
from troposphere import GetAtt, Parameter, Ref, cloudwatch, sns

from data_pipeline.core.config.environment import Environment, Schedule, Step
from data_pipeline.core.config.notify import Notify
from data_pipeline.core.facts import firings
from data_pipeline.core.machine.notifications import email_parameters

from . import permissions as may
from .permissions import Grant, arn

_TOPIC = "NotificationTopic"

#: an alarm looks back seven days at most, in periods of at least an hour (PutMetricAlarm, EvaluationPeriods).
_LONGEST_LOOK_HOURS = 7 * 24
#: hours beside the schedule and the longest run: the change to winter time, and a start that was retried.
_SLACK_HOURS = 2


def topic(own: bool) -> Ref:
    """The topic's ARN: the reference of the own one, or the parameter of another's."""
    return Ref(_TOPIC if own else f"{_TOPIC}Arn")


def parameters(notify: Notify) -> list[Parameter]:
    """What deploy fills from the configuration: a template names neither a person nor an account."""
    if notify.topic is None:
        return [
            Parameter(n, Type="String", Description="Who is written to") for n in email_parameters(notify)
        ]
    shape = "arn:[a-z-]+:sns:.+"
    return [Parameter(f"{_TOPIC}Arn", Type="String", AllowedPattern=shape, Description="Whom to tell")]


def resources(env: Environment) -> list[Any]:
    """Topic, subscriptions and alarms."""
    if env.notify is None:
        return []
    own = (
        [_topic(env.names.prefix, env.customer_key), _policy(), *_subscriptions(email_parameters(env.notify))]
        if env.own_topic
        else []
    )
    return [*own, *alarms(env)]


def grants(own_topic: bool, customer_key: bool, calls: Mapping[str, str]) -> list[Grant]:
    """What a state machine needs for its publications. ``calls``: integration → which of its states call it."""
    if "sns:publish" not in calls:
        return []
    found = [may.publish(topic(own_topic), why=calls["sns:publish"])]
    if own_topic and customer_key:
        why = "kms: the topic is encrypted with the key"
        found.append(may.use_key("sns", write=True, why=why, sid="UseTopicKey"))
    return found


def alarms(env: Environment) -> list[cloudwatch.Alarm]:
    """The alarms of an environment on AWS. The embedded AWS keeps no metrics that they could look at."""
    if env.notify is None or env.embedded:
        return []
    publish_to, prefix = topic(env.own_topic), env.names.prefix
    found = [
        _alarm(
            "DeadLettersAlarm",
            publish_to,
            f"A start of {prefix} was not delivered; the queue says which, and why",
            "AWS/SQS",
            "ApproximateNumberOfMessagesVisible",
            {"QueueName": GetAtt("DeadLetters", "QueueName")},
            Statistic="Maximum",
        ),
        _aborted(publish_to, "StateMachine", f"An execution in {prefix}"),
    ]
    if env.maintenance:
        found.append(
            _aborted(publish_to, "MaintenanceStateMachine", f"An execution of the maintenance in {prefix}")
        )
    hours = overdue_after(env.schedule, env.steps.values())
    return found if hours is None else [*found, _overdue(publish_to, prefix, hours)]


def _aborted(publish_to: Ref, machine: str, what: str) -> cloudwatch.Alarm:
    """An execution that is stopped ends where it stands. None times out: no machine has a TimeoutSeconds."""
    return _alarm(
        f"{machine}AbortedAlarm",
        publish_to,
        f"{what} was stopped before its end",
        "AWS/States",
        "ExecutionsAborted",
        {"StateMachineArn": Ref(machine)},
    )


def _overdue(publish_to: Ref, prefix: str, hours: int) -> cloudwatch.Alarm:
    """No execution has succeeded for longer than the schedule and the longest run allow: nothing started, or
    every run failed, also where no state could tell.
    """
    return _alarm(
        "OverdueAlarm",
        publish_to,
        f"No run of {prefix} has succeeded for {hours} hours",
        "AWS/States",
        "ExecutionsSucceeded",
        {"StateMachineArn": Ref("StateMachine")},
        Period=3600,
        EvaluationPeriods=hours,
        ComparisonOperator="LessThanThreshold",
        Threshold=1,
        # An hour in which nothing succeeds has no data at all.
        TreatMissingData="breaching",
    )


def overdue_after(schedule: Schedule, steps: Iterable[Step]) -> int | None:
    """Hours without a success after which something must be wrong, or None where no alarm can look back so far."""
    if not schedule.enabled:
        return None
    gap = firings.longest_gap(schedule.expression, schedule.timezone)
    if gap is None:
        return None
    run = sum(step.timeout_minutes + 30 for step in steps) / 60
    hours = math.ceil(gap + run) + _SLACK_HOURS
    return hours if hours <= _LONGEST_LOOK_HOURS else None


def _alarm(
    title: str,
    publish_to: Ref,
    description: str,
    namespace: str,
    metric: str,
    dimensions: Mapping[str, Any],
    **more: Any,
) -> cloudwatch.Alarm:
    """An alarm that tells the topic; unless ``more`` says otherwise, of anything above 0 in five minutes."""
    return cloudwatch.Alarm(
        title,
        AlarmDescription=description,
        AlarmActions=[publish_to],
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[cloudwatch.MetricDimension(Name=n, Value=v) for n, v in dimensions.items()],
        **{
            "Statistic": "Sum",
            "Period": 300,
            "EvaluationPeriods": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 0,
            "TreatMissingData": "notBreaching",
            **more,
        },
    )


def _topic(name: str, customer_key: bool) -> sns.Topic:
    # The display name is the sender's in a mail. Without a customer's key, SNS's disk encryption is all: alarms cannot
    # use the key alias/aws/sns, whose policy does not admit CloudWatch.
    key = {"KmsMasterKeyId": Ref("DataKey")} if customer_key else {}
    return sns.Topic(_TOPIC, DisplayName=name, **key)


def _subscriptions(emails: Iterable[str]) -> list[sns.SubscriptionResource]:
    return [
        sns.SubscriptionResource(
            f"{name}Subscription", Protocol="email", Endpoint=Ref(name), TopicArn=Ref(_TOPIC)
        )
        for name in emails
    ]


def _policy() -> sns.TopicPolicy:
    """The state machine's role may publish by its own policy; alarms of this stack may by this one."""
    return sns.TopicPolicy(
        f"{_TOPIC}Policy",
        Metadata={
            "Why": {
                "RefusePlainHttp": "messages travel encrypted",
                "PublishAlarms": "the alarms of this stack tell the topic's subscribers",
            }
        },
        Topics=[Ref(_TOPIC)],
        PolicyDocument=PolicyDocument(
            Version="2012-10-17",
            Statement=[
                may.refuse_plain_http(may_on_topic.Publish, [Ref(_TOPIC)]),
                Statement(
                    Sid="PublishAlarms",
                    Effect=Allow,
                    Principal=Principal("Service", "cloudwatch.amazonaws.com"),
                    Action=[may_on_topic.Publish],
                    Resource=[Ref(_TOPIC)],
                    Condition=Condition(
                        [
                            StringEquals("aws:SourceAccount", Ref("AWS::AccountId")),
                            ArnLike("aws:SourceArn", arn("cloudwatch", "alarm:${AWS::StackName}-*")),
                        ]
                    ),
                ),
            ],
        ),
    )
