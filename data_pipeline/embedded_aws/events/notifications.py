"""SNS: MiniStack's topics and subscriptions; what is published is kept to be read, since no mail leaves this machine.

Each message is one line of JSON in ``<state>/notifications.jsonl``: when, topic, subject, message, and who would have
been written to. An address counts as confirmed at once. Every other protocol, first-in-first-out topics, encryption
and direct messages to a phone are refused by name.
"""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ministack.services import sns

from data_pipeline.embedded_aws.answers import Response, error_in_xml, refusal_in_xml
from data_pipeline.embedded_aws.stepfunctions.integrations import INTEGRATIONS, TaskCall

Params = Mapping[str, Any]
Handler = Callable[[Params], Response]

PUBLISH = "arn:aws:states:::sns:publish"
#: attributes of a topic that do something here, or change nothing for those who read its messages.
_ATTRIBUTES = ("DisplayName", "Policy")
#: Publish's constraints: a subject of fewer than 100 characters, and 262,144 bytes.
_LONGEST_SUBJECT, _LARGEST = 99, 256 * 1024


def install() -> None:
    """Put our refusals and the record over MiniStack's SNS, and offer Step Functions its integration."""
    sns._create_topic = _refusing(sns._create_topic, _of_topic)
    sns._set_topic_attributes = _refusing(sns._set_topic_attributes, _of_attribute)
    sns._subscribe = _refusing(sns._subscribe, _of_subscription)
    sns._publish = _recorded(_refusing(sns._publish, _of_message))
    INTEGRATIONS[PUBLISH] = publish


def publish(call: TaskCall) -> Any:
    """A publication as the state machine's role."""
    return call.invoke("sns", "Publish", call.arguments)


def path() -> Path:
    """The file of what was published."""
    return Path(os.environ["STATE_DIR"]).parent / "notifications.jsonl"


def _refusing(handler: Handler, why: Callable[[Params], Response | None]) -> Handler:
    def refusing(params: Params) -> Response:
        return why(params) or handler(params)

    return refusing


def _recorded(handler: Handler) -> Handler:
    def recorded(params: Params) -> Response:
        answer = handler(params)
        if answer[0] == 200:
            _record(sns._p(params, "TopicArn"), sns._p(params, "Subject"), sns._p(params, "Message"))
        return answer

    return recorded


def _record(topic: str, subject: str, message: str) -> None:
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    to = [subscription["endpoint"] for subscription in sns._topics[topic]["subscriptions"]]
    line = json.dumps({"time": now, "topic": topic, "subject": subject, "message": message, "to": to})
    with path().open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def _of_topic(params: Params) -> Response | None:
    if sns._p(params, "Name").endswith(".fifo"):
        return refusal_in_xml("a first-in-first-out topic of sns")
    place = 1
    while name := sns._p(params, f"Attributes.entry.{place}.key"):
        if name not in _ATTRIBUTES:
            return refusal_in_xml(f"sns:CreateTopic with {name}")
        place += 1
    return None


def _of_attribute(params: Params) -> Response | None:
    name = sns._p(params, "AttributeName")
    return None if name in _ATTRIBUTES else refusal_in_xml(f"sns:SetTopicAttributes with {name}")


def _of_subscription(params: Params) -> Response | None:
    protocol = sns._p(params, "Protocol")
    if protocol != "email":
        return refusal_in_xml(f"sns:Subscribe with the protocol {protocol}")
    if any(name.startswith("Attributes.") for name in params):
        return refusal_in_xml("sns:Subscribe with Attributes")
    if "@" not in sns._p(params, "Endpoint"):
        return error_in_xml(400, "InvalidParameter", "Invalid parameter: Email address")
    return None


def _of_message(params: Params) -> Response | None:
    """Why a message is refused: by SNS as well, or because it is not sent to a topic."""
    for member in ("PhoneNumber", "TargetArn", "MessageStructure"):
        if sns._p(params, member):
            return refusal_in_xml(f"sns:Publish with {member}")
    subject, message = sns._p(params, "Subject"), sns._p(params, "Message")
    if "Subject" in params and not _is_subject(subject):
        return error_in_xml(400, "InvalidParameter", "Invalid parameter: Subject")
    if not message:
        return error_in_xml(400, "InvalidParameter", "Invalid parameter: Empty message")
    if len(message.encode()) > _LARGEST:
        return error_in_xml(400, "InvalidParameter", "Invalid parameter: Message too long")
    return None


def _is_subject(text: str) -> bool:
    return 1 <= len(text) <= _LONGEST_SUBJECT and text.isascii() and text.isprintable()
