"""Spans of time: which of a table's partitions a change of its input touches, and which input these need. Pure.

A span is (start, end), without its end, in UTC or on the clock of the data, without a zone; with ``LATEST`` it has no
end.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

Span = tuple[datetime, datetime]
UNITS = ("hour", "day", "month", "year")
LATEST = datetime.max  # noqa: DTZ901 - on the clock of the data
_EARLIEST = datetime.min  # noqa: DTZ901 - on the clock of the data


def floor(moment: datetime, unit: str) -> datetime:
    """The start of the unit that ``moment`` is in."""
    if unit == "hour":
        return moment.replace(minute=0, second=0, microsecond=0)
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return day if unit == "day" else day.replace(day=1) if unit == "month" else day.replace(month=1, day=1)


def following(moment: datetime, unit: str) -> datetime:
    """The start of the unit after that of ``moment``; ``LATEST`` at the end of the calendar."""
    try:
        first = floor(moment, unit)
        if unit in ("hour", "day"):
            return first + (timedelta(hours=1) if unit == "hour" else timedelta(days=1))
        months = first.year * 12 + first.month - 1 + (1 if unit == "month" else 12)
        return first.replace(year=months // 12, month=months % 12 + 1)
    except (OverflowError, ValueError):
        return LATEST


def touched(changed: Iterable[datetime], unit: str, reach: int, partition: str) -> list[Span]:
    """The spans of a table's partitions (of the unit ``partition``) that input touches whose times begin in the units
    ``changed``: each touches its own, and ``reach`` days more.
    """
    return _merged(_widened((each, _later(following(each, unit), reach)), partition) for each in changed)


def needed(touched: Iterable[Span], unit: str, reach: int) -> list[Span]:
    """The spans of the input, in whole units, that these spans of the table are made of: ``reach`` days before, too."""
    return _merged(_widened((_later(start, -reach), end), unit) for start, end in touched)


def _widened(span: Span, unit: str) -> Span:
    start, end = span
    return floor(start, unit), end if floor(end, unit) == end else following(end, unit)


def _later(moment: datetime, days: int) -> datetime:
    try:
        return moment + timedelta(days=days)
    except OverflowError:
        return LATEST if days > 0 else _EARLIEST


def _merged(spans: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found
