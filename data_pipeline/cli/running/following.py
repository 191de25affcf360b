"""An execution from its start to its end, on the screen."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from data_pipeline.aws.session import Connection
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.progress import pointers
from data_pipeline.core.progress.follow import Progress
from data_pipeline.embedded_aws.errors import LocalError
from data_pipeline.project import runs

from .watching import shown

Record = dict[str, Any]


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


def follow(env: Environment, connection: Connection, arn: str, beyond: int = 0) -> Progress:
    """Watch the execution to its end, on the screen; to the one after the event ``beyond`` of a redriven one."""
    click.echo(f"execution {arn}", err=True)
    begin = time.monotonic()
    progress = Progress()
    try:
        with shown(lambda: time.monotonic() - begin) as show:
            for watched in runs.watch(env, connection, arn, beyond):
                progress = watched.progress
                show(watched)
    except KeyboardInterrupt:
        click.echo(
            f"\nThe execution goes on.\n  follow it with:  {pointers.runs(env.name, 'attach', arn)}\n"
            f"  stop it with:    {pointers.runs(env.name, 'stop', arn)}",
            err=True,
        )
        raise
    return progress
