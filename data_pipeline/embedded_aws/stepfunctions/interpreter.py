"""Runs an execution of a Standard state machine in JSONata: Pass, Task, Choice, Wait, Succeed and Fail.

Differs from MiniStack's own interpreter in what a real machine relies on: calls are made under the
machine's role, data over 262,144 bytes is refused, time limits end jobs, history and log group hold AWS's
events, and a stop reaches the task.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Mapping
from typing import Any

from ministack.services import stepfunctions

from data_pipeline.embedded_aws.identity import iam, sessions

from . import sdk, tasks
from .expressions import Bindings, dumps, limited
from .history import History
from .integrations import TaskError

_log = logging.getLogger("embedded.states")

#: Bytes that all variables of an execution may have together.
VARIABLES_LIMIT = 10 * 1024 * 1024
#: Members of an execution's record: the machine, or its version, as it was when the execution started, and the state,
#: with its input and the variables, in which it is.
OWN, AT = "ownMachine", "at"
#: Execution ARN → its run, while it runs.
RUNS: dict[str, Run] = {}
_runs_lock = threading.Lock()


class Ended(Exception):  # noqa: N818 - not an error: how a run's thread leaves when nobody waits for it
    """The execution was stopped, or its time is up."""


class Run:
    """One execution, from its start or a redrive to its end: its record in MiniStack's store, which keeps the
    definition and the role that it started with and where it stands, so that it can be redriven.
    """

    def __init__(self, execution: dict[str, Any]) -> None:
        self.execution = execution
        self.arn: str = execution["executionArn"]
        own = execution[OWN]
        self.role_arn: str = own["roleArn"]
        self.region = self.arn.split(":")[3]
        self.definition: dict[str, Any] = json.loads(own["definition"])
        self.variables: dict[str, Any] = json.loads(execution.get(AT, {}).get("variables", "{}"))
        self.stopped = threading.Event()
        seconds = self.definition.get("TimeoutSeconds")
        self.deadline = time.monotonic() + seconds if seconds else None
        self.context: dict[str, Any] = {
            "Execution": {
                "Id": self.arn,
                "Input": json.loads(execution["input"]),
                "Name": execution["name"],
                "RoleArn": self.role_arn,
                "StartTime": execution["startDate"],
                "RedriveCount": execution.get("redriveCount", 0),
                **({"RedriveTime": execution["redriveDate"]} if execution.get("redriveDate") else {}),
            },
            "State": {},
            "StateMachine": {"Id": execution["stateMachineArn"], "Name": self.arn.split(":")[6]},
        }
        self._history = History(execution, own.get("loggingConfiguration"))
        self._lock = threading.Lock()
        self._caller: sdk.Caller | None = None

    # -- what states use
    # ---------------------------------------------------------------------------------------

    @property
    def caller(self) -> sdk.Caller:
        """Makes calls under the machine's role; TaskError when Step Functions cannot assume it."""
        if self._caller is None:
            account = self.arn.split(":")[4]
            try:
                credentials = sessions.assume_for_service(
                    self.role_arn,
                    "states.amazonaws.com",
                    session=self.execution["name"],
                    source={"aws:SourceArn": self.execution["stateMachineArn"], "aws:SourceAccount": account},
                )
            except iam.AccessDenied as error:
                raise TaskError("States.Runtime", str(error)) from error
            self._caller = sdk.Caller(credentials, self.region)
        return self._caller

    def scope(self, data: Any, **more: Any) -> Bindings:
        """What expressions of the current state see: its input, the context, the variables, and ``more``."""
        return Bindings({"input": data, "context": self.context, **more}, self.variables)

    def event(self, type_: str, details: Mapping[str, Any] | None = None) -> None:
        """Append to the history, unless the execution has ended meanwhile."""
        with self._lock:
            if self.execution["status"] == "RUNNING" and not self.stopped.is_set():
                self._history.add(type_, details)

    def check(self) -> None:
        """Leave if the execution was stopped or its time is up."""
        if self.stopped.is_set() or (self.deadline is not None and time.monotonic() >= self.deadline):
            raise Ended

    def pause(self, seconds: float, until: float | None = None) -> None:
        """Sleep, at most to ``until`` and the end of the execution; leaves if that is over."""
        for end in (until, self.deadline):
            if end is not None:
                seconds = min(seconds, end - time.monotonic())
        self.stopped.wait(max(0.0, seconds))
        self.check()

    def assign(self, scope: Bindings, holder: Mapping[str, Any]) -> dict[str, Any]:
        """The values that ``Assign`` gives to variables, checked; they take effect with ``commit``."""
        values = {
            name: scope.fill(value, f"Assign/{name}") for name, value in holder.get("Assign", {}).items()
        }
        if values:
            limited(values, "The assigned variables")
            if len(dumps({**self.variables, **values}).encode()) > VARIABLES_LIMIT:
                raise TaskError("States.DataLimitExceeded", f"The variables exceed {VARIABLES_LIMIT} bytes.")
        return values

    # -- the life of an execution
    # ------------------------------------------------------------------------------

    def run(self) -> None:
        """Walk the states to the end, and record it."""
        try:
            if AT not in self.execution:
                self._history.log(self.execution["events"][0])
            output = self._walk()
            self.finish("SUCCEEDED", "ExecutionSucceeded", {"output": output}, output=output)
        except Ended:
            if not self.stopped.is_set():
                seconds = self.definition["TimeoutSeconds"]
                details = {"error": "States.Timeout", "cause": f"The execution ran longer than {seconds} s."}
                self.finish("TIMED_OUT", "ExecutionTimedOut", details, **details)
        except TaskError as error:
            details = {"error": error.error, "cause": error.cause}
            self.finish("FAILED", "ExecutionFailed", details, **details)
        except Exception as error:  # noqa: BLE001 - an execution must end, whatever its interpreter does
            _log.exception("execution %s", self.arn)
            details = {"error": "States.Runtime", "cause": f"The embedded AWS failed: {error!r}"}
            self.finish("FAILED", "ExecutionFailed", details, **details)
        finally:
            with _runs_lock:
                if RUNS.get(self.arn) is self:
                    del RUNS[self.arn]
            if self._caller is not None:
                self._caller.close()

    def finish(self, status: str, event: str, details: Mapping[str, Any], **record: Any) -> None:
        """End the execution once: its last event, then its status; a second end is ignored."""
        with self._lock:
            if self.execution["status"] != "RUNNING" or self.stopped.is_set():
                return
            self._history.add(event, {key: value for key, value in details.items() if value is not None})
            self.execution.update(record)
            self.execution["stopDate"] = stepfunctions.now_iso()
            self.execution["status"] = status
            self.stopped.set()
        stepfunctions._emit_execution_status_event(self.execution)

    def _walk(self) -> str:
        """The JSON text of the output of the state that ended the machine."""
        at = self.execution.get(AT) or {"state": self.definition["StartAt"], "input": self.execution["input"]}
        # A redrive schedules a task again without entering its state again; any other state is entered again.
        again = AT in self.execution and self.definition["States"][at["state"]]["Type"] == "Task"
        name: str | None = at["state"]
        text: str = at["input"]
        data = json.loads(text)
        while name is not None:
            self.check()
            state = self.definition["States"][name]
            kind = state["Type"]
            self.context["State"] = {"EnteredTime": stepfunctions.now_iso(), "Name": name, "RetryCount": 0}
            if not again:
                self._enter(name, kind, text)
            again = False
            data, assigned, name = STATES[kind](self, state, data)
            text = limited(data, f"The output of the state '{self.context['State']['Name']}'")
            self.variables.update(assigned)
            left = {
                "name": self.context["State"]["Name"],
                "output": text,
                "outputDetails": {"truncated": False},
            }
            if assigned:
                left["assignedVariables"] = {key: dumps(value) for key, value in assigned.items()}
            self.event(f"{kind}StateExited", left)
        return text

    def _enter(self, name: str, kind: str, text: str) -> None:
        """Note where the execution stands, and tell it."""
        self.execution[AT] = {"state": name, "input": text, "variables": dumps(self.variables)}
        entered = {"name": name, "input": text, "inputDetails": {"truncated": False}}
        self.event(f"{kind}StateEntered", entered)


