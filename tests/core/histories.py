"""Execution histories as GetExecutionHistory returns them, built state by state."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
SAGEMAKER = {"resourceType": "sagemaker", "resource": "createProcessingJob.sync"}
GLUE = {"resourceType": "glue", "resource": "startJobRun.sync"}


class History:
    """Events with ids from 1, each following the one before; ``at`` seconds after the start."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.add(0, "ExecutionStarted", {"input": "{}"})

    def add(
        self, at: float, kind: str, details: dict[str, Any] | None = None, *, follows: int | None = None
    ) -> int:
        """Append an event; its id."""
        number = len(self.events) + 1
        key = kind[0].lower() + kind[1:] + "EventDetails"
        for ending in ("Entered", "Exited"):
            if kind.endswith(f"State{ending}"):
                key = f"state{ending}EventDetails"
        event: dict[str, Any] = {
            "id": number,
            "previousEventId": number - 1 if follows is None else follows,
            "timestamp": START + timedelta(seconds=at),
            "type": kind,
        }
        if details is not None:
            event[key] = details
        self.events.append(event)
        return number

    def enter(self, at: float, name: str, kind: str = "Task") -> None:
        self.add(at, f"{kind}StateEntered", {"name": name, "input": "{}"})

    def leave(self, at: float, name: str, kind: str = "Task") -> None:
        self.add(at, f"{kind}StateExited", {"name": name, "output": "{}"})

    def processing_job(self, at: float, name: str) -> None:
        """Scheduled, started and submitted, as for ``sagemaker:createProcessingJob.sync``."""
        parameters = json.dumps({"ProcessingJobName": name, "RoleArn": "arn:aws:iam::123456789012:role/r"})
        self.add(at, "TaskScheduled", {**SAGEMAKER, "region": "us-east-1", "parameters": parameters})
        self.add(at, "TaskStarted", SAGEMAKER)
        output = {"ProcessingJobArn": f"arn:aws:sagemaker:us-east-1:123456789012:processing-job/{name}"}
        self.add(at + 1, "TaskSubmitted", {**SAGEMAKER, "output": json.dumps(output)})

    def glue_run(self, at: float, name: str, run: str) -> None:
        """Scheduled, started and submitted, as for ``glue:startJobRun.sync``."""
        parameters = json.dumps({"JobName": name, "Timeout": 30})
        self.add(at, "TaskScheduled", {**GLUE, "region": "us-east-1", "parameters": parameters})
        self.add(at, "TaskStarted", GLUE)
        self.add(at + 1, "TaskSubmitted", {**GLUE, "output": json.dumps({"JobRunId": run})})

    def fail(self, at: float, error: str, cause: Any, of: dict[str, str] = SAGEMAKER) -> str:
        """TaskFailed; the cause as text."""
        text = cause if isinstance(cause, str) else json.dumps(cause)
        self.add(at, "TaskFailed", {**of, "error": error, "cause": text})
        return text

    def end_failed(self, at: float, error: str, cause: str) -> None:
        """The Fail state ``Failed`` with the original error and cause, and the end."""
        self.enter(at, "Failed", "Fail")
        self.add(at, "ExecutionFailed", {"error": error, "cause": cause})


def succeeded(output: Any = None) -> History:
    """prepare on Glue, ride_counts on SageMaker, both well."""
    history = History()
    history.enter(0, "CheckInput", "Choice")
    history.leave(0, "CheckInput", "Choice")
    history.enter(0, "Prepare")
    history.glue_run(0, "nyc-tlc-dev-prepare", "jr_1")
    history.add(20, "TaskSucceeded", {**GLUE, "output": "{}"})
    history.leave(20, "Prepare")
    history.enter(20, "Load")
    history.processing_job(20, "nyc-tlc-dev-load-0123456789ab-0-0-0")
    history.add(200, "TaskSucceeded", {**SAGEMAKER, "output": "{}"})
    history.leave(200, "Load")
    history.enter(200, "Published", "Succeed")
    history.leave(200, "Published", "Succeed")
    history.add(200, "ExecutionSucceeded", {"output": json.dumps(output or {})})
    return history
