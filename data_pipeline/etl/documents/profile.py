"""``profile.json`` of a run: what the rows are like that it loads or makes, so that a person can look at them.

The job that publishes writes it beside the summary, the command ``report`` draws it. It holds no row but a few of those
that were refused, and of data sets with personal data neither these nor any text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

NAME = "profile.json"
VERSION = 1

SHARES = tuple(range(0, 101, 5))
"""Hundredths of the values that lie at or below each of a column's ``quantiles``."""


class _Known(TypedDict):
    name: str
    type: str
    nulls: int


class Column(_Known, total=False):
    """``type``: as in ``types``. Of a number ``mean`` and ``quantiles``, one for each of ``SHARES``; of a number, a
    time or a date ``least`` and ``most``; of a text or a boolean with few values ``values``: the most frequent → rows,
    and ``other``: rows with another one.
    """

    least: Any
    most: Any
    mean: float
    quantiles: list[float]
    values: dict[str, int]
    other: int


class Timeline(TypedDict):
    """Rows, or what the column ``weight`` adds up to, by ``step`` (``hour``, ``day``, ``week``, ``month``, ``year``) of
    the time ``column``: ``points`` are the start of a step, the series (``a=1, b=2``, or empty), what the table has
    then, and what of that is new. ``whole``: the table's other rows are counted in, as far back as rules look;
    without it, only those that the run loads or makes.
    """

    column: str
    weight: str
    step: str
    whole: bool
    points: list[tuple[str, str, float, float]]


class Table(TypedDict, total=False):
    """``rows``: of the run; ``sampled``: of how many of them quantiles and values are told, where not of all;
    ``columns``: the first of them, ``more_columns`` how many others. ``hours`` and ``weekdays``, from Monday: rows by
    the time of the timeline. ``periods``: period, series, rows in the table, and whether the run has loaded them.
    """

    rows: int
    sampled: int
    columns: list[Column]
    more_columns: int
    timeline: Timeline | None
    hours: list[int] | None
    weekdays: list[int] | None
    periods: list[tuple[str, str, int, bool]]


class Example(TypedDict):
    """A row that was refused: its number in the file from 1, the reason, the column that it is about, and its text."""

    source: str
    row: int
    reason: str
    column: str | None
    raw: str | None


class Profile(TypedDict):
    """``tables``: data set or table → what its rows are like; ``examples``: data set → a few refused rows of each
    reason.
    """

    version: int
    run: str
    tables: dict[str, Table]
    examples: dict[str, list[Example]]


def document(run: str, tables: Mapping[str, Table], examples: Mapping[str, Sequence[Example]]) -> Profile:
    return {
        "version": VERSION,
        "run": run,
        "tables": dict(tables),
        "examples": {name: [*each] for name, each in examples.items() if each},
    }
