"""What SQS refuses: attributes that there are not, and values beyond its ranges."""

from __future__ import annotations

from typing import Any

import pytest

from data_pipeline.embedded_aws.events.queues import refusal

URL, FIFO = "http://127.0.0.1/000000000000/q", "http://127.0.0.1/000000000000/q.fifo"


def attribute(type_: str, value: str = "1") -> dict[str, Any]:
    """Attributes of a message."""
    return {"a": {"DataType": type_, "StringValue": value}}


REFUSED = [
    ("CreateQueue", {"QueueName": "q", "Attributes": {"Size": "1"}}),
    ("CreateQueue", {"QueueName": "q.fifo"}),
    ("SetQueueAttributes", {"QueueUrl": URL, "Attributes": {"FifoQueue": "true"}}),
    ("GetQueueAttributes", {"QueueUrl": URL, "AttributeNames": ["Size"]}),
    ("SendMessage", {"QueueUrl": URL, "MessageBody": "m", "DelaySeconds": 901}),
    ("SendMessage", {"QueueUrl": URL, "MessageBody": "m", "MessageDeduplicationId": "d"}),
    ("SendMessage", {"QueueUrl": URL, "MessageBody": "m", "MessageAttributes": attribute("Text")}),
    ("SendMessage", {"QueueUrl": URL, "MessageBody": "m", "MessageAttributes": attribute("Number", "x")}),
    ("ReceiveMessage", {"QueueUrl": URL, "WaitTimeSeconds": 21}),
    ("ReceiveMessage", {"QueueUrl": URL, "VisibilityTimeout": 43201}),
]
TAKEN = [
    ("CreateQueue", {"QueueName": "q", "Attributes": {"VisibilityTimeout": "5"}}),
    ("CreateQueue", {"QueueName": "q.fifo", "Attributes": {"FifoQueue": "true"}}),
    ("GetQueueAttributes", {"QueueUrl": URL, "AttributeNames": ["All"]}),
    ("SendMessage", {"QueueUrl": FIFO, "MessageBody": "m", "MessageDeduplicationId": "d"}),
    (
        "SendMessage",
        {"QueueUrl": URL, "MessageBody": "m", "MessageAttributes": attribute("Number.int", "-1.5e3")},
    ),
    ("ReceiveMessage", {"QueueUrl": URL, "WaitTimeSeconds": 20}),
    ("DeleteQueue", {"QueueUrl": URL}),
]


@pytest.mark.parametrize(("operation", "given"), REFUSED)
def test_refused(operation: str, given: dict[str, Any]) -> None:
    """As the API reference of the operation says."""
    assert refusal(operation, given) is not None


@pytest.mark.parametrize(("operation", "given"), TAKEN)
def test_taken(operation: str, given: dict[str, Any]) -> None:
    """What lies beside it."""
    assert refusal(operation, given) is None
