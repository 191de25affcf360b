"""Starting and listing executions, of a state machine, one of its versions or one of its aliases.

An execution is associated with the version that it runs, and with the alias by which it was started, if any.
"""

from __future__ import annotations

import contextvars
import copy
import json
import re
import threading
from collections.abc import Mapping
from typing import Any

from ministack.services import stepfunctions

from data_pipeline.embedded_aws.answers import Response, answer, error, with_members

from . import aliases, arns, interpreter, pages
from .expressions import DATA_LIMIT

Record = dict[str, Any]

NAME = re.compile(r'[^\s<>{}\[\]?*"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]{1,80}')
#: Members of an execution's record and answers: the version that it runs, and the alias that it was started by.
VERSION, ALIAS = "stateMachineVersionArn", "stateMachineAliasArn"
#: What an execution keeps of the machine or the version as it was at the start.
_KEPT = ("definition", "roleArn", "loggingConfiguration")
_PAGE = 1000


def install() -> None:
    """Put our start and list over MiniStack's, and the version and the alias into what tells of an execution."""
    stepfunctions._start_execution = start
    stepfunctions._list_executions = listed
    stepfunctions._describe_execution = with_members(stepfunctions._describe_execution, _association)


def start(data: dict[str, Any]) -> Response:
    """StartExecution, with the limits and the idempotence of AWS."""
    target, text = data.get("stateMachineArn", ""), data.get("input") or "{}"
    refused = _wrong_request(data, text) or arns.wrong(target)
    if refused is not None:
        return refused
    machine, associated = resolved(target)
    if machine is None:
        return arns.unknown(target)
    base = arns.split(target)[0]
    name = data.get("name") or stepfunctions.new_uuid()
    arn = f"{base.replace(':stateMachine:', ':execution:')}:{name}"
    existing = stepfunctions._executions.get(arn)
    if existing is not None:
        if existing["status"] == "RUNNING" and existing["input"] == text:
            return answer({"executionArn": arn, "startDate": existing["startDate"]})
        return error("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
    execution = {"executionArn": arn, "stateMachineArn": base, "name": name, **associated}
    _begin(execution, machine, text)
    return answer({"executionArn": arn, "startDate": execution["startDate"]})


def _begin(execution: Record, machine: Mapping[str, Any], text: str) -> None:
    """Complete an execution's record, keep it, and walk its states in a thread of its own."""
    now = stepfunctions.now_iso()
    associated = {key: execution[key] for key in (VERSION, ALIAS) if key in execution}
    details = {"input": text, "roleArn": machine["roleArn"], **associated}
    execution.update(
        status="RUNNING",
        startDate=now,
        stopDate=None,
        input=text,
        inputDetails={"included": True},
        output=None,
        outputDetails={"included": True},
        events=[
            {"id": 1, "type": "ExecutionStarted", "timestamp": now, "executionStartedEventDetails": details}
        ],
    )
    own = {key: copy.deepcopy(machine[key]) for key in _KEPT if key in machine}
    revision = machine.get("revisionId", machine.get("stateMachineRevisionId"))
    execution[interpreter.OWN] = {**own, **({"revisionId": revision} if revision else {})}
    stepfunctions._executions[execution["executionArn"]] = execution
    stepfunctions._emit_execution_status_event(execution)
    run = (interpreter.run_execution, execution["executionArn"])
    threading.Thread(target=contextvars.copy_context().run, args=run, daemon=True).start()


def resolved(target: str) -> tuple[Record | None, dict[str, str]]:
    """What an ARN starts: the record of the machine or the version, None where there is none, and what the execution
    is associated with.
    """
    alias = stepfunctions._state_machine_aliases.get(target)
    if alias is not None:
        version = aliases.chosen(alias)
        return stepfunctions._state_machine_versions.get(version), {VERSION: version, ALIAS: target}
    if arns.split(target)[1]:
        return stepfunctions._state_machine_versions.get(target), {VERSION: target}
    return stepfunctions._state_machines.get(target), {}


def _wrong_request(data: Mapping[str, Any], text: str) -> Response | None:
    if "name" in data and NAME.fullmatch(data["name"]) is None:
        return error("InvalidName", f"Invalid Name: '{data['name']}'")
    if len(text.encode()) > DATA_LIMIT:
        return pages.over("input", DATA_LIMIT)
    try:
        json.loads(text)
    except ValueError as problem:
        return error("InvalidExecutionInput", f"Invalid State Machine Execution Input: '{problem}'")
    return None


def listed(data: dict[str, Any]) -> Response:
    """ListExecutions of a state machine, whatever they were started by, or of one version or alias of it."""
    target = data.get("stateMachineArn", "")
    refused = arns.wrong(target)
    if refused is not None:
        return refused
    base, qualifier = arns.split(target)
    if resolved(target)[0] is None:
        return arns.unknown(target)
    cursor = None
    if data.get("nextToken"):
        cursor = stepfunctions._decode_execution_token(data["nextToken"])
        if cursor is None:
            return error("InvalidToken", "Invalid Token")
    wanted = data.get("statusFilter")
    found = [
        _entry(execution)
        for execution in list(stepfunctions._executions.values())
        if execution["stateMachineArn"] == base
        and (not qualifier or target in (execution.get(VERSION), execution.get(ALIAS)))
        and (not wanted or execution["status"] == wanted)
    ]
    key = stepfunctions._execution_sort_key
    found.sort(key=key, reverse=True)
    rest = [entry for entry in found if cursor is None or key(entry) < cursor]
    size = data.get("maxResults") or _PAGE
    page = rest[:size]
    more = {"nextToken": stepfunctions._encode_execution_token(page[-1])} if len(rest) > size else {}
    return answer({"executions": page, **more})


def _entry(execution: Mapping[str, Any]) -> Record:
    members = ("executionArn", "stateMachineArn", "name", "status", "startDate")
    found = {key: execution[key] for key in (*members, VERSION, ALIAS) if key in execution}
    return {**found, "stopDate": execution.get("stopDate")}


def _association(data: Record) -> Record:
    """The version and the alias of the execution that a request names."""
    execution = stepfunctions._executions.get(data["executionArn"])
    return {key: execution[key] for key in (VERSION, ALIAS) if key in execution}
