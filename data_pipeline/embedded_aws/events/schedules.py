"""Schedule expressions of EventBridge Scheduler, in their time zone: pure."""

from __future__ import annotations

import calendar
import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_UTC = datetime.UTC
_UNITS = {"minute": 60, "hour": 3600, "day": 86400}
_MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
#: (name, least, most, names) of the fields of a cron expression, in order.
_FIELDS: tuple[tuple[str, int, int, dict[str, int]], ...] = (
    ("minutes", 0, 59, {}),
    ("hours", 0, 23, {}),
    ("day-of-month", 1, 31, {}),
    ("month", 1, 12, _MONTHS),
    ("day-of-week", 1, 7, _DAYS),
    ("year", 1970, 2199, {}),
)


class Invalid(ValueError):  # noqa: N818 - the word for it in AWS's message
    """An expression or a time zone that Scheduler refuses, with what was found."""


@dataclass(frozen=True)
class Rate:
    """``rate(5 minutes)``: seconds between two invocations, counted from ``anchor``."""

    seconds: int

    def between(self, after: float, until: float, anchor: float) -> Iterator[float]:
        """Epoch seconds of the occurrences in (after, until]; the first one is the anchor itself."""
        step = max(0, int((after - anchor) // self.seconds)) if after >= anchor else 0
        while (moment := anchor + step * self.seconds) <= until:
            if moment > after:
                yield moment
            step += 1


@dataclass(frozen=True)
class Once:
    """``at(2026-01-31T06:00:00)``: one moment on the zone's wall clock."""

    moment: float

    def between(self, after: float, until: float, anchor: float) -> Iterator[float]:  # noqa: ARG002
        """The moment, if it lies in (after, until]."""
        if after < self.moment <= until:
            yield self.moment


@dataclass(frozen=True)
class Cron:
    """``cron(0 6 * * ? *)`` on a zone's wall clock; a time that a clock change skips does not occur, one
    that it repeats occurs once.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    day_of_month: str
    months: tuple[int, ...]
    day_of_week: str
    years: tuple[int, ...]
    zone: ZoneInfo

    def between(self, after: float, until: float, anchor: float) -> Iterator[float]:  # noqa: ARG002
        """Epoch seconds of the occurrences in (after, until]."""
        day = datetime.datetime.fromtimestamp(after, self.zone).date()
        last = datetime.datetime.fromtimestamp(until, self.zone).date()
        while day <= last:
            if self._on(day):
                for hour in self.hours:
                    for minute in self.minutes:
                        moment = self._moment(day, hour, minute)
                        if moment is not None and after < moment <= until:
                            yield moment
            day += datetime.timedelta(days=1)

    def _moment(self, day: datetime.date, hour: int, minute: int) -> float | None:
        wall = datetime.datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone)
        there = wall.astimezone(_UTC).astimezone(self.zone)
        return wall.timestamp() if there.replace(tzinfo=None) == wall.replace(tzinfo=None) else None

    def _on(self, day: datetime.date) -> bool:
        if day.year not in self.years or day.month not in self.months:
            return False
        if self.day_of_month != "?":
            return _in_month(self.day_of_month, day)
        return _in_week(self.day_of_week, day)


Schedule = Rate | Once | Cron


def parse(expression: str, zone_name: str) -> Schedule:
    """The schedule of an expression; Invalid says what Scheduler would not accept."""
    try:
        zone = ZoneInfo(zone_name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Invalid(f"Invalid Schedule Expression Timezone: {zone_name}") from error
    wrong = Invalid(f"Invalid Schedule Expression {expression}.")
    if match := re.fullmatch(r"rate\((\d+) (minute|hour|day)(s?)\)", expression):
        number = int(match[1])
        if number < 1 or (number == 1) == bool(match[3]):
            raise wrong
        return Rate(number * _UNITS[match[2]])
    if match := re.fullmatch(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)", expression):
        try:
            moment = datetime.datetime.fromisoformat(match[1])
        except ValueError as error:
            raise wrong from error
        return Once(moment.replace(tzinfo=zone).timestamp())
    match = re.fullmatch(r"cron\((.+)\)", expression)
    if match is None:
        raise wrong
    return _cron(match[1].split(), zone, wrong)


def _cron(fields: list[str], zone: ZoneInfo, wrong: Invalid) -> Cron:
    if len(fields) != 6 or (fields[2] == "?") == (fields[4] == "?"):
        raise wrong
    try:
        values = [
            ()
            if index in _SPECIAL and _SPECIAL[index].fullmatch(field)
            else _values(field, *_FIELDS[index][1:])
            for index, field in enumerate(fields)
        ]
    except ValueError as error:
        raise wrong from error
    if "/" in fields[4]:  # its wildcards are , - * ? L #
        raise wrong
    return Cron(values[0], values[1], fields[2], values[3], fields[4].upper(), values[5], zone)


_DAY = f"(?:[1-7]|(?i:{'|'.join(_DAYS)}))"
#: Index of a field → the forms whose days depend on the month, and ``?``; they stand alone. ``L-3`` is not among them:
#: no page of AWS shows it.
_SPECIAL = {
    2: re.compile(r"\?|L|LW|([1-9]|0[1-9]|[12]\d|3[01])W"),
    4: re.compile(rf"\?|L|{_DAY}L|{_DAY}#[1-5]"),
}


def _values(field: str, least: int, most: int, names: dict[str, int]) -> tuple[int, ...]:
    """The numbers that a field of a cron expression stands for; ValueError when it is none."""
    found: set[int] = set()
    for part in field.split(","):
        span, slash, step = part.partition("/")
        first, dash, last = span.partition("-")
        low = least if span == "*" else _number(first, least, most, names)
        high = most if span == "*" or (slash and not dash) else low
        if dash:
            high = _number(last, least, most, names)
        every = _digits(step) if slash else 1
        if high < low or not 1 <= every <= most:
            raise ValueError(field)
        found.update(range(low, high + 1, every))
    return tuple(sorted(found))


def _number(text: str, least: int, most: int, names: dict[str, int]) -> int:
    number = names.get(text.upper()) or _digits(text)
    if not least <= number <= most:
        raise ValueError(text)
    return number


def _digits(text: str) -> int:
    """A number in ASCII digits, which ``int`` does not insist on."""
    if not re.fullmatch("[0-9]{1,4}", text):
        raise ValueError(text)
    return int(text)


def _in_month(field: str, day: datetime.date) -> bool:
    length = calendar.monthrange(day.year, day.month)[1]
    if field == "L":
        return day.day == length
    if field == "LW":
        return day.day == _nearest_weekday(day, length)
    if field.endswith("W"):
        return int(field[:-1]) <= length and day.day == _nearest_weekday(day, int(field[:-1]))
    return day.day in _values(field, 1, 31, {})


def _nearest_weekday(month: datetime.date, day: int) -> int:
    """The working day of the month that is nearest to a day of it."""
    length = calendar.monthrange(month.year, month.month)[1]
    weekday = month.replace(day=day).weekday()
    if weekday == 5:
        return day - 1 if day > 1 else day + 2
    if weekday == 6:
        return day + 1 if day < length else day - 2
    return day


def _in_week(field: str, day: datetime.date) -> bool:
    number = day.isoweekday() % 7 + 1
    length = calendar.monthrange(day.year, day.month)[1]
    if field == "L":
        return number == 7
    if field.endswith("L"):
        return number == _number(field[:-1], 1, 7, _DAYS) and day.day > length - 7
    if "#" in field:
        name, _, nth = field.partition("#")
        return number == _number(name, 1, 7, _DAYS) and (day.day - 1) // 7 + 1 == int(nth)
    return number in _values(field, 1, 7, _DAYS)
