"""Statistics of published features against a plain calculation, and what is no value."""

import random
from datetime import datetime, timedelta

import pyarrow as pa
import pytest
from randomness import SEED
from taxi import statistics
from taxi.features import RIDE_COUNTS

from data_pipeline.etl.publishing import coverage

FIRST = datetime(2019, 1, 1)  # noqa: DTZ001 - a wall clock
JANUARY, FEBRUARY = 31 * 96, 28 * 96


def table(rides: dict[datetime, tuple[int, int]]) -> pa.Table:
    """Rows of ride_counts with so many rides of green and of fhv."""
    rows = [
        {
            "timestamp": start,
            "num_rides": green + fhv,
            "minutes": 60 * start.hour + start.minute,
            "dow": start.isoweekday() % 7 + 1,
            "month": start.month,
            "doy": start.timetuple().tm_yday,
            "yellow": 0,
            "green": green,
            "fhv": fhv,
            "fhvhv": 0,
        }
        for start, (green, fhv) in rides.items()
    ]
    return pa.Table.from_pylist(rows, RIDE_COUNTS)


def plain(values: list[int], windows: int) -> statistics.Described:
    """By the letter of the definitions."""
    ordered, n = sorted(values), len(values)
    quantiles = [ordered[max(0, -(-n * percent // 100) - 1)] for percent in (5, 25, 50, 75, 95)]
    numbers = [ordered[0], *quantiles, ordered[-1], round(sum(values) / n, 6)]
    return statistics.Described(n, windows - n, dict(zip(statistics.NUMBERS, numbers, strict=True)))


def test_every_feature_of_every_data_set_against_a_plain_calculation():
    """Random windows of three months, of which green covers two and fhv one; what lies outside is no value of it."""
    chosen = random.Random(SEED)
    starts = [FIRST + timedelta(minutes=15 * n) for n in sorted(chosen.sample(range(90 * 96), 3_000))]
    rides = {start: (chosen.randrange(0, 3), chosen.randrange(0, 500)) for start in starts}
    covered = coverage.parse("fhv 2019-02; green 2019-01..2019-02")
    found = statistics.describe(table(rides), covered)
    assert {dataset for dataset, _ in found} == {"all", "fhv", "green"}
    counts = {
        "green": ({s: g for s, (g, _) in rides.items() if s.month < 3}, JANUARY + FEBRUARY),
        "fhv": ({s: f for s, (_, f) in rides.items() if s.month == 2}, FEBRUARY),
        "all": ({s: g + f for s, (g, f) in rides.items() if s.month < 3}, JANUARY + FEBRUARY),
    }
    for dataset, (of, windows) in counts.items():
        there = {start: count for start, count in of.items() if count}
        minutes = [60 * start.hour + start.minute for start in there]
        assert found[dataset, "rides"] == plain([*there.values()], windows)
        assert found[dataset, "minutes"] == plain(minutes, windows)
        assert found[dataset, "dow"] == plain([s.isoweekday() % 7 + 1 for s in there], windows)
        assert found[dataset, "doy"] == plain([s.timetuple().tm_yday for s in there], windows)


def test_a_data_set_without_rides_has_missing_values_alone():
    covered = coverage.parse("fhv 2019-02; green 2019-01")
    found = statistics.describe(table({FIRST: (4, 0)}), covered)
    assert found["fhv", "rides"] == statistics.Described(0, FEBRUARY, {})
    assert found["green", "rides"].numbers["q50"] == found["green", "rides"].numbers["mean"] == 4


@pytest.mark.parametrize("rides", [{}, {FIRST: (1, 1)}])
def test_nothing_covered_is_nothing_to_describe(rides):
    assert statistics.describe(table(rides), frozenset()) == {}
