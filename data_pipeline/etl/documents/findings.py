"""``findings.json`` of a run: every rule that failed and what of, so that a later run can let through just that. The
verdict, which is small, says where it is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from . import form

NAME = "findings.json"
VERSION = 1


@dataclass(frozen=True)
class Violation:
    """``of``: the data set or table; ``rule``: its key, such as ``null-share(amount)``; ``source``: the file or else
    what the rule was broken by; ``version``: the file's ETag, or what else tells it from another of the same value.
    """

    of: str
    rule: str
    source: str
    version: str
    value: float


def document(run: str, findings: Collection[Violation]) -> dict[str, Any]:
    return {"version": VERSION, "run": run, "findings": [asdict(each) for each in findings]}


def read(content: str | bytes, place: str) -> tuple[Violation, ...]:
    """The findings that a document holds. JobError, with the place, if it holds none."""
    return form.read(content, place, "a list of findings", VERSION, _read)


def _read(document: Mapping[str, Any]) -> tuple[Violation, ...]:
    return tuple(Violation(**each) for each in document["findings"])
