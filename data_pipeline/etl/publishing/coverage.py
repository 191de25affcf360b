"""Which months each data set covers, as one short text: ``north 2015-01..2015-03 2016-01; south 2013-08``. Pure.

A month is covered if the tables have rows of it. Windows of covered months in which nobody rode are windows
without rows; windows of other months are not known.
"""

from __future__ import annotations

from collections.abc import Iterable

COVERED = "pipeline.covered-months"
"""The property of a snapshot that says it."""

Covered = frozenset[tuple[str, str]]
"""(data set, month as ``YYYY-MM``)."""


def text(covered: Iterable[tuple[str, str]]) -> str:
    """The months of each data set, consecutive ones as ``first..last``."""
    datasets: dict[str, list[str]] = {}
    for dataset, month in sorted(covered):
        datasets.setdefault(dataset, []).append(month)
    return "; ".join(f"{dataset} {' '.join(_spans(months))}" for dataset, months in datasets.items())


def parse(text: str) -> Covered:
    """What ``text`` was made of."""
    return frozenset(
        (dataset, month)
        for part in filter(None, text.split("; "))
        for dataset, *spans in [part.split(" ")]
        for span in spans
        for month in _months(span)
    )


def _spans(months: list[str]) -> list[str]:
    spans: list[tuple[str, str]] = []
    for month in months:
        if spans and _next(spans[-1][1]) == month:
            spans[-1] = (spans[-1][0], month)
        else:
            spans.append((month, month))
    return [first if first == last else f"{first}..{last}" for first, last in spans]


def _months(span: str) -> list[str]:
    first, _, last = span.partition("..")
    months = [first]
    while last and months[-1] < last:
        months.append(_next(months[-1]))
    return months


def _next(month: str) -> str:
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12:04}-{number % 12 + 1:02}"
