"""Quantiles put together and compared, against numbers that are known."""

from __future__ import annotations

import math
import random
import statistics

import pytest
from randomness import SEED

from data_pipeline.core.report.distributions import below, bins, edges, shift, shift_of_values, together
from data_pipeline.etl.documents.profile import SHARES


def quantiles(values: list[float]) -> list[float]:
    """As a profile has them."""
    ordered = sorted(values)
    return [
        ordered[min(len(ordered) - 1, max(0, math.ceil(len(ordered) * share / 100) - 1))] for share in SHARES
    ]


def normal(mean: float, count: int = 20_000) -> list[float]:
    chance = random.Random(f"{SEED}-distributions-{mean}")
    return [chance.gauss(mean, 1) for _ in range(count)]


def test_the_same_has_not_moved():
    """And bins of all have all."""
    found = quantiles(normal(0))
    assert shift(found, found) == 0
    assert sum(bins(found, edges([found], 24))) == pytest.approx(1)


def test_a_move_is_as_large_as_the_bins_say():
    """Against the index computed from the values themselves, with the deciles of what is usual."""
    before, now = normal(0), normal(1)
    marks = statistics.quantiles(before, n=10)
    usual, real = (
        [
            sum(low < value <= high for value in side) / len(side)
            for low, high in zip([-99, *marks], [*marks, 99], strict=True)
        ]
        for side in (before, now)
    )
    expected = sum((a - e) * math.log(a / e) for e, a in zip(usual, real, strict=True))
    assert shift(quantiles(now), quantiles(before)) == pytest.approx(expected, rel=0.1)


def test_parts_weigh_what_they_have():
    """Three quarters of small values leave the median small."""
    found = together([(3, [1.0] * 21), (1, [9.0] * 21)])
    assert (found[10], found[15], found[16]) == (1, 1, 9)
    assert together([]) == []


def test_a_value_that_repeats_has_its_share():
    """Half of the values are 0."""
    found = [0.0] * 11 + [float(n) for n in range(1, 11)]
    assert below(found, 0) == 0.5
    assert below(found, -1) == 0
    assert below(found, 10) == 1


def test_what_lies_far_out_does_not_squeeze_the_rest():
    """One value of a million is in the outer bin."""
    found = [*map(float, range(20)), 1e9]
    assert edges([found], 10)[-1] < 40
    assert edges([[5.0] * 21], 4) == [5, 5.25, 5.5, 5.75, 6]


@pytest.mark.parametrize(
    ("now", "before", "moved"),
    [
        ({"a": 1, "b": 1}, {"a": 50, "b": 50}, 0),
        ({"a": 3, "b": 1}, {"a": 1, "b": 3}, 1.0986),
        ({"new": 1}, {"a": 1}, 18.4),
    ],
)
def test_values_are_compared_by_their_shares(now, before, moved):
    """Not by how many rows there are; what was never there counts."""
    assert shift_of_values(now, before) == pytest.approx(moved, abs=0.05)
