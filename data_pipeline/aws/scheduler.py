"""Schedules of EventBridge Scheduler: looked at, switched on and off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_scheduler.client import EventBridgeSchedulerClient

#: members of GetSchedule that UpdateSchedule does not take.
_READ_ONLY = ("Arn", "CreationDate", "LastModificationDate", "ResponseMetadata")


@dataclass(frozen=True)
class ScheduleState:
    """A schedule as it stands; ``anchor``: from when on a rate counts."""

    group: str
    name: str
    expression: str
    timezone: str
    enabled: bool
    anchor: datetime


def find(client: EventBridgeSchedulerClient, group: str, name: str) -> ScheduleState | None:
    """The schedule of that name, None when there is none."""
    try:
        found: Any = client.get_schedule(GroupName=group, Name=name)
    except client.exceptions.ResourceNotFoundException:
        return None
    return ScheduleState(
        group,
        name,
        found["ScheduleExpression"],
        found.get("ScheduleExpressionTimezone", "UTC"),
        found.get("State", "ENABLED") == "ENABLED",
        found.get("StartDate") or found["CreationDate"],
    )


def switch(client: EventBridgeSchedulerClient, group: str, name: str, enabled: bool) -> None:
    """Switch a schedule on or off; all else stays as it is."""
    found: dict[str, Any] = {**client.get_schedule(GroupName=group, Name=name)}
    whole = {member: value for member, value in found.items() if member not in _READ_ONLY}
    client.update_schedule(**{**whole, "State": "ENABLED" if enabled else "DISABLED"})
