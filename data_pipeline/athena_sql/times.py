"""Functions of dates and timestamps whose meaning hangs on a unit or a format in their text.

Source: https://trino.io/docs/current/functions/datetime.html. Trino hands months, quarters and years to Joda-Time,
whose differences count complete units; a difference of timestamps is taken of their milliseconds
(io.trino.operator.scalar.timestamp.DateDiff).
"""

from __future__ import annotations

from . import types
from .grammar import literal
from .operators import NoOperatorError, NotTranslatedError
from .typed import Typed, made, once
from .types import BIGINT, DATE, VARCHAR

OF_A_DATE = ("day", "week", "month", "quarter", "year")
_MILLISECONDS = {
    "millisecond": 1,
    "second": 1000,
    "minute": 60_000,
    "hour": 3_600_000,
    "day": 86_400_000,
    "week": 604_800_000,
}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}
_EXTRACTED = {
    "year": "year({0})",
    "quarter": "quarter({0})",
    "month": "month({0})",
    "week": "weekofyear({0})",
    "day": "day({0})",
    "day_of_week": "isodow({0})",
    "day_of_year": "dayofyear({0})",
    "year_of_week": "isoyear({0})",
    "hour": "hour({0})",
    "minute": "minute({0})",
    "second": "second({0})",
    "millisecond": "(millisecond({0}) % 1000)",
}
FIELDS = frozenset(_EXTRACTED)
_OF_A_DAY = ("hour", "minute", "second", "millisecond")
_IN_ORDER = (
    "{{'a': CASE WHEN {0} <= {1} THEN {0} ELSE {1} END, 'b': CASE WHEN {0} <= {1} THEN {1} ELSE {0} END, "
    "'s': CASE WHEN {0} <= {1} THEN 1 WHEN {0} > {1} THEN -1 END}}"
)
#: letters of MySQL's formats, which date_format takes → strftime's
_FORMATS = {
    **{f"%{letter}": f"%{letter}" for letter in "YymdHSjbapI"},
    **{"%i": "%M", "%s": "%S", "%M": "%B", "%W": "%A", "%h": "%I", "%T": "%H:%M:%S", "%f": "%g000"},
}


def _unit(value: Typed, of: Typed) -> str:
    """The unit, which must be a literal; one of times is none of a date."""
    if value.text is None:
        raise NotTranslatedError("a unit that is no text literal")
    unit = value.text.lower()
    if unit not in _MILLISECONDS and unit not in _MONTHS:
        units = ", ".join((*_MILLISECONDS, *_MONTHS))
        raise NoOperatorError(f"unit '{value.text}'; units are {units}")
    if of.type == DATE and unit not in OF_A_DATE:
        raise NoOperatorError(f"unit '{value.text}' of a date")
    return unit


def field(name: str, value: Typed) -> Typed:
    """``extract(name FROM value)`` and ``name(value)``: a bigint."""
    if value.type != DATE and not types.is_time(value.type):
        raise NoOperatorError(f"{name}({value.type})")
    if value.type == DATE and name in _OF_A_DAY:
        raise NoOperatorError(f"{name}(date)")
    return value.but(_EXTRACTED[name].format(value.sql), BIGINT)


def truncated(unit: Typed, value: Typed) -> Typed:
    """``date_trunc``: of a date a date."""
    if value.type != DATE and not types.is_time(value.type):
        raise NoOperatorError(f"date_trunc({unit.type}, {value.type})")
    name = _unit(unit, value)
    sql = f"date_trunc('{name}', {value.sql})"
    return value.but(f"CAST({sql} AS DATE)" if value.type == DATE else sql, value.type)


def added(unit: Typed, count: Typed, value: Typed) -> Typed:
    """``date_add``: months end with their last day."""
    if (value.type != DATE and not types.is_time(value.type)) or not types.fits(count.type, BIGINT):
        raise NoOperatorError(f"date_add({unit.type}, {count.type}, {value.type})")
    name, number = _unit(unit, value), f"CAST({count.sql} AS BIGINT)"
    if name in _MONTHS:
        sql = f"({value.sql} + to_months(CAST({number} * {_MONTHS[name]} AS INTEGER)))"
    else:
        sql = f"({value.sql} + to_microseconds({number} * {_MILLISECONDS[name]} * 1000))"
    kind = value.type
    if kind == DATE:
        sql = f"CAST({sql} AS DATE)"
    elif name == "millisecond" and (kind.first or 0) < 3:
        raise NotTranslatedError(f"date_add of milliseconds to {kind}")
    return made(sql, kind, (count, value))