#: (output, assigned variables, next state or None at the end)
Outcome = tuple[Any, dict[str, Any], "str | None"]


def _onwards(run: Run, state: Mapping[str, Any], data: Any) -> Outcome:
    """Output and Assign of a state without a result."""
    scope = run.scope(data)
    output = scope.fill(state["Output"], "Output") if "Output" in state else data
    return output, run.assign(scope, state), state.get("Next")


def _choice(run: Run, state: Mapping[str, Any], data: Any) -> Outcome:
    scope = run.scope(data)
    for index, rule in enumerate(state["Choices"]):
        if scope.field(rule["Condition"], f"Choices[{index}]/Condition", bool):
            output = scope.fill(rule["Output"], f"Choices[{index}]/Output") if "Output" in rule else data
            return output, run.assign(scope, rule), rule["Next"]
    if "Default" not in state:
        raise TaskError("States.NoChoiceMatched", "No choice rule matched, and the state has no Default.")
    output, assigned, _ = _onwards(run, state, data)
    return output, assigned, state["Default"]


def _wait(run: Run, state: Mapping[str, Any], data: Any) -> Outcome:
    scope = run.scope(data)
    if "Seconds" in state:
        seconds = float(scope.field(state["Seconds"], "Seconds", int))
    else:
        moment = stepfunctions._parse_ts(scope.field(state["Timestamp"], "Timestamp", str))
        if moment is None:
            raise TaskError("States.QueryEvaluationError", "The field 'Timestamp' is not an ISO 8601 time.")
        seconds = moment.timestamp() - time.time()
    run.pause(seconds)
    return _onwards(run, state, data)


def _fail(run: Run, state: Mapping[str, Any], data: Any) -> Outcome:
    scope = run.scope(data)
    error, cause = (
        scope.field(state[field], field, str) if field in state else None for field in ("Error", "Cause")
    )
    raise TaskError(error, cause)  # type: ignore[arg-type]  # a Fail state may leave out either


STATES = {
    "Pass": _onwards,
    "Succeed": _onwards,
    "Choice": _choice,
    "Wait": _wait,
    "Fail": _fail,
    "Task": tasks.run_task,
}


def run_execution(arn: str) -> None:
    """The body of an execution's thread, in the place of MiniStack's."""
    run_of(arn).run()


def run_of(arn: str) -> Run:
    """The run of an execution that has started or is redriven, whose thread may not have come so far yet."""
    with _runs_lock:
        if arn not in RUNS or RUNS[arn].stopped.is_set():
            RUNS[arn] = Run(stepfunctions._executions.get(arn))
        return RUNS[arn]
