"""Months and days as sources name them, and the URLs that a pattern makes of them. Pure; runs on Python 3.9.

A period is a ``datetime.date``: the first of its month, or the day itself where the pattern has ``{day}``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

PLACEHOLDER = re.compile(r"\{(dataset|year|month|day)(?::(02))?\}")
_DATED = re.compile(r"(?<!\d)(\d{4})-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?(?!\d)")


def is_daily(pattern: str) -> bool:
    """Whether the pattern names days; otherwise it names months."""
    return any(name == "day" for name, _ in PLACEHOLDER.findall(pattern))


def expand(pattern: str, dataset: str, period: date) -> str:
    """The URL of a period of a data set: ``{month:02}`` has two digits, ``{month}`` as many as it needs."""
    values = {"year": period.year, "month": period.month, "day": period.day}

    def text(found: re.Match[str]) -> str:
        if found[1] == "dataset":
            return dataset
        return f"{values[found[1]]:{'02' if found[2] else ''}}"

    return PLACEHOLDER.sub(text, pattern)


def label(period: date, daily: bool) -> str:
    """``2019-01``, or ``2019-01-31`` of a day."""
    return period.isoformat() if daily else period.isoformat()[:7]


def parse(text: str) -> date:
    """The period that ``2019-01`` or ``2019-01-31`` names. ValueError if it is neither."""
    return date.fromisoformat(text if len(text) > 7 else f"{text}-01")


def through(first: date, today: date, daily: bool) -> Iterator[date]:
    """Every period from ``first`` to the last one that is over on the day ``today``."""
    period = first
    while _next(period, daily) <= today:
        yield period
        period = _next(period, daily)


def month_in(name: str) -> str:
    """The month (``YYYY-MM``) that a file's name holds; empty if it holds none, or several."""
    found = {f"{year}-{month}" for year, month, _ in _DATED.findall(name)}
    return found.pop() if len(found) == 1 else ""


def _next(period: date, daily: bool) -> date:
    if daily:
        return period + timedelta(days=1)
    return date(period.year + period.month // 12, period.month % 12 + 1, 1)
