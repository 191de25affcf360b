"""RedriveExecution: an execution that did not end well goes on in the state in which it ended.

It keeps its ARN, its input, its definition and its role; the state has the input and the variables that it had. A task
is scheduled again; any other state is entered again, so that an execution that ended in a Fail state fails again, as on
AWS. Map and Parallel states, whose branches a redrive takes up one by one, are refused when a machine is made.
"""

from __future__ import annotations

import contextvars
import datetime
import json
import re
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from ministack import app
from ministack.services import stepfunctions

from data_pipeline.embedded_aws.answers import Handler, Response, answer, error, with_members

from . import interpreter
from .history import History

#: How long after its end an execution can be redriven, and how long after its start it can run at all.
PERIOD, LONGEST = datetime.timedelta(days=14), datetime.timedelta(days=365)
#: Events that an execution's history may have before a redrive, which adds two at least.
MOST_EVENTS = 24_999
#: How many client tokens of an execution are known again, and for how long.
TOKENS, TOKEN_LIFE = 10, datetime.timedelta(minutes=15)
_ARN = re.compile(r"arn:aws:states:[a-z0-9-]+:\d{12}:execution:[^:]+:[^:]+")


def install() -> None:
    """Serve RedriveExecution, which MiniStack has not, and show what it did in the answers that tell of it."""
    app.SERVICE_HANDLERS["states"] = _serving(app.SERVICE_HANDLERS["states"])
    stepfunctions._describe_execution = with_members(stepfunctions._describe_execution, _redrives)
    stepfunctions._list_executions = _listing(stepfunctions._list_executions)
    stepfunctions._describe_state_machine_for_execution = with_members(
        stepfunctions._describe_state_machine_for_execution, _own
    )


def redrive(data: dict[str, Any]) -> Response:
    """Start the execution again where it ended, and answer when that was."""
    arn = str(data.get("executionArn", ""))
    if _ARN.fullmatch(arn) is None:
        return error("InvalidArn", f"Invalid Arn: '{arn}'")
    execution = stepfunctions._executions.get(arn)
    if execution is None:
        return error("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
    now = datetime.datetime.now(datetime.UTC)
    for token, when in execution.get("redriveTokens", ()):
        if token == data.get("clientToken") and now - _moment(when) < TOKEN_LIFE:
            return answer({"redriveDate": when})
    reason = why_not(execution, now)
    if reason is None and stepfunctions._state_machines.get(execution["stateMachineArn"]) is None:
        reason = "State machine is in DELETING status"
    if reason is not None:
        return error("ExecutionNotRedrivable", f"{reason}: '{arn}'")
    when = stepfunctions.now_iso()
    tokens = [*execution.get("redriveTokens", ()), [data.get("clientToken"), when]]
    count = execution.get("redriveCount", 0) + 1
    execution.update(redriveCount=count, redriveDate=when, redriveTokens=tokens[-TOKENS:])
    execution.update(status="RUNNING", stopDate=None, output=None, error=None, cause=None)
    logging = execution[interpreter.OWN].get("loggingConfiguration")
    History(execution, logging).add("ExecutionRedriven", {"redriveCount": count})
    stepfunctions._emit_execution_status_event(execution)
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(interpreter.run_execution, arn), daemon=True).start()
    return answer({"redriveDate": when})


def why_not(execution: Mapping[str, Any], now: datetime.datetime) -> str | None:
    """Why an execution cannot be redriven, in AWS's words, or None."""
    if execution["status"] in ("RUNNING", "SUCCEEDED"):
        return f"Execution is {execution['status']} and cannot be redriven"
    if len(execution["events"]) >= MOST_EVENTS:
        return "Execution history event limit exceeded"
    if now - _moment(execution["startDate"]) > LONGEST:
        return "Execution has exceeded the max execution time"
    if now - _moment(execution["stopDate"]) > PERIOD:
        return "Execution redrivable period exceeded"
    if interpreter.OWN not in execution:
        return "Execution was started before the launch of RedriveExecution"
    return None


def _moment(text: str) -> datetime.datetime:
    moment: datetime.datetime = stepfunctions._parse_ts(text)
    return moment


def _serving(handler: Callable[..., Awaitable[Response]]) -> Callable[..., Awaitable[Response]]:
    async def served(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Response:
        if headers.get("x-amz-target", "").endswith(".RedriveExecution"):
            response: Response = stepfunctions._finalize_response(redrive(json.loads(body or b"{}")))
            return response
        return await handler(method, path, headers, body, query)

    return served


def _counted(execution: Mapping[str, Any]) -> dict[str, Any]:
    """How often and when an execution was redriven."""
    date = execution.get("redriveDate")
    return {"redriveCount": execution.get("redriveCount", 0), **({"redriveDate": date} if date else {})}


def _redrives(data: dict[str, Any]) -> dict[str, Any]:
    """The redrives of the execution that a request names, and whether there may be another."""
    execution = stepfunctions._executions.get(data["executionArn"])
    reason = why_not(execution, datetime.datetime.now(datetime.UTC))
    refused = {"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": reason}
    return {**_counted(execution), **(refused if reason else {"redriveStatus": "REDRIVABLE"})}


def _listing(handler: Handler) -> Handler:
    """ListExecutions with the redrive members; ``redriveFilter`` is for the executions of a Map Run."""

    def listed(data: dict[str, Any]) -> Response:
        if data.get("redriveFilter"):
            message = "redriveFilter is only for the executions of a Map Run: name a mapRunArn"
            return error("ValidationException", message)
        status, headers, body = handler(data)
        if status != 200:
            return status, headers, body
        found = json.loads(body)
        for item in found["executions"]:
            item.update(_counted(stepfunctions._executions.get(item["executionArn"])))
        return answer(found)

    return listed


def _own(data: dict[str, Any]) -> dict[str, Any]:
    """The definition and the role that the execution started with."""
    found: dict[str, Any] = stepfunctions._executions.get(data["executionArn"]).get(interpreter.OWN, {})
    return found
