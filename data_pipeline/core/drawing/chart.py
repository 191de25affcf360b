"""Counts per window as SVG: one stacked area per data set over a few days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from xml.sax.saxutils import escape

Counts = Sequence[tuple[datetime, dict[str, int]]]

DAYS = 7
_WINDOW = timedelta(minutes=15)
_PER_DAY = 96
_OWN = {"yellow": "#f9c22e", "green": "#56c271", "fhv": "#8fb3e8", "fhvhv": "#c58af9"}
_OTHERS = ("#ff9e64", "#4cc9d9", "#f49ac2", "#b8c0cc")
_AXIS = 46  # left of the plot
_LEGEND = 132  # right of the plot
_DATES = 22  # below the plot
_SPRING = ("January", "February", "March", "April", "May", "June")
_MONTHS = (*_SPRING, "July", "August", "September", "October", "November", "December")
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def fullest_days(counts: Counts) -> tuple[datetime, int]:
    """(midnight, number of days) of the up to seven days in a row that have most to show.

    Most data sets first, then most rides; a week that begins on a Monday is preferred to one that does not.
    """
    rides: dict[datetime, dict[str, int]] = {}
    for start, by_dataset in counts:
        day = rides.setdefault(datetime(start.year, start.month, start.day), {})  # noqa: DTZ001 - wall clock
        for dataset, number in by_dataset.items():
            day[dataset] = day.get(dataset, 0) + number

    def worth(first: datetime) -> tuple[int, int, bool, int]:
        days = [rides.get(first + timedelta(days=n), {}) for n in range(DAYS)]
        named = {dataset for day in days for dataset, number in day.items() if number}
        return len(named), sum(map(bool, days)), first.weekday() == 0, sum(sum(day.values()) for day in days)

    first = max(sorted(rides), key=worth)
    return first, max(n + 1 for n in range(DAYS) if first + timedelta(days=n) in rides)


def title_of(first: datetime, days: int) -> str:
    """The days in words: ``10 to 16 June 2019``."""
    last = first + timedelta(days=days - 1)
    end = f"{last.day} {_MONTHS[last.month - 1]} {last.year}"
    if first == last:
        return end
    month = "" if first.month == last.month else f" {_MONTHS[first.month - 1]}"
    return f"{first.day}{month}{'' if first.year == last.year else f' {first.year}'} to {end}"


def draw(counts: Counts, width: float, height: float) -> str:
    """The chart of the fullest days, top left corner at (0, 0). ``counts`` is not empty."""
    first, days = fullest_days(counts)
    shown = [(start, by) for start, by in counts if first <= start < first + timedelta(days=days)]
    named = dict.fromkeys(name for _, by in shown for name in by)
    datasets = [name for name in named if any(by.get(name) for _, by in shown)]
    stacks = _stacks(shown, datasets, first, days * _PER_DAY)
    top = _round_up(max(stacks[-1]) if stacks else 1)
    plot = (width - _AXIS - _LEGEND, height - _DATES)
    parts = [_grid(plot, top), _days(plot, first, days)]
    lower = [0] * (days * _PER_DAY)
    for dataset, stack in zip(datasets, stacks, strict=True):
        parts.append(f'<path fill="{_colour(dataset, datasets)}" d="{_area(lower, stack, plot, top)}"/>')
        lower = stack
    totals = {name: sum(by.get(name, 0) for _, by in shown) for name in datasets}
    parts.append(_legend(totals, datasets, width - _LEGEND + 20))
    return "\n".join(parts)


def _stacks(shown: Counts, datasets: list[str], first: datetime, windows: int) -> list[list[int]]:
    """Per data set, the upper edge of its area in every window; windows without a row have no rides."""
    by_start = dict(shown)
    edge = [0] * windows
    stacks = []
    for dataset in datasets:
        edge = [
            below + by_start.get(first + number * _WINDOW, {}).get(dataset, 0)
            for number, below in enumerate(edge)
        ]
        stacks.append(edge)
    return stacks


def _area(lower: list[int], upper: list[int], plot: tuple[float, float], top: int) -> str:
    wide, high = plot

    def points(values: list[int]) -> list[str]:
        step = wide / len(values)
        return [f"{_AXIS + (n + 0.5) * step:.1f} {high - high * v / top:.1f}" for n, v in enumerate(values)]

    return "M" + "L".join(points(upper) + points(lower)[::-1]) + "Z"


def _round_up(value: int) -> int:
    """The next number of the form 1, 2, 3, 4, 5, 6 or 8 times a power of ten."""
    power = 1
    while True:
        for factor in (1, 2, 3, 4, 5, 6, 8):
            if factor * power >= value:
                return factor * power
        power *= 10


def _grid(plot: tuple[float, float], top: int) -> str:
    """Level lines with their numbers: halves or quarters of ``top`` that are whole."""
    wide, high = plot
    parts = next((n for n in (4, 3, 2) if top % n == 0), 1)
    lines = []
    for value in range(0, top + 1, top // parts):
        y = high - high * value / top
        lines.append(f'<path class="grid" d="M{_AXIS} {y:.1f}H{_AXIS + wide:.1f}"/>')
        lines.append(f'<text class="tick" x="{_AXIS - 8}" y="{y + 3.5:.1f}">{value:,}</text>')
    return "\n".join(lines)


def _days(plot: tuple[float, float], first: datetime, days: int) -> str:
    """An upright line at each midnight and the day's name between two of them."""
    wide, high = plot
    bounds = [_AXIS + wide * n / days for n in range(days + 1)]
    lines = [f'<path class="grid" d="M{x:.1f} 0V{high + 6:.1f}"/>' for x in bounds]
    for number, (left, right) in enumerate(pairwise(bounds)):
        day = first + timedelta(days=number)
        name = f"{_WEEKDAYS[day.weekday()]} {day.day}"
        lines.append(f'<text class="day" x="{(left + right) / 2:.1f}" y="{high + 18:.1f}">{name}</text>')
    return "\n".join(lines)


def _legend(totals: dict[str, int], datasets: list[str], left: float) -> str:
    """The data sets from the top of the stack down, each with its rides in the days shown."""
    lines = []
    for number, dataset in enumerate(reversed(datasets)):
        y = 14 + number * 38
        lines.append(
            f'<rect x="{left:g}" y="{y - 9}" width="10" height="10" rx="2"'
            f' fill="{_colour(dataset, datasets)}"/>'
            f'<text class="key" x="{left + 18:g}" y="{y}">{escape(dataset)}</text>'
            f'<text class="sum" x="{left + 18:g}" y="{y + 15}">{totals[dataset]:,} rides</text>'
        )
    return "\n".join(lines)


def _colour(dataset: str, datasets: list[str]) -> str:
    others = [name for name in datasets if name not in _OWN]
    return _OWN[dataset] if dataset in _OWN else _OTHERS[others.index(dataset) % len(_OTHERS)]
