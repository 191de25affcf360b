"""When New York rides: the weight of each 15-minute window of a month, per data set, in whole numbers.

The shapes are drawn by hand after the city's habits: two peaks on a working day, late nights at the end of
the week, more rides from Thursday to Saturday. They are there so that a picture of the sample looks like the
city; they claim no more. Clocks change as they did since 2007: the spring night has no hour from two to
three, the autumn night has the hour from one to two twice.
"""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime
from random import Random

WINDOW = 900
"""Seconds in a window."""

WINDOWS_A_DAY = 86_400 // WINDOW

# Rides by the hour, 0 to 23, on a working day, a Saturday and a Sunday.
_STREET = (
    (30, 18, 11, 8, 8, 14, 36, 62, 78, 74, 70, 71, 74, 73, 78, 78, 70, 84, 100, 98, 90, 86, 76, 52),
    (78, 66, 54, 40, 24, 12, 13, 20, 32, 46, 58, 66, 72, 74, 75, 76, 74, 80, 92, 94, 84, 84, 90, 92),
    (84, 76, 64, 48, 30, 14, 12, 16, 26, 42, 58, 66, 70, 72, 72, 70, 66, 66, 66, 60, 54, 48, 40, 30),
)
_BOROUGHS = (
    (32, 20, 13, 10, 10, 14, 34, 64, 76, 66, 58, 54, 54, 56, 62, 72, 82, 94, 100, 92, 78, 66, 54, 42),
    (74, 64, 52, 42, 30, 14, 12, 18, 30, 44, 54, 60, 62, 64, 68, 72, 78, 86, 94, 96, 90, 84, 84, 86),
    (84, 76, 64, 52, 36, 16, 12, 14, 22, 36, 50, 58, 60, 62, 64, 66, 66, 68, 68, 62, 54, 46, 38, 30),
)
_APPS = (
    (34, 22, 15, 12, 16, 26, 48, 74, 86, 68, 56, 54, 56, 58, 64, 70, 74, 86, 96, 94, 88, 84, 74, 54),
    (82, 72, 58, 44, 34, 22, 20, 26, 38, 50, 58, 64, 68, 70, 72, 74, 78, 86, 98, 100, 94, 92, 96, 98),
    (92, 86, 74, 58, 40, 22, 18, 20, 30, 42, 54, 62, 66, 68, 68, 68, 68, 70, 72, 68, 64, 58, 48, 36),
)
_BASES = (
    (16, 12, 10, 12, 22, 40, 66, 96, 100, 84, 70, 66, 64, 64, 70, 78, 80, 78, 72, 62, 52, 44, 34, 24),
    (34, 28, 22, 20, 24, 32, 40, 46, 54, 60, 64, 66, 66, 66, 66, 68, 70, 72, 72, 68, 60, 54, 48, 42),
    (36, 30, 24, 22, 24, 30, 34, 38, 46, 54, 60, 62, 62, 62, 62, 62, 62, 60, 56, 50, 44, 38, 30, 22),
)
_HOURS = {"yellow": _STREET, "green": _BOROUGHS, "fhv": _BASES, "fhvhv": _APPS}
_DAYS = (88, 95, 98, 102, 108, 106, 88)  # Monday to Sunday
_SATURDAY, _SUNDAY = 5, 6


def midnight(day: date) -> int:
    """Seconds from 1970 to the day's midnight on the wall clock, which has no zone."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def weights(dataset: str, year: int, month: int, random: Random) -> list[tuple[int, int]]:
    """(window start in seconds, weight) for every window of the month, with some unrest from ``random``."""
    found = []
    for number in range(1, calendar.monthrange(year, month)[1] + 1):
        day = date(year, month, number)
        start = midnight(day)
        mood = 92 + int(random.random() * 17)
        for window in range(WINDOWS_A_DAY):
            level = _level(dataset, day.weekday(), window) * _hours_in(day, window // 4) * mood
            found.append((start + window * WINDOW, level * (94 + int(random.random() * 13))))
    return found


def _level(dataset: str, weekday: int, window: int) -> int:
    """The day's level at a window, drawn in straight lines from hour to hour and into the next day."""
    hour, quarter = divmod(window, 4)
    at, following = _at(dataset, weekday, hour), _at(dataset, weekday + (hour + 1) // 24, (hour + 1) % 24)
    return at * (4 - quarter) + following * quarter


def _at(dataset: str, weekday: int, hour: int) -> int:
    """The level on the hour; Friday night is Saturday's."""
    weekday %= 7
    kind = (
        1 if weekday == _SATURDAY or (weekday == _SATURDAY - 1 and hour >= 20) else 2 * (weekday == _SUNDAY)
    )
    return _HOURS[dataset][kind][hour] * _DAYS[weekday]


def _hours_in(day: date, hour: int) -> int:
    """How often an hour of the wall clock happens: once, but for the nights on which the clocks change."""
    if hour == 2 and day == clocks_forward(day.year):
        return 0
    if hour == 1 and day == clocks_back(day.year):
        return 2
    return 1


def clocks_forward(year: int) -> date:
    """The second Sunday of March."""
    return date(year, 3, 14 - (date(year, 3, 14).weekday() - _SUNDAY) % 7)


def clocks_back(year: int) -> date:
    """The first Sunday of November."""
    return date(year, 11, 7 - (date(year, 11, 7).weekday() - _SUNDAY) % 7)
