"""Periods: ``2024``, ``2024-01``, ``2024-01-31`` or ``2024-01-31T05``, what comes before one, when it ends. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

UNITS = {4: "year", 7: "month", 10: "day", 13: "hour"}
UNIT = ("hour", "day", "month", "year")
_FORMATS = {"year": "%Y", "month": "%Y-%m", "day": "%Y-%m-%d", "hour": "%Y-%m-%dT%H"}
#: how many periods before are what is usual: every season, every day of the week, every hour of the week once or more.
BEFORE = {"year": 10, "month": 12, "day": 28, "hour": 168}
LEAST = 3
"""Fewer periods before do not say what is usual."""


def unit(period: str) -> str:
    return UNITS[len(period)]


def complete(files: Iterable[str], unit: str) -> bool:
    """Whether a period of this unit has all its rows once files of these units (or of no period) are there."""
    return all(UNIT.index(each) >= UNIT.index(unit) if each else False for each in files)


def start(period: str) -> datetime:
    """In the clock of the data, without a zone."""
    return datetime.strptime(period, _FORMATS[unit(period)])  # noqa: DTZ007 - a wall clock


def end(period: str) -> datetime:
    """The start of the next one, and at the end of the calendar the last moment that there is."""
    first, kind = start(period), unit(period)
    try:
        if kind == "year":
            return first.replace(year=first.year + 1)
        if kind == "month":
            return first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
        return first + (timedelta(days=1) if kind == "day" else timedelta(hours=1))
    except (OverflowError, ValueError):
        return datetime.max  # noqa: DTZ901 - a wall clock


def before(period: str) -> list[str]:
    """The periods before, as many as ``BEFORE`` says, the earliest first; fewer at the start of the calendar."""
    first, kind = start(period), unit(period)
    found = []
    for n in range(BEFORE[kind], 0, -1):
        earlier = _earlier(first, kind, n)
        if earlier is not None:
            found.append(text(earlier, kind))
    return found


def text(moment: datetime, kind: str) -> str:
    """The period of this unit that ``moment`` is in."""
    return moment.isoformat()[: width(kind)]


def width(kind: str) -> int:
    """How many characters a period of this unit has."""
    return next(length for length, unit in UNITS.items() if unit == kind)


def _earlier(first: datetime, kind: str, n: int) -> datetime | None:
    try:
        if kind in ("day", "hour"):
            return first - (timedelta(days=n) if kind == "day" else timedelta(hours=n))
        months = first.year * 12 + first.month - 1 - n * (12 if kind == "year" else 1)
        return first.replace(year=months // 12, month=months % 12 + 1)
    except (OverflowError, ValueError):
        return None
