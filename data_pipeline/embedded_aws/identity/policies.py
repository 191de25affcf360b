"""Policy documents and names in requests, held against IAM's grammar before a service keeps them.

MiniStack keeps trust policies, and policies of buckets, queues and topics, as they come.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ministack.services import iam as iam_service

from data_pipeline.embedded_aws.answers import Response, error, error_in_xml

from . import documents, sessions
from .documents import Kind, Malformed, TooLarge

#: Operation of IAM or STS → the member that holds its document, and what the document is.
_DOCUMENTS = {
    "AssumeRole": ("Policy", documents.SESSION),
    "CreatePolicy": ("PolicyDocument", documents.MANAGED),
    "CreatePolicyVersion": ("PolicyDocument", documents.MANAGED),
    "CreateRole": ("AssumeRolePolicyDocument", documents.TRUST),
    "PutRolePolicy": ("PolicyDocument", documents.INLINE_ROLE),
    "PutUserPolicy": ("PolicyDocument", documents.INLINE_USER),
    "UpdateAssumeRolePolicy": ("PolicyDocument", documents.TRUST),
}
#: Member → longest, and pattern: the IAM model's roleNameType, userNameType, policyNameType and pathType.
_NAME = r"[\w+=,.@-]+"
_NAMES = {
    "PolicyName": (128, _NAME),
    "RoleName": (64, _NAME),
    "UserName": (64, _NAME),
    "Path": (512, r"/|/[\x21-\x7f]+/"),
}


#: What the API references of CreateQueue and CreateTopic say of names.
_QUEUE = re.compile(r"[A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo")
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,256}|[A-Za-z0-9_-]{1,251}\.fifo")


def name_refusal(operation: str, name: str) -> Response | None:
    """The answer to CreateQueue and CreateTopic, where the name is none."""
    if operation == "CreateQueue" and not _QUEUE.fullmatch(name):
        message = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length"
        return error("InvalidParameterValue", message)
    if operation == "CreateTopic" and not _TOPIC.fullmatch(name):
        return error_in_xml(400, "InvalidParameter", "Invalid parameter: Topic Name")
    return None


def refusal(service: str, operation: str, members: Mapping[str, str]) -> Response | None:
    """The answer to a request of IAM, STS, SQS or SNS whose document or name is none; None where all is right.

    ``members``: those of the request, flat: of SQS those of ``Attributes`` alone.
    """
    try:
        if service in ("iam", "sts"):
            _check_names(members)
            for text, kind in _documents(operation, members):
                documents.check(text, kind, exists)
        elif members.get("Policy"):
            documents.check(
                members["Policy"], documents.QUEUE if service == "sqs" else documents.TOPIC, exists
            )
    except TooLarge as wrong:
        return (
            error_in_xml(409, "LimitExceeded", str(wrong))
            if service in ("iam", "sts")
            else _invalid(service, wrong)
        )
    except Malformed as wrong:
        if service in ("iam", "sts"):
            return error_in_xml(400, "MalformedPolicyDocument", str(wrong))
        return _invalid(service, wrong)
    except ValueError as wrong:
        return error_in_xml(400, "ValidationError", str(wrong))
    return None


def bucket_refusal(bucket: str, body: bytes) -> Response | None:
    """The answer to PutBucketPolicy, where its document is none."""
    try:
        documents.check(body.decode("utf-8", "replace"), replace(documents.BUCKET, within=bucket), exists)
    except Malformed as wrong:
        return error_in_xml(400, "MalformedPolicy", str(wrong), root="Error")
    return None


def of_json(body: bytes) -> dict[str, Any]:
    """The members of a request of the JSON protocol; none for what is no object (the service refuses it)."""
    try:
        found = json.loads(body or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def queue_attributes(members: Mapping[str, Any]) -> Mapping[str, str]:
    """The attributes of a queue that a request of SQS sets."""
    found = members.get("Attributes")
    return found if isinstance(found, dict) else {}


def topic_attributes(members: Mapping[str, str]) -> Mapping[str, str]:
    """The attributes of a topic that a request of SNS sets."""
    if "AttributeName" in members:
        return {members["AttributeName"]: members.get("AttributeValue", "")}
    keys = {
        name: value for name, value in members.items() if re.fullmatch(r"Attributes\.entry\.\d+\.key", name)
    }
    return {value: members.get(name.removesuffix("key") + "value", "") for name, value in keys.items()}


def exists(arn: str) -> bool:
    """Whether there is a role or a user with this ARN; those of other accounts are not here."""
    if ":role/" in arn:
        return sessions.role_of(arn) is not None
    user = iam_service._users.get(arn.rpartition("/")[2])
    return user is not None and user.get("Arn") == arn


def _documents(operation: str, members: Mapping[str, str]) -> Iterator[tuple[str, Kind]]:
    member, kind = _DOCUMENTS.get(operation, ("", documents.MANAGED))
    if member and members.get(member) is not None:
        yield members[member], kind
    if operation == "SimulateCustomPolicy":
        for name, value in members.items():
            if name.startswith("PolicyInputList.member."):
                yield value, documents.MANAGED


def _check_names(members: Mapping[str, str]) -> None:
    for member, (longest, pattern) in _NAMES.items():
        value = members.get(member)
        if value is None:
            continue
        said = f"1 validation error detected: Value '{value}' at '{member[0].lower()}{member[1:]}' failed to satisfy "
        if len(value) > longest:
            raise ValueError(f"{said}constraint: Member must have length less than or equal to {longest}")
        if not re.fullmatch(pattern, value, re.ASCII):
            raise ValueError(f"{said}constraint: Member must satisfy regular expression pattern: {pattern}")


def _invalid(service: str, wrong: Malformed) -> Response:
    if service == "sqs":
        return error("InvalidAttributeValue", f"Invalid value for the parameter Policy. {wrong}")
    return error_in_xml(400, "InvalidParameter", f"Invalid parameter: Policy Error: {wrong}")
