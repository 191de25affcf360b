"""How long a run and its states may take, from the bytes and durations of runs before; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from statistics import median
from typing import Any

from data_pipeline.core.uploads import amount

from .progress_log import duration

#: how many times the bytes of the largest run before may be asked for; behind that nothing is known.
_REACH = 10

Points = Sequence[tuple[int, float]]
"""Bytes and seconds of each run, or of a state in each run."""


@dataclass(frozen=True)
class PastTimes:
    """A run that published: the bytes that it was to read, and the seconds that it took, and each of its states."""

    run: str
    bytes: int
    seconds: float
    states: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Estimate:
    """Seconds that are likely, with the range that the runs before leave; ``runs``: on how many it stands."""

    seconds: float
    least: float
    most: float
    runs: int


def estimate(points: Points, size: int) -> Estimate | None:
    """The seconds for ``size`` bytes. None without a run before, or where all of them were ten times smaller.

    A line through the runs: of each two the slope, of all slopes the median (Theil and Sen), so that one odd run does
    not matter. Runs of one size tell no slope; more bytes than the largest had may then take as many times longer.
    """
    largest = max((bytes_ for bytes_, _ in points), default=0)
    if not points or size > largest * _REACH:
        return None
    slopes = [(t - s) / (b - a) for (a, s), (b, t) in combinations(points, 2) if a != b]
    slope = max(0.0, median(slopes)) if slopes else 0.0
    base = median(seconds - slope * bytes_ for bytes_, seconds in points)
    likely = max(0.0, base + slope * size)
    off = [seconds - base - slope * bytes_ for bytes_, seconds in points]
    most = likely + max(0.0, *off)
    if size > largest:
        most = max(most, max(seconds for _, seconds in points) * size / max(1, largest))
    return Estimate(likely, max(0.0, likely + min(0.0, *off)), most, len(points))


def summary_bytes(summary: Mapping[str, Any]) -> int:
    """The bytes of the files that a run read, as its summary has them."""
    return sum(file.get("bytes") or 0 for file in summary["files"])


def of_run(past: Sequence[PastTimes], size: int) -> Estimate | None:
    """Of a whole run."""
    return estimate([(each.bytes, each.seconds) for each in past], size)


def of_states(past: Sequence[PastTimes], size: int | None) -> dict[str, float]:
    """State → seconds that it is likely to take; by the median, where the bytes are not known yet, or are too many."""
    points: dict[str, list[tuple[int, float]]] = {}
    for each in past:
        for name, seconds in each.states.items():
            points.setdefault(name, []).append((each.bytes, seconds))
    found = {}
    for name, every in points.items():
        fitted = estimate(every, size) if size is not None else None
        found[name] = fitted.seconds if fitted else median(seconds for _, seconds in every)
    return found


def text(found: Estimate | None, past: Sequence[PastTimes], size: int) -> str:
    """``4 min (3 min to 6 min), by 12 runs before``; or that it is not known yet, and why."""
    if found is None and past:
        largest = max(each.bytes for each in past)
        return (
            f"not known yet: {amount(size)} are to be read, and no run before had more than {amount(largest)}"
        )
    if found is None:
        return "not known yet: no run before has published"
    likely, least, most = (duration(each) for each in (found.seconds, found.least, found.most))
    between = f" ({least} to {most})" if least != most else ""
    return f"{likely}{between}, by {found.runs} run{'s' if found.runs > 1 else ''} before"


def as_json(found: Estimate | None) -> dict[str, Any] | None:
    """For scripts and reports, in seconds; None where it is not known."""
    return {name: round(each, 3) for name, each in asdict(found).items()} if found else None
