"""``plan.json`` of a run: every object that it is to read. The step that compares writes it, the step that loads
reads exactly these versions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from . import form

NAME = "plan.json"
VERSION = 1


@dataclass(frozen=True)
class PlannedObject:
    """An object's place, and the ETag and size in bytes that it had."""

    uri: str
    etag: str
    size: int


@dataclass(frozen=True)
class Plan:
    """``ignored``: how many other files lie in the input. ``removed``: paths that are no longer in the input and whose
    rows are to go.
    """

    objects: tuple[PlannedObject, ...]
    ignored: int = 0
    removed: tuple[str, ...] = ()


def document(run: str, plan: Plan) -> dict[str, Any]:
    return {
        "version": VERSION,
        "run": run,
        "objects": [asdict(each) for each in plan.objects],
        "ignored": plan.ignored,
        "removed": list(plan.removed),
    }


def read(content: str | bytes, place: str) -> Plan:
    """The plan that a document holds. JobError, with the place, if it holds none."""
    return form.read(content, place, "a plan", VERSION, _read)


def _read(document: Mapping[str, Any]) -> Plan:
    objects = [PlannedObject(str(o["uri"]), str(o["etag"]), int(o["size"])) for o in document["objects"]]
    removed = tuple(str(path) for path in document.get("removed", []))
    return Plan(tuple(objects), int(document.get("ignored", 0)), removed)
