"""The rows of a chunk of CSV, counted in one pass over its bytes by code that Numba compiles.

A row is counted here only if its bytes prove that it counts (``rules``): as many fields as the header, quotes that
begin and end fields and nothing else, and a pickup time ``YYYY-MM-DD HH:MM:SS`` of the file's own month. Nearly all
rows are so. Of every other row the scan says where it is, and leaves it to slower code.

To import this module takes a quarter of a second, and one more where Numba has not kept its machine code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from tlc.rules import SPARE_FIELDS

ROW, START, STOP, BEGIN, END = range(5)
"""Columns of ``doubtful``: the row's number, from 0; where its line starts and, without its line end, stops; where
its pickup time begins and ends, without quotes. BEGIN is UNPROVED if the fields may not be those of the header.
"""
UNPROVED = -1

_LF, _CR, _SPACE, _QUOTE, _COMMA, _ZERO, _COLON = (ord(character) for character in '\n\r ",0:')
_LENGTH = len("YYYY-MM-DD HH:MM:SS")
_LONGEST = 255 * 8
"""Bytes of a line whose commas are counted; of a longer one they may not be."""
_EACH = np.uint64(0x0101_0101_0101_0101)
_SPACES, _COMMAS, _LARGEST, _HIGHEST = (np.uint64(byte * int(_EACH)) for byte in (_SPACE, _COMMA, 0x7F, 0x80))
_EVEN, _EACH_PAIR = np.uint64(0x00FF_00FF_00FF_00FF), np.uint64(0x0001_0001_0001_0001)
_ALL, _ONE, _SEVEN, _EIGHT, _TOP_PAIR = (np.uint64(number) for number in (2**64 - 1, 1, 7, 8, 48))


def _compiled(signature: str | None = None) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function to run without Python's lock; keep the machine code if any folder for it can be written."""

    def compiled(function: Callable[..., Any]) -> Any:
        try:
            return numba.njit(signature, nogil=True, cache=True)(function)
        except RuntimeError:
            return numba.njit(signature, nogil=True)(function)

    return compiled


@_compiled("int64(uint64)")
def _sum(counters):  # type: ignore[no-untyped-def]
    """The sum of the eight bytes of a word."""
    pairs = (counters & _EVEN) + (counters >> _EIGHT & _EVEN)
    return np.int64(pairs * _EACH_PAIR >> _TOP_PAIR)


@_compiled("UniTuple(int64, 2)(uint64[::1], int64)")
def _control(words, at):  # type: ignore[no-untyped-def]
    """Where the first control character is from ``at`` on, and how many commas are before it, up to _LONGEST bytes
    away. Of ASCII only.

    Eight bytes are looked at together. Adding 0x7F to a byte that is not 0 sets its highest bit; taking 0x20 from a
    control character does too, and what it borrows reaches higher bytes alone: the lowest such bit is right.
    """
    index = at >> 3
    ahead = _ALL << np.uint64((at & 7) << 3)
    word = (words[index] & ahead) | (_LARGEST & ~ahead)
    controls = (word - _SPACES) & _HIGHEST
    others = (word ^ _COMMAS) + _LARGEST
    commas = np.uint64(0)
    while controls == 0:
        commas += ~others >> _SEVEN & _EACH
        index += 1
        word = words[index]
        controls = (word - _SPACES) & _HIGHEST
        others = (word ^ _COMMAS) + _LARGEST
    before = (controls - _ONE) & ~controls
    commas += (~others & before) >> _SEVEN & _EACH
    return (index << 3) + _sum((before & _HIGHEST) >> _SEVEN), _sum(commas)


@_compiled("UniTuple(int64, 4)(uint8[::1], uint64[::1], int64, int64)")
def _plain_line(text, words, start, position):  # type: ignore[no-untyped-def]
    """Where a line without quotes stops; how many fields it has, 0 if that is not sure; where field ``position``
    begins, and where it ends if it is as long as a time.
    """
    at, commas = start, 0
    while commas < position and text[at] >= _SPACE:
        commas += text[at] == _COMMA
        at += 1
    begin = at
    stop, more = _control(words, at)
    while text[stop] != _LF and text[stop] != _CR:
        stop, again = _control(words, stop + 1)
        more += again
    return stop, commas + more + 1 if stop - begin <= _LONGEST else 0, begin, begin + _LENGTH


