"""When to try again, and when to give up. Pure; runs on Python 3.9."""

from __future__ import annotations

import random
from dataclasses import dataclass
from email.utils import parsedate_to_datetime


@dataclass(frozen=True)
class RetryPolicy:
    """``attempts`` in a row without a further part of the file, ``restarts`` of a file that changes under way.

    Times are seconds. A server that could not be reached for ``away``, nor before in this
    run, is given up. A body that brings fewer than ``stall_bytes`` in ``stall`` counts as a broken connection,
    as does one that takes longer than ``body``, and a head of more than ``head`` seconds or ``head_bytes``.
    """

    attempts: int = 6
    restarts: int = 3
    first: float = 1.0
    most: float = 60.0
    longest_wait: float = 300.0
    connect: float = 5.0
    away: float = 4.0
    read: float = 30.0
    stall: float = 60.0
    stall_bytes: int = 1 << 16
    body: float = 3 * 3600.0
    head: float = 60.0
    head_bytes: int = 1 << 16

    def pause(self, failures: int, chance: random.Random, asked: float | None = None) -> float | None:
        """Seconds to wait after so many failures in a row; None to give up.

        They double from ``first`` to ``most``, and half of it is chance, so that many clients do not come back
        together. What the server ``asked`` for is never shortened; more than ``longest_wait`` is not waited for.
        """
        if failures >= self.attempts or (asked or 0) > self.longest_wait:
            return None
        longest = min(self.most, self.first * 2.0 ** (failures - 1))
        return max(asked or 0.0, longest * chance.uniform(0.5, 1.0))


def retry_after(text: str | None, now: float) -> float | None:
    """Seconds that a Retry-After asks for, which is a number or a date; None without one that can be read."""
    if not text:
        return None
    if text.strip().isdecimal():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (TypeError, ValueError):
        return None
