"""Expressions of EventBridge Scheduler: what it accepts, and which of them can never fire.

After the Scheduler's user guide, "Schedule types", and EventBridge's "Cron expressions reference": ``cron(minutes hours
day-of-month month day-of-week year)`` and ``rate(value unit)``. What neither shows is refused, because nothing says
that it works: a range that wraps round, ``L-3`` (a form of the Quartz scheduler), ``l`` and ``w`` in lower case.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass

from data_pipeline.core.problems import RefusedError, quoted

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
UNITS = ("minute", "hour", "day")

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
        if word.upper() in self.names:
            return self.low + self.names.index(word.upper())
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
    values = [field_values(kind, text) for kind, text in zip(FIELDS, fields, strict=True)]
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


def field_values(kind: Field, text: str) -> set[int] | None:
    """The values of a field; ``None`` for ``?``, and where they depend on the month (``L``, ``W``, ``#``)."""
    if _is_special(kind, text):
        return None
    values: set[int] = set()
    for part in text.split(","):
        try:
            values |= _part(kind, part)
        except RefusedError as error:
            expected = f"{error.expected} in its {kind.name}, not {quoted(part)}"
            raise RefusedError(expected, error.advice or _documented(kind, text)) from None
    return values


def _documented(kind: Field, text: str) -> str:
    """What may stand instead of a form that looks like ``L-3`` or ``lw``."""
    if kind.name == "day of month" and re.search("[LW]", text.upper()):
        return "AWS documents L, LW and 15W, alone and in capitals"
    if kind.name == "day of week" and re.search("L-|[,-].*(L|#)|l$", text):
        return "AWS documents L, 6L and FRI#2, alone and in capitals"
    return ""


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
        return text in ("?", "L", "LW") or bool(weekday and 1 <= int(weekday[1]) <= kind.high)
    if kind.name == "day of week":
        names = "|".join(kind.names)
        return text in ("?", "L") or bool(re.fullmatch(f"([1-7]|(?i:{names}))(L|#[1-5])", text))
    return False
