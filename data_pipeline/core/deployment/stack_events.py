"""Stack events as values, and which of them tells why a deployment failed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

#: a resource that was stopped because another one failed says so in its reason.
_CANCELLED = ("Resource creation cancelled", "Resource update cancelled", "Resource deletion cancelled")


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
    )


def first_failure(events: Iterable[Event]) -> Event | None:
    """The first resource that failed by itself, not because another did; the stack itself if none did.

    ``events``: oldest first.
    """
    failures = [found for found in events if found.failed and not found.reason.startswith(_CANCELLED)]
    return next((found for found in failures if not found.of_stack), failures[0] if failures else None)
