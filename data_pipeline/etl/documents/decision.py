"""``decision.json`` of a run: whether there is anything to do, why, and the totals; under 16 KiB whatever the plan, so
that a state machine can hold it.

The step that compares input with what is processed writes it. The state machine reads ``proceed``, ``reason`` and
``partial``; the functions here read the rest out of the results of any step: what a result does not have is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

NAME = "decision.json"
VERSION = 1
#: files of the input, held against what has been processed.
COUNTS = ("new", "changed", "unchanged", "deleted")


class _Always(TypedDict):
    version: int
    run: str
    plan: str
    objects: int
    bytes: int
    ignored: int
    proceed: bool
    reason: str
    new: int
    changed: int
    unchanged: int
    deleted: int
    messages: list[str]


class Decision(_Always, total=False):
    """``plan``: where it is; ``objects`` and ``bytes`` are to read. After a mirror also how many files ended how, with
    the ``bytes`` received, and whether it is ``partial``. ``held``: data sets that wait for an answer;
    ``moved``: those of them that can only be made anew, since their files are parts of other units now.
    """

    held: list[str]
    moved: list[str]
    mirror: dict[str, int]
    partial: bool


def counts(result: Mapping[str, Any]) -> dict[str, int]:
    """The counts that a result has; none where nothing is counted because all that was looked at is held."""
    found = {key: result[key] for key in COUNTS if isinstance(result.get(key), int)}
    return {} if held(result) and not any(found.values()) else found


def held(result: Mapping[str, Any]) -> list[str]:
    """The data sets that are not loaded because their definition has changed."""
    return _names(result.get("held"))


def moved(result: Mapping[str, Any]) -> list[str]:
    """Those of them that only ``--rebuild`` is an answer for."""
    return _names(result.get("moved"))


def _names(found: Any) -> list[str]:
    return [str(name) for name in found] if isinstance(found, list) else []


def mirror(result: Mapping[str, Any]) -> tuple[dict[str, int], bool] | None:
    """How many mirrored files ended how, with the bytes received, and whether the mirror is partial; None without."""
    found = result.get("mirror")
    return (found, bool(result.get("partial"))) if isinstance(found, dict) else None
