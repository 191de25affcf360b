"""Statistics of the published features: what each data set's values of a snapshot of ride_counts are like.

A data set has a value for each window with rides of the months that the snapshot covers of it; a window without is a
missing value, as in ``taxi.drift``. ``all`` is all data sets together. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from data_pipeline.etl.publishing import coverage
from taxi import drift

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
    months: dict[str, set[str]] = {}
    for dataset, month in covered:
        months.setdefault(dataset, set()).add(month)
        months.setdefault(ALL, set()).add(month)
    number = _months(rows["timestamp"].to_numpy())
    calendar = {feature: rows[feature].to_numpy() for feature in FEATURES[1:]}
    found: dict[tuple[str, str], Described] = {}
    for dataset in sorted(months):
        rides = rows["num_rides" if dataset == ALL else dataset].to_numpy()
        there = (rides > 0) & np.isin(number, _months([*months[dataset]]))
        windows = sum(map(drift.windows_of, months[dataset]))
        for feature, values in {"rides": rides, **calendar}.items():
            found[dataset, feature] = _described(values[there], windows)
    return found


def _months(times: Any) -> Any:
    """Times or months since 1970-01, as whole numbers, in which NumPy looks things up more quickly than in dates."""
    return np.asarray(times, "datetime64[M]").astype(np.int64)


def _described(values: Any, windows: int) -> Described:
    if not len(values):
        return Described(0, windows, {})
    quantiles = np.quantile(values, QUANTILES, method="inverted_cdf").tolist()
    numbers = (values.min(), *quantiles, values.max(), values.mean())
    named = zip(NUMBERS, (round(float(number), 6) for number in numbers), strict=True)
    return Described(len(values), windows - len(values), dict(named))
