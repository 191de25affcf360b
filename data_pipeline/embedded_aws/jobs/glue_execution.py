"""One Glue job run, executed: its script, its arguments, its log streams, and how it ended.

A Spark job's script is the driver, with this interpreter; if it makes a Spark session, that has an executor
for each worker but one, which is the driver's. Log groups and streams are those of Glue 5 ("Logging for AWS
Glue jobs") and of Python shell jobs.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_pipeline.embedded_aws.identity import iam, sessions

from . import access, glue_packages, spark, storage
from .glue_definitions import SHELL
from .logs import LogStream
from .process import Command, Outcome
from .run import Run

#: Sets the seconds that one minute of a job's Timeout takes, so that tests need not wait for minutes.
MINUTE_VARIABLE = "DATA_PIPELINE_LOCAL_MINUTE"
_SCRIPT = Path(__file__).with_name("glue_script.py")
_NOT_PREPARED = (
    storage.DownloadError,
    iam.AccessDenied,
    glue_packages.PackageError,
    spark.SparkError,
    zipfile.BadZipFile,
)
_RUNNER_FAILED = "Error Category: UNCLASSIFIED_ERROR; "


@dataclass(frozen=True)
class Streams:
    """Where a run's standard output, standard error and system messages go: (group, stream)."""

    out: tuple[str, str]
    err: tuple[str, str]
    system: tuple[str, str]


def streams_of(kind: str, run_id: str, arguments: Mapping[str, str]) -> Streams:
    """The log streams of a run: a Spark job's script writes both of its outputs to `output`."""
    if kind == SHELL:
        out, err = (("/aws-glue/python-jobs/output", run_id), ("/aws-glue/python-jobs/error", run_id))
        return Streams(out, err, err)
    prefix = log_group(kind, arguments)
    stream = f"{arguments.get('--custom-logStream-prefix') or run_id}-driver"
    output = (f"{prefix}/output", stream)
    return Streams(output, output, (f"{prefix}/error", stream))


def log_group(kind: str, arguments: Mapping[str, str]) -> str:
    """A run's LogGroupName: what its groups' names begin with."""
    if kind == SHELL:
        return "/aws-glue/python-jobs"
    return arguments.get("--custom-logGroup-prefix") or "/aws-glue/jobs"


def script_of(job: Mapping[str, Any], arguments: Mapping[str, str]) -> str:
    """URI of the script: an argument overrides the job's (AWS: "Using job parameters in AWS Glue jobs")."""
    return arguments.get("--scriptLocation") or str(job["Command"]["ScriptLocation"])


def words_of(job: Mapping[str, Any], run: Mapping[str, Any], arguments: Mapping[str, str]) -> list[str]:
    """The script's arguments: Glue's own, then the definition's and the run's, each a name and its value."""
    if job["Command"]["Name"] == SHELL:
        own = {
            "--job-bookmark-option": "job-bookmark-disable",
            "--scriptLocation": script_of(job, arguments),
            "--job-language": "python",
        }
    else:
        own = {
            "--JOB_NAME": job["Name"],
            "--JOB_ID": "j_" + run["Id"][3:],
            "--JOB_RUN_ID": run["Id"],
            "--job-bookmark-option": "job-bookmark-disable",
        }
    words: list[str] = []
    for name, value in {**own, **arguments}.items():
        words += [name, value] if value != "" else [name]
    return words


