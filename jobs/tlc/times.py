"""Reading pickup times by the rules of ``rules``: many at once with Arrow, one exactly with Python.

Windows are 15 minutes, counted on the wall clock. A start of a window is in microseconds since 1970-01-01.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from tlc import rules

SECOND = 1_000_000
WINDOW = 15 * 60 * SECOND
"""The length of a window in microseconds."""

Limits = tuple[int, int]
"""The times that count: microseconds since 1970-01-01, from the first on and before the second."""

_LENGTH = len("YYYY-MM-DD HH:MM:SS")
_FEW = 16
_YEAR_1 = datetime(1, 1, 1)  # noqa: DTZ001 - the times have no zone
_TIME = re.compile(rules.TIME)


def read(text: str) -> int | str:
    """The time of one text in microseconds since 1970-01-01 on the wall clock, or why it is none."""
    text = text.strip(" ")
    if not text:
        return rules.EMPTY
    if not _TIME.fullmatch(text):
        return rules.NO_TIME
    try:
        second = datetime.strptime(text[:_LENGTH].replace("T", " "), "%Y-%m-%d %H:%M:%S")  # noqa: DTZ007
    except ValueError:
        return rules.NO_DATE
    fraction = int(text[_LENGTH + 1 :].ljust(6, "0")[:6])
    if text[17:19] > "59":
        return rules.NO_DATE
    return rules.YEAR_1 + (second - _YEAR_1) // timedelta(microseconds=1) + fraction


def judge(text: str, limits: Limits) -> int | str:
    """The start of the window of one text, or why it does not count."""
    time = read(text)
    if isinstance(time, str):
        return time
    return start(time) if limits[0] <= time < limits[1] else rules.OUTSIDE


def start(time: int) -> int:
    """The start of the window that ``time`` falls in."""
    return time - (time - rules.YEAR_1) % WINDOW


def count(texts: Any, limits: Limits) -> tuple[Counter[int], list[int]]:
    """Trips by window of those in the Arrow array of strings that are proved to count, and the positions of
    all others, which ``judge`` must look at.

    A text of 19 characters that Arrow casts to a timestamp of whole seconds without zone is a time by the
    rules: Arrow's other forms are shorter or longer, or have a zone, which this cast refuses.
    """
    texts = texts.fill_null("") if texts.null_count else texts
    plain = pc.equal(pc.binary_length(texts), _LENGTH)
    doubtful: list[int] = []
    if pc.all(plain).as_py():
        times = _cast(texts, range(len(texts)), doubtful)
    else:
        at = pc.indices_nonzero(plain)
        times = _cast(texts.take(at), at.to_pylist(), doubtful)
        at = pc.indices_nonzero(pc.invert(plain))
        others = pc.utf8_trim(texts.take(at), " ")
        timely = pc.match_substring_regex(others, f"^{rules.TIME}$")
        doubtful += at.filter(pc.invert(timely)).to_pylist()
        others = pc.utf8_slice_codeunits(others.filter(timely), 0, _LENGTH)
        times += _cast(others, at.filter(timely).to_pylist(), doubtful)
    windows: Counter[int] = Counter()
    for seconds, positions in times:
        windows.update(_windows(seconds, positions, limits, doubtful))
    return windows, doubtful


def _cast(texts: Any, positions: Sequence[int], doubtful: list[int]) -> list[tuple[Any, Sequence[int]]]:
    """Seconds since 1970 of ``texts``, in pieces, each with its positions; a few texts around each one that
    cannot be cast are doubtful. Halving finds these: a cast fails at the first of them.
    """
    try:
        return [(pc.cast(texts, pa.timestamp("s")).view(pa.int64()), positions)]
    except pa.ArrowInvalid:
        if len(texts) <= _FEW:
            doubtful.extend(positions)
            return []
    half = len(texts) // 2
    return _cast(texts[:half], positions[:half], doubtful) + _cast(texts[half:], positions[half:], doubtful)


def _windows(seconds: Any, positions: Sequence[int], limits: Limits, doubtful: list[int]) -> dict[int, int]:
    first, end = limits[0] // SECOND, limits[1] // SECOND
    found = pc.min_max(seconds).as_py()
    if found["min"] is None:
        return {}
    if found["min"] < first or found["max"] >= end:
        inside = pc.and_(pc.greater_equal(seconds, first), pc.less(seconds, end))
        doubtful.extend(positions[at] for at in pc.indices_nonzero(pc.invert(inside)).to_pylist())
        seconds = seconds.filter(inside)
    number = pc.divide(pc.subtract(seconds, rules.YEAR_1 // SECOND), WINDOW // SECOND)
    counts = number.value_counts()
    starts = pc.add(pc.multiply(counts.field(0), WINDOW), rules.YEAR_1)
    return dict(zip(starts.to_pylist(), counts.field(1).to_pylist(), strict=True))
