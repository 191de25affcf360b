"""What a span of a file is, of which format it may be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Callable

ReadAt = Callable[[int, int], bytes]
"""The bytes of a file from a position on, at most so many; none at its end."""
BLOCK = 8 << 20
"""Bytes that are copied at once."""


@dataclass(frozen=True)
class Span:
    """The bytes of a file from ``start`` to ``end``, with so many ``records``; there are so many ``before`` it in the
    file. Of a text they are whole lines, and its first ``header`` bytes are its header; 0: it has none, or the span
    begins with it. Of Parquet they are the row ``groups`` with these numbers.
    """

    start: int
    end: int
    records: int
    before: int = 0
    header: int = 0
    groups: tuple[int, ...] = ()
