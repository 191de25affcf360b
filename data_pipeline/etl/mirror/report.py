"""What a mirror did, for people and for the state machine. Pure; runs on Python 3.9."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from .transfer import FAILED, LEFT, NEW, UNCHANGED, UNPUBLISHED, UPDATED, Outcome

VERSION = 1
KINDS = (NEW, UPDATED, UNCHANGED, UNPUBLISHED, FAILED, LEFT)
_SHOWN, _LONGEST = 3, 300


def document(outcomes: Sequence[Outcome], not_again: int, requests: int, seconds: float) -> dict[str, Any]:
    """The report: per data set and in all, how many files ended how; every file that is not as it was.

    ``not_again``: known files that were not asked for again, within the budget.
    """
    lanes = sorted({outcome.ask.lane for outcome in outcomes})
    counts = Counter(outcome.kind for outcome in outcomes)
    return {
        "version": VERSION,
        "counts": {kind: counts[kind] for kind in KINDS},
        "partial": bool(counts[FAILED] or counts[LEFT]),
        "bytes": sum(outcome.received for outcome in outcomes),
        "resumed_bytes": sum(outcome.resumed for outcome in outcomes),
        "requests": requests,
        "seconds": round(seconds, 3),
        "not_again": not_again,
        "datasets": [_row(lane, [each for each in outcomes if each.ask.lane == lane]) for lane in lanes],
        "files": [
            _file(each) for each in sorted(outcomes, key=lambda o: o.ask.path) if each.kind != UNCHANGED
        ],
    }


def messages(report: dict[str, Any]) -> list[str]:
    """What a run says of a mirror that is partial: a few short lines."""
    counts = report["counts"]
    if not report["partial"]:
        return []
    counted = [f"{counts[FAILED]:,} failed"] if counts[FAILED] else []
    counted += [f"{counts[LEFT]:,} left for the next run"] if counts[LEFT] else []
    failed = [f"{file['path']}: {file['reason']}" for file in report["files"] if file["outcome"] == FAILED]
    more = (
        [f"and {len(failed) - _SHOWN:,} more files that could not be mirrored"]
        if len(failed) > _SHOWN
        else []
    )
    lines = [f"the mirror of the source is partial: {', '.join(counted)}", *failed[:_SHOWN], *more]
    return [line[:_LONGEST] for line in lines]


def _row(lane: str, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    counts = Counter(outcome.kind for outcome in outcomes)
    received = sum(outcome.received for outcome in outcomes)
    return {"name": lane, **{kind: counts[kind] for kind in KINDS}, "bytes": received}


def _file(outcome: Outcome) -> dict[str, Any]:
    return {
        "path": outcome.ask.path,
        "url": outcome.ask.url,
        "outcome": outcome.kind,
        "size": outcome.size,
        "bytes": outcome.received,
        "resumed_bytes": outcome.resumed,
        "reason": outcome.reason,
        "person": outcome.person,
    }
