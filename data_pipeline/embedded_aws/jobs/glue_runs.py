"""Glue's job runs: StartJobRun, GetJobRun, GetJobRuns, BatchStopJobRun. `glue_execution` runs one."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import glue
from ministack.services import iam as iam_service

from data_pipeline.embedded_aws.identity import iam, sessions

from . import answers, glue_definitions, glue_execution, run
from .answers import ServiceError
from .glue_definitions import SHELL, known

_log = logging.getLogger("embedded.glue")

PRINCIPAL = "glue.amazonaws.com"
LIVE = ("STARTING", "RUNNING", "STOPPING")
ENDED_WITH_SERVER = "The embedded AWS was ended while this run was going on, and the run with it."

Request = dict[str, Any]

#: Called when a run ended: its record is written to disk.
on_end: list[Callable[[], None]] = []


def start(request: Request) -> answers.Response:
    """StartJobRun."""
    return answers.answer(lambda: _start(request))


def get(request: Request) -> answers.Response:
    """GetJobRun."""

    def act() -> Request:
        answers.check("glue", "GetJobRun", request, "InvalidInputException")
        return {"JobRun": _shown(_run(request["JobName"], request["RunId"]))}

    return answers.answer(act)


def get_all(request: Request) -> answers.Response:
    """GetJobRuns, newest first."""

    def act() -> Request:
        answers.check("glue", "GetJobRuns", request, "InvalidInputException")
        known(request["JobName"])
        newest_first = list(reversed(glue._job_runs.get(request["JobName"], [])))
        chosen, token = answers.page(newest_first, request, 200)
        return {"JobRuns": [_shown(record) for record in chosen], **({"NextToken": token} if token else {})}

    return answers.answer(act)


def stop(request: Request) -> answers.Response:
    """BatchStopJobRun: each run's processes are asked to end."""

    def act() -> Request:
        answers.check("glue", "BatchStopJobRun", request, "InvalidInputException")
        name = request["JobName"]
        known(name)
        done: list[Request] = []
        errors: list[Request] = []
        for run_id in request["JobRunIds"]:
            problem = _stop(name, run_id)
            entry = {"JobName": name, "JobRunId": run_id}
            if problem is None:
                done.append(entry)
            else:
                errors.append(
                    {**entry, "ErrorDetail": {"ErrorCode": problem.code, "ErrorMessage": str(problem)}}
                )
        return {"SuccessfulSubmissions": done, "Errors": errors}

    return answers.answer(act)


def _start(request: Request) -> Request:
    answers.check("glue", "StartJobRun", request, "InvalidInputException")
    name = request["JobName"]
    job = known(name)
    for member in ("JobRunId", "JobRunQueuingEnabled", "SecurityConfiguration", "ExecutionRoleSessionPolicy"):
        if request.get(member):
            raise ServiceError("InvalidInputException", f"{member}: the embedded AWS does not emulate it.")
    if request.get("MaxCapacity") and (request.get("WorkerType") or request.get("NumberOfWorkers")):
        message = "Please do not set Max Capacity if using Worker Type and Number of Workers."
        raise ServiceError("InvalidInputException", message)
    runs = glue._job_runs.get(name) or []
    live = [record for record in runs if record["JobRunState"] in LIVE]
    if len(live) >= job["ExecutionProperty"].get("MaxConcurrentRuns", 1):
        raise ServiceError("ConcurrentRunsExceededException", f"Concurrent runs exceeded for {name}")
    record = _record(job, request)
    credentials = _assume(job["Role"], record["Id"])
    arguments = {
        **job.get("DefaultArguments", {}),
        **request.get("Arguments", {}),
        **job.get("NonOverridableArguments", {}),
    }
    glue._job_runs[name] = [*runs, record]
    region = get_region()
    run.start(record["Id"], lambda running: _execute(job, record, arguments, credentials, region, running))
    return {"JobRunId": record["Id"]}


