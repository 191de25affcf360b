"""AWS::SQS::Queue and AWS::SQS::QueuePolicy."""

from __future__ import annotations

import json
from typing import Any

from data_pipeline.embedded_aws.events.queues import DELETED

from .kinds import Kind, Properties, Resource, arn_of, call

#: Properties that are attributes of the queue, under the same name.
_ATTRIBUTES = frozenset(
    [
        "DelaySeconds",
        "MaximumMessageSize",
        "MessageRetentionPeriod",
        "ReceiveMessageWaitTimeSeconds",
        "RedrivePolicy",
        "SqsManagedSseEnabled",
        "VisibilityTimeout",
    ]
)


def _attributes_of(resource: Resource) -> dict[str, str]:
    given = resource.given(*sorted(_ATTRIBUTES))
    return {key: item if isinstance(item, str) else json.dumps(item) for key, item in given.items()}


def _make_queue(resource: Resource) -> str:
    tags = resource.tags()
    values = {"QueueName": resource.name("QueueName", 80), "Attributes": _attributes_of(resource)}
    return str(call("sqs", "CreateQueue", {**values, **({"tags": tags} if tags else {})})["QueueUrl"])


def _configure_queue(url: str, resource: Resource, old: Resource | None) -> None:
    if old is None:
        return
    attributes = _attributes_of(resource)
    if attributes != _attributes_of(old):
        call("sqs", "SetQueueAttributes", {"QueueUrl": url, "Attributes": attributes})
    tags, before = resource.tags(), old.tags()
    if set(before) - set(tags):
        call("sqs", "UntagQueue", {"QueueUrl": url, "TagKeys": sorted(set(before) - set(tags))})
    if tags and tags != before:
        call("sqs", "TagQueue", {"QueueUrl": url, "Tags": tags})


def _queue_attributes(url: str, _properties: Properties) -> dict[str, Any]:
    found = call("sqs", "GetQueueAttributes", {"QueueUrl": url, "AttributeNames": ["QueueArn"]})
    return {"Arn": found["Attributes"]["QueueArn"], "QueueName": url.rsplit("/", 1)[1], "QueueUrl": url}


def _remove_queue(url: str, _properties: Properties) -> None:
    """AWS's CloudFormation waits until another queue can have the name."""
    call("sqs", "DeleteQueue", {"QueueUrl": url})
    DELETED.forget(url.rsplit("/", 1)[1])


def _make_policy(resource: Resource) -> str:
    _put_policy(resource)
    return f"{resource.stack}-{resource.logical_id}"


def _update_policy(_physical: str, resource: Resource, old: Resource | None) -> None:
    if old is None:
        return
    _put_policy(resource)
    for url in set(old.properties["Queues"]) - set(resource.properties["Queues"]):
        call("sqs", "SetQueueAttributes", {"QueueUrl": url, "Attributes": {"Policy": ""}})


def _put_policy(resource: Resource) -> None:
    policy = json.dumps(resource.properties["PolicyDocument"])
    for url in resource.properties["Queues"]:
        call("sqs", "SetQueueAttributes", {"QueueUrl": url, "Attributes": {"Policy": policy}})


def _remove_policy(_physical: str, properties: Properties) -> None:
    for url in properties["Queues"]:
        call("sqs", "SetQueueAttributes", {"QueueUrl": url, "Attributes": {"Policy": ""}})


KINDS = (
    Kind(
        "AWS::SQS::Queue",
        frozenset({"QueueName"}) | _ATTRIBUTES,
        _make_queue,
        _configure_queue,
        _queue_attributes,
        _remove_queue,
        create_only=("QueueName",),
        arn=lambda url, _: arn_of("sqs", url.rsplit("/", 1)[1]),
        returns=frozenset({"Arn", "QueueName", "QueueUrl"}),
    ),
    Kind(
        "AWS::SQS::QueuePolicy",
        frozenset({"PolicyDocument", "Queues"}),
        _make_policy,
        _update_policy,
        lambda *_: {},
        _remove_policy,
        tags=None,
    ),
)
