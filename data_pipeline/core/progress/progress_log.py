"""What happened between two looks at an execution, in lines for a log; pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from .failure_reason import reason
from .follow import Progress, State

#: states that take no time and say nothing: how the machine decides what comes next.
SILENT = frozenset(["Choice", "Pass", "Succeed", "Fail"])
#: seconds from which on a state without a job is told of, and characters of a Glue run's id that people are shown.
_LONG, _SHORT = 10.0, 12


def changes(before: Progress, after: Progress) -> Iterator[str]:
    """A line for each job started and ended, each wait, each attempt gone wrong, and for the end; what a state does
    without a job is told where it takes long.
    """
    for place, state in enumerate(after.states):
        if state.kind in SILENT:
            continue
        known = before.states[place] if place < len(before.states) else None
        yield from (f"{_at(after, when)} {line}" for when, line in _lines(known, state))
    if after.ended and not before.ended:
        yield f"{_at(after, after.stopped)} {after.status}"


def _lines(known: State | None, state: State) -> Iterator[tuple[datetime, str]]:
    """(when, what) of each change of one state; a job and a failed attempt have the time of the state's entry."""
    if known is None and state.kind != "Task":
        yield state.entered, state.name
    named = state.job is not None and (state.job.service != "glue" or state.job.run_id)
    if state.job is not None and named and (known is None or known.job != state.job):
        run = f" run {short(state.job.run_id)}" if state.job.run_id else ""
        yield state.entered, f"{state.name}: job {state.job.name}{run}"
    if state.failed and (known is None or (known.error, known.cause) != (state.error, state.cause)):
        yield state.exited or state.entered, f"{state.name}: failed: {reason(state.error, state.cause)}"
    left = state.exited is not None and (known is None or known.exited is None)
    if state.exited is not None and left and not state.failed and _matters(state, state.exited):
        yield state.exited, f"{state.name}: done in {duration(state.elapsed(state.exited))}"


def _matters(state: State, exited: datetime) -> bool:
    """Whether its end is worth a line."""
    return state.job is not None or state.elapsed(exited) >= _LONG


def short(run: str) -> str:
    """The id of a Glue run for people."""
    return run if len(run) <= _SHORT else f"{run[:_SHORT]}…"


def _at(progress: Progress, when: datetime | None) -> str:
    """Time since the execution's start, as ``mm:ss`` or ``h:mm:ss``."""
    if progress.started is None or when is None:
        return "00:00"
    return clock((when - progress.started).total_seconds())


def clock(seconds: float) -> str:
    """``mm:ss`` or ``h:mm:ss``."""
    minutes, rest = divmod(int(max(0.0, seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"


def duration(seconds: float) -> str:
    """A length of time as people say it: ``4 s``, ``2 min 5 s``, ``1 h 3 min``."""
    whole = round(max(0.0, seconds))
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"