def execute(
    job: Mapping[str, Any],
    run: Mapping[str, Any],
    arguments: Mapping[str, str],
    credentials: sessions.Credentials,
    region: str,
    running: Run,
    started: Callable[[], None],
) -> dict[str, Any]:
    """Run to the end; JobRunState and ErrorMessage. `started` is called when the script starts."""
    directory = access.scratch() / run["Id"]
    directory.mkdir(parents=True)
    kind = job["Command"]["Name"]
    names = streams_of(kind, run["Id"], arguments)
    opened = _opened({names.out, names.err, names.system}, credentials, region)
    system = opened[names.system].write
    try:
        try:
            command = _prepare(job, run, arguments, credentials, region, directory, system)
        except _NOT_PREPARED as error:
            system(str(error))
            return {
                "JobRunState": "FAILED",
                "ErrorMessage": f"{_RUNNER_FAILED if kind != SHELL else ''}{error}",
            }
        started()
        system(f"{job['Name']}: run {run['Id']} starts {script_of(job, arguments)}")
        err = None if names.err == names.out else opened[names.err].write
        process = running.begin(command, directory / "launch.json", opened[names.out].write, err)
        if process is None:
            return {"JobRunState": "STOPPED"}
        outcome = process.wait(run["Timeout"] * float(os.environ.get(MINUTE_VARIABLE, "60")))
        fields = ending(kind, outcome, directory / "report.json")
        system(f"{job['Name']}: run {run['Id']} ended: {fields['JobRunState']}")
        return fields
    finally:
        for stream in opened.values():
            stream.close()
        shutil.rmtree(directory, ignore_errors=True)


def _opened(
    names: Iterable[tuple[str, str]], credentials: sessions.Credentials, region: str
) -> dict[tuple[str, str], LogStream]:
    """The log streams of these names, (group, stream)."""
    client = access.client("logs", credentials, region)
    return {name: LogStream(client, *name, _may_write(name[0], credentials, region)) for name in names}


def _may_write(group: str, credentials: sessions.Credentials, region: str) -> Callable[[], None]:
    """Ask for what writing to the group takes beyond the calls that write; raises iam.AccessDenied."""
    arn = f"arn:aws:logs:{region}:{credentials.arn.split(':')[4]}:log-group:{group}"
    return lambda: iam.hold_caller("glue log", credentials.access_key, group=arn)


def _prepare(
    job: Mapping[str, Any],
    run: Mapping[str, Any],
    arguments: Mapping[str, str],
    credentials: sessions.Credentials,
    region: str,
    directory: Path,
    log: Callable[[str], None],
) -> Command:
    """Download the script and its packages; what to run."""
    s3 = access.client("s3", credentials, region)
    location = script_of(job, arguments)
    bucket, key = storage.split(location)
    iam.hold_caller("glue script", credentials.access_key, bucket=f"arn:aws:s3:::{bucket}", key=key)
    script = storage.download(s3, location, directory / "script" / location.rpartition("/")[2])
    environment = access.environment(credentials, region, directory)
    if job["Command"]["Name"] == SHELL:
        path = glue_packages.shell_path(s3, arguments, directory, log)
    else:
        executors = max(1, int(run.get("NumberOfWorkers") or run["MaxCapacity"]) - 1)
        environment |= spark.environment(directory, executors, environment["PATH"])
        path = glue_packages.search_path(s3, arguments, directory, log)
    if path:
        environment["PYTHONPATH"] = os.pathsep.join(path)
    words = [sys.executable, str(_SCRIPT), str(directory / "report.json"), str(script)]
    (directory / "work").mkdir()
    words += words_of(job, run, arguments)
    return Command(words, environment, directory / "work", hidden=access.hidden())


def ending(kind: str, outcome: Outcome, report: Path) -> dict[str, Any]:
    """JobRunState and ErrorMessage of a run whose script ended."""
    if outcome.stopped:
        return {"JobRunState": "STOPPED"}
    if outcome.timed_out:
        return {"JobRunState": "TIMEOUT", "ErrorMessage": "Job run exceeded its timeout."}
    if outcome.code == 0:
        return {"JobRunState": "SUCCEEDED"}
    exception = json.loads(report.read_text(encoding="utf-8")) if report.is_file() else None
    return {"JobRunState": "FAILED", "ErrorMessage": error_message(kind, outcome.code, exception)}


def error_message(kind: str, code: int, exception: Mapping[str, Any] | None) -> str:
    """The ErrorMessage: the exception for one that was raised, the exit status otherwise."""
    if exception is None or (exception["exit"] and kind == SHELL):
        return f"Command failed with exit code {code}"
    text = f"{exception['error']}: {exception['message']}"
    if exception["exit"] or kind == SHELL:
        return text
    line = f"Failed Line Number: {exception['line']}; " if exception["line"] else ""
    return f"Error Category: UNCLASSIFIED_ERROR; {line}{text}"
