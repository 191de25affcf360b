"""The seam between the interpreter of state machines and the services that a Task calls.

A module registers what it runs, keyed by the Task's ``Resource``::

    INTEGRATIONS["arn:aws:states:::glue:startJobRun.sync"] = run     # (TaskCall) -> result, a JSON value

The function runs in the execution's own thread, may block, and ends with the task's result or a
``TaskError``. It makes its calls through ``call.invoke`` (a signed request under the state machine's role,
so that IAM decides), reports ``TaskSubmitted`` through ``call.submitted`` as soon as the service has
accepted the job, and must look at ``call.ended()`` at least every second: once it is true (timeout, or the
execution was stopped) it stops the job and returns.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

JSON = Any


class TaskError(Exception):
    """A task failed: ``error`` is the name that Retry and Catch match
    (``Glue.ConcurrentRunsExceededException``).
    """

    def __init__(self, error: str, cause: str) -> None:
        super().__init__(f"{error}: {cause}")
        self.error = error
        self.cause = cause


@dataclass
class TaskCall:
    """One attempt of one Task state."""

    resource: str
    arguments: JSON
    role_arn: str
    execution_arn: str
    region: str
    #: (event type, details under the event's own key) → appended to the execution's history
    event: Callable[[str, Mapping[str, Any]], None]
    #: (SDK service id as in ``aws-sdk:<service>``, operation in PascalCase, parameters) → response, or
    #: TaskError
    invoke: Callable[[str, str, Mapping[str, Any]], dict[str, Any]]
    #: monotonic time at which the task times out, or None
    deadline: float | None = None
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def resource_type(self) -> str:
        """``glue`` of ``arn:aws:states:::glue:startJobRun.sync``; ``aws-sdk:s3`` of an SDK call."""
        return self.resource.split(":::", 1)[1].rpartition(":")[0]

    @property
    def action(self) -> str:
        """``startJobRun.sync`` of ``arn:aws:states:::glue:startJobRun.sync``."""
        return self.resource.rpartition(":")[2]

    def submitted(self, output: JSON) -> None:
        """TaskSubmitted, with the service's answer to the call that started the job (a dict with the job's
        name).
        """
        self.event(
            "TaskSubmitted",
            {"resourceType": self.resource_type, "resource": self.action, "output": json.dumps(output)},
        )

    def ended(self) -> bool:
        """Whether nobody waits for this attempt any more."""
        return self.stopped.is_set() or (self.deadline is not None and time.monotonic() >= self.deadline)

    def wait(self, seconds: float) -> bool:
        """Sleep, but not beyond the end of the attempt; true while it goes on."""
        if self.deadline is not None:
            seconds = max(0.0, min(seconds, self.deadline - time.monotonic()))
        self.stopped.wait(seconds)
        return not self.ended()


#: Resource of a Task → what runs it. ``aws-sdk:*`` is not listed: it is ``invoke`` itself.
INTEGRATIONS: dict[str, Callable[[TaskCall], JSON]] = {}
