"""Step Functions' integrations that run a job: SageMaker's createProcessingJob.sync, Glue's startJobRun.sync.

Each starts the job under the state machine's role, waits for its end, and stops it when nobody waits any
more. The result is the job's description, in the order and with the times (milliseconds since the epoch)
of Step Functions; a job that ended in any other way than well fails the task with States.TaskFailed and
that description as its cause.
"""

from __future__ import annotations

import datetime
import json
import logging
import re
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core.responses import error_response_json, get_account_id, get_region
from ministack.services import stepfunctions

from data_pipeline.embedded_aws.identity import iam

from .integrations import INTEGRATIONS, TaskCall, TaskError

_log = logging.getLogger("embedded.sync")

PROCESSING = "arn:aws:states:::sagemaker:createProcessingJob.sync"
GLUE = "arn:aws:states:::glue:startJobRun.sync"
#: The rule by which Step Functions hears of processing jobs; a role must be allowed to make it.
RULE = "StepFunctionsGetEventsForSageMakerProcessingJobsRule"
#: Step Functions' own tag on what it starts: the reason why a role needs sagemaker:AddTags.
TAG = {"Key": "MANAGED_BY_AWS", "Value": "STARTED_BY_STEP_FUNCTIONS"}
#: Seconds between two looks at a job, from the first to the longest.
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 0.8
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def create_processing_job(call: TaskCall) -> Any:
    """A processing job from start to end; its description."""
    arguments = dict(call.arguments)
    arguments["Tags"] = [*arguments.get("Tags", []), TAG]
    job = f"processing-job/{arguments.get('ProcessingJobName', '')}".lower()
    _hold(call, "sagemaker task", "SageMaker.AmazonSageMakerException", job)
    call.submitted(call.invoke("sagemaker", "CreateProcessingJob", arguments))
    name = {"ProcessingJobName": arguments["ProcessingJobName"]}
    description = _followed(
        call,
        look=lambda: call.invoke("sagemaker", "DescribeProcessingJob", name),
        ended=lambda found: found["ProcessingJobStatus"] in ("Completed", "Failed", "Stopped"),
        stop=lambda: call.invoke("sagemaker", "StopProcessingJob", name),
    )
    return _result(description, well=description.get("ProcessingJobStatus") == "Completed")


def start_job_run(call: TaskCall) -> Any:
    """A Glue job run from start to end; its description."""
    job = call.arguments.get("JobName")
    _hold(call, "glue task", "Glue.AWSGlueException", f"job/{job}")
    started = call.invoke("glue", "StartJobRun", call.arguments)
    call.submitted(started)
    run = {"JobName": job, "RunId": started["JobRunId"]}
    description = _followed(
        call,
        look=lambda: call.invoke("glue", "GetJobRun", run)["JobRun"],
        ended=lambda found: found["JobRunState"] not in ("STARTING", "RUNNING", "STOPPING", "WAITING"),
        stop=lambda: call.invoke("glue", "BatchStopJobRun", {"JobName": job, "JobRunIds": [run["RunId"]]}),
    )
    return _result(description, well=description.get("JobRunState") == "SUCCEEDED")


def _hold(call: TaskCall, moment: str, error: str, resource: str) -> None:
    """Ask for what Step Functions needs of the machine's role beyond the calls that are made here."""
    service, account = call.resource_type, call.execution_arn.split(":")[4]
    try:
        iam.hold(moment, call.role_arn, job=f"arn:aws:{service}:{call.region}:{account}:{resource}")
    except iam.AccessDenied as denied:
        raise TaskError(error, str(denied)) from denied


def _followed(
    call: TaskCall,
    look: Callable[[], dict[str, Any]],
    ended: Callable[[dict[str, Any]], bool],
    stop: Callable[[], Any],
) -> dict[str, Any]:
    """The job's last description; the job is stopped when the task times out or the execution is stopped."""
    pause = FIRST_PAUSE
    while not ended(found := look()):
        if not call.wait(pause):
            try:
                stop()
            except TaskError as error:
                _log.warning("%s: the job goes on: %s", call.execution_arn, error)
            return found
        pause = min(pause * 1.3, LONGEST_PAUSE)
    return found


def _result(description: Mapping[str, Any], *, well: bool) -> Any:
    shown = _as_step_functions(description)
    if not well:
        raise TaskError("States.TaskFailed", json.dumps(shown, separators=(",", ":"), ensure_ascii=False))
    return shown


def _as_step_functions(value: Any) -> Any:
    """Members in alphabetical order, times as milliseconds since the epoch."""
    if isinstance(value, Mapping):
        return {key: _as_step_functions(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_as_step_functions(item) for item in value]
    if isinstance(value, str) and _TIME.fullmatch(value):
        moment = datetime.datetime.strptime(value, "%Y-%m-%dT%H:%M:%S.%fZ")  # noqa: DTZ007 - set below
        return round(moment.replace(tzinfo=datetime.UTC).timestamp() * 1000)
    return value


def install() -> None:
    """Register the integrations, and have the managed rule's permissions checked when a machine is made."""
    INTEGRATIONS[PROCESSING] = create_processing_job
    INTEGRATIONS[GLUE] = start_job_run
    stepfunctions._create_state_machine = _with_rule(stepfunctions._create_state_machine)
    stepfunctions._update_state_machine = _with_rule(stepfunctions._update_state_machine)


def _with_rule(handler: Callable[[dict[str, Any]], Any]) -> Callable[[dict[str, Any]], Any]:
    """Create or update a state machine only if its role may make the rule that its definition needs."""

    def checked(data: dict[str, Any]) -> Any:
        machine = stepfunctions._state_machines.get(data.get("stateMachineArn", "")) or {}
        definition = data.get("definition") or machine.get("definition", "")
        role = data.get("roleArn") or machine.get("roleArn", "")
        if PROCESSING in definition and not _may_make_rule(role):
            message = f"'{role}' is not authorized to create managed-rule."
            return error_response_json("AccessDeniedException", message, 400)
        return handler(data)

    return checked


def _may_make_rule(role: str) -> bool:
    rule = f"arn:aws:events:{get_region()}:{get_account_id()}:rule/{RULE}"
    try:
        iam.hold("managed rule", role, rule=rule)
    except iam.AccessDenied:
        return False
    return True
