"""Stack events as values, which of them tells why a deployment failed, and whether trying again may help."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

#: a resource that was stopped because another one failed says so in its reason.
_CANCELLED = ("Resource creation cancelled", "Resource update cancelled", "Resource deletion cancelled")

#: how services say, each in its way, that a role (or what it may do) is not there: IAM tells of a new role within
#: seconds, not at once, and who uses it may come first. From public reports; a role that is really wrong says the same.
_ROLE_UNKNOWN = (
    "cannot be assumed",
    "unable to assume",
    "could not assume",
    "authorized to assume",
    "to assume the role",
    "role is invalid",
    "invalid role",
    "invalid iam role",
    "is not authorized to create managed-rule",
    "is not authorized to access the log destination",
)
_ROLE_IS_INVALID = re.compile(r"\brole\b.{0,200}\bis (invalid|not valid)\b", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Event:
    """One stack event."""

    id: str
    logical_id: str
    type: str
    status: str
    reason: str = ""
    #: the event is about the stack itself
    of_stack: bool = False
    at: datetime | None = None
    #: what its operation was given by who began it
    token: str = ""

    @property
    def failed(self) -> bool:
        return self.status.endswith("_FAILED")


def event(raw: Mapping[str, Any]) -> Event:
    """An entry of DescribeStackEvents."""
    return Event(
        raw["EventId"],
        raw["LogicalResourceId"],
        raw["ResourceType"],
        raw["ResourceStatus"],
        raw.get("ResourceStatusReason", ""),
        raw.get("PhysicalResourceId") == raw["StackId"],
        raw.get("Timestamp"),
        raw.get("ClientRequestToken", ""),
    )


def first_failure(events: Iterable[Event]) -> Event | None:
    """The first resource that failed by itself, not because another did; the stack itself if none did.

    ``events``: oldest first.
    """
    failures = [found for found in events if found.failed and not found.reason.startswith(_CANCELLED)]
    return next((found for found in failures if not found.of_stack), failures[0] if failures else None)


def role_is_unknown(failure: Event | None) -> bool:
    """Whether a resource failed because a role was not known yet, as far as its reason says."""
    if failure is None or failure.of_stack:
        return False
    reason = failure.reason.lower()
    return any(words in reason for words in _ROLE_UNKNOWN) or bool(_ROLE_IS_INVALID.search(failure.reason))
