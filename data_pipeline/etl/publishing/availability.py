"""When each month of a data set was first published here, as one short text. Pure.

``2026-11-25T06:00:00Z north 2015-01..2015-03; south 2013-08 | 2026-12-25T06:00:00Z north 2015-04``: a part for each
time, with months as in ``coverage``. A model that is to be trained on what was known at some time needs it;
snapshots that said so expire, so every snapshot carries it on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from . import coverage

AVAILABLE = "pipeline.available"

Available = Mapping[tuple[str, str], str]
"""(data set, month) → time, in UTC to the second."""


def text(available: Available) -> str:
    """The months by time, the earliest first."""
    times: dict[str, list[tuple[str, str]]] = {}
    for month, time in sorted(available.items()):
        times.setdefault(time, []).append(month)
    return " | ".join(f"{time} {coverage.text(times[time])}" for time in sorted(times))


def parse(text: str) -> Available:
    """What ``text`` was made of."""
    parts = [part.partition(" ") for part in filter(None, text.split(" | "))]
    return {month: time for time, _, months in parts for month in coverage.parse(months)}


def carried(
    before: Available, covered_before: coverage.Covered, covered: coverage.Covered, now: datetime
) -> Available:
    """What a snapshot that covers ``covered`` says, made at ``now`` (UTC) on top of one that covered
    ``covered_before``: a month keeps its time for as long as it is there. Of months that were there before
    times were noted, none is known, and none is made up.
    """
    moment = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    known = {month: time for month, time in before.items() if month in covered}
    return known | dict.fromkeys(covered - covered_before, moment)
