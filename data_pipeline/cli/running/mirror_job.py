"""Runs ``data_pipeline/etl/jobs/mirror.py`` in a process of its own, and shows its events as they come."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from data_pipeline.aws.session import Connection
from data_pipeline.core.errors import UserError

from .mirror_progress import Shown, shown

Event = dict[str, Any]

#: seconds that the job has after ^C, to let parts that are on their way arrive.
_SECONDS_TO_END = 60.0
_LONGEST_ERROR = 4000


def run_job(connection: Connection, sources: str, definitions: str | None, options: list[str]) -> Event:
    """Run the mirror on these sources, with the project's data sets if it has some; its report. UserError with its own
    message if it fails.
    """
    with tempfile.TemporaryDirectory(prefix="mirror-") as scratch:
        listed, errors = Path(scratch) / "sources.json", Path(scratch) / "errors"
        listed.write_text(sources, encoding="utf-8")
        if definitions is not None:
            defined = Path(scratch) / "datasets.json"
            defined.write_text(definitions, encoding="utf-8")
            options = [*options, "--definitions", str(defined)]
        words = [
            sys.executable,
            "-m",
            "data_pipeline.etl.jobs.mirror",
            "--source",
            str(listed),
            "--events",
            "true",
        ]
        with (
            errors.open("wb") as said,
            _started([*words, *options], connection.variables(os.environ), said) as job,
        ):
            with shown() as screen:
                report = _report(job, screen)
            status = job.wait()
        if report is not None and status == 0:
            return report
        text = errors.read_text(encoding="utf-8", errors="replace").strip()
    raise UserError(f"the mirror failed: {_message(text) or f'its process ended with {status}'}")


@contextmanager
def _started(words: list[str], variables: Mapping[str, str], said: Any) -> Iterator[subprocess.Popen[str]]:
    """The process, which is ended with this one; ^C is heard here and passed on."""
    job = subprocess.Popen(
        words, env=dict(variables), stdout=subprocess.PIPE, stderr=said, text=True, start_new_session=True
    )
    try:
        yield job
    except KeyboardInterrupt:
        click.echo(
            "\nfinishing the parts on their way; what is there is kept, and the next mirror goes on", err=True
        )
        job.send_signal(signal.SIGINT)
        try:
            job.communicate(timeout=_SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            job.kill()
        raise
    finally:
        if job.poll() is None:
            job.kill()
            job.wait()
        if job.stdout is not None:
            job.stdout.close()


def _report(job: subprocess.Popen[str], screen: Shown) -> Event | None:
    """The last event, once all others are shown."""
    assert job.stdout is not None
    for line in job.stdout:
        event = json.loads(line)
        if event["event"] == "report":
            return {name: value for name, value in event.items() if name != "event"}
        screen.show(event)
    return None


def _message(text: str) -> str:
    """The job's own message, which is one line; or the end of what it printed."""
    last = text.splitlines()[-1] if text else ""
    return last.removeprefix("error: ") if last.startswith("error: ") else text[-_LONGEST_ERROR:]
