"""Step Functions: MiniStack's API and store, our own interpreter and checks (``asl``, ``interpreter``,
``tasks``).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import cloudwatch_logs, stepfunctions

from data_pipeline.embedded_aws.answers import Response, answer, error, not_emulated
from data_pipeline.embedded_aws.identity import iam, sessions

from . import asl, interpreter, sdk
from .executions import NAME
from .history import History, log_group
from .integrations import INTEGRATIONS

Handler = Callable[[dict[str, Any]], Response]

PRINCIPAL = "states.amazonaws.com"
#: The error of an execution that was running when the server ended.
INTERRUPTED = "EmbeddedAWS.Interrupted"
#: Members of Create/UpdateStateMachine that are not served: the only value that they may have.
_ONLY = {"type": "STANDARD", "tracingConfiguration": {"enabled": False}}


def install() -> None:
    """Put our interpreter, checks and refusals over MiniStack's."""
    stepfunctions._run_execution = interpreter.run_execution
    stepfunctions._create_state_machine = _checked(stepfunctions._create_state_machine)
    stepfunctions._update_state_machine = _checked(stepfunctions._update_state_machine)
    stepfunctions._validate_state_machine_definition = validate
    stepfunctions._stop_execution = stop


def recover() -> None:
    """End the executions that were running when the last server ended; they are FAILED, and say why."""
    for execution in stepfunctions._executions._data.values():
        if execution.get("error") != "States.ServiceRestart":
            continue
        cause = (
            "The embedded AWS was stopped or killed while this execution ran, and its jobs ended with it. "
            "What was published before is untouched; start another execution, or redrive this one."
        )
        execution.update(error=INTERRUPTED, cause=cause, output=None)
        details = {"error": INTERRUPTED, "cause": cause}
        History(execution, None).add("ExecutionFailed", details)


def validate(data: dict[str, Any]) -> Response:
    """ValidateStateMachineDefinition, with the findings that creation would refuse."""
    found = _findings(data.get("definition", ""))
    diagnostics = [
        {"severity": "ERROR", "code": item.code, "message": item.message, "location": item.location}
        for item in found
    ]
    return answer({"result": "FAIL" if found else "OK", "diagnostics": diagnostics, "truncated": False})


def stop(data: dict[str, Any]) -> Response:
    """StopExecution: the running task is told, and its job ends."""
    arn = data.get("executionArn", "")
    execution = stepfunctions._executions.get(arn)
    if execution is None:
        return error("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
    if execution["status"] == "RUNNING":
        run = interpreter.run_of(arn)
        details = {"error": data.get("error"), "cause": data.get("cause")}
        run.finish("ABORTED", "ExecutionAborted", details, **details)
    return answer({"stopDate": execution["stopDate"]})


def _checked(handler: Handler) -> Handler:
    """Create or update a state machine only if AWS would."""

    def checked(data: dict[str, Any]) -> Response:
        refused = _refuse_machine(data)
        return refused if refused is not None else handler(data)

    return checked


def _refuse_machine(data: dict[str, Any]) -> Response | None:
    machine = stepfunctions._state_machines.get(data.get("stateMachineArn", "")) or {}
    if "name" in data and NAME.fullmatch(data["name"]) is None:
        return error("InvalidName", f"Invalid Name: '{data['name']}'")
    for member, only in _ONLY.items():
        if data.get(member, only) != only:
            return not_emulated(f"{member} other than {json.dumps(only)}")
    if "definition" in data or not machine:
        found = _findings(data.get("definition", ""))
        if found:
            message = f"Invalid State Machine Definition: '{', '.join(str(item) for item in found)}'"
            return error("InvalidDefinition", message)
    role_arn = data.get("roleArn") or machine.get("roleArn", "")
    role = sessions.role_of(role_arn)
    arn = data.get("stateMachineArn") or (
        f"arn:aws:states:{get_region()}:{get_account_id()}:stateMachine:{data.get('name')}"
    )
    source = {"aws:SourceAccount": get_account_id(), "aws:SourceArn": arn}
    if role is None or not sessions.trusts(role["AssumeRolePolicyDocument"], PRINCIPAL, role_arn, source):
        message = (
            f"Neither the global service principal {PRINCIPAL}, nor the regional one is authorized to assume "
            f"the provided role: {role_arn}"
        )
        return error("AccessDeniedException", message)
    return _refuse_logging(data.get("loggingConfiguration") or {}, role_arn)


def _refuse_logging(logging: dict[str, Any], role_arn: str) -> Response | None:
    """Why a LoggingConfiguration is refused: no such group, or a role that may not set up delivery."""
    if logging.get("level", "OFF") == "OFF":
        return None
    wrong = "Invalid Logging Configuration"
    destinations = logging.get("destinations") or []
    arn = destinations[0].get("cloudWatchLogsLogGroup", {}).get("logGroupArn", "") if destinations else ""
    if len(destinations) != 1 or not arn.endswith(":*"):
        message = f"{wrong}: one destination, the ARN of a log group that ends with ':*', is needed"
        return error("InvalidLoggingConfiguration", message)
    denied = f"{wrong}: The State Machine IAM Role is not authorized to access the Log Destination"
    if cloudwatch_logs._log_groups.get(log_group(logging)) is None:
        return error("InvalidLoggingConfiguration", f"{denied} ({arn} does not exist)")
    try:
        iam.hold("log delivery", role_arn)
    except iam.AccessDenied as problem:
        return error("AccessDeniedException", f"{denied}. {problem}")
    return None


def _findings(definition: str) -> list[asl.Diagnostic]:
    return asl.findings(definition, INTEGRATIONS, sdk.SERVICES)
