"""The next times at which a schedule fires, on its zone's wall clock and in UTC.

Needs the machine's time zone database, unlike ``firings``: what it says is shown, and decides nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from . import firings

#: how far ahead is looked.
_DAYS = 5 * 366


def next_firings(expression: str, zone: str, now: datetime, count: int, anchor: datetime) -> list[datetime]:
    """At most so many times after ``now`` (with a zone), each on the wall clock of ``zone``.

    ``anchor``: when the schedule was made, from which a rate counts; AWS promises a rate's distance, not its seconds.
    """
    clock = ZoneInfo(zone)
    cron = firings.read(expression)
    if cron is None:
        return list(islice(_rate(expression, now, anchor.astimezone(clock)), count))
    return list(islice(_cron(cron, now.astimezone(clock), clock), count))


def _cron(cron: firings.Firings, now: datetime, clock: ZoneInfo) -> Iterator[datetime]:
    """A time that the clock leaves out does not occur, one that it repeats occurs once."""
    first = now.replace(tzinfo=None)
    for wall in cron.between(first, first + timedelta(_DAYS)):
        moment = wall.replace(tzinfo=clock)
        there = moment.astimezone(UTC).astimezone(clock).replace(tzinfo=None) == wall
        if there and moment.astimezone(UTC) > now.astimezone(UTC):
            yield moment


def _rate(expression: str, now: datetime, anchor: datetime) -> Iterator[datetime]:
    match = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression)
    assert match is not None, expression
    step = timedelta(**{f"{match[2]}s": int(match[1])})
    moment = anchor + max(0, (now - anchor) // step) * step
    while True:
        if moment > now:
            yield moment
        moment += step
