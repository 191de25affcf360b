"""Glue's job definitions: checked as Glue does, kept whole, refused by name where a run is not emulated.

MiniStack keeps a part of a definition and merges updates into it; on AWS an update replaces the definition.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

from ministack.services import glue

from . import answers
from .answers import ServiceError

Request = dict[str, Any]

SPARK, SHELL = "glueetl", "pythonshell"
#: Versions of Glue whose Spark jobs run here (on this interpreter, on one machine).
SPARK_VERSIONS = ("5.0", "5.1")
#: Minutes.
TIMEOUTS, LONGEST = {SPARK: 480, SHELL: 2880}, 10_080
#: DPU of one worker.
DPU = {"Standard": 1.0, "G.025X": 0.25, "G.1X": 1.0, "G.2X": 2.0, "G.4X": 4.0, "G.8X": 8.0}


def create(request: Request) -> answers.Response:
    """CreateJob."""

    def act() -> Request:
        answers.check("glue", "CreateJob", request, "InvalidInputException")
        name = request["Name"]
        if name in glue._jobs:
            raise ServiceError("AlreadyExistsException", f"Job with name: {name} already submitted")
        tags = request.get("Tags", {})
        glue._jobs[name] = {"Name": name, **_definition(request), "Tags": tags, "CreatedOn": time.time()}
        glue._job_runs[name] = []
        if tags:
            glue._tags[glue._arn("job", name)] = dict(tags)
        return {"Name": name}

    return answers.answer(act)


def update(request: Request) -> answers.Response:
    """UpdateJob: the new definition replaces the old one."""

    def act() -> Request:
        answers.check("glue", "UpdateJob", request, "InvalidInputException")
        name = request["JobName"]
        old = known(name)
        kept: Request = {member: old[member] for member in ("Name", "CreatedOn", "Tags") if member in old}
        glue._jobs[name] = {**kept, **_definition(request["JobUpdate"])}
        return {"JobName": name}

    return answers.answer(act)


def known(name: str) -> Request:
    """A job's definition; EntityNotFoundException."""
    job: Request | None = glue._jobs.get(name)
    if job is None:
        raise ServiceError("EntityNotFoundException", f"Job with name: {name} not found.")
    return job


def _definition(given: Request) -> Request:
    """What is kept of a definition, with Glue's defaults; InvalidInputException if Glue or we refuse it."""
    problems = [
        *_wrong(given),
        *(f"{what}: the embedded AWS does not emulate it." for what in _refused(given)),
    ]
    if problems:
        raise ServiceError("InvalidInputException", " ".join(problems))
    command = given["Command"]
    kind = command["Name"]
    defaults = {
        "JobMode": "SCRIPT",
        "JobRunQueuingEnabled": False,
        "ExecutionProperty": {"MaxConcurrentRuns": 1},
        "MaxRetries": 0,
        "Timeout": TIMEOUTS[kind],
        "GlueVersion": "3.0" if kind == SHELL else given["GlueVersion"],
        "DefaultArguments": {},
        "LastModifiedOn": time.time(),
    }
    if kind == SPARK:
        defaults["ExecutionClass"] = "STANDARD"
    filled = defaults | {name: value for name, value in given.items() if name not in ("Name", "Tags")}
    return {**filled, **capacity(filled)}


def capacity(job: Mapping[str, Any]) -> Request:
    """MaxCapacity, AllocatedCapacity and the workers, as Glue fills them in."""
    if job["Command"]["Name"] == SHELL:
        return {"MaxCapacity": job.get("MaxCapacity") or 0.0625, "AllocatedCapacity": 0}
    if job.get("MaxCapacity") and not job.get("WorkerType"):
        return {"MaxCapacity": job["MaxCapacity"], "AllocatedCapacity": int(job["MaxCapacity"])}
    workers, kind = job.get("NumberOfWorkers") or 10, job.get("WorkerType") or "G.1X"
    total = DPU.get(kind, 1.0) * workers
    return {
        "NumberOfWorkers": workers,
        "WorkerType": kind,
        "MaxCapacity": total,
        "AllocatedCapacity": int(total),
    }


def _wrong(given: Request) -> Iterator[str]:
    """What Glue itself refuses beyond its model."""
    command = given.get("Command") or {}
    kind = command.get("Name")
    if kind not in (SPARK, SHELL, "gluestreaming", "glueray"):
        yield f"Command.Name {kind!r} is not one of glueetl, gluestreaming, pythonshell, glueray."
    if not str(command.get("ScriptLocation", "")).startswith("s3://"):
        yield "Command.ScriptLocation must be an s3:// URI."
    if not given.get("Role"):
        yield "Role is required."
    workers = given.get("WorkerType") or given.get("NumberOfWorkers")
    if given.get("MaxCapacity") and workers:
        yield "Please do not set Max Capacity if using Worker Type and Number of Workers."
    if kind == SHELL:
        if workers:
            yield "Worker Type and Number of Workers are not for Python shell jobs; set MaxCapacity."
        if given.get("MaxCapacity") not in (None, 0.0625, 1, 1.0):
            yield "MaxCapacity of a Python shell job is 0.0625 or 1."
        if given.get("ExecutionClass") == "FLEX":
            yield "ExecutionClass FLEX is for Spark jobs only."
    if given.get("Timeout", 1) > LONGEST:
        yield f"Timeout must be at most {LONGEST} minutes (7 days)."
    if (given.get("WorkerType") is None) != (given.get("NumberOfWorkers") is None):
        yield "Worker Type and Number of Workers must be set together."


def _refused(given: Request) -> Iterator[str]:
    """What Glue takes and the embedded AWS does not do."""
    command = given.get("Command") or {}
    kind, python = command.get("Name"), command.get("PythonVersion")
    if kind in ("gluestreaming", "glueray"):
        yield f"Command.Name {kind}"
    if kind == SPARK:
        if given.get("GlueVersion") not in SPARK_VERSIONS:
            yield f"GlueVersion {given.get('GlueVersion')} of a Spark job (only {', '.join(SPARK_VERSIONS)})"
        if python not in (None, "3"):
            yield f"Command.PythonVersion {python} of a Spark job (only 3)"
    if kind == SHELL and python != "3.9":
        yield f"Command.PythonVersion {python} of a Python shell job (only 3.9)"
    if given.get("JobRunQueuingEnabled"):
        yield "JobRunQueuingEnabled"
    if given.get("MaxRetries"):
        yield "MaxRetries above 0"
    for name in (
        "SecurityConfiguration",
        "SourceControlDetails",
        "CodeGenConfigurationNodes",
        "MaintenanceWindow",
    ):
        if given.get(name):
            yield name
    if (given.get("Connections") or {}).get("Connections"):
        yield "Connections"
    if given.get("JobMode") not in (None, "SCRIPT"):
        yield f"JobMode {given['JobMode']}"
