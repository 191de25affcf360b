"""``plan.json`` of a run over data sets: every unit that it is to load, with its files. The step that compares writes
it, the step that loads reads exactly these versions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from . import form

NAME = "plan.json"
VERSION = 2


@dataclass(frozen=True)
class PlannedFile:
    """An object's place, its path below the input, and the ETag and size in bytes that it had. ``period``: ``2024``,
    ``2024-01``, ``2024-01-31`` or ``2024-01-31T05``, or nothing; ``parts``: the values of the pattern's other names.
    """

    uri: str
    path: str
    etag: str
    size: int
    period: str
    parts: Mapping[str, str]


@dataclass(frozen=True)
class Unit:
    """What replaces its own rows: ``key`` is its short id. ``files`` are all that it consists of now; without any, its
    rows go. ``because``: ``new``, ``changed``, ``again`` or ``pruned``.
    """

    key: str
    dataset: str
    files: tuple[PlannedFile, ...]
    because: str
    removed: tuple[str, ...] = ()


@dataclass(frozen=True)
class LoadPlan:
    """``rebuilt``: data sets whose table is made anew from these units alone; ``adopted``: data sets whose definition
    holds from now on; ``held``: data sets that are not loaded → why; ``judged``: data sets of which nothing is new and
    whose age is to be judged; ``erased``: data sets whose tables may still have keys that were erased.
    """

    units: tuple[Unit, ...]
    rebuilt: tuple[str, ...] = ()
    adopted: tuple[str, ...] = ()
    held: Mapping[str, str] | None = None
    dropped_columns: tuple[str, ...] = ()
    unclaimed: int = 0
    judged: tuple[str, ...] = ()
    erased: tuple[str, ...] = ()


def document(run: str, plan: LoadPlan) -> dict[str, Any]:
    return {"version": VERSION, "run": run, **asdict(plan)}


def read(content: str | bytes, place: str) -> LoadPlan:
    """The plan that a document holds. JobError, with the place, if it holds none."""
    return form.read(content, place, "a plan of data sets", VERSION, _read)


def _read(document: Mapping[str, Any]) -> LoadPlan:
    return LoadPlan(
        tuple(_unit(each) for each in document["units"]),
        tuple(document["rebuilt"]),
        tuple(document["adopted"]),
        dict(document["held"] or {}),
        tuple(document["dropped_columns"]),
        int(document["unclaimed"]),
        tuple(document.get("judged", ())),  # a run that began before a deployment has none
        tuple(document.get("erased", ())),
    )


def _unit(each: Mapping[str, Any]) -> Unit:
    files = tuple(PlannedFile(**file) for file in each["files"])
    return Unit(each["key"], each["dataset"], files, each["because"], tuple(each["removed"]))