def difference(unit: Typed, start: Typed, end: Typed) -> Typed:
    """``date_diff``: complete units from start to end, negative where the end is before the start."""
    kind = types.common(start.type, end.type)
    if kind is None or (kind != DATE and not types.is_time(kind)):
        raise NoOperatorError(f"date_diff({unit.type}, {start.type}, {end.type})")
    both = start.but(start.sql, kind)
    name = _unit(unit, both)
    values = [f"CAST({value.sql} AS TIMESTAMP)" for value in (start, end)]
    whole = [once("date_trunc('millisecond', {0})", value) for value in values]
    if name in _MILLISECONDS:
        sql = f"((epoch_ms({whole[1]}) - epoch_ms({whole[0]})) // {_MILLISECONDS[name]})"
    else:
        count, units = (_years(), 1) if name == "year" else (_months(), _MONTHS[name])
        sql = f"list_transform([{once(_IN_ORDER, *whole)}], lambda o: o.s * ({count} // {units}))[1]"
    return made(sql, BIGINT, (start, end))


def _months() -> str:
    """Complete months from o.a to o.b, of which o.a is not later (Joda's BasicMonthOfYearDateTimeField).

    Where the later one is the last day of its month, a larger day of the earlier one counts as that day.
    """
    apart = "((year(o.b) - year(o.a)) * 12 + month(o.b) - month(o.a))"
    last = "day(o.b) = day(last_day(o.b)) AND day(o.a) > day(o.b)"
    late = _later(f"CASE WHEN {last} THEN day(o.b) ELSE day(o.a) END", "day(o.b)")
    return f"({apart} - CASE WHEN {late} THEN 1 ELSE 0 END)"


def _years() -> str:
    """Complete years from o.a to o.b, of which o.a is not later (Joda's BasicGJChronology.getYearDifference).

    The days of the year are compared; from 29 February on, one day less counts in a leap year beside a common one.
    """
    leap = "day(last_day(make_date(year({0}), 2, 1))) = 29"
    start, end = leap.format("o.a"), leap.format("o.b")
    at = "dayofyear(o.a) >= 60"
    first = f"dayofyear(o.a) - CASE WHEN {at} AND {start} AND NOT {end} THEN 1 ELSE 0 END"
    less = f"{at} AND dayofyear(o.b) >= 60 AND {end} AND NOT {start}"
    late = _later(first, f"dayofyear(o.b) - CASE WHEN {less} THEN 1 ELSE 0 END")
    return f"(year(o.b) - year(o.a) - CASE WHEN {late} THEN 1 ELSE 0 END)"


def _later(first: str, second: str) -> str:
    """Whether the day (with the time) of o.a is later than that of o.b."""
    return f"({first} > {second} OR ({first} = {second} AND {_clock('o.a')} > {_clock('o.b')}))"


def _clock(value: str) -> str:
    return f"({value} - date_trunc('day', {value}))"


def formatted(value: Typed, form: Typed) -> Typed:
    """``date_format`` with the letters that mean the same in both."""
    if value.type != DATE and not types.is_time(value.type):
        raise NoOperatorError(f"date_format({value.type}, {form.type})")
    if form.text is None:
        raise NotTranslatedError("a format that is no text literal")
    out, at = "", 0
    while at < len(form.text):
        letter = form.text[at : at + 2]
        if letter.startswith("%"):
            if letter not in _FORMATS:
                raise NotTranslatedError(f"{letter} in a format")
            out, at = out + _FORMATS[letter], at + 2
        else:
            out, at = out + letter[0], at + 1
    return made(f"strftime(CAST({value.sql} AS TIMESTAMP), {literal(out)})", VARCHAR, (value, form))
