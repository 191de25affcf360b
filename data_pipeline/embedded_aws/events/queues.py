"""Members and attributes of SQS's requests that MiniStack takes as they come, held against the API reference of SQS,
and the minute for which a queue that was purged or deleted is left alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import sqs

from data_pipeline.embedded_aws.answers import Response, error

from . import message_attributes

_FIXED = ("FifoQueue",)
_SET = (
    *("ContentBasedDeduplication", "DeduplicationScope", "DelaySeconds", "FifoThroughputLimit"),
    *(
        "KmsDataKeyReusePeriodSeconds",
        "KmsMasterKeyId",
        "MaximumMessageSize",
        "MessageRetentionPeriod",
        "Policy",
    ),
    *("ReceiveMessageWaitTimeSeconds", "RedriveAllowPolicy", "RedrivePolicy", "SqsManagedSseEnabled"),
    "VisibilityTimeout",
)
_READ = (
    *("All", "ApproximateNumberOfMessages", "ApproximateNumberOfMessagesDelayed"),
    *("ApproximateNumberOfMessagesNotVisible", "CreatedTimestamp", "LastModifiedTimestamp", "QueueArn"),
)
#: Operation → member → the least and the greatest number.
_RANGES = {
    "SendMessage": {"DelaySeconds": (0, 900)},
    "ReceiveMessage": {"VisibilityTimeout": (0, 43200), "WaitTimeSeconds": (0, 20)},
}
#: Seconds between two purges of a queue, and between the end of one and the next of its name.
_APART = 60


class Recent:
    """When something was last done to each queue of each account; forgotten with the server."""

    def __init__(self, code: str, message: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._code, self._message, self._clock = code, message, clock
        self._at: dict[tuple[str, str, str], float] = {}

    def check(self, queue: str) -> None:
        """SQS's error where it was done less than a minute ago."""
        if self._clock() - self._at.get(_key(queue), float("-inf")) < _APART:
            raise sqs._Err(self._code, self._message.format(queue))

    def note(self, queue: str) -> None:
        """It is done now."""
        self._at[_key(queue)] = self._clock()

    def forget(self, queue: str) -> None:
        """It may be done again at once."""
        self._at.pop(_key(queue), None)


def _key(queue: str) -> tuple[str, str, str]:
    return get_account_id(), get_region(), queue


PURGED = Recent("PurgeQueueInProgress", "Only one PurgeQueue operation on {} is allowed every 60 seconds.")
DELETED = Recent(
    "QueueDeletedRecently",
    "You must wait 60 seconds after deleting a queue before you can create another with the same name: {}.",
)


def install() -> None:
    """Look at the time before and after what MiniStack does."""
    create, delete, purge = (sqs._HANDLERS[name] for name in ("CreateQueue", "DeleteQueue", "PurgeQueue"))

    def created(data: dict[str, Any], url: str) -> dict[str, Any]:
        DELETED.check(str(data.get("QueueName", "")))
        return dict(create(data, url))

    def deleted(data: dict[str, Any], url: str) -> dict[str, Any]:
        name = sqs._get_q(data.get("QueueUrl", url))["name"]
        found = dict(delete(data, url))
        DELETED.note(name)
        PURGED.forget(name)
        return found

    def purged(data: dict[str, Any], url: str) -> dict[str, Any]:
        name = sqs._get_q(data.get("QueueUrl", url), "sqs:PurgeQueue")["name"]
        PURGED.check(name)
        found = dict(purge(data, url))
        PURGED.note(name)
        return found

    sqs._HANDLERS.update({"CreateQueue": created, "DeleteQueue": deleted, "PurgeQueue": purged})


def refusal(operation: str, given: Mapping[str, Any]) -> Response | None:
    """The answer to a request that SQS does not take; None where it is taken."""
    known = {
        "CreateQueue": _SET + _FIXED,
        "SetQueueAttributes": _SET,
        "GetQueueAttributes": _SET + _FIXED + _READ,
    }
    names = given.get("AttributeNames" if operation == "GetQueueAttributes" else "Attributes") or ()
    for name in names:
        if operation in known and name not in known[operation]:
            return error("InvalidAttributeName", f"Unknown Attribute {name}.")
    name = str(given.get("QueueName", ""))
    if operation == "CreateQueue" and name.endswith(".fifo") and dict(names).get("FifoQueue") != "true":
        return _invalid(
            "The name of a queue that is not FIFO can only include alphanumeric characters, - and _"
        )
    for member, (least, most) in _RANGES.get(operation, {}).items():
        if not least <= given.get(member, least) <= most:
            return _invalid(
                f"Value {given[member]} for parameter {member} is invalid. Must be {least} to {most}."
            )
    if operation == "SendMessage":
        return _message(given)
    return None


def _message(given: Mapping[str, Any]) -> Response | None:
    if "MessageDeduplicationId" in given and not str(given.get("QueueUrl", "")).endswith(".fifo"):
        return _invalid(
            "The request includes a parameter that is not valid for this queue type: MessageDeduplicationId"
        )
    for name, attribute in (given.get("MessageAttributes") or {}).items():
        type_ = str(attribute.get("DataType", ""))
        if not message_attributes.is_type(type_):
            return _invalid(f"The type of message (user) attribute '{name}' is invalid: {type_}")
        if not message_attributes.is_of(type_, str(attribute.get("StringValue", ""))):
            return _invalid(f"Can't cast the value of message (user) attribute '{name}' to a number.")
    return None


def _invalid(message: str) -> Response:
    return error("InvalidParameterValue", message)
