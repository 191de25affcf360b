"""Drift: a month's rides against those that are published of the months before. Pure.

What is compared is one month of a data set with the published months among the twelve before it, so with every
season once. Three distributions: of ``rides`` (rides in a window, over the windows with rides), of ``minutes`` and
of ``dow`` (over the rides: when in the day and in the week people ride). ``month`` and ``doy`` are not compared:
they follow from which month it is. A missing value is a window of the month without a ride.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FEATURES = ("rides", "minutes", "dow")
BINS = 10
LEAST_MONTHS = 3
"""Fewer months before do not say what is usual."""
LEAST_WINDOWS = 96
"""A month with rides in fewer windows than a day has is no distribution."""
FLOOR = 1e-4
"""What stands for an empty bin, whose logarithm there is none of."""

Key = tuple[str, str]
"""(data set, month as ``YYYY-MM``)."""
Numbers = npt.NDArray[np.int64]
Distribution = tuple[Numbers, Numbers]
"""Values, and how often each is there; a value may come several times."""
Observed = npt.NDArray[np.int64]
"""The windows with rides of one month: a row for each, of minutes since midnight, day of the week, rides."""
NOTHING: Observed = np.empty((0, 3), np.int64)


@dataclass(frozen=True)
class Drift:
    """How a month differs from the published ``before``: population stability index by feature, and the share of
    windows without rides, here and before.
    """

    dataset: str
    month: str
    before: tuple[str, ...]
    psi: Mapping[str, float]
    missing: float
    missing_before: float


def compare(now: Mapping[Key, Observed], published: Mapping[Key, Observed]) -> list[Drift]:
    """The drift of each month of ``now``, in order; of none that has too little before it or in itself."""
    found = []
    for (dataset, month), observed in sorted(now.items()):
        before = {m: published[dataset, m] for m in months_before(month) if (dataset, m) in published}
        if (
            len(before) >= LEAST_MONTHS
            and min(len(observed), sum(map(len, before.values()))) >= LEAST_WINDOWS
        ):
            found.append(_drift((dataset, month), observed, before))
    return found


def _drift(key: Key, now: Observed, before: Mapping[str, Observed]) -> Drift:
    earlier = np.concatenate(list(before.values()))
    sides = zip(_distributions(earlier), _distributions(now), strict=True)
    psi = [round(stability_index(expected, actual), 6) for expected, actual in sides]
    missing_before = 1 - len(earlier) / sum(windows_of(month) for month in before)
    return Drift(
        *key,
        tuple(before),
        dict(zip(FEATURES, psi, strict=True)),
        round(1 - len(now) / windows_of(key[1]), 6),
        round(missing_before, 6),
    )


def _distributions(observed: Observed) -> list[Distribution]:
    """A distribution for each of FEATURES."""
    minutes, dow, rides = observed.T
    return [(rides, np.ones_like(rides)), (minutes, rides), (dow, rides)]


def stability_index(expected: Distribution, actual: Distribution) -> float:
    """The population stability index: the sum over bins of (a - e) · ln(a / e), where e and a are the bin's
    shares of ``expected`` and ``actual``; the bins part ``expected`` at its deciles, and the outer ones are open.

    Naeem Siddiqi, Credit Risk Scorecards (Wiley, 2006), chapter 9, where under 0.1 is no change to speak of and from
    0.25 on a shift; it is the divergence of Jeffreys (1946). Neither may be empty.
    """
    edges = _deciles(*expected)
    e, a = (np.maximum(_shares(edges, *side), FLOOR) for side in (expected, actual))
    return float(np.sum((a - e) * np.log(a / e)))


def _deciles(values: Numbers, weights: Numbers) -> Numbers:
    """The values at or below which 1/10, 2/10, … 9/10 of the weight lies, each once."""
    order = np.argsort(values)
    below = np.cumsum(weights[order])
    tenths = below[-1] * np.arange(1, BINS)
    return np.unique(values[order][np.searchsorted(below * BINS, tenths)])


def _shares(edges: Numbers, values: Numbers, weights: Numbers) -> npt.NDArray[np.float64]:
    counts = np.bincount(np.searchsorted(edges, values), weights, len(edges) + 1)
    shares: npt.NDArray[np.float64] = counts / counts.sum()
    return shares


def months_before(month: str, n: int = 12) -> list[str]:
    """The ``n`` calendar months before ``month``, the earliest first."""
    number = int(month[:4]) * 12 + int(month[5:]) - 1
    return [f"{m // 12:04}-{m % 12 + 1:02}" for m in range(number - n, number) if m >= 12]


def windows_of(month: str) -> int:
    """How many 15-minute windows ``month`` has."""
    year, number = int(month[:4]), int(month[5:])
    return (monthrange(year, number)[1] if year else 31) * 96
