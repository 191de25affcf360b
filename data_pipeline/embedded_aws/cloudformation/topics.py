"""AWS::SNS::Topic, AWS::SNS::TopicPolicy and AWS::SNS::Subscription."""

from __future__ import annotations

import json
from typing import Any

from .kinds import Kind, Properties, Resource, call


def _make_topic(resource: Resource) -> str:
    tags = [{"Key": key, "Value": value} for key, value in resource.tags().items()]
    attributes = resource.given("DisplayName")
    values = {"Name": resource.name("TopicName", 256), "Attributes": attributes}
    return str(call("sns", "CreateTopic", {**values, **({"Tags": tags} if tags else {})})["TopicArn"])


def _configure_topic(arn: str, resource: Resource, old: Resource | None) -> None:
    if old is None:
        return
    if resource.given("DisplayName") != old.given("DisplayName"):
        name = resource.properties.get("DisplayName", "")
        attribute = {"AttributeName": "DisplayName", "AttributeValue": name}
        call("sns", "SetTopicAttributes", {"TopicArn": arn, **attribute})
    tags, before = resource.tags(), old.tags()
    if set(before) - set(tags):
        call("sns", "UntagResource", {"ResourceArn": arn, "TagKeys": sorted(set(before) - set(tags))})
    changed = [{"Key": key, "Value": value} for key, value in tags.items() if before.get(key) != value]
    if changed:
        call("sns", "TagResource", {"ResourceArn": arn, "Tags": changed})


def _topic_attributes(arn: str, _properties: Properties) -> dict[str, Any]:
    call("sns", "GetTopicAttributes", {"TopicArn": arn})
    return {"TopicArn": arn, "TopicName": arn.rpartition(":")[2]}


def _make_policy(resource: Resource) -> str:
    _put_policy(resource)
    return f"{resource.stack}-{resource.logical_id}"


def _update_policy(_physical: str, resource: Resource, old: Resource | None) -> None:
    if old is not None:
        _put_policy(resource)


def _put_policy(resource: Resource) -> None:
    policy = json.dumps(resource.properties["PolicyDocument"])
    for arn in resource.properties["Topics"]:
        attribute = {"AttributeName": "Policy", "AttributeValue": policy}
        call("sns", "SetTopicAttributes", {"TopicArn": arn, **attribute})


def _remove_policy(_physical: str, properties: Properties) -> None:
    """Without a policy, a topic is its account's alone."""
    for arn in properties["Topics"]:
        attribute = {"AttributeName": "Policy", "AttributeValue": ""}
        call("sns", "SetTopicAttributes", {"TopicArn": arn, **attribute})


def _subscribe(resource: Resource) -> str:
    values = resource.given("TopicArn", "Protocol", "Endpoint")
    return str(call("sns", "Subscribe", {**values, "ReturnSubscriptionArn": True})["SubscriptionArn"])


KINDS = (
    Kind(
        "AWS::SNS::Topic",
        frozenset({"DisplayName", "TopicName"}),
        _make_topic,
        _configure_topic,
        _topic_attributes,
        lambda arn, _: call("sns", "DeleteTopic", {"TopicArn": arn}),
        create_only=("TopicName",),
        arn=lambda arn, _: arn,
        returns=frozenset({"TopicArn", "TopicName"}),
    ),
    Kind(
        "AWS::SNS::TopicPolicy",
        frozenset({"PolicyDocument", "Topics"}),
        _make_policy,
        _update_policy,
        lambda *_: {},
        _remove_policy,
        tags=None,
        create_only=("Topics",),
    ),
    Kind(
        "AWS::SNS::Subscription",
        frozenset({"Endpoint", "Protocol", "TopicArn"}),
        _subscribe,
        lambda *_: None,
        lambda *_: {},
        lambda arn, _: call("sns", "Unsubscribe", {"SubscriptionArn": arn}),
        tags=None,
        create_only=("Endpoint", "Protocol", "TopicArn"),
    ),
)
