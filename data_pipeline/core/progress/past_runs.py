"""Runs of the past: which one somebody means, and what is said of each in a list of them; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from data_pipeline.core.errors import UserError
from data_pipeline.core.machine import end_states
from data_pipeline.core.problems import quoted
from data_pipeline.etl.documents import decision

from .follow import Status
from .progress_log import clock

LAST = "last"
UNKNOWN = "unknown"
_LAST = re.compile(r"last(?:~([0-9]{1,4}))?")
#: how the tool names executions; the six digits at the end tell them apart.
_OWN = re.compile(r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ-([0-9a-f]{6})")
#: how AWS names what nobody names.
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}.*")
_SHORT = 8
#: runs that a message names.
_NAMED = 5
_ENDS: dict[str, str] = {"RUNNING": "running", "ABORTED": "stopped", "TIMED_OUT": "timed out"}
_FAILURES = {end_states.GATE_FAILED: "gate failed", end_states.DEFINITION_CHANGED: "held"}

Results = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class PastRun:
    """One run in a list. ``value``: its input; ``results``: name of a step's result → its JSON, as far as it came;
    ``judged``: whether its steps leave results at all; ``waived``: it found another one running. Times have a zone.
    """

    name: str
    status: Status
    started: datetime
    stopped: datetime | None = None
    error: str | None = None
    value: Mapping[str, Any] = field(default_factory=dict)
    results: Results = field(default_factory=dict)
    judged: bool = True
    waived: bool = False

    @property
    def started_by(self) -> str:
        """Who or what started it, as its input says."""
        return str(self.value.get("started_by") or UNKNOWN)

    @property
    def ended(self) -> str:
        """How it ended, in two words at most."""
        if self.status in _ENDS:
            return _ENDS[self.status]
        if self.status != "SUCCEEDED":
            return _FAILURES.get(self.error or "", "failed")
        if self.waived:
            return "another ran"
        if any(result.get("proceed") is False for result in self.results.values()):
            return "nothing new"
        warned = any(result.get("warnings") for result in self.results.values())
        known = self.judged and self.results  # results are deleted after a while, where retention says so
        return "warnings" if warned else "published" if known else "ended well"

    @property
    def new(self) -> int | None:
        """Files that were new or changed; None where nothing has counted them."""
        for result in self.results.values():
            counts = decision.counts(result)
            if counts:
                return counts.get("new", 0) + counts.get("changed", 0)
        return None

    @property
    def rows(self) -> tuple[int, int] | None:
        """Rows that were accepted and quarantined; None where no step has judged."""
        for result in self.results.values():
            rows = result.get("rows")
            if isinstance(rows, dict):
                return int(rows.get("counted") or 0), int(rows.get("quarantined") or 0)
        return None

    def seconds(self, now: datetime) -> float:
        """How long it took, or has taken."""
        return max(0.0, ((self.stopped or now) - self.started).total_seconds())


HEAD = ("run", "started UTC", "ended", "took", "new", "rows", "quarantined", "by")
#: the columns of numbers and times, which stand to the right.
RIGHT = frozenset((3, 4, 5, 6))


def row(run: PastRun, now: datetime) -> tuple[str, ...]:
    """A run in the columns of ``HEAD``."""
    rows = run.rows
    return (
        short(run.name),
        f"{run.started.astimezone(UTC):%m-%d %H:%M}",
        run.ended,
        clock(run.seconds(now)),
        "-" if run.new is None else f"{run.new:,}",
        "-" if rows is None else f"{rows[0]:,}",
        "-" if rows is None else f"{rows[1]:,}",
        person(run.started_by),
    )


def as_json(run: PastRun, now: datetime) -> dict[str, Any]:
    """The same for scripts, with the whole name; what is not known is None."""
    rows = run.rows
    return {
        "execution": run.name,
        "status": run.status,
        "ended": run.ended,
        "startDate": run.started.isoformat(),
        "stopDate": run.stopped.isoformat() if run.stopped else None,
        "seconds": round(run.seconds(now), 3),
        "error": run.error,
        "new": run.new,
        "rows": rows[0] if rows else None,
        "quarantined": rows[1] if rows else None,
        "startedBy": run.started_by,
        "input": dict(run.value),
    }


def short(name: str) -> str:
    """What tells a run apart for people, and what ``chosen`` understands."""
    own = _OWN.fullmatch(name)
    return own.group(1) if own else name[:_SHORT]


def is_name(text: str) -> bool:
    """Whether it may be the whole name of a run, and no part of one."""
    return bool(_OWN.fullmatch(text) or _UUID.fullmatch(text))


def started_since(name: str, begins: str) -> bool:
    """Whether a run is known to have started at a time or later, by its name; ``begins``: as names begin. A run that
    AWS named, as those of the schedule, does not say.
    """
    return bool(_OWN.fullmatch(name)) and name >= begins


def person(started_by: str) -> str:
    """The last part of an ARN: the user, or the session of a role."""
    return re.split("[/:]", started_by)[-1] or started_by


def chosen(text: str, names: Sequence[str]) -> str:
    """The run that ``text`` means: ``last``, ``last~2``, a name, its beginning, or its end. ``names``: newest first.

    UserError where it means none, or several.
    """
    if not names:
        raise UserError(f"{text}: there is no run yet")
    if match := _LAST.fullmatch(text):
        back = int(match.group(1) or 0)
        if back < len(names):
            return names[back]
        raise UserError(f"{text}: there are only {len(names)} runs; the oldest is {LAST}~{len(names) - 1}")
    if text in names:
        return text
    for fits in (str.startswith, str.endswith):
        found = [name for name in names if text and fits(name, text)]
        if len(found) == 1:
            return found[0]
        if found:
            raise UserError(f"{text}: means several runs: {_listed(found)}; write more of the name")
    raise UserError(
        f"there is no run {quoted(text)}: expected 'last', 'last~2', or the beginning or end of a name; "
        f"the newest are {_listed(names)}"
    )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
