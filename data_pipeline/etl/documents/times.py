"""Texts of dates and times.

ISO 8601: ``2024-01-31``, ``2024-01-31T05``, ``2024-01-31 05:06``, ``2024-01-31T05:06:07.123456``, and behind a time
``Z``, ``+01``, ``+0100`` or ``+01:00``. A date alone is its midnight. Years are 1 to 9999. Six digits of a second at
most are not 0. With a format of strftime, ``formats`` says what a text is.

A ``timestamptz`` without an offset, and a ``timestamp`` with one, need the data set's time zone. A local time that
the zone has twice is ``ambiguous-time``; one that it skips is none.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from data_pipeline.etl.errors import JobError

from . import reasons
from .reasons import WrongValueError

BLANKS = " \t"
DAY = 86_400_000_000
"""Microseconds."""
FIRST = (date.min.toordinal() - date(1970, 1, 1).toordinal()) * DAY
"""0001-01-01 in microseconds since 1970-01-01."""
END = (date.max.toordinal() + 1 - date(1970, 1, 1).toordinal()) * DAY
"""10000-01-01."""
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)", re.ASCII)
_TIME = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?(Z|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)


class Moment(NamedTuple):
    """A time as it is written: microseconds since 1970-01-01 of its own clock, and that clock's offset, if given."""

    clock: int
    offset: int | None


def judge_date(text: str) -> int:
    """Days since 1970-01-01 of an ISO date. WrongValueError if ``text`` is none."""
    found = _DATE.fullmatch(text.strip(BLANKS))
    if not found:
        raise reasons.not_a("date")
    return day_number(*map(int, found.groups()), name="date")


def moment(text: str, name: str) -> Moment:
    """The ISO time that ``text`` writes; ``name`` is the type that is wanted. WrongValueError if it is none."""
    found = _TIME.fullmatch(text.strip(BLANKS))
    if not found:
        raise reasons.not_a(name)
    year, month, day, hour, minute, second, digits, offset = found.groups()
    days = day_number(int(year), int(month), int(day), name=name)
    clock = time_of_day(int(hour or 0), int(minute or 0), int(second or 0), digits or "", name)
    return Moment(days * DAY + clock, offset_of(offset, name) if offset else None)


def day_number(year: int, month: int, day: int, *, name: str) -> int:
    """Days since 1970-01-01. WrongValueError if the calendar has no such day."""
    if not year:
        raise WrongValueError(reasons.OUT_OF_RANGE)
    try:
        return date(year, month, day).toordinal() - 719_163
    except ValueError:
        raise reasons.not_a(name) from None


def time_of_day(hour: int, minute: int, second: int, digits: str, name: str) -> int:
    """Microseconds since midnight; ``digits`` are those of the second's fraction."""
    if hour > 23 or minute > 59 or second > 59:
        raise reasons.not_a(name)
    if digits[6:].strip("0"):
        raise WrongValueError(reasons.INEXACT)
    return ((hour * 60 + minute) * 60 + second) * 1_000_000 + int(digits[:6].ljust(6, "0"))


def offset_of(text: str, name: str) -> int:
    """Microseconds east of UTC of ``Z`` or ``+hh[[:]mm]``."""
    if text == "Z":
        return 0
    hours, minutes = int(text[1:3]), int(text[3:].lstrip(":") or 0)
    if hours > 23 or minutes > 59:
        raise reasons.not_a(name)
    return (-1 if text[0] == "-" else 1) * (hours * 60 + minutes) * 60_000_000


def judge_timestamp(found: Moment, zone: str) -> int:
    """Microseconds since 1970-01-01 on the wall clock; of a time with an offset on ``zone``'s clock."""
    if found.offset is None:
        return found.clock
    if not zone:
        raise reasons.not_a("timestamp")
    instant = in_range(found.clock - found.offset)
    try:
        local = _datetime(instant, timezone.utc).astimezone(zone_info(zone))
    except (OverflowError, ValueError):
        raise WrongValueError(reasons.OUT_OF_RANGE) from None
    return microseconds(local)


def judge_timestamptz(found: Moment, zone: str) -> int:
    """Microseconds since 1970-01-01 in UTC; a time without an offset is one of ``zone``."""
    if found.offset is not None:
        return in_range(found.clock - found.offset)
    if not zone:
        raise reasons.not_a("timestamptz")
    info = zone_info(zone)
    local = _datetime(found.clock, info)
    offsets = [local.replace(fold=fold).utcoffset() or timedelta() for fold in (0, 1)]
    instants = [found.clock - offset // timedelta(microseconds=1) for offset in offsets]
    if instants[0] == instants[1]:
        return in_range(instants[0])
    if instants[0] < instants[1]:
        raise WrongValueError(reasons.AMBIGUOUS_TIME)
    raise reasons.not_a("timestamptz")


def in_range(instant: int) -> int:
    """``instant``; WrongValueError if it lies before year 1 or after 9999."""
    if not FIRST <= instant < END:
        raise WrongValueError(reasons.OUT_OF_RANGE)
    return instant


def _datetime(clock: int, zone: Any) -> datetime:
    return datetime(1, 1, 1, tzinfo=zone) + timedelta(microseconds=clock - FIRST)


def microseconds(local: datetime) -> int:
    """Since 1970-01-01, on its own clock."""
    return (local.replace(tzinfo=None) - datetime(1970, 1, 1)) // timedelta(microseconds=1)  # noqa: DTZ001


@lru_cache(maxsize=64)
def zone_info(zone: str) -> ZoneInfo:
    """JobError if this machine knows no such zone."""
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise JobError(f"timezone {zone} is not known here; use a name such as Europe/Berlin") from error
