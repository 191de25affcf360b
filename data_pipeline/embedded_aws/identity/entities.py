"""What IAM and STS demand of roles, users and policies, and MiniStack does not look at.

Sources: the pages of the operations in both API References, and "IAM and AWS STS quotas" of the IAM user guide.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import iam as service

from data_pipeline.embedded_aws.answers import Response, error_in_xml

from . import caller, sessions

MOST_ATTACHED, MOST_KEYS, MOST_TAGS = 10, 2, 50
#: Seconds of a session of a role that was assumed with another one's session ("role chaining").
_LONGEST_CHAINED = 3600
_DEFAULT_SESSION = 3600
#: What the names of the policies begin with that AWS manages.
_OF_AWS = "arn:aws:iam::aws:policy/"

Members = Mapping[str, str]


class Wrong(Exception):  # noqa: N818 - an answer, not an error of ours
    """IAM's code, status and message."""

    def __init__(self, code: str, status: int, message: str) -> None:
        super().__init__(message)
        self.code, self.status = code, status


def refusal(operation: str, members: Members) -> Response | None:
    """The answer to a request of IAM or STS that is not taken; ``members`` are flat. None where it is."""
    try:
        _check_tags(members)
        check = _CHECKS.get(operation)
        if check is not None:
            check(members)
    except Wrong as wrong:
        return error_in_xml(wrong.status, wrong.code, str(wrong))
    return None


def _check_tags(members: Members) -> None:
    """The tags of a request, together with those that its role has already."""
    keys = [value for name, value in members.items() if name.startswith("Tags.") and name.endswith(".Key")]
    role = service._roles.get(members.get("RoleName", "")) or {"Tags": []}
    known = {service._identity_tag_key(tag["Key"]) for tag in role["Tags"]}
    if keys and len(known.union(map(service._identity_tag_key, keys))) > MOST_TAGS:
        raise Wrong("LimitExceeded", 409, f"Cannot exceed quota for TagsPerEntity: {MOST_TAGS}")
    if any(key.lower().startswith("aws:") for key in keys):
        raise Wrong("InvalidInput", 400, "Caller does not have permission to use system tag keys (aws:).")


def _check_session(members: Members) -> None:
    """By whom a role is assumed, and for how long."""
    if caller.ACCESS_KEY.get() == os.environ["AWS_ACCESS_KEY_ID"]:
        raise Wrong("AccessDenied", 403, "Roles may not be assumed by root accounts.")
    asked = members.get("DurationSeconds", "")
    role = sessions.role_of(members.get("RoleArn", ""))
    if role is None or not asked.isdecimal():
        return
    if int(asked) > int(role.get("MaxSessionDuration") or _DEFAULT_SESSION):
        message = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        raise Wrong("ValidationError", 400, message)
    if caller.ACCESS_KEY.get().startswith("ASIA") and int(asked) > _LONGEST_CHAINED:
        message = "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."
        raise Wrong("ValidationError", 400, message)


def _attached(operation: str, known: Any, member: str) -> Callable[[Members], None]:
    """A policy that there is, and not too many of them. Whether one of AWS's exists that is not here cannot be said."""

    def check(members: Members) -> None:
        arn = members.get("PolicyArn", "")
        if not service.policy_known(arn):
            if arn.startswith(_OF_AWS):
                what = f"iam:{operation} with {arn}, as it does not hold the statements of that policy"
                raise Wrong("NotImplemented", 501, f"The embedded AWS does not emulate {what}.")
            raise Wrong("NoSuchEntity", 404, f"Policy {arn} does not exist or is not attachable.")
        attached = (known.get(members.get(member, "")) or {}).get("AttachedPolicies", [])
        if arn not in attached and len(attached) >= MOST_ATTACHED:
            message = f"Cannot exceed quota for PoliciesPer{member.removesuffix('Name')}: {MOST_ATTACHED}"
            raise Wrong("LimitExceeded", 409, message)

    return check


def _named(known: Any, member: str) -> Callable[[Members], None]:
    """A new name differs from the others by more than capitals."""

    def check(members: Members) -> None:
        name = members.get(member, "")
        kind = member.removesuffix("Name")
        for other in known:
            if other.lower() == name.lower():
                raise Wrong("EntityAlreadyExists", 409, f"{kind} with name {name} already exists.")

    return check


def _check_keys(members: Members) -> None:
    user = members.get("UserName", "")
    if sum(key["UserName"] == user for key in service._access_keys.values()) >= MOST_KEYS:
        raise Wrong("LimitExceeded", 409, f"Cannot exceed quota for AccessKeysPerUser: {MOST_KEYS}")


_CHECKS: dict[str, Callable[[Members], None]] = {
    "AssumeRole": _check_session,
    "AttachRolePolicy": _attached("AttachRolePolicy", service._roles, "RoleName"),
    "AttachUserPolicy": _attached("AttachUserPolicy", service._users, "UserName"),
    "CreateAccessKey": _check_keys,
    "CreateRole": _named(service._roles, "RoleName"),
    "CreateUser": _named(service._users, "UserName"),
}
