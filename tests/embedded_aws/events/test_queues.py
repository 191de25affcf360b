"""What SQS refuses: attributes that there are not, values beyond its ranges, and what comes too soon."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from ministack.services.sqs import _Err

from data_pipeline.embedded_aws.events.queues import Recent, refusal

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


def test_a_minute_apart() -> None:
    """For each queue its own minute, and none once it may be done again."""
    now = [0.0]
    recent = Recent("Code", "Wait with {}.", lambda: now[0])
    recent.check("a")
    recent.note("a")
    now[0] = 59.9
    with pytest.raises(_Err, match=r"Wait with a\."):
        recent.check("a")
    recent.check("b")
    recent.forget("a")
    recent.check("a")
    recent.note("a")
    now[0] = 120
    recent.check("a")


def test_purged_and_deleted_queues_are_left_alone_for_a_minute(aws: Any, name: str) -> None:
    """A queue that is not there is so, whenever it was."""
    sqs = aws("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    sqs.purge_queue(QueueUrl=url)
    with pytest.raises(ClientError, match=f"PurgeQueueInProgress.*{name}"):
        sqs.purge_queue(QueueUrl=url)
    sqs.delete_queue(QueueUrl=url)
    with pytest.raises(ClientError, match="QueueDeletedRecently"):
        sqs.create_queue(QueueName=name)
    for gone in (sqs.purge_queue, sqs.delete_queue):
        with pytest.raises(ClientError, match="NonExistentQueue"):
            gone(QueueUrl=url)