def _record(job: Mapping[str, Any], request: Request) -> Request:
    """A new run's description."""
    now = time.time()
    kind = job["Command"]["Name"]
    sized = {**job, **{member: request[member] for member in _SIZE if request.get(member)}}
    if any(request.get(member) for member in ("WorkerType", "NumberOfWorkers")):
        sized.pop("MaxCapacity", None)
    arguments = {**job.get("DefaultArguments", {}), **request.get("Arguments", {})}
    record: Request = {
        "Id": "jr_" + secrets.token_hex(32),
        "Attempt": 0,
        "JobName": job["Name"],
        "JobMode": "SCRIPT",
        "JobRunQueuingEnabled": False,
        "StartedOn": now,
        "LastModifiedOn": now,
        "JobRunState": "STARTING",
        "Arguments": request.get("Arguments", {}),
        "PredecessorRuns": [],
        "ExecutionTime": 0,
        "Timeout": request.get("Timeout") or job["Timeout"],
        "LogGroupName": glue_execution.log_group(kind, arguments),
        "GlueVersion": job["GlueVersion"],
        **glue_definitions.capacity(sized),
    }
    if kind != SHELL:
        record["ExecutionClass"] = request.get("ExecutionClass") or job["ExecutionClass"]
    return record


_SIZE = ("MaxCapacity", "WorkerType", "NumberOfWorkers")


def _execute(
    job: Request,
    record: Request,
    arguments: Mapping[str, str],
    credentials: sessions.Credentials,
    region: str,
    running: run.Run,
) -> None:
    """The run's thread."""
    fields: Request = {
        "JobRunState": "FAILED",
        "ErrorMessage": "Internal service error: see the server's log.",
    }
    began: list[float] = []

    def started() -> None:
        began.append(time.monotonic())
        if record["JobRunState"] == "STARTING":
            _set(record, JobRunState="RUNNING")

    try:
        fields = glue_execution.execute(job, record, arguments, credentials, region, running, started)
    finally:
        sessions.revoke(credentials)
        if not running.abandoned:
            elapsed = int(time.monotonic() - began[0]) if began else 0
            _set(record, **fields, CompletedOn=time.time(), ExecutionTime=elapsed)
            for hook in on_end:
                hook()


def _assume(role: str, run_id: str) -> sessions.Credentials:
    """The role's credentials; a role is given by its ARN or its name, as in a definition."""
    arn = role
    if not role.startswith("arn:"):
        found = iam_service._roles.get(role.rpartition("/")[2])
        arn = found["Arn"] if found else f"arn:aws:iam::{get_account_id()}:role/{role}"
    try:
        return sessions.assume_for_service(arn, PRINCIPAL, session=f"GlueJobRunnerSession-{run_id[:16]}")
    except iam.AccessDenied as denied:
        _log.info("%s: %s", run_id, denied)
        message = f"Role {arn} should be given assume role permissions for Glue Service."
        raise ServiceError("InvalidInputException", message) from denied


def _run(name: str, run_id: str) -> Request:
    known(name)
    for record in glue._job_runs.get(name, []):
        if record["Id"] == run_id:
            return dict(record) if record["JobRunState"] not in LIVE else record
    raise ServiceError("EntityNotFoundException", f"Job Run Not Found: {run_id}")


def _stop(name: str, run_id: str) -> ServiceError | None:
    try:
        record = _run(name, run_id)
    except ServiceError as missing:
        return missing
    if record["JobRunState"] not in ("STARTING", "RUNNING"):
        message = f"Job Run {run_id} is in state {record['JobRunState']} and cannot be stopped."
        return ServiceError("JobRunInTerminalStateException", message)
    _set(record, JobRunState="STOPPING")
    running = run.RUNNING.get(run_id)
    if running is not None:
        running.stop()
    return None


def _shown(record: Mapping[str, Any]) -> Request:
    """A run's description, with the time it has run so far."""
    shown = dict(record)
    if record["JobRunState"] in LIVE:
        shown["ExecutionTime"] = int(time.time() - record["StartedOn"])
    return shown


def _set(record: Request, **fields: Any) -> None:
    record.update(fields, LastModifiedOn=time.time())


def end_all() -> None:
    """Give up every run: the server ends, or was killed."""
    for runs in glue._job_runs._data.values():
        for record in runs:
            running = run.RUNNING.get(record["Id"])
            if running is not None:
                running.abandon()
            if record["JobRunState"] in LIVE:
                _set(record, JobRunState="ERROR", ErrorMessage=ENDED_WITH_SERVER, CompletedOn=time.time())
