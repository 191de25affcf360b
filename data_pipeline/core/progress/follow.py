"""What an execution has done so far, read from its history; pure, one event after the other.

Events have the shape of GetExecutionHistory: ``id``, ``previousEventId``, ``timestamp`` (datetime), ``type``
and details under a key of the type's own. ``Progress.after(events)`` takes them in order, in pieces of any
size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from .failure_reason import described, reason

Event = Mapping[str, Any]
Status = Literal["RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE"]

_ENDS: dict[str, Status] = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionTimedOut": "TIMED_OUT",
    "ExecutionAborted": "ABORTED",
}
#: event type → key of its details; an attempt of a state went wrong.
_FAILURES = {
    "TaskFailed": "taskFailedEventDetails",
    "TaskTimedOut": "taskTimedOutEventDetails",
    "TaskSubmitFailed": "taskSubmitFailedEventDetails",
    "TaskStartFailed": "taskStartFailedEventDetails",
    "EvaluationFailed": "evaluationFailedEventDetails",
}


@dataclass(frozen=True)
class Job:
    """A job that a state started: SageMaker's has a name of its own, Glue's a run id of a named job."""

    service: str
    name: str
    run_id: str | None = None


@dataclass(frozen=True)
class Notification:
    """What a state published to a topic; ``error``: why that failed, if it did."""

    subject: str
    message: str
    error: str | None = None


@dataclass(frozen=True)
class State:
    """One visit of a state. ``error`` and ``cause`` are those of its last attempt, if that went wrong."""

    name: str
    kind: str
    entered: datetime
    exited: datetime | None = None
    attempts: int = 0
    job: Job | None = None
    error: str | None = None
    cause: str | None = None
    #: what it tells, where that is all that it does
    notification: Notification | None = None

    @property
    def failed(self) -> bool:
        return self.error is not None

    def elapsed(self, now: datetime) -> float:
        """Seconds since the state was entered, until it was left."""
        return max(0.0, ((self.exited or now) - self.entered).total_seconds())


@dataclass(frozen=True)
class Failure:
    """Why an execution did not succeed: where, AWS's error name and cause, and the line that matters."""

    state: str | None
    error: str
    cause: str
    reason: str
    job: Job | None


@dataclass(frozen=True)
class Progress:
    """An execution as far as its history is known: visits of states in order, and how it ended."""

    states: tuple[State, ...] = ()
    status: Status = "RUNNING"
    started: datetime | None = None
    stopped: datetime | None = None
    output: str | None = None
    error: str | None = None
    cause: str | None = None
    last_event: int = 0
    #: event id → index of its state in ``states``.
    _state_of_event: Mapping[int, int] = field(default_factory=dict, repr=False)

    @property
    def ended(self) -> bool:
        return self.status != "RUNNING"

    @property
    def current(self) -> State | None:
        """The state that the execution is in, or was in last."""
        return self.states[-1] if self.states else None

    @property
    def failure(self) -> Failure | None:
        """Why the execution did not succeed, or None while it runs or when it did."""
        return _failure(self) if self.ended and self.status != "SUCCEEDED" else None

    @property
    def notifications(self) -> tuple[Notification, ...]:
        """What was told on the way, in order."""
        return tuple(
            replace(state.notification, error=reason(state.error, state.cause) if state.failed else None)
            for state in self.states
            if state.notification is not None
        )

    def after(self, events: Iterable[Event]) -> Progress:
        """This progress with further events, which follow the ones that it has seen."""
        found = self
        for event in events:
            if event["id"] > found.last_event:
                found = replace(_step(found, event), last_event=event["id"])
        return found


def _step(progress: Progress, event: Event) -> Progress:
    kind: str = event["type"]
    when: datetime = event["timestamp"]
    if kind in _ENDS:
        details = event.get(kind[0].lower() + kind[1:] + "EventDetails", {})
        taken = {key: details.get(key) for key in ("output", "error", "cause")}
        return replace(progress, status=_ENDS[kind], stopped=when, **taken)
    if kind == "ExecutionStarted":
        return replace(progress, started=when)
    if kind == "ExecutionRedriven":
        again = _entered_again(progress, when)
        return replace(again, status="RUNNING", stopped=None, output=None, error=None, cause=None)
    if kind.endswith("StateEntered"):
        name = event["stateEnteredEventDetails"]["name"]
        state = State(name, kind.removesuffix("StateEntered"), when)
        locations = {**progress._state_of_event, event["id"]: len(progress.states)}
        return replace(progress, states=(*progress.states, state), _state_of_event=locations)
    return _in_state(progress, event)


