"""An execution from its start to its end, on the screen."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import click

from data_pipeline.aws.session import Connection
from data_pipeline.aws.states import Watched
from data_pipeline.cli.screen import console
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.progress import pointers
from data_pipeline.core.progress.follow import Progress
from data_pipeline.embedded_aws.errors import LocalError
from data_pipeline.project import runs
from data_pipeline.project.expecting import Expected
from data_pipeline.project.job_progress import JobProgress

from .watching import Look, shown

Record = dict[str, Any]

#: seconds between two looks at a job's log: on a terminal, on one before the embedded AWS, and where lines are printed.
_LIVE, _EMBEDDED, _QUIET = 5.0, 1.0, 60.0

#: status of a record → the error of a command that ends there by an error of its own.
_ERRORS = {"NOT_STARTED": "NotStarted", "RUNNING": "NotFollowed", "SUCCEEDED": "NoSummary"}


@contextmanager
def recorded(record: Record, as_json: bool) -> Iterator[None]:
    """Print the record at the end, however it comes, with the error that ended it. What ends by an error has not
    succeeded: its status is FAILED then, also where the execution itself ended well.
    """
    try:
        yield
    except (UserError, LocalError) as error:
        _note(record, _ERRORS.get(record["status"], "NotRead"), str(error))
        raise
    except KeyboardInterrupt:
        _note(record, "Interrupted", "interrupted on this machine")
        raise
    except Exception as error:
        _note(record, type(error).__name__, str(error))
        raise
    finally:
        if as_json:
            click.echo(json.dumps(record, indent=2))


def _note(record: Record, error: str, cause: str) -> None:
    record.setdefault("error", error)
    record.setdefault("cause", cause)
    if record["status"] == "SUCCEEDED":
        record["status"] = "FAILED"


def follow(
    env: Environment,
    connection: Connection,
    arn: str,
    output: str = "",
    beyond: int = 0,
    begun: datetime | None = None,
) -> Progress:
    """Watch the execution to its end, on the screen; to the one after the event ``beyond`` of a redriven one.

    ``output``: the stack's output, where other runs say what is expected; ``begun``: when it was started, if not now.
    """
    click.echo(f"run {arn.rpartition(':')[2]}" if console().is_terminal else f"execution {arn}", err=True)
    earlier = max(0.0, (datetime.now(UTC) - begun).total_seconds()) if begun else 0.0
    begin = time.monotonic() - earlier
    progress = Progress()
    look = _looks(env, connection, arn, output)
    try:
        with shown(lambda: time.monotonic() - begin) as show:
            for watched in runs.watch(env, connection, arn, beyond):
                progress = watched.progress
                show(look(watched))
    except KeyboardInterrupt:
        click.echo(
            f"\nThe execution goes on.\n  follow it with:  {pointers.runs(env.name, 'attach', arn)}\n"
            f"  stop it with:    {pointers.runs(env.name, 'stop', arn)}",
            err=True,
        )
        raise
    return progress


def _looks(env: Environment, connection: Connection, arn: str, output: str) -> Callable[[Watched], Look]:
    """What makes a look of what is watched: on a terminal with how far the job has come and what is expected,
    elsewhere with the first of them, now and then.
    """
    live = console().is_terminal
    every = _QUIET if not live else _EMBEDDED if env.embedded else _LIVE
    job = JobProgress(env, connection, every, time.monotonic)
    if not (live and output):
        return lambda watched: Look(watched, job.reached(watched.progress))
    machine = arn.rpartition(":")[0].replace(":execution:", ":stateMachine:")
    expected = Expected(env, connection, {"StateMachineArn": machine, "OutputUri": output}, arn)
    return lambda watched: Look(watched, job.reached(watched.progress), *expected.of(watched.progress))
