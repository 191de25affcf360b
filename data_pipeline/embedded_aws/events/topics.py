"""Attributes of topics and of messages that MiniStack takes as they come, held against the API reference of SNS
(CreateTopic, SetTopicAttributes, Publish, MessageAttributeValue).
"""

from __future__ import annotations

from collections.abc import Mapping

from ministack.core.responses import get_account_id, get_region
from ministack.services import sns

from data_pipeline.embedded_aws.answers import Response, error_in_xml, refusal_in_xml

from . import message_attributes

_KEPT = frozenset(["ContentBasedDeduplication", "DisplayName", "FifoTopic", "KmsMasterKeyId", "Policy"])
#: What would have no effect here.
_UNHEEDED = frozenset(
    ["ArchivePolicy", "DeliveryPolicy", "FifoThroughputScope", "SignatureVersion", "TracingConfig"]
    + [
        f"{protocol}{what}"
        for protocol in ("Application", "Firehose", "HTTP", "Lambda", "SQS")
        for what in ("FailureFeedbackRoleArn", "SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate")
    ]
)
_LONGEST_DISPLAY_NAME = 100


def refusal(operation: str, given: Mapping[str, str]) -> Response | None:
    """The answer to a request that SNS does not take, its members flat; None where it is taken."""
    if operation == "CreateTopic":
        attributes = _pairs(given, "Attributes.entry.{}.key", "Attributes.entry.{}.value")
        return _attributes(attributes) or _existing(given, attributes)
    if operation == "SetTopicAttributes":
        return _attributes({given.get("AttributeName", ""): given.get("AttributeValue", "")})
    if operation == "Publish":
        return _message(given)
    return None


def _attributes(attributes: Mapping[str, str]) -> Response | None:
    for name, value in attributes.items():
        if name in _UNHEEDED:
            return refusal_in_xml(f"sns: a topic with {name}")
        if name not in _KEPT:
            return _invalid("Invalid parameter: AttributeName")
        if name == "DisplayName" and len(value) > _LONGEST_DISPLAY_NAME:
            return _invalid(f"Invalid parameter: DisplayName Reason: longer than {_LONGEST_DISPLAY_NAME}")
    return None


def _existing(given: Mapping[str, str], attributes: Mapping[str, str]) -> Response | None:
    """CreateTopic of a topic that there is returns it, if what is given is what it has."""
    arn = f"arn:aws:sns:{get_region()}:{get_account_id()}:{given.get('Name', '')}"
    topic = sns._topics.get(arn)
    if topic is None:
        return None
    if any(topic["attributes"].get(name, "") != value for name, value in attributes.items()):
        reason = "Topic already exists with different attributes"
        return _invalid(f"Invalid parameter: Attributes Reason: {reason}")
    tags = _pairs(given, "Tags.member.{}.Key", "Tags.member.{}.Value")
    if tags and tags != topic["tags"]:
        return _invalid("Invalid parameter: Tags Reason: Topic already exists with different tags")
    return None


def _message(given: Mapping[str, str]) -> Response | None:
    if "MessageDeduplicationId" in given and not given.get("TopicArn", "").endswith(".fifo"):
        reason = "The request includes MessageDeduplicationId parameter that is not valid for this topic type"
        return _invalid(f"Invalid parameter: MessageDeduplicationId Reason: {reason}")
    place = "MessageAttributes.entry.{}."
    types = _pairs(given, f"{place}Name", f"{place}Value.DataType")
    values = _pairs(given, f"{place}Name", f"{place}Value.StringValue")
    for name, type_ in types.items():
        if not message_attributes.is_type(type_):
            return _invalid(
                f"The message attribute '{name}' has an invalid message attribute type, the set of supported type "
                "prefixes is Binary, Number, and String.",
                "ParameterValueInvalid",
            )
        if not message_attributes.is_of(type_, values[name]):
            return _invalid(
                f"Could not cast message attribute '{name}' value to number.", "ParameterValueInvalid"
            )
    return None


def _pairs(given: Mapping[str, str], key: str, value: str) -> dict[str, str]:
    """The entries of a list of the query protocol: their names by one pattern, their values by another."""
    found, number = {}, 1
    while (name := given.get(key.format(number))) is not None:
        found[name] = given.get(value.format(number), "")
        number += 1
    return found


def _invalid(message: str, code: str = "InvalidParameter") -> Response:
    return error_in_xml(400, code, message)
