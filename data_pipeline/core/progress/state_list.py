"""The states of a run with their jobs and times, as rows and for scripts; pure."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from .failure_reason import reason
from .follow import Progress, State
from .progress_log import SILENT, duration, short


def visited(progress: Progress) -> list[State]:
    """The visits of states that do something."""
    return [state for state in progress.states if state.kind not in SILENT]


def rows(progress: Progress, now: datetime) -> list[tuple[str, str, str, str]]:
    """State, how it stands, how long it took, and its job."""
    return [
        (state.name, _stands(state, progress), duration(state.elapsed(progress.stopped or now)), _job(state))
        for state in visited(progress)
    ]


def as_json(progress: Progress) -> list[dict[str, Any]]:
    """The same for scripts; ``seconds`` is None while a state lasts."""
    return [
        {
            "name": state.name,
            "entered": state.entered.isoformat(),
            "exited": state.exited.isoformat() if state.exited else None,
            "seconds": state.elapsed(state.exited) if state.exited else None,
            "attempts": state.attempts,
            "job": (state.job.run_id or state.job.name) if state.job else None,
            **({"error": state.error, "reason": reason(state.error, state.cause)} if state.failed else {}),
        }
        for state in visited(progress)
    ]


def _stands(state: State, progress: Progress) -> str:
    if state.failed:
        return "failed"
    if state.exited:
        return "done"
    return "running" if not progress.ended else "broken off"


def _job(state: State) -> str:
    tried = f" (attempt {state.attempts})" if state.attempts > 1 else ""
    if state.job is None:
        return tried.strip()
    run = state.job.run_id or ""
    return f"{state.job.name}{f' run {short(run)}' if run else ''}{tried}"
