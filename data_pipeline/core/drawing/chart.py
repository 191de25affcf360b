"""What a table holds in each window, as SVG: one stacked area for each part of it, over a few days or weeks."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from xml.sax.saxutils import escape

#: areas that the legend has room for; of more, the smallest are drawn as one.
MOST_AREAS = 5
REST = "the others"
_DAY = timedelta(days=1)
_COLOURS = ("#f9c22e", "#56c271", "#8fb3e8", "#c58af9", "#ff9e64")
_AXIS = 46  # left of the plot
_LEGEND = 132  # right of the plot
_DATES = 22  # below the plot
_SPRING = ("January", "February", "March", "April", "May", "June")
_MONTHS = (*_SPRING, "July", "August", "September", "October", "November", "December")
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

Numbers = Mapping[str, float]
Rows = Sequence[tuple[datetime, Numbers]]


@dataclass(frozen=True)
class TableSeries:
    """What is drawn of a table.

    ``measure``: what is added up in each window, in a word; empty where each area is a column. ``step``: a window's
    length, which is a day or divides one. ``areas``: their names, the lowest first. ``rows``: (start of a window, area
    → number, not negative), in any order, each start once.
    """

    table: str
    measure: str
    step: timedelta
    areas: tuple[str, ...]
    rows: Rows

    @property
    def days(self) -> int:
        """The most that one chart shows: a week of what is shorter than a day, else a quarter of a year."""
        return 7 if self.step < _DAY else 91


def fullest_days(series: TableSeries) -> tuple[datetime, int]:
    """(midnight, number of days) of the days in a row, as many as a chart shows, that have most to show.

    Most areas first, then most days with a row; what begins on a Monday is preferred to what does not. Then the largest
    sum.
    """
    sums: dict[datetime, dict[str, float]] = {}
    for start, numbers in series.rows:
        day = sums.setdefault(datetime(start.year, start.month, start.day), {})  # noqa: DTZ001 - wall clock
        for area, number in numbers.items():
            day[area] = day.get(area, 0) + number

    def worth(first: datetime) -> tuple[int, int, bool, float]:
        days = [sums[day] for n in range(series.days) if (day := first + n * _DAY) in sums]
        areas = {area for day in days for area, number in day.items() if number}
        return len(areas), len(days), first.weekday() == 0, sum(sum(day.values()) for day in days)

    first = max(sorted(sums), key=worth)
    return first, max(n + 1 for n in range(series.days) if first + n * _DAY in sums)


def title_of(first: datetime, days: int) -> str:
    """The days in words: ``10 to 16 June 2019``."""
    last = first + timedelta(days=days - 1)
    end = f"{last.day} {_MONTHS[last.month - 1]} {last.year}"
    if first == last:
        return end
    same_year = first.year == last.year
    month = "" if same_year and first.month == last.month else f" {_MONTHS[first.month - 1]}"
    return f"{first.day}{month}{'' if same_year else f' {first.year}'} to {end}"


def number(value: float) -> str:
    """A number as people write it: whole, or with three digits that count."""
    if value == int(value) or abs(value) >= 100:
        return f"{round(value):,}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{digits}f}".rstrip("0")


def draw(series: TableSeries, width: float, height: float) -> str:
    """The chart of the fullest days, top left corner at (0, 0). The series has rows."""
    first, days = fullest_days(series)
    shown = {start: by for start, by in series.rows if first <= start < first + days * _DAY}
    totals = {area: sum(by.get(area, 0) for by in shown.values()) for area in series.areas}
    areas = _legible({area: total for area, total in totals.items() if total})
    windows = [first + n * series.step for n in range(days * (_DAY // series.step))]
    stacks = _stacks([shown.get(window, {}) for window in windows], areas)
    top = _round_up(max(stacks[-1]) if stacks else 1)
    plot = (width - _AXIS - _LEGEND, height - _DATES)
    parts = [_grid(plot, top), _days(plot, first, days)]
    lower: list[float] = [0] * len(windows)
    for colour, stack in zip(_COLOURS, stacks, strict=False):
        parts.append(f'<path fill="{colour}" d="{_area(lower, stack, plot, top)}"/>')
        lower = stack
    named = {name: sum(totals[area] for area in members) for name, members in areas.items()}
    parts.append(_legend(named, series.measure, width - _LEGEND + 20))
    return "\n".join(parts)


def _legible(totals: Mapping[str, float]) -> dict[str, tuple[str, ...]]:
    """Name → areas that it stands for: each for itself, but the smallest together where there are too many."""
    if len(totals) <= MOST_AREAS:
        return {area: (area,) for area in totals}
    large = sorted(totals, key=lambda area: (-totals[area], area))[: MOST_AREAS - 1]
    kept = {area: (area,) for area in totals if area in large}
    return {**kept, REST: tuple(area for area in totals if area not in large)}


def _stacks(shown: Sequence[Numbers], areas: Mapping[str, Sequence[str]]) -> list[list[float]]:
    """For each name, the upper edge of its area in every window; a window without a row has nothing."""
    edge: list[float] = [0] * len(shown)
    stacks = []
    for members in areas.values():
        edge = [
            below + sum(by.get(area, 0) for area in members) for below, by in zip(edge, shown, strict=True)
        ]
        stacks.append(edge)
    return stacks


def _area(lower: list[float], upper: list[float], plot: tuple[float, float], top: float) -> str:
    wide, high = plot

    def points(values: list[float]) -> list[str]:
        step = wide / len(values)
        return [f"{_AXIS + (n + 0.5) * step:.1f} {high - high * v / top:.1f}" for n, v in enumerate(values)]

    return "M" + "L".join(points(upper) + points(lower)[::-1]) + "Z"


def _round_up(value: float) -> float:
    """The next number of the form 1, 2, 3, 4, 5, 6 or 8 times a power of ten, which may be below one."""
    power: float = 10 ** math.floor(math.log10(value))
    while True:
        for factor in (1, 2, 3, 4, 5, 6, 8):
            if factor * power >= value:
                return factor * power
        power *= 10


def _grid(plot: tuple[float, float], top: float) -> str:
    """Level lines with their numbers: parts of ``top`` that are whole, or halves of one below one."""
    wide, high = plot
    parts = next((n for n in (4, 3, 2) if top % n == 0), 1 if top >= 1 else 2)
    lines = []
    for n in range(parts + 1):
        y = high - high * n / parts
        lines.append(f'<path class="grid" d="M{_AXIS} {y:.1f}H{_AXIS + wide:.1f}"/>')
        lines.append(f'<text class="tick" x="{_AXIS - 8}" y="{y + 3.5:.1f}">{number(top * n / parts)}</text>')
    return "\n".join(lines)


def _days(plot: tuple[float, float], first: datetime, days: int) -> str:
    """An upright line at each midnight and the day's name between two of them; of many days, the same by weeks."""
    wide, high = plot
    every = 1 if days <= 14 else 7
    marks = [*range(0, days, every), days]
    bounds = [_AXIS + wide * n / days for n in marks]
    lines = [f'<path class="grid" d="M{x:.1f} 0V{high + 6:.1f}"/>' for x in bounds]
    for n, (left, right) in zip(marks, pairwise(bounds), strict=False):
        day = first + n * _DAY
        name = (
            f"{_WEEKDAYS[day.weekday()]} {day.day}"
            if every == 1
            else f"{day.day} {_MONTHS[day.month - 1][:3]}"
        )
        lines.append(f'<text class="day" x="{(left + right) / 2:.1f}" y="{high + 18:.1f}">{name}</text>')
    return "\n".join(lines)


def _legend(totals: Mapping[str, float], measure: str, left: float) -> str:
    """The areas from the top of the stack down, each with its sum in the days shown."""
    lines = []
    pairs = [*zip(totals.items(), _COLOURS, strict=False)]
    for n, ((area, total), colour) in enumerate(reversed(pairs)):
        y = 14 + n * 38
        lines.append(
            f'<rect x="{left:g}" y="{y - 9}" width="10" height="10" rx="2" fill="{colour}"/>'
            f'<text class="key" x="{left + 18:g}" y="{y}">{escape(area)}</text>'
            f'<text class="sum" x="{left + 18:g}" y="{y + 15}">{escape(f"{number(total)} {measure}".strip())}</text>'
        )
    return "\n".join(lines)
