"""A Task state: its attempts, with Retry and Catch as on AWS."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from threading import Event
from typing import Any, Protocol

from .expressions import Bindings, limited
from .integrations import INTEGRATIONS, TaskCall, TaskError
from .sdk import Caller

#: Errors that no wildcard matches: a machine that runs into them is wrong, and would only do it again.
TERMINAL = frozenset({"States.DataLimitExceeded", "States.Runtime"})
SDK = "arn:aws:states:::aws-sdk:"


class Run(Protocol):
    """What a task uses of its execution, which is an ``interpreter.Run``."""

    arn: str
    role_arn: str
    region: str
    context: dict[str, Any]
    stopped: Event
    deadline: float | None

    @property
    def caller(self) -> Caller: ...
    def scope(self, data: Any, **more: Any) -> Bindings: ...
    def event(self, type_: str, details: Mapping[str, Any] | None = None) -> None: ...
    def check(self) -> None: ...
    def pause(self, seconds: float, until: float | None = None) -> None: ...
    def assign(self, scope: Bindings, holder: Mapping[str, Any]) -> dict[str, Any]: ...


def run_task(run: Run, state: Mapping[str, Any], data: Any) -> tuple[Any, dict[str, Any], str | None]:
    """(output, assigned variables, next state); TaskError when no Retry and no Catch helps."""
    used = [0] * len(state.get("Retry", []))
    while True:
        run.context["State"]["RetryCount"] = sum(used)
        try:
            result = _attempt(run, state, data)
            scope = run.scope(data, result=result)
            output = scope.fill(state["Output"], "Output") if "Output" in state else result
            limited(output, "The output of the task")
            return output, run.assign(scope, state), state.get("Next")
        except TaskError as error:
            run.check()
            index = _first_match(state.get("Retry", []), error.error)
            if index is not None and used[index] < state["Retry"][index].get("MaxAttempts", 3):
                delay = retry_delay(state["Retry"][index], used[index])
                used[index] += 1
                run.pause(delay)
                continue
            caught = _first_match(state.get("Catch", []), error.error)
            if caught is None:
                raise
            return _caught(run, state["Catch"][caught], data, error)


def retry_delay(retrier: Mapping[str, Any], retries: int) -> float:
    """Seconds before the next attempt after ``retries`` earlier ones."""
    delay = float(retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** retries)
    if "MaxDelaySeconds" in retrier:
        delay = min(delay, retrier["MaxDelaySeconds"])
    if retrier.get("JitterStrategy") == "FULL":
        delay = random.uniform(0, delay)  # noqa: S311 - spreads load, guards nothing
    return delay


def matches(names: list[str], error: str) -> bool:
    """Whether ErrorEquals names the error, itself or by a wildcard."""
    if error in names:
        return True
    if error in TERMINAL:
        return False
    return "States.ALL" in names or ("States.TaskFailed" in names and error != "States.Timeout")


def _first_match(rules: list[dict[str, Any]], error: str) -> int | None:
    return next((index for index, rule in enumerate(rules) if matches(rule["ErrorEquals"], error)), None)


def _caught(
    run: Run, catcher: Mapping[str, Any], data: Any, error: TaskError
) -> tuple[Any, dict[str, Any], str | None]:
    details = {"Error": error.error, "Cause": error.cause}
    scope = run.scope(data, errorOutput=details)
    output = scope.fill(catcher["Output"], "Catch/Output") if "Output" in catcher else details
    return output, run.assign(scope, catcher), catcher["Next"]


def _attempt(run: Run, state: Mapping[str, Any], data: Any) -> Any:
    """One call of the task's resource; its result, at most 262,144 bytes."""
    scope = run.scope(data)
    arguments = scope.fill(state["Arguments"], "Arguments") if "Arguments" in state else data
    parameters = limited(arguments, "The arguments of the task")
    call = _task_call(run, state, arguments)
    kind = {"resourceType": call.resource_type, "resource": call.action}
    scheduled: dict[str, Any] = {**kind, "region": run.region, "parameters": parameters}
    if "TimeoutSeconds" in state:
        scheduled["timeoutInSeconds"] = scope.field(state["TimeoutSeconds"], "TimeoutSeconds", int)
        call.deadline = time.monotonic() + scheduled["timeoutInSeconds"]
    task_deadline = call.deadline
    if run.deadline is not None:
        call.deadline = min(run.deadline, call.deadline or run.deadline)
    run.event("TaskScheduled", scheduled)
    run.event("TaskStarted", kind)
    try:
        result = _call(call)
        run.check()
        if task_deadline is not None and time.monotonic() >= task_deadline:
            raise TaskError("States.Timeout", "")
        output = limited(result, f"The result of {state['Resource']}")
    except TaskError as failed:
        run.check()
        error = failed
        if task_deadline is not None and time.monotonic() >= task_deadline:
            cause = f"The task ran longer than {scheduled['timeoutInSeconds']} s."
            error = TaskError("States.Timeout", cause)
        failure = {**kind, "error": error.error, "cause": error.cause}
        run.event("TaskTimedOut" if error.error == "States.Timeout" else "TaskFailed", failure)
        raise error from None
    run.event("TaskSucceeded", {**kind, "output": output, "outputDetails": {"truncated": False}})
    return result


def _task_call(run: Run, state: Mapping[str, Any], arguments: Any) -> TaskCall:
    """The call of the task's resource with these arguments."""
    optimized = not state["Resource"].startswith(SDK)
    return TaskCall(
        resource=state["Resource"],
        arguments=arguments,
        role_arn=run.role_arn,
        execution_arn=run.arn,
        region=run.region,
        event=run.event,
        invoke=lambda service, operation, values: run.caller(service, operation, values, optimized=optimized),
        stopped=run.stopped,
    )


def _call(call: TaskCall) -> Any:
    if call.resource.startswith(SDK):
        service, operation = call.resource.removeprefix(SDK).split(":")
        return call.invoke(service, operation, call.arguments)
    return INTEGRATIONS[call.resource](call)
