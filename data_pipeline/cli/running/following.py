"""An execution from its start to its end, on the screen, and what explains its failure."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click

from data_pipeline.aws import states
from data_pipeline.aws.errors import explained
from data_pipeline.aws.logs import Tail, tail
from data_pipeline.aws.session import Connection
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.progress import pointers
from data_pipeline.core.progress.failure_reason import reason_from_log
from data_pipeline.core.progress.follow import Failure, Job, Progress
from data_pipeline.embedded_aws.errors import LocalError

from .outcome import TAIL_LINES
from .watching import shown

#: the embedded AWS is near, and does not come back by itself.
_EMBEDDED_PACE = states.Pace(fastest=0.2, slowest=1.0, tolerated_outage=5.0)
#: looks for a job's log, two seconds apart: CloudWatch shows the last lines a little late.
_LOG_LOOKS = 4

Record = dict[str, Any]


@contextmanager
def recorded(record: Record, as_json: bool) -> Iterator[None]:
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


def start(connection: Connection, machine: str, value: Record) -> str:
    """Start an execution of the state machine with this ARN; its own ARN."""
    name = states.execution_name(datetime.now(UTC))
    with explained():
        return states.start(connection.client("stepfunctions"), machine, name, value)


def follow(env: Environment, connection: Connection, arn: str) -> Progress:
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


def times(progress: Progress) -> Record:
    """How an execution ended, when it started and stopped, and what was told of it, as far as that is known."""
    times = {"startDate": progress.started, "stopDate": progress.stopped}
    notifications = [asdict(notification) for notification in progress.notifications]
    return {
        "status": progress.status,
        **{k: v.isoformat() for k, v in times.items() if v is not None},
        **({"notifications": notifications} if notifications else {}),
    }


def failed(env: Environment, connection: Connection, failure: Failure) -> Record:
    """What explains a failure: where, why, the job, and the end of its log or why that cannot be read."""
    record: Record = {key: getattr(failure, key) for key in ("state", "error", "cause", "reason")}
    if failure.job is None:
        return record
    try:
        with explained():
            found = _job_log(env, connection, failure.job)
    except UserError as error:
        return record | {"job": asdict(failure.job), "log": [], "logError": str(error)}
    record["reason"] = reason_from_log(failure.reason, found.lines)
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
