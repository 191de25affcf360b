"""Distributions as quantiles and as frequent values: several put together, as bins, and how far one is from another.

The population stability index is that of the quality rules: the sum over bins of (a - e) · ln(a / e), of the bins that
the deciles of what is usual make, or of each frequent value. Under 0.1 is no change to speak of, from 0.25 on a shift.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise

from data_pipeline.etl.documents.profile import SHARES

FLOOR = 1e-4
"""What stands for an empty bin, whose logarithm there is none of."""
OTHER = "other values"

Quantiles = Sequence[float]


def below(quantiles: Quantiles, value: float) -> float:
    """The share of values at or below ``value``, straight between two quantiles."""
    at = bisect_right(quantiles, value)
    if at == 0:
        return 0.0
    if at == len(quantiles):
        return 1.0
    low, high = quantiles[at - 1], quantiles[at]
    step = (SHARES[at] - SHARES[at - 1]) / 100
    return SHARES[at - 1] / 100 + step * (value - low) / (high - low)


def together(parts: Sequence[tuple[float, Quantiles]]) -> list[float]:
    """The quantiles of several distributions, each with its weight; empty without any."""
    total = sum(weight for weight, _ in parts)
    values = sorted({value for _, quantiles in parts for value in quantiles})
    if not total or not values:
        return []
    shares = [
        sum(weight * below(quantiles, value) for weight, quantiles in parts) / total for value in values
    ]
    found = []
    for share in (each / 100 for each in SHARES):
        at = next((n for n, reached in enumerate(shares) if reached >= share - 1e-9), len(values) - 1)
        found.append(values[at])
    return found


def bins(quantiles: Quantiles, edges: Sequence[float]) -> list[float]:
    """The share of each bin between ``edges``; the outer ones are open."""
    reached = [0.0, *(below(quantiles, edge) for edge in edges[1:-1]), 1.0]
    return [max(0.0, high - low) for low, high in pairwise(reached)]


def edges(every: Sequence[Quantiles], most: int) -> list[float]:
    """Edges of ``most`` bins of one width for these distributions: what lies far out is in the outer bins."""
    low, high = min(each[0] for each in every), max(each[-1] for each in every)
    near, far = min(each[1] for each in every), max(each[-2] for each in every)
    room = 0.5 * (far - near)
    low, high = (max(low, near - room), min(high, far + room)) if far > near else (low, high)
    if high <= low:
        high = low + 1
    return [low + (high - low) * n / most for n in range(most + 1)]


def shift(now: Quantiles, before: Quantiles) -> float:
    """The population stability index of ``now`` against ``before``."""
    marks = sorted(set(before[2:-1:2]))  # the deciles
    return _index(_apart(before, marks), _apart(now, marks))


def _apart(quantiles: Quantiles, marks: Sequence[float]) -> list[float]:
    reached = [0.0, *(below(quantiles, mark) for mark in marks), 1.0]
    return [max(0.0, high - low) for low, high in pairwise(reached)]


def shift_of_values(now: Mapping[str, float], before: Mapping[str, float]) -> float:
    """The same of rows by value, or by hour or weekday."""
    names = sorted({*now, *before})
    usual, actual = sum(before.values()) or 1, sum(now.values()) or 1
    return _index(
        [before.get(name, 0) / usual for name in names], [now.get(name, 0) / actual for name in names]
    )


def _index(usual: Sequence[float], actual: Sequence[float]) -> float:
    found = 0.0
    for e, a in zip(usual, actual, strict=True):
        share, real = max(e, FLOOR), max(a, FLOOR)
        found += (real - share) * math.log(real / share)
    return round(found, 4)
