"""``<output>/state/accepted/<run>.json``: what a run has let through by ``--accept``, and who started it. The job that
judges writes it, ``coverage`` reads it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from . import form
from .findings import Violation

FOLDER = "accepted"
VERSION = 1


@dataclass(frozen=True)
class Accepted:
    """``by``: an ARN, ``schedule``, or ``unknown``."""

    run: str
    by: str
    findings: tuple[Violation, ...]


def document(run: str, by: str, findings: Collection[Violation]) -> dict[str, Any]:
    return {"version": VERSION, "run": run, "by": by, "findings": [asdict(each) for each in findings]}


def read(content: str | bytes, place: str) -> Accepted:
    """What a document says. JobError, with the place, if it is none."""
    return form.read(content, place, "a list of what was let through", VERSION, _read)


def _read(document: Mapping[str, Any]) -> Accepted:
    found = tuple(Violation(**each) for each in document["findings"])
    return Accepted(str(document["run"]), str(document["by"]), found)
