"""Members and attributes of SQS's requests that MiniStack takes as they come, held against the API reference of SQS."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from data_pipeline.embedded_aws.answers import Response, error

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
_TYPE = re.compile(r"(String|Number|Binary)(\..+)?", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


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
        if not _TYPE.fullmatch(type_):
            return _invalid(f"The type of message (user) attribute '{name}' is invalid: {type_}")
        if type_.startswith("Number") and not _NUMBER.fullmatch(str(attribute.get("StringValue", ""))):
            return _invalid(f"Can't cast the value of message (user) attribute '{name}' to a number.")
    return None


def _invalid(message: str) -> Response:
    return error("InvalidParameterValue", message)
