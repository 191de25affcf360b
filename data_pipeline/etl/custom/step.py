"""Scripts of one's own in `jobs/`, before, between and behind the steps of data sets: docs/how-to/custom-step.md.

A place is ``s3://bucket/key`` or a path of this machine, so that a script runs without AWS, too. Runs on Python 3.9, in
a Glue Python shell.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable

from data_pipeline.etl import exits, packages
from data_pipeline.etl.arguments import SWITCH, parse, parser
from data_pipeline.etl.documents import load_plan
from data_pipeline.etl.documents.load_plan import LoadPlan, PlannedFile, Unit
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.exits import log
from data_pipeline.etl.storage.filesystem import files, join, write_json
from data_pipeline.etl.storage.objects import MissingError, Stored

__all__ = [
    "SWITCH",
    "JobError",
    "LoadPlan",
    "PlannedFile",
    "Stored",
    "Unit",
    "downloaded",
    "join",
    "leave_result",
    "list_files",
    "log",
    "open_plan",
    "parse",
    "parser",
    "read",
    "run",
    "upload",
    "write",
]

RESULT_BYTES = 16 << 10
"""A state machine holds the results of all steps, 256 KiB together."""


def run(main: Callable[[list[str]], None]) -> None:
    """Run ``main`` with the script's arguments. A JobError that it raises ends the job with its message, which the run
    shows; any other exception is a bug, and its traceback is in the job's log.
    """
    packages.put_first()
    exits.run(main, sys.argv[1:])


def open_plan(output: str, run: str) -> LoadPlan:
    """What the run is to load, as `prepare` has planned it. JobError where there is no plan."""
    place = join(output, "runs", run, load_plan.NAME)
    return load_plan.read(read(place), place)


def leave_result(output: str, run: str, name: str, document: Mapping[str, Any]) -> None:
    """Leave the small ``document`` that the configuration names as the step's ``result``. ``"proceed": False`` in it
    ends the run as one with nothing new, ``"passed": False`` with ``failed_rules`` as one that failed. JobError for one
    that is no JSON or too large.
    """
    place = join(output, "runs", run, f"{name}.json")
    try:
        size = len(json.dumps(document))
    except (TypeError, ValueError) as error:
        raise JobError(f"{place}: the result is no JSON: {error}") from error
    if size > RESULT_BYTES:
        raise JobError(
            f"{place}: a result of {size:,} bytes, expected at most {RESULT_BYTES:,}; write a file beside it"
        )
    write_json(place, document)


def read(place: str) -> bytes:
    """The whole content of an object. JobError if there is none."""
    content: bytes = files(place).read(place)
    return content


def write(place: str, content: bytes) -> None:
    """Replace an object, at once."""
    files(place).write(place, content)


def list_files(folder: str) -> Iterator[Stored]:
    """Every file below a folder, at any depth, by path. JobError for a folder of this machine that is not there."""
    found: Iterator[Stored] = files(folder).list(folder)
    return found


@contextmanager
def downloaded(place: str) -> Iterator[Path]:
    """A file of this machine with an object's content, as long as the ``with`` statement lasts. JobError if there is no
    such object.
    """
    with tempfile.TemporaryDirectory(prefix="step-") as folder:
        try:
            with files(place).fetched(place, "", Path(folder)) as path:
                yield path
        except MissingError as error:
            raise JobError(f"{place}: {error}") from error


def upload(path: Path, place: str) -> None:
    """Replace an object by a file of this machine, at once."""
    files(place).upload(path, place)