def _entered_again(progress: Progress, when: datetime) -> Progress:
    """The state in which the execution ended: a task goes on from now, any other is entered once more."""
    state = progress.current
    if state is None:
        return progress
    if state.kind == "Task":
        state = replace(state, entered=when, exited=None, error=None, cause=None)
    else:
        state = replace(state, exited=state.exited or when)
    return replace(progress, states=(*progress.states[:-1], state))


def _in_state(progress: Progress, event: Event) -> Progress:
    """An event within a visit of a state: that of its previous event (branches of a Parallel mix)."""
    place = progress._state_of_event.get(event.get("previousEventId", 0), len(progress.states) - 1)
    if place < 0:
        return progress
    changed = _changed(progress.states[place], event)
    states = (*progress.states[:place], changed, *progress.states[place + 1 :])
    return replace(progress, states=states, _state_of_event={**progress._state_of_event, event["id"]: place})


def _changed(state: State, event: Event) -> State:
    kind: str = event["type"]
    if kind == "TaskScheduled":
        details = event["taskScheduledEventDetails"]
        scheduled = _job(state.job, details, "parameters")
        notification = _notification(details) or state.notification
        return replace(
            state,
            attempts=state.attempts + 1,
            job=scheduled,
            error=None,
            cause=None,
            notification=notification,
        )
    if kind == "TaskSubmitted":
        return replace(state, job=_job(state.job, event["taskSubmittedEventDetails"], "output"))
    if kind in _FAILURES:
        details = event.get(_FAILURES[kind], {})
        default = "States.Timeout" if kind == "TaskTimedOut" else kind
        return replace(
            state, error=details.get("error") or default, cause=details.get("cause") or "", job=state.job
        )
    if kind.endswith("StateExited"):
        return replace(state, exited=event["timestamp"])
    if kind.endswith("StateAborted"):
        return replace(state, exited=event["timestamp"], error=state.error or "Aborted")
    return state


def _job(known: Job | None, details: Mapping[str, Any], key: str) -> Job | None:
    """The job that a TaskScheduled's parameters or a TaskSubmitted's output name."""
    service = details.get("resourceType", "")
    values = described(details.get(key))
    arn = values.get("ProcessingJobArn")
    name = values.get("ProcessingJobName") or values.get("JobName")
    if name is None and isinstance(arn, str):
        name = arn.rpartition("/")[2]
    run_id = values.get("JobRunId") or values.get("Id")
    if key == "output" and known is not None:
        return replace(known, run_id=run_id or known.run_id, name=known.name or str(name))
    return Job(service, str(name), run_id) if service in ("sagemaker", "glue") and name else None


def _notification(details: Mapping[str, Any]) -> Notification | None:
    if details.get("resourceType") != "sns":
        return None
    values = described(details.get("parameters"))
    return Notification(str(values.get("Subject", "")), str(values.get("Message", "")))


def _failure(progress: Progress) -> Failure:
    state = _failing(progress)
    name, job = (state.name, state.job) if state is not None else (None, None)
    error, cause = progress.error, progress.cause or ""
    if progress.status == "TIMED_OUT":
        said = cause or "the execution exceeded its time limit"
        return Failure(name, error or "States.Timeout", cause, said, job)
    if progress.status == "ABORTED":
        return Failure(name, error or "Aborted", cause, cause or "somebody stopped it", job)
    if state is not None:
        error, cause = error or state.error, cause or state.cause or ""
    return Failure(name, error or "Failed", cause, reason(error, cause), job)


def _failing(progress: Progress) -> State | None:
    """The state at fault: not the Fail state at the end of the way, but the one whose failure led there."""
    if progress.status != "FAILED":
        return progress.current
    if progress.current is not None and progress.current.name == progress.error:
        return progress.current  # a Fail state that is called after its error has decided it itself
    # A state that tells of the failure is not at fault, also when it could not.
    visited = [state for state in progress.states if state.notification is None]
    same = [s for s in visited if s.failed and s.cause and s.cause == progress.cause]
    if same:
        return same[-1]
    for state in reversed(visited):
        if state.failed:
            return state
        if state.kind == "Task" and state.exited is not None:
            break  # a task that ended well: what failed before it was dealt with
    before = [state for state in visited if state.kind != "Fail"]
    return before[-1] if before else progress.current
