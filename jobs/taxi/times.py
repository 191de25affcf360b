"""Reading pickup times by the rules of ``rules``: many at once, and one exactly with Python.

Three readers of one meaning, each slower than the one before and asked only for what that one leaves open: ``scan``
knows the plain times of one month, eight bytes at a time, ``count`` has Arrow cast any texts, ``judge`` reads one text
and says why it does not count. ``within`` is for times that are numbers already.

Windows are 15 minutes, counted on the wall clock. A start of a window is in microseconds since 1970-01-01.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from taxi import rules

SECOND = 1_000_000
WINDOW = 15 * 60 * SECOND
"""The length of a window in microseconds."""

Limits = tuple[int, int]
"""The times that count: microseconds since 1970-01-01, from the first on and before the second."""

Windows = list[tuple[Any, Any]]
"""Trips by window: pairs of NumPy arrays of equal length, starts of windows and numbers of trips. A start may
stand in several pairs; ``total`` adds them up.
"""

_LENGTH = len("YYYY-MM-DD HH:MM:SS")
_FEW = 32
_BLOCK = 8192
_SPAN = 1 << 20
"""So many windows, 30 years of them, are counted in an array with a place for each."""
_YEAR_1 = datetime(1, 1, 1)  # noqa: DTZ001 - the times have no zone
_TIME = re.compile(rules.TIME)
_NUMBERS = re.compile(r"[-T :]")


def read(text: str) -> int | str:
    """The time of one text in microseconds since 1970-01-01 on the wall clock, or why it is none."""
    text = text.strip(" ")
    if not text:
        return rules.EMPTY
    if not _TIME.fullmatch(text):
        return rules.NO_TIME
    try:
        second = datetime(*map(int, _NUMBERS.split(text[:_LENGTH])))  # type: ignore[arg-type]  # noqa: DTZ001
    except ValueError:
        return rules.NO_DATE
    fraction = int(text[_LENGTH + 1 :].ljust(6, "0")[:6])
    return rules.YEAR_1 + (second - _YEAR_1) // timedelta(microseconds=1) + fraction


def judge(text: str, limits: Limits) -> int | str:
    """The start of the window of one text, or why it does not count."""
    time = read(text)
    if isinstance(time, str):
        return time
    return time - (time - rules.YEAR_1) % WINDOW if limits[0] <= time < limits[1] else rules.OUTSIDE


def single(starts: list[int]) -> Windows:
    """One trip for each of ``starts``."""
    return [(np.array(starts, np.int64), np.ones(len(starts), np.int64))] if starts else []


def of(times: Any) -> tuple[Any, Any]:
    """Trips by window of a NumPy array of times in microseconds, all of which count."""
    number = (times - rules.YEAR_1) // WINDOW
    first = int(number.min()) if len(number) else 0
    if len(number) and int(number.max()) - first < _SPAN:
        trips = np.bincount(number - first)
        at = np.flatnonzero(trips)
        return (at + first) * WINDOW + rules.YEAR_1, trips[at]
    starts, trips = np.unique(number, return_counts=True)
    return starts * WINDOW + rules.YEAR_1, trips


def within(times: Any, limits: Limits) -> tuple[tuple[Any, Any], Any]:
    """Trips by window of those of a NumPy array of times in microseconds that are within ``limits``, and the positions
    of the others. Limits are starts of windows.
    """
    first, end = limits
    size = (end - first) // WINDOW
    if size > _SPAN:
        inside = (times >= first) & (times < end)
        return of(times[inside]), np.flatnonzero(~inside)
    number = (times - first).view(np.uint64) // np.uint64(
        WINDOW
    )  # of earlier times too large, as of later ones
    number = np.minimum(number, np.uint64(size)).view(np.int64)
    trips = np.bincount(number, minlength=size + 1)
    at = np.flatnonzero(trips[:size])
    return (at * WINDOW + first, trips[at]), np.flatnonzero(number == size) if trips[size] else at[:0]


def total(windows: Windows) -> tuple[Any, Any]:
    """All of ``windows`` as one pair, each start once, in order."""
    starts, trips = (np.concatenate([pair[n] for pair in windows] or [np.zeros(0, np.int64)]) for n in (0, 1))
    if (starts[1:] <= starts[:-1]).any():
        order = np.argsort(starts, kind="stable")
        starts, first = np.unique(starts[order], return_index=True)
        trips = np.add.reduceat(trips[order], first)
    return starts, trips


def count(texts: Any, limits: Limits) -> tuple[Windows, list[int]]:
    """Trips by window of those in the Arrow array of strings that are proved to count, and the positions of
    all others, which ``judge`` must look at.

    A text of 19 characters that Arrow casts to a timestamp of whole seconds without zone is a time by the
    rules: Arrow's other forms are shorter or longer, or have a zone, which this cast refuses.
    """
    texts = texts.fill_null("") if texts.null_count else texts
    plain = pc.equal(pc.binary_length(texts), _LENGTH)
    doubtful: list[int] = []
    if pc.all(plain).as_py():
        times = _cast_blocks(texts, range(len(texts)), doubtful)
    else:
        at = pc.indices_nonzero(plain)
        times = _cast_blocks(texts.take(at), at.to_pylist(), doubtful)
        at = pc.indices_nonzero(pc.invert(plain))
        others = pc.utf8_trim(texts.take(at), " ")
        timely = pc.match_substring_regex(others, f"^{rules.TIME}$")
        doubtful += at.filter(pc.invert(timely)).to_pylist()
        others = pc.utf8_slice_codeunits(others.filter(timely), 0, _LENGTH)
        times += _cast_blocks(others, at.filter(timely).to_pylist(), doubtful)
    return _windows(times, limits, doubtful), doubtful


_Times = list[tuple[Any, Sequence[int]]]
"""Pieces of seconds since 1970, each with the positions of its texts."""


def _cast_blocks(texts: Any, positions: Sequence[int], doubtful: list[int]) -> _Times:
    found: _Times = []
    for at in range(0, len(texts), _BLOCK):
        found += _cast(texts[at : at + _BLOCK], positions[at : at + _BLOCK], doubtful)
    return found


def _cast(texts: Any, positions: Sequence[int], doubtful: list[int]) -> _Times:
    """The times of ``texts``; a few texts around each one that cannot be cast are doubtful. Halving finds
    these.
    """
    try:
        return [(pc.cast(texts, pa.timestamp("s")).view(pa.int64()), positions)]
    except pa.ArrowInvalid:
        if len(texts) <= _FEW:
            doubtful.extend(positions)
            return []
    half = len(texts) // 2
    return _cast(texts[:half], positions[:half], doubtful) + _cast(texts[half:], positions[half:], doubtful)


def _windows(times: _Times, limits: Limits, doubtful: list[int]) -> Windows:
    """Trips by window of those ``times`` that are within ``limits``; all others are doubtful."""
    first, end = limits[0] // SECOND, limits[1] // SECOND
    seconds = pa.chunked_array([piece for piece, _ in times], pa.int64())
    if not len(seconds):
        return []
    found = pc.min_max(seconds).as_py()
    if found["min"] < first or found["max"] >= end:
        inside = pc.and_(pc.greater_equal(seconds, first), pc.less(seconds, end))
        positions = [position for _, piece in times for position in piece]
        doubtful += (positions[at] for at in pc.indices_nonzero(pc.invert(inside)).to_pylist())
        seconds = seconds.filter(inside)
    return [of(seconds.to_numpy() * SECOND)]
