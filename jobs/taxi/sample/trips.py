"""When the rides of a file begin: a stream of pickup times in small shuffled chunks, oddities mixed in.

A trip is (pickup, choice): seconds since 1970 on the wall clock without zone, and a number that chooses its
ride.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from random import Random

from taxi.sample import rhythm
from taxi.sample.layouts import Month

Trip = tuple[int, int]

CHUNK = 256
"""About this many trips are in a chunk; order is lost within it, so no file is sorted."""

_CHOICES = 1 << 16
_DAY = 86_400


@dataclass(frozen=True)
class Plan:
    """What one file holds: ``rows`` in all, of which those in ``unreadable`` have that text in place of a
    pickup time.

    Row numbers are counted from 1 over data rows only: header and blank lines are not rows. Of the rows in
    ``wide``, those with an odd number have three fields too many, the others an empty one. ``cut_off``: the
    file ends within its last row.
    """

    dataset: str
    month: Month
    rows: int
    seed: str
    whole_minutes: bool = False
    unreadable: dict[int, str] = field(default_factory=dict)
    wide: frozenset[int] = frozenset()
    cut_off: bool = False

    @property
    def limits(self) -> tuple[int, int]:
        """The pickups that count in this file: its month and a day on either side, from the first on and
        before the second.
        """
        year, number = self.month
        first = rhythm.midnight(date(year, number, 1))
        return first - _DAY, rhythm.midnight(date(year + number // 12, number % 12 + 1, 1)) + _DAY


def unreadable_rows(month: Month, rows: int, count: int, random: Random) -> dict[int, str]:
    """``count`` row numbers, spread over the file, each with a text that is no time in anybody's reading."""
    year, number = month
    texts = (
        "",
        f"{year}-02-30 12:00:00",
        "NULL",
        f"{year}-{number:02d}-01 24:61:00",
        f"{year}-13-01 00:15:00",
        "n/a",
    )
    offset = int(random.random() * len(texts))
    return {
        row: texts[(offset + index) % len(texts)] for index, row in enumerate(_spread(rows, count, random))
    }


def wide_rows(rows: int, count: int, random: Random) -> frozenset[int]:
    """``count`` row numbers, spread over the file, whose rows have fields to spare."""
    return frozenset(_spread(rows, count, random))


def chunks(plan: Plan) -> Iterator[list[Trip]]:
    """The file's trips, exactly ``plan.rows`` of them, in chunks; the same plan gives the same trips."""
    random = Random(plan.seed)  # noqa: S311 - repeatable, not secret
    odd = _odd_pickups(plan.month, random) if plan.rows >= CHUNK else []
    copies = plan.rows // 400
    chunk: list[Trip] = []
    for pickup in _ordinary(plan, plan.rows - len(odd) - copies, random):
        chunk.append((pickup, int(random.random() * _CHOICES)))
        if len(chunk) >= CHUNK:
            random.shuffle(chunk)
            if odd:
                chunk.insert(int(random.random() * CHUNK), (odd.pop(), int(random.random() * _CHOICES)))
            if copies:
                chunk.append(chunk[int(random.random() * CHUNK)])
                copies -= 1
            yield chunk
            chunk = []
    chunk += [(pickup, int(random.random() * _CHOICES)) for pickup in odd]
    chunk += [chunk[0]] * copies
    if chunk:
        yield chunk


def _ordinary(plan: Plan, rows: int, random: Random) -> Iterator[int]:
    """``rows`` pickups of the month, spread over its windows by their weights."""
    windows = rhythm.weights(plan.dataset, *plan.month, random)
    total = sum(weight for _, weight in windows)
    step = 60 if plan.whole_minutes else 1
    passed = done = 0
    for start, weight in windows:
        passed += weight
        due = passed * rows // total
        for _ in range(due - done):
            second = int(random.random() * rhythm.WINDOW)
            yield start + second - second % step
        done = due


def _odd_pickups(month: Month, random: Random) -> list[int]:
    """Readable times that do not belong: since late 2017 other months, in March the hour that is skipped."""
    year, number = month
    first = rhythm.midnight(date(year, number, 1))
    following = rhythm.midnight(date(year + number // 12, number % 12 + 1, 1))
    found = []
    if month >= (2017, 10):
        found += [first - 1 - int(random.random() * 7200) for _ in range(3)]
        found += [following + int(random.random() * 3600)]
        found += [rhythm.midnight(date(2008, 12, 31)) + 82_949, rhythm.midnight(date(2009, 1, 1)) + 152]
    if number == 3:
        found += [
            rhythm.midnight(rhythm.clocks_forward(year)) + 7200 + int(random.random() * 3600)
            for _ in range(2)
        ]
    return found


def _spread(rows: int, count: int, random: Random) -> list[int]:
    """``count`` different row numbers, one in each equal part of the file."""
    if not 0 <= count <= rows:
        raise ValueError(f"{count} of {rows} rows")
    bounds = [rows * index // count for index in range(count + 1)] if count else []
    return [low + 1 + int(random.random() * (high - low)) for low, high in pairwise(bounds)]
