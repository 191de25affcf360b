"""The topic, who may publish to it and with which key, and the alarms with their bounds."""

from __future__ import annotations

from typing import Any

import pytest
from environments import KMS, NOTIFY, environment

import templates
from data_pipeline.core.checks import keys
from data_pipeline.core.machine.notifications import parameters
from data_pipeline.stacks import render
from data_pipeline.stacks.notifications import overdue_after

TOPIC = "arn:aws:sns:us-east-1:123456789012:data-alerts"


def rendered(changes: dict[str, Any], name: str = "prod") -> tuple[dict[str, Any], dict[str, Any]]:
    """The storage and the pipeline template."""
    storage, pipeline = (templates.parse(text) for text in render(environment(changes, name)).values())
    return storage, pipeline


def of_type(template: dict[str, Any], kind: str) -> dict[str, Any]:
    return dict(templates.of_type(template, kind))


def publishing(template: dict[str, Any], role: str = "StateMachineRole") -> list[dict[str, Any]]:
    (policy,) = template["Resources"][role]["Properties"]["Policies"]
    return [s for s in policy["PolicyDocument"]["Statement"] if "sns:Publish" in s["Action"]]


def test_nothing_is_there_unless_asked() -> None:
    """Without `notify`, no topic, no alarm, no permission, no parameter."""
    text = "".join(render(environment({}, "prod")).values()).lower()
    assert not [word for word in ("sns", "::alarm", "notification", "notify") if word in text]


def test_addresses_are_parameters() -> None:
    """A template names neither a person nor an account; deploy fills in what the configuration says."""
    two = {"notify": {"emails": ["a@example.com", "b@example.com"]}}
    _, template = rendered(two)
    assert "@example.com" not in str(template["Resources"])
    subscriptions = of_type(template, "AWS::SNS::Subscription").values()
    named = [subscription["Endpoint"]["Ref"] for subscription in subscriptions]
    assert dict(zip(named, two["notify"]["emails"], strict=True)) == parameters(environment(two, "prod"))
    assert set(named) <= template["Parameters"].keys()


def test_another_topic_takes_the_place_of_the_own_one() -> None:
    """Its ARN is a parameter; the role may publish there, and alarms do."""
    env = {"notify": {"topic": TOPIC}}
    _, template = rendered(env)
    assert TOPIC not in str(template)
    assert not of_type(template, "AWS::SNS::Topic")
    (statement,) = publishing(template)
    assert statement["Resource"] == [{"Ref": "NotificationTopicArn"}]
    assert parameters(environment(env)) == {"NotificationTopicArn": TOPIC}
    for alarm in of_type(template, "AWS::CloudWatch::Alarm").values():
        assert alarm["AlarmActions"] == [{"Ref": "NotificationTopicArn"}]


def test_only_who_must_publish_may() -> None:
    """Both state machines by their roles; CloudWatch for the alarms of this stack; nobody over plain HTTP."""
    _, template = rendered(NOTIFY)
    for role in ("StateMachineRole", "MaintenanceStateMachineRole"):
        (statement,) = publishing(template, role)
        assert statement["Resource"] == [{"Ref": "NotificationTopic"}]
    (policy,) = of_type(template, "AWS::SNS::TopicPolicy").values()
    refuse, alarms = policy["PolicyDocument"]["Statement"]
    assert (refuse["Effect"], refuse["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert alarms["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert alarms["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    assert "alarm:${AWS::StackName}-*" in str(alarms["Condition"]["ArnLike"]["aws:SourceArn"])


def test_a_role_that_tells_nothing_may_not_publish() -> None:
    """Only successes are told: the maintenance has none to tell."""
    _, template = rendered({"notify": {"when": ["success"]}})
    assert publishing(template)
    assert not publishing(template, "MaintenanceStateMachineRole")


def test_the_customers_key_is_for_the_topic_too() -> None:
    """The roles through SNS, and CloudWatch by the key's policy: without either, the key's check finds it."""
    storage, pipeline = rendered({**NOTIFY, **KMS})
    (topic,) = of_type(pipeline, "AWS::SNS::Topic").values()
    assert topic["KmsMasterKeyId"] == {"Ref": "DataKey"}
    resources = {**storage["Resources"], **pipeline["Resources"]}
    assert keys.check(resources) == []
    policy = resources["DataKey"]["Properties"]["KeyPolicy"]
    whole = policy["Statement"]
    policy["Statement"] = [s for s in whole if s["Sid"] != "PublishAlarms"]
    assert any(
        "CloudWatch for OverdueAlarm needs kms:Decrypt" in str(found) for found in keys.check(resources)
    )
    policy["Statement"] = whole
    statements = resources["StateMachineRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    statements[:] = [s for s in statements if s["Sid"] != "UseTopicKey"]
    assert any("sns:Publish on NotificationTopic" in str(found) for found in keys.check(resources))


def test_without_a_customers_key_alarms_can_publish() -> None:
    """The key alias/aws/sns would let no alarm through."""
    _, template = rendered(NOTIFY)
    assert of_type(template, "AWS::SNS::Topic") == {"NotificationTopic": {"DisplayName": "nyc-tlc-prod"}}


@pytest.mark.parametrize("changes", [NOTIFY, {**NOTIFY, "schedule": {"expression": "rate(1 hour)"}}])
def test_alarms_are_within_the_bounds_of_cloudwatch(changes: dict[str, Any]) -> None:
    """Seven days in periods of an hour or more, one day in shorter ones; missing data mean what they must."""
    _, template = rendered(changes)
    alarms = of_type(template, "AWS::CloudWatch::Alarm")
    assert alarms.keys() == {
        *(
            "DeadLettersAlarm",
            "StateMachineAbortedAlarm",
            "MaintenanceStateMachineAbortedAlarm",
            "OverdueAlarm",
        )
    }
    for name, alarm in alarms.items():
        looks_back = alarm["Period"] * alarm["EvaluationPeriods"]
        assert looks_back <= (7 * 86400 if alarm["Period"] >= 3600 else 86400)
        assert alarm["TreatMissingData"] == ("breaching" if name == "OverdueAlarm" else "notBreaching")


def overdue(**more: Any) -> int | None:
    """Of prod with this configuration."""
    env = environment({**NOTIFY, **more}, "prod")
    return overdue_after(env.schedule, env.steps.values())


def test_overdue_is_later_than_the_schedule_and_the_longest_run() -> None:
    """A day, 30 and 240 minutes with half an hour of grace each, and slack; none where no alarm can look so far."""
    assert overdue() == 24 + 6 + 2
    assert overdue(schedule={"expression": "cron(0 6 ? * SUN *)"}) is None
    assert overdue(schedule={"enabled": False}) is None


def test_the_embedded_aws_is_given_no_alarms() -> None:
    """It has no metrics, and refuses the type by its name."""
    _, template = rendered(NOTIFY, "local")
    assert of_type(template, "AWS::SNS::Topic")
    assert not of_type(template, "AWS::CloudWatch::Alarm")
