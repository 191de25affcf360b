"""Pickup times of a file's own month, ``YYYY-MM-DD HH:MM:SS``, counted as text.

Nearly every row of a trip file has such a time. Its 19 characters are compared eight at a time, in all rows at
once; what passes is a time of the month by ``rules``, and what does not is left to ``times``. The month's
windows are numbered: day * 128 + hour * 4 + quarter of the hour, where hours up to 31 have a place.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from tlc import rules, times
from tlc.lines import COMMA, CR, LF, QUOTE, Array

BINS = 64 * 128
_BYTE = np.uint64(255)


def _word(text: bytes) -> Any:
    return np.uint64(int.from_bytes(text, "little"))


@dataclass(frozen=True)
class _Form:
    """Eight characters: each one as ``text`` has it, but for the digits, 0 to the one that ``most`` has there.

    A digit's upper half is 3. It still is when so much is added that the largest digit allowed becomes 15.
    """

    text: Any
    mask: Any
    room: Any

    @classmethod
    def of(cls, most: bytes) -> _Form:
        digits = [chr(byte).isdigit() for byte in most]
        return cls(
            _word(bytes(ord("0") if digit else byte for byte, digit in zip(most, digits, strict=True))),
            _word(
                bytes(0xF0 if digit else 0xFF * (byte > 0) for byte, digit in zip(most, digits, strict=True))
            ),
            _word(bytes(0x3F - byte if digit else 0 for byte, digit in zip(most, digits, strict=True))),
        )

    def unlike(self, words: Array) -> Array:
        """0 for each word that has this form."""
        return ((words & self.mask) ^ self.text) | (((words + self.room) & self.mask) ^ self.text)


_DAY_TO_MINUTE = _Form.of(b"39 29:59")
_SECOND = _Form.of(b":59\0\0\0\0\0")


@dataclass(frozen=True)
class Month:
    """One month: its text ``YYYY-MM-``, which windows there are, and when each starts."""

    prefix: Any
    there: Array
    starts: Array

    @classmethod
    def of(cls, month: str) -> Month:
        """The month ``YYYY-MM``; one of the year 0 has no windows."""
        number = np.arange(BINS)
        day, hour, quarter = number // 128, number % 128 // 4, number % 4
        year = int(month[:4])
        days = calendar.monthrange(year, int(month[5:]))[1] if year else 0
        first = (datetime(year, int(month[5:]), 1) - datetime(1, 1, 1)) if year else timedelta()  # noqa: DTZ001
        starts = rules.YEAR_1 + first // timedelta(microseconds=1)
        starts = starts + (((day - 1) * 24 + hour) * 4 + quarter) * times.WINDOW
        return cls(_word(f"{month}-".encode()), (day >= 1) & (day <= days) & (hour <= 23), starts)

    def read(self, text: Array, begins: Array, quoted: bool) -> tuple[Array, Array]:
        """The windows of the fields that begin at ``begins`` of ``text``, and which of them are proved to be
        plain times of this month. 24 bytes after each beginning must be there.
        """
        if quoted:
            marked = text[begins] == QUOTE
            begins = begins + marked
        places = np.ndarray((len(text) - 23,), "V24", text, strides=(1,))
        words = places[begins].view(np.uint64).reshape(-1, 3)
        date, time, rest = words[:, 0], words[:, 1], words[:, 2]
        strange = _DAY_TO_MINUTE.unlike(time)
        strange |= _SECOND.unlike(rest)
        strange |= date ^ self.prefix
        plain = strange == 0
        after = rest >> np.uint64(24) & _BYTE
        if quoted:
            plain &= ~marked | (after == QUOTE)
            after = np.where(marked, rest >> np.uint64(32) & _BYTE, after)
        plain &= (after == COMMA) | (after == LF) | (after == CR)
        window = _windows(time)
        if not self.there[window[plain]].all():
            plain &= self.there[window]
        return window, plain

    def windows(self, trips: Array) -> times.Windows:
        """Trips by number of the window, as trips by start."""
        at = np.flatnonzero(trips)
        return [(self.starts[at], trips[at])]


def _windows(time: Array) -> Array:
    """The number of the window of each ``DD HH:MM``; some number below BINS for any other text."""
    digits = time & np.uint64(0x0F0F_000F_0F00_0F0F)
    pairs = digits * np.uint64(10) + (digits >> np.uint64(8))
    day, hour, minute = ((pairs >> np.uint64(shift)) & np.uint64(63) for shift in (0, 24, 48))
    number = day * np.uint64(128) + (hour & np.uint64(31)) * np.uint64(4)
    number += minute * np.uint64(69) >> np.uint64(10)  # the whole part of minute / 15, for 0 to 63
    return np.minimum(number, BINS - 1).view(np.int64)
