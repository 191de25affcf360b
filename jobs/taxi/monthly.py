"""The windows of one month, numbered from 0."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from taxi import rules, times

MOST_WINDOWS = 31 * 24 * 4


@dataclass(frozen=True)
class Month:
    """One month: its text ``YYYY-MM-`` in bytes, how many days it has, and the start of its first window."""

    prefix: Any
    days: int
    first: int

    @classmethod
    def of(cls, month: str) -> Month:
        """The month ``YYYY-MM``; one of the year 0 has no days."""
        year, number = int(month[:4]), int(month[5:])
        prefix = np.frombuffer(bytearray(f"{month}-".encode()), np.uint8)
        if not year:
            return cls(prefix, 0, rules.YEAR_1)
        before = datetime(year, number, 1) - datetime(1, 1, 1)  # noqa: DTZ001 - the times have no zone
        first = rules.YEAR_1 + before // timedelta(microseconds=1)
        return cls(prefix, calendar.monthrange(year, number)[1], first)

    def windows(self, trips: Any) -> times.Windows:
        """Trips by number of the window, as trips by start."""
        at = np.flatnonzero(trips)
        return [(self.first + at * times.WINDOW, trips[at])]
