"""Years, months, days and hours as sources name them, and the URLs that a pattern makes of them. Pure; Python 3.9.

A period is the ``datetime`` at which it begins, in UTC. The placeholders are those of ``etl.documents.patterns``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone

UNITS = ("year", "month", "day", "hour")
PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)(?::([^{}]*))?\}")
#: the digits of a period's label, of each unit.
_LENGTHS = {"year": 4, "month": 7, "day": 10, "hour": 13}
_DATED = re.compile(r"(?<!\d)(\d{4})-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?(?!\d)")


def unit(pattern: str) -> str:
    """The finest of ``UNITS`` that the pattern names; empty if it names none."""
    named = {name for name, _ in PLACEHOLDER.findall(pattern)}
    return max(named.intersection(UNITS), key=UNITS.index, default="")


def expand(pattern: str, dataset: str, period: datetime) -> str:
    """The URL of a period of a data set, which is the value of the one other name: ``{month:02}`` has two digits,
    ``{month}`` as many as it needs.
    """

    def text(found: re.Match[str]) -> str:
        name, width = found[1], found[2]
        if name not in UNITS:
            return dataset
        return f"{getattr(period, name):0{int(width or 0)}d}"

    return PLACEHOLDER.sub(text, pattern)


def label(period: datetime, unit: str) -> str:
    """``2019``, ``2019-01``, ``2019-01-31`` or ``2019-01-31T05``."""
    return period.isoformat()[: _LENGTHS[unit]]


def parse(text: str) -> datetime:
    """The period that a label names. ValueError if it names none."""
    whole = text + {4: "-01-01T00", 7: "-01T00", 10: "T00", 13: ""}.get(len(text), "?")
    return datetime.fromisoformat(f"{whole}:00:00+00:00")


def unit_of(label: str) -> str:
    """The unit of a label."""
    return next(unit for unit, length in _LENGTHS.items() if length == len(label))


def through(first: datetime, now: date, unit: str) -> Iterator[datetime]:
    """Every period from ``first`` to the last one that is over ``now``, a time or the beginning of a day."""
    moment = now if isinstance(now, datetime) else datetime(now.year, now.month, now.day, tzinfo=timezone.utc)
    period = first
    while _next(period, unit) <= moment:
        yield period
        period = _next(period, unit)


def overlaps(period: str, first: str, last: str) -> bool:
    """Whether a period shares time with those from ``first`` to ``last``, both included; all are labels."""
    begins, ends = min(len(period), len(first)), min(len(period), len(last))
    return first[:begins] <= period[:begins] and period[:ends] <= last[:ends]


def in_name(name: str) -> str:
    """The month or day that a file's name holds, as a label; empty if it holds none, or several months."""
    found = {"-".join(part for part in parts if part) for parts in _DATED.findall(name)}
    months = {each[:7] for each in found}
    if len(months) != 1:
        return ""
    return found.pop() if len(found) == 1 else months.pop()


def _next(period: datetime, unit: str) -> datetime:
    if unit == "hour":
        return period + timedelta(hours=1)
    if unit == "day":
        return period + timedelta(days=1)
    months = period.month + (12 if unit == "year" else 1)
    return period.replace(year=period.year + (months - 1) // 12, month=(months - 1) % 12 + 1)
