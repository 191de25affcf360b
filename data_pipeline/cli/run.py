"""``run ENV``: starts the state machine of a deployed environment and follows it to its end."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import click

from data_pipeline.aws import source, states
from data_pipeline.aws.errors import explained
from data_pipeline.aws.logs import Tail, tail
from data_pipeline.aws.results import read_json
from data_pipeline.aws.session import Connection
from data_pipeline.core import endings, pointers
from data_pipeline.core.causes import described, told_by_log
from data_pipeline.core.config import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.follow import Failure, Job, Progress
from data_pipeline.core.source import split_uri
from data_pipeline.core.steps import in_order
from data_pipeline.local.errors import LocalError

from .connect import open_environment
from .deployed import deployed_outputs
from .outcome import (
    TAIL_LINES,
    already_running_text,
    failure_text,
    print_pointers,
    print_success,
    print_summary,
)
from .run_options import input_options
from .upload import upload_source
from .watching import shown

#: the embedded AWS is near, and does not come back by itself.
_EMBEDDED_PACE = states.Pace(fastest=0.2, slowest=1.0, patience=5.0)
#: looks for a job's log, two seconds apart: CloudWatch shows the last lines a little late.
_LOG_LOOKS = 4

Record = dict[str, Any]


@click.command("run")
@click.argument("env", metavar="ENV")
@click.option(
    "--source",
    "directory",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Before the start, upload the trip files of DIR that the input prefix does not have yet.",
)
@input_options
@click.option(
    "--wait/--no-wait", default=True, help="Follow the run to its end (the default), or only start it."
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object on stdout, everything else on stderr."
)
@click.option("--yes", is_flag=True, help="Upload more than 1 GB without asking.")
def run(env: str, directory: Path | None, value: Record, wait: bool, as_json: bool, yes: bool) -> None:
    """Start the pipeline of ENV, follow it to its end, and say what it published.

    Reads what is new or changed since the last run, all of it or what --dataset and --months name. Exits 0
    when the run succeeded, also when nothing was new; else 1 with the state that failed, why, and the end of
    its job's log.
    """
    record: Record = {"environment": env, "status": "NOT_STARTED"}
    with _recorded(record, as_json):
        environment, connection = open_environment(env)
        record |= {"account": connection.account, "region": connection.region}
        deployed = deployed_outputs(environment, connection)
        if directory is not None:
            uploaded = upload_source(connection, directory, environment.data.files, deployed["InputUri"], yes)
            record["uploaded"] = asdict(uploaded)
        if not value.get("prune") and not environment.mirrors:  # there may be work without any file yet
            _refuse_empty_input(environment, connection, deployed["InputUri"])
        arn = _start(connection, deployed["StateMachineArn"], value)
        record |= {
            "status": "RUNNING",
            "executionArn": arn,
            "execution": arn.rpartition(":")[2],
            "input": value,
        }
        if not wait:
            if not as_json:
                click.echo(arn)
            print_pointers(environment, arn)
            return
        progress = _follow(environment, connection, arn)
        record |= _times(progress)
        folder = f"{deployed['OutputUri']}runs/{record['execution']}/"
        record["results"] = _results(environment, connection, folder)
        if progress.failure is None:
            _succeeded(environment, connection, progress, record, as_json)
            return
        record |= _failed(environment, connection, progress.failure)
        summary = _read(connection, f"{folder}summary.json")
        if summary is not None:  # the job came to write one: it names the unreadable files
            record |= {"summary": summary, "summaryUri": f"{folder}summary.json"}
            if not as_json:
                print_summary(environment, summary, record["summaryUri"], record["results"])
        raise UserError(failure_text(environment, progress, progress.failure, record))


@contextmanager
def _recorded(record: Record, as_json: bool) -> Iterator[None]:
    """Print the record at the end, however it comes, with the error that ended it."""
    try:
        yield
    except (UserError, LocalError) as error:
        errors = {"NOT_STARTED": "NotStarted", "RUNNING": "NotFollowed", "SUCCEEDED": "NoSummary"}
        record.setdefault("error", errors.get(record["status"]))
        record.setdefault("cause", str(error))
        raise
    except KeyboardInterrupt:
        record |= {"error": "Interrupted", "cause": "interrupted on this machine"}
        raise
    finally:
        if as_json:
            click.echo(json.dumps(record, indent=2))


def _refuse_empty_input(env: Environment, connection: Connection, uri: str) -> None:
    bucket, prefix = split_uri(uri)
    with explained():
        empty = source.is_empty(connection.client("s3"), bucket, prefix)
    if empty:
        raise UserError(
            f"{uri} holds no trip files, so there is nothing to run on.\n"
            f"Upload some and run: python data_pipeline_run.py {env.name} --source DIR"
        )


def _start(connection: Connection, machine: str, value: Record) -> str:
    name = states.execution_name(datetime.now(timezone.utc))
    with explained():
        return states.start(connection.client("stepfunctions"), machine, name, value)


def _follow(env: Environment, connection: Connection, arn: str) -> Progress:
    """Watch the execution to its end, on the screen."""
    click.echo(f"execution {arn}", err=True)
    client = connection.client("stepfunctions")
    pace = _EMBEDDED_PACE if env.embedded else states.Pace()
    begin = time.monotonic()
    progress = Progress()
    try:
        with shown(lambda: time.monotonic() - begin) as show, explained():
            for watched in states.watch(client, arn, time.sleep, time.monotonic, pace):
                progress = watched.progress
                show(watched)
    except UserError as error:
        raise UserError(f"{error}\n{_what_becomes_of_it(env, arn)}") from error
    except KeyboardInterrupt:
        click.echo(
            f"\nThe execution goes on.\n  stop it with:  {pointers.stop(arn, env.region, env.embedded)}\n"
            f"  look with:     {pointers.look(arn, env.region, env.embedded)}",
            err=True,
        )
        raise
    return progress


def _what_becomes_of_it(env: Environment, arn: str) -> str:
    if env.embedded:
        return (
            "The execution ended with it; what was published before is untouched. Run the same command "
            "again to start another one."
        )
    return f"The execution goes on; look with: {pointers.look(arn, env.region, False)}"


def _times(progress: Progress) -> Record:
    times = {"startDate": progress.started, "stopDate": progress.stopped}
    return {"status": progress.status} | {k: v.isoformat() for k, v in times.items() if v is not None}


def _succeeded(
    env: Environment, connection: Connection, progress: Progress, record: Record, as_json: bool
) -> None:
    """Say how a run ended well; UserError when it ended because another one is running."""
    record["endedAt"] = progress.current.name if progress.current else None
    record["output"] = dict(described(progress.output))
    if record["endedAt"] == endings.ALREADY_RUNNING:
        record |= {"error": endings.ALREADY_RUNNING}
        raise UserError(already_running_text(env, record))
    if record["endedAt"] != endings.NOTHING_NEW:
        record |= _published(connection, record["output"])
    if not as_json:
        print_success(env, record)


def _published(connection: Connection, output: Record) -> Record:
    """The summary that the output of an execution names."""
    uri = output.get("summary")
    if not isinstance(uri, str):  # a pipeline of other steps, whose result is no verdict
        return {}
    summary = _read(connection, uri)
    if summary is None:
        raise UserError(f"{uri}: the run succeeded, but its summary is not there any more.")
    return {"summaryUri": uri, "summary": summary}


def _failed(env: Environment, connection: Connection, failure: Failure) -> Record:
    """What explains a failure: where, why, the job, and the end of its log or why that cannot be read."""
    record: Record = {key: getattr(failure, key) for key in ("state", "error", "cause", "reason")}
    if failure.job is None:
        return record
    try:
        with explained():
            found = _job_log(env, connection, failure.job)
    except UserError as error:
        return record | {"job": asdict(failure.job), "log": [], "logError": str(error)}
    record["reason"] = told_by_log(failure.reason, found.lines)
    return record | {"job": asdict(failure.job), "log": list(found.lines), "logGroups": list(found.groups)}


def _job_log(env: Environment, connection: Connection, job: Job) -> Tail:
    """The end of a job's log; CloudWatch may show its last lines a little late."""
    groups, prefix = pointers.log_groups(job, env.names), pointers.stream_prefix(job)
    found = Tail()
    for look in range(_LOG_LOOKS):
        if look:
            time.sleep(0.2 if env.embedded else 2.0)
        found = tail(connection.client("logs"), groups, prefix, TAIL_LINES)
        if found.lines:
            break
    return found


def _results(env: Environment, connection: Connection, folder: str) -> dict[str, Record]:
    """The small results that the run's steps left, as far as it came."""
    names = [step.result for _, step in in_order(env.steps) if step.result]
    found = {name: _read(connection, f"{folder}{name}.json") for name in names}
    return {name: result for name, result in found.items() if result is not None}


def _read(connection: Connection, uri: str) -> Record | None:
    with explained():
        return read_json(connection.client("s3"), uri)
