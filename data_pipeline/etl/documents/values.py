"""The value of one text, as a field of a file or a default has it."""

from __future__ import annotations

from typing import Any, Callable

from . import formats, numbers, times
from .datasets import Format
from .times import DAY, Moment
from .types import Primitive

_TIMES = ("date", "timestamp", "timestamptz")


def judge_of(kind: Primitive, written: Format) -> Callable[[str], Any]:
    """What gives the value of a text of a file in the format ``written`` as Python has it (a time as microseconds, a
    date as days), or raises WrongValueError. JobError for a format or a time zone that is none.
    """
    name, point, zone = kind.name, written.decimal, written.timezone
    if name == "string":
        return str
    if name == "boolean":
        return numbers.judge_boolean
    if name in ("float", "double"):
        return lambda text: numbers.judge_float(text, name, point)
    if name == "decimal":
        return lambda text: numbers.judge_decimal(text, kind.precision, kind.scale, point)
    if name not in _TIMES:
        return lambda text: numbers.judge_integer(text, name, point)
    moment = moment_of(name, written)
    if name == "date":
        return lambda text: moment(text).clock // DAY
    instant = times.judge_timestamptz if name == "timestamptz" else times.judge_timestamp
    return lambda text: instant(moment(text), zone)


def moment_of(name: str, written: Format) -> Callable[[str], Moment]:
    """What gives the date or time of a text as it is written, before any time zone, or raises WrongValueError."""
    own = written.date if name == "date" else written.timestamp
    if own:
        form = formats.compiled(own, name)
        return lambda text: form.moment(text, name)
    if name == "date":
        return lambda text: Moment(times.judge_date(text) * DAY, None)
    return lambda text: times.moment(text, name)
