"""The history of an execution: its events, as GetExecutionHistory returns them, and as they go to its log
group.
"""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import cloudwatch_logs, stepfunctions

#: Level of a LoggingConfiguration → whether an event of this type is logged.
LEVELS: dict[str, Callable[[str], bool]] = {
    "ALL": lambda _type: True,
    "ERROR": lambda type_: type_.endswith(("Failed", "TimedOut", "Aborted")) or type_ == "FailStateEntered",
    "FATAL": lambda type_: type_ in ("ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted"),
    "OFF": lambda _type: False,
}
#: What a log event leaves out unless the configuration says ``includeExecutionData``.
DATA = frozenset({"input", "output", "parameters", "inputDetails", "outputDetails", "assignedVariables"})


class History:
    """Appends to an execution's events and, as its state machine is configured, to its log group."""

    def __init__(self, execution: dict[str, Any], logging: Mapping[str, Any] | None) -> None:
        self._execution = execution
        configuration = logging or {}
        self._wanted = LEVELS[configuration.get("level", "OFF")]
        self._with_data = bool(configuration.get("includeExecutionData"))
        self._group = log_group(configuration)
        self._stream = _stream(execution) if self._group else ""

    def add(self, type_: str, details: Mapping[str, Any] | None = None) -> None:
        """One event; ``details`` go under the key that AWS names after the event's type."""
        events = self._execution["events"]
        identifier = len(events) + 1
        event = {
            "id": identifier,
            "previousEventId": identifier - 1,
            "type": type_,
            "timestamp": stepfunctions.now_iso(),
        }
        if details is not None:
            event[details_key(type_)] = dict(details)
        events.append(event)
        self.log(event)

    def log(self, event: Mapping[str, Any]) -> None:
        """Write one event to the log group, if the level asks for it and the group exists."""
        type_ = event["type"]
        if not self._group or not self._wanted(type_):
            return
        details = event.get(details_key(type_)) or {}
        now = int(time.time() * 1000)
        record = {
            "id": str(event["id"]),
            "type": type_,
            "details": {k: v for k, v in details.items() if self._with_data or k not in DATA},
            "redrive_count": str(self._execution.get("redriveCount", 0)),
            "previous_event_id": str(event.get("previousEventId", 0)),
            "event_timestamp": str(now),
            "execution_arn": self._execution["executionArn"],
        }
        group = {"logGroupName": self._group, "logStreamName": self._stream}
        cloudwatch_logs._create_log_stream(group)
        message = json.dumps(record, ensure_ascii=False)
        cloudwatch_logs._put_log_events({**group, "logEvents": [{"timestamp": now, "message": message}]})


def details_key(type_: str) -> str:
    """``taskFailedEventDetails`` for ``TaskFailed``; all states that enter and exit share one key each."""
    if type_.endswith("StateEntered"):
        return "stateEnteredEventDetails"
    if type_.endswith("StateExited"):
        return "stateExitedEventDetails"
    return f"{type_[0].lower()}{type_[1:]}EventDetails"


def log_group(configuration: Mapping[str, Any]) -> str:
    """The name of the log group that a LoggingConfiguration writes to, or the empty string."""
    for destination in configuration.get("destinations") or []:
        arn = destination.get("cloudWatchLogsLogGroup", {}).get("logGroupArn", "")
        if ":log-group:" in arn:
            return str(arn.split(":log-group:", 1)[1].removesuffix(":*"))
    return ""


def _stream(execution: Mapping[str, Any]) -> str:
    machine = execution["stateMachineArn"].rsplit(":", 1)[1]
    minute = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d-%H-%M")
    return f"states/{machine}/{minute}/{abs(hash(execution['executionArn'])):08x}"[:512]