@_compiled("UniTuple(int64, 4)(uint8[::1], int64, int64)")
def _line_with_quotes(text, start, position):  # type: ignore[no-untyped-def]
    """The same of a line with quotes; its fields are sure if each quote is the first or the last character of one."""
    at, fields, begin, end, sure = start, 0, start, start, True
    while True:
        opened = text[at] == _QUOTE
        at += opened
        first = at
        while text[at] != _LF and text[at] != _CR and text[at] != _QUOTE and (opened or text[at] != _COMMA):
            at += 1
        if fields == position:
            begin, end = first, at
        sure &= (text[at] == _QUOTE) == opened
        at += text[at] == _QUOTE
        fields += 1
        sure &= text[at] == _COMMA or text[at] == _LF or text[at] == _CR
        while text[at] != _LF and text[at] != _CR and text[at] != _COMMA:
            at += 1
        if text[at] != _COMMA:
            return at, fields if sure else 0, begin, end
        at += 1


@_compiled("int64(uint8[::1], int64)")
def _two_digits(text, at):  # type: ignore[no-untyped-def]
    """The number that two digits are; 100 if they are none."""
    tens, ones = np.int64(text[at]) - _ZERO, np.int64(text[at + 1]) - _ZERO
    return tens * 10 + ones if (tens >= 0) & (tens <= 9) & (ones >= 0) & (ones <= 9) else 100


@_compiled("int64(uint8[::1], int64, uint8[::1], int64)")
def _window(text, at, month, days):  # type: ignore[no-untyped-def]
    """The number of the window in the month of the 19 characters from ``at`` on; -1 if they are no time of it."""
    for n in range(8):
        if text[at + n] != month[n]:
            return -1
    day = _two_digits(text, at + 8)
    hour = _two_digits(text, at + 11)
    minute = _two_digits(text, at + 14)
    second = _two_digits(text, at + 17)
    marks = (text[at + 10] == _SPACE) & (text[at + 13] == _COLON) & (text[at + 16] == _COLON)
    if marks & (day >= 1) & (day <= days) & (hour <= 23) & (minute <= 59) & (second <= 59):
        return ((day - 1) * 24 + hour) * 4 + minute // 15
    return -1


@_compiled("boolean(uint8[::1], int64, int64)")
def _empty(text, stop, fields):  # type: ignore[no-untyped-def]
    """Whether the last ``fields`` of the line that stops at ``stop`` are empty, and few enough to be spare."""
    if fields < 0 or fields > SPARE_FIELDS:
        return False
    for back in range(1, fields + 1):  # noqa: SIM110 - Numba compiles no generator
        if text[stop - back] != _COMMA:
            return False
    return True


@_compiled(
    "UniTuple(int64, 2)(uint8[::1], uint64[::1], int64, boolean, int64, int64, uint8[::1], int64, int64[::1],"
    " int64[:, ::1])"
)
def rows(text, words, size, quotes, fields, position, month, days, trips, doubtful):  # type: ignore[no-untyped-def]
    """Add the rows of the chunk ``text[:size]`` that are proved to count to ``trips``, by number of the window in
    the month; write the others into ``doubtful``. Returns how many rows there are, and how many are doubtful.

    ``words``: the same bytes, eight in each. ``quotes``: whether there may be some. ``fields``: of the header;
    ``position``: that of the pickup time, from 0. ``month``: ``YYYY-MM-`` in bytes; ``days``: how many it has. The
    chunk is ASCII and ends with LF; ``csvfiles.PADDING`` bytes, whatever they are, follow it.
    """
    at, number, others = 0, 0, 0
    while at < size:
        start = at
        if quotes:
            stop, found, begin, end = _line_with_quotes(text, start, position)
        else:
            stop, found, begin, end = _plain_line(text, words, start, position)
        at = stop + 1
        if stop == start:
            continue
        fit = _empty(text, stop, found - fields)
        window = _window(text, begin, month, days) if end - begin == _LENGTH else -1
        if fit and window >= 0 and (quotes or end == stop or text[end] == _COMMA):
            trips[window] += 1
        else:
            if not quotes:
                end = begin
                while end < stop and text[end] != _COMMA:
                    end += 1
            doubtful[others, ROW], doubtful[others, START], doubtful[others, STOP] = number, start, stop
            doubtful[others, BEGIN], doubtful[others, END] = begin if fit else UNPROVED, end
            others += 1
        number += 1
    return number, others
