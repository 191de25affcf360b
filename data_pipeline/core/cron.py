"""Expressions of EventBridge Scheduler: what it accepts, and which of them can never fire.

After the Scheduler's user guide, "Schedule types": ``cron(minutes hours day-of-month month day-of-week
year)`` and ``rate(value unit)``. What the guide does not show (a range that wraps round, ``LW``, names in
lower case) is refused: it was never seen to work, and can always be written another way.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from .problems import RefusedError, quoted

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
UNITS = ("minute", "hour", "day")

#: two years from here hold every sequence of short and long months, the leap day included.
_LEAP_YEAR, _ALL_YEARS = 2028, 2199 - 1970 + 1

EXPECTED = "cron(…) or rate(…), as in 'cron(0 6 * * ? *)' or 'rate(12 hours)'"


@dataclass(frozen=True)
class Field:
    """One field of a cron expression: its values, and the names that count up from the lowest."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    steps: bool = True

    def number(self, word: str) -> int:
        """The number that a word stands for."""
        if word in self.names:
            return self.low + self.names.index(word)
        if re.fullmatch("[0-9]{1,4}", word) and self.low <= int(word) <= self.high:
            return int(word)
        raise RefusedError(self.values)

    @property
    def values(self) -> str:
        named = f" or {self.names[0]} to {self.names[-1]}" if self.names else ""
        return f"{self.low} to {self.high}{named}"


FIELDS = (
    Field("minutes", 0, 59),
    Field("hours", 0, 23),
    Field("day of month", 1, 31),
    Field("month", 1, 12, MONTHS),
    Field("day of week", 1, 7, DAYS, steps=False),
    Field("year", 1970, 2199),
)


def check(expression: str) -> None:
    """Raises ``RefusedError`` when EventBridge Scheduler would refuse the expression, or it never fires."""
    shape = re.fullmatch(r"(cron|rate)\(([^()]*)\)", expression)
    if shape is None:
        words = expression.split()
        bare = len(words) in (5, 6) and all(re.fullmatch(r"[0-9A-Z*?/,#-]+", w) for w in words)
        raise RefusedError(
            EXPECTED, f"write {quoted(f'cron({expression})')}" if bare and len(words) == 6 else ""
        )
    if shape[1] == "rate":
        _check_rate(shape[2])
    else:
        _check_cron(shape[2])


def longest_gap(expression: str) -> float | None:
    """Hours between two firings of a valid expression, at most, in a zone without summer time; ``None`` where that
    depends on the month (``L``, ``W``, ``#``), or where it does not fire in every year.
    """
    kind, _, inside = expression.rstrip(")").partition("(")
    if kind == "rate":
        count, unit = inside.split()
        return int(count) * {"minute": 1 / 60, "hour": 1.0, "day": 24.0}[unit.rstrip("s")]
    minutes, hours, days, months, weekdays, years = (
        None if text == "?" else _field(field, text)
        for field, text in zip(FIELDS, inside.split(), strict=True)
    )
    special = days is None and weekdays is None
    if special or not minutes or not hours or not months or years is None or len(years) < _ALL_YEARS:
        return None
    times = sorted(hour * 60 + minute for hour in hours for minute in minutes)
    first = date(_LEAP_YEAR, 1, 1)
    firing = [
        place * 24 * 60 + time
        for place, day in enumerate(first + timedelta(n) for n in range(2 * 366))
        if day.month in months
        and (day.day in days if days is not None else day.isoweekday() % 7 + 1 in (weekdays or ()))
        for time in times
    ]
    return max((later - earlier for earlier, later in pairwise(firing)), default=0) / 60 or None


def _check_rate(inside: str) -> None:
    match = re.fullmatch(r"([1-9][0-9]{0,5}) (minute|hour|day)(s?)", inside)
    if match is None:
        raise RefusedError("rate(<whole number> <unit>) with minutes, hours or days, as in 'rate(12 hours)'")
    count, unit, plural = match.groups()
    if (count == "1") == bool(plural):
        right = f"rate({count} {unit})" if count == "1" else f"rate({count} {unit}s)"
        raise RefusedError("the singular for 1 and the plural for more", f"write {quoted(right)}")


def _check_cron(inside: str) -> None:
    fields = inside.split()
    if len(fields) != len(FIELDS):
        advice = "add the year: end with ' *'" if len(fields) == len(FIELDS) - 1 else ""
        names = ", ".join(field.name for field in FIELDS)
        raise RefusedError(f"the six fields {names}, not {len(fields)}", advice)
    values = [_field(kind, text) for kind, text in zip(FIELDS, fields, strict=True)]
    day, weekday = fields[2], fields[4]
    if (day == "?") == (weekday == "?"):
        advice = _question_mark(fields)
        raise RefusedError("'?' in exactly one of day of month and day of week", advice)
    days, months, years = values[2], values[3], values[5]
    if days is not None and not _ever(days, months or set(), years or set()):
        raise RefusedError("a day that exists", "it would never fire")


def _question_mark(fields: list[str]) -> str:
    """How to write an expression that has both days, or neither."""
    mended = list(fields)
    if fields[2] == "?":
        mended[2] = "*"
    elif fields[4] == "*":
        mended[4] = "?"
    elif fields[2] == "*":
        mended[2] = "?"
    else:
        return "a day of the month and a day of the week cannot be combined"
    return f"write {quoted('cron(' + ' '.join(mended) + ')')}"


def _ever(days: set[int], months: set[int], years: set[int]) -> bool:
    leap = any(monthrange(year, 2)[1] == 29 for year in years)
    longest = {month: 29 if month == 2 and leap else monthrange(2001, month)[1] for month in months}
    return any(day <= longest[month] for day in days for month in months)


def _field(kind: Field, text: str) -> set[int] | None:
    """The values of a field; ``None`` where they depend on the month (``?``, ``L``, ``W``, ``#``)."""
    if _is_special(kind, text):
        return None
    values: set[int] = set()
    for part in text.split(","):
        try:
            values |= _part(kind, part)
        except RefusedError as error:
            expected = f"{error.expected} in its {kind.name}, not {quoted(part)}"
            raise RefusedError(expected, error.advice) from None
    return values


def _part(kind: Field, part: str) -> set[int]:
    start, slash, step = part.partition("/")
    if slash and not kind.steps:
        raise RefusedError(f"{kind.values} without '/'", "name the days: MON,WED,FRI")
    low, dash, high = start.partition("-")
    if start == "*":
        first, last = kind.low, kind.high
    else:
        first = kind.number(low)
        last = kind.number(high) if dash else (kind.high if slash else first)
    if first > last:
        ends = (kind.names[-1], kind.names[0]) if kind.names else (kind.high, kind.low)
        raise RefusedError("a range that goes up", f"write {low}-{ends[0]},{ends[1]}-{high}")
    if slash and not (re.fullmatch("[0-9]{1,4}", step) and 1 <= int(step) <= kind.high):
        raise RefusedError(f"a step of 1 to {kind.high}")
    return set(range(first, last + 1, int(step) if slash else 1))


def _is_special(kind: Field, text: str) -> bool:
    if kind.name == "day of month":
        weekday = re.fullmatch("([0-9]{1,2})W", text)
        return text in ("?", "L") or bool(weekday and 1 <= int(weekday[1]) <= kind.high)
    if kind.name == "day of week":
        day = "([1-7]|" + "|".join(kind.names) + ")"
        return text in ("?", "L") or bool(re.fullmatch(f"{day}(L|#[1-5])", text))
    return False
