"""When a valid schedule expression fires on the wall clock of its zone, and which of its times the clock leaves out.

EventBridge Scheduler starts nothing at a time that the change to summer time leaves out, and starts one run at a time
that the change to winter time repeats. Which times are left out stands in ``skipped_times.json`` beside this module,
so that every machine gives the same answer; ``python -m data_pipeline.aws.service_limits`` writes it.
"""

from __future__ import annotations

import json
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path

from .cron import FIELDS, field_values

TABLE = Path(__file__).with_name("skipped_times.json")

#: two years from here hold every sequence of short and long months, the leap day included.
_LEAP_YEAR, _ALL_YEARS = 2028, 2199 - 1970 + 1
#: a run that starts within the hour after the change makes up for the one that the clock left out.
_SOON = timedelta(hours=1)
_FARTHEST = 366


@dataclass(frozen=True)
class Skip:
    """A time at which nothing starts, because the zone's clock leaves it out, and the firings around it."""

    time: datetime
    before: datetime | None
    after: datetime | None


@dataclass(frozen=True)
class Firings:
    """The times and days of a cron expression; ``day_of_month`` and ``day_of_week`` as they are written."""

    times: tuple[time, ...]
    day_of_month: str
    months: frozenset[int]
    day_of_week: str
    years: frozenset[int]

    def on(self, day: date) -> bool:
        """Whether the expression fires on a day."""
        if day.year not in self.years or day.month not in self.months:
            return False
        if self.day_of_month != "?":
            return _on_day_of_month(self.day_of_month, day)
        return _on_day_of_week(self.day_of_week.upper(), day)

    def between(self, first: datetime, last: datetime) -> Iterator[datetime]:
        """The firings from ``first`` up to and without ``last``, in order."""
        for number in range((last.date() - first.date()).days + 1):
            day = first.date() + timedelta(number)
            if self.on(day):
                moments = (datetime.combine(day, each) for each in self.times)
                yield from (moment for moment in moments if first <= moment < last)

    def next(self, moment: datetime) -> datetime | None:
        """The first firing at or after a moment, within a year."""
        return next(self.between(moment, moment + timedelta(_FARTHEST)), None)

    def last(self, moment: datetime) -> datetime | None:
        """The last firing before a moment, within a year."""
        for number in range(_FARTHEST):
            day = moment.date() - timedelta(number)
            found = list(self.between(datetime.combine(day, time.min), min(moment, _midnight_after(day))))
            if found:
                return found[-1]
        return None


def read(expression: str) -> Firings | None:
    """The firings of a valid cron expression; ``None`` for a rate, which no clock changes."""
    kind, _, inside = expression.rstrip(")").partition("(")
    if kind == "rate":
        return None
    texts = inside.split()
    minutes, hours, _, months, _, years = (
        field_values(field, text) or set() for field, text in zip(FIELDS, texts, strict=True)
    )
    times = tuple(time(hour, minute) for hour in sorted(hours) for minute in sorted(minutes))
    return Firings(times, texts[2], frozenset(months), texts[4], frozenset(years))


def longest_gap(expression: str, zone: str) -> float | None:
    """Hours between two firings on the wall clock, at most, those left out where the clock leaves a time out;
    ``None`` where it does not fire in every year.
    """
    firings = read(expression)
    if firings is None:
        count, unit = expression.removeprefix("rate(").rstrip(")").split()
        return int(count) * {"minute": 1 / 60, "hour": 1.0, "day": 24.0}[unit.rstrip("s")]
    if len(firings.years) < _ALL_YEARS:
        return None
    first = date(_LEAP_YEAR, 1, 1)
    days = [day for day in (first + timedelta(number) for number in range(2 * 366)) if firings.on(day)]
    within = [_minute(later) - _minute(earlier) for earlier, later in pairwise(firings.times)]
    over_night = _minute(firings.times[0]) - _minute(firings.times[-1])
    across = [(later - earlier).days * 1440 + over_night for earlier, later in pairwise(days)]
    left_out = [
        (s.after - s.before).total_seconds() / 60 for s in skips(expression, zone) if s.after and s.before
    ]
    return max([*within, *across, *left_out], default=0) / 60 or None


def skips(expression: str, zone: str) -> list[Skip]:
    """Times of an expression that its zone's clock leaves out, where no firing soon after makes up for them; in
    order.
    """
    firings = read(expression)
    found: list[Skip] = []
    if firings is None:
        return found
    for start, end in skipped_times().get(zone, ()):
        left_out = next(firings.between(start, end), None)
        after = firings.next(end) if left_out else None
        if left_out and (after is None or after - end > _SOON):
            found.append(Skip(left_out, firings.last(start), after))
    return found


@cache
def skipped_times() -> dict[str, tuple[tuple[datetime, datetime], ...]]:
    """Zone → the wall-clock times that its changes to summer time leave out: from, and up to and without."""
    loaded = json.loads(TABLE.read_text(encoding="utf-8"))
    found: dict[str, tuple[tuple[datetime, datetime], ...]] = {}
    for group in loaded["groups"]:
        starts = [(datetime.fromisoformat(text), minutes) for text, minutes in group["skipped"]]
        spans = tuple((start, start + timedelta(minutes=minutes)) for start, minutes in starts)
        found |= dict.fromkeys(group["zones"], spans)
    return found


def _on_day_of_month(field: str, day: date) -> bool:
    length = monthrange(day.year, day.month)[1]
    if field == "L":
        return day.day == length
    if field.endswith("W"):
        wanted = length if field == "LW" else int(field[:-1])
        return wanted <= length and day == _nearest_weekday(day.replace(day=wanted))
    return day.day in (field_values(FIELDS[2], field) or ())


def _nearest_weekday(day: date) -> date:
    """The working day nearest to a day, in the same month."""
    away = {5: -1, 6: 1}.get(day.weekday(), 0)
    near = day + timedelta(away)
    return near if near.month == day.month else day - timedelta(2 * away)


def _on_day_of_week(field: str, day: date) -> bool:
    number = day.isoweekday() % 7 + 1
    kind = FIELDS[4]
    if field == "L":
        return number == kind.high
    if field.endswith("L"):
        return number == kind.number(field[:-1]) and (day + timedelta(7)).month != day.month
    if "#" in field:
        name, _, nth = field.partition("#")
        return number == kind.number(name) and (day.day - 1) // 7 + 1 == int(nth)
    return number in (field_values(kind, field) or ())


def _minute(moment: time) -> int:
    return moment.hour * 60 + moment.minute


def _midnight_after(day: date) -> datetime:
    return datetime.combine(day + timedelta(1), time.min)
