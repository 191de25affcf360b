"""Statistics of the published features: what each data set's values of a snapshot of ride_counts are like.

A data set has a value for each window with rides of the months that the snapshot covers of it; a window without is a
missing value, as in ``tlc.drift``. ``all`` is all data sets together. Pure.
"""

# ruff: noqa: S608 - SQL is put together from this package's own expressions

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from tlc import coverage, drift
from tlc.sources import DATASETS

ALL = "all"
FEATURES = ("rides", "minutes", "dow", "month", "doy")
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
NUMBERS = ("min", *(f"q{round(100 * share):02}" for share in QUANTILES), "max", "mean")
"""What is told of a feature, in order: a quantile is the value at or below which that share of the values lies."""


@dataclass(frozen=True)
class Described:
    """A feature of a data set: its values, those that are missing, and NUMBERS; none of them without a value."""

    rows: int
    missing: int
    numbers: Mapping[str, float]


Statistics = Mapping[tuple[str, str], Described]
"""By (data set, feature)."""


def describe(rows: pa.Table, covered: coverage.Covered) -> Statistics:
    """The statistics of ``rows`` (as ``features.RIDE_COUNTS``), of the data sets that ``covered`` names and of all."""
    months = {*covered, *((ALL, month) for _, month in covered)}
    with duckdb.connect(":memory:") as db:
        db.register("published", rows)
        listed = [
            {"dataset": name, "number": 12 * int(month[:4]) + int(month[5:]) - 1} for name, month in months
        ]
        db.register("covered", pa.Table.from_pylist(listed, _COVERED))
        told = {dataset: columns for dataset, *columns in db.execute(_QUERY).fetchall()}
    windows = Counter()
    for name, month in months:
        windows[name] += drift.windows_of(month)
    return {
        (name, feature): _described(windows[name], *told.get(name, _NOTHING)[at])
        for name in sorted(windows)
        for at, feature in enumerate(FEATURES)
    }


def _described(windows: int, rows: int, numbers: list[float] | None) -> Described:
    named = zip(NUMBERS, (round(number, 6) for number in numbers or ()))
    return Described(rows, windows - rows, dict(named))


_NOTHING = [(0, None)] * len(FEATURES)
_COVERED = pa.schema([("dataset", pa.string()), ("number", pa.int64())])
"""``number`` counts months from the year 0."""


def _told(feature: str) -> str:
    """SQL: how many values a column has, and their NUMBERS as a list."""
    values = f"CAST({feature} AS DOUBLE)"
    numbers = f"[min({values})] || quantile_disc({values}, {[*QUANTILES]}) || [max({values}), avg({values})]"
    return f"row(count({feature}), {numbers})"


_QUERY = (
    f"SELECT dataset, {', '.join(map(_told, FEATURES))} FROM (SELECT * REPLACE "
    "(replace(dataset, 'num_rides', 'all') AS dataset), year(timestamp) * 12 + month(timestamp) - 1 AS number FROM "
    f"(UNPIVOT published ON num_rides, {', '.join(DATASETS)} INTO NAME dataset VALUE rides)) "
    "SEMI JOIN covered USING (dataset, number) WHERE rides > 0 GROUP BY dataset"
)
