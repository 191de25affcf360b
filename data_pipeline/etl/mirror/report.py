"""What a mirror did, for people and for the state machine. Pure; runs on Python 3.9."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from .transfer import FAILED, LEFT, NEW, UNCHANGED, UNPUBLISHED, UPDATED, Outcome

VERSION = 1
KINDS = (NEW, UPDATED, UNCHANGED, UNPUBLISHED, FAILED, LEFT)
_SHOWN, _LONGEST, _LONGEST_REASON = 3, 300, 1000


def document(outcomes: Sequence[Outcome], not_again: int, requests: int, seconds: float) -> dict[str, Any]:
    """The report: per data set and in all, how many files ended how; every file that is not as it was.

    ``not_again``: known files that were not asked for again, within the budget.
    """
    lanes = sorted({outcome.ask.lane for outcome in outcomes})
    counts = Counter(outcome.kind for outcome in outcomes)
    outcomes = sorted(outcomes, key=lambda outcome: outcome.ask.path)
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
        "reasons": _reasons(outcomes),
        "files": [_file(each) for each in outcomes if each.kind != UNCHANGED],
    }


def messages(report: dict[str, Any]) -> list[str]:
    """What a run says of a mirror that is partial: a few short lines."""
    counts = report["counts"]
    if not report["partial"]:
        return []
    counted = [f"{counts[FAILED]:,} failed"] if counts[FAILED] else []
    counted += [f"{counts[LEFT]:,} left for the next run"] if counts[LEFT] else []
    told = [_line(each) for each in report["reasons"] if each["outcome"] == FAILED]
    more = [f"and {len(told) - _SHOWN:,} more reasons for which files failed"] if len(told) > _SHOWN else []
    lines = [f"the mirror of the source is partial: {', '.join(counted)}", *told[:_SHOWN], *more]
    return [line[:_LONGEST] for line in lines]


def _reasons(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Why files failed or are left: each reason once, with its first file and their number, those that need a person
    first.
    """
    found: dict[tuple[bool, str, str], list[str]] = {}
    for outcome in outcomes:
        if outcome.kind in (FAILED, LEFT):
            key = (outcome.person, outcome.kind, outcome.reason[:_LONGEST_REASON])
            found.setdefault(key, []).append(outcome.ask.path)
    return [
        {"outcome": kind, "person": person, "reason": reason, "first": paths[0], "files": len(paths)}
        for (person, kind, reason), paths in sorted(found.items(), key=lambda each: not each[0][0])
    ]


def _line(each: dict[str, Any]) -> str:
    person = "needs a person: " if each["person"] else ""
    more = f" and {each['files'] - 1:,} more" if each["files"] > 1 else ""
    return f"{person}{each['first']}{more}: {each['reason']}"


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
        "reason": outcome.reason[:_LONGEST_REASON],
        "person": outcome.person,
    }
