"""Alarms of CloudWatch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch.client import CloudWatchClient


@dataclass(frozen=True)
class AlarmState:
    """An alarm: ``state`` is OK, ALARM or INSUFFICIENT_DATA."""

    name: str
    state: str
    reason: str


def states(client: CloudWatchClient, prefix: str) -> list[AlarmState]:
    """The alarms whose names begin so, those that ring first."""
    pages: Any = client.get_paginator("describe_alarms").paginate(
        AlarmNamePrefix=prefix, AlarmTypes=["MetricAlarm"]
    )
    found = [
        AlarmState(alarm["AlarmName"], alarm["StateValue"], alarm.get("StateReason", ""))
        for page in pages
        for alarm in page["MetricAlarms"]
    ]
    return sorted(found, key=lambda alarm: (alarm.state != "ALARM", alarm.name))
