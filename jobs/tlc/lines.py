"""The lines of a chunk of CSV, and the fields in them, found for all lines at once.

Nothing looks at single bytes from Python. A bitmap says for each byte of the chunk whether it is a line feed, a
comma or a quote; where lines begin, how many commas a line has and where its n-th field starts are then questions
of counting bits, 64 at a time. The method is that of G. Langdale and D. Lemire, "Parsing Gigabytes of JSON per
Second" (VLDB Journal, 2019), with NumPy's operations on whole arrays in place of vector instructions.

What a line, a field and a quote are stands in ``rules``. Of the lines that quotes make hard to read this module
says so, and leaves them to Python's csv module.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Array = Any
"""A NumPy array. Positions are bytes from the start of ``Lines.text``, as int64."""

LF, CR, QUOTE, COMMA = b'\n\r",'
_ONE = np.uint64(1)
_ALL = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
_BLOCK = 1 << 16
"""Bytes that are compared at once: what stays in a processor's cache."""
_SPARE = 64
"""Bytes after the text that may be read, at least: commas, so that a search for the next comma ends."""


@dataclass(frozen=True)
class Lines:
    """The lines of ``chunk`` that are not blank, in order: where each starts and, without its line end, stops;
    how many commas it has outside quotes; and whether its quotes can be relied on (None: there are none).

    ``text`` is the chunk as an array of bytes with some commas behind it; ``commas`` its bitmap.
    """

    chunk: bytes
    text: Array
    starts: Array
    stops: Array
    commas: Array
    counts: Array
    regular: Array | None

    def __len__(self) -> int:
        return len(self.starts)

    def line(self, number: int) -> bytes:
        """One line, from 0, without its line end."""
        return self.chunk[self.starts[number] : self.stops[number]]

    def field(self, position: int) -> Array:
        """Where field ``position`` (from 0) of each line starts; anywhere for a line that has no such field."""
        at = self.starts
        for _ in range(position):
            at = np.minimum(_next(self.commas, at) + 1, len(self.chunk))
        return at

    def texts(self, numbers: Array, begins: Array) -> list[bytes]:
        """Fields that begin at ``begins``, one in each line of ``numbers``, without quotes around them."""
        ends = np.minimum(_next(self.commas, begins), self.stops[numbers])
        if self.regular is not None:
            quoted = (self.text[begins] == QUOTE) & (self.text[ends - 1] == QUOTE) & (ends - begins > 1)
            begins, ends = begins + quoted, ends - quoted
        return [self.chunk[begin:end] for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)]


def find(chunk: bytes) -> Lines:
    """The lines of ``chunk``, whose last line may lack its end."""
    text = np.frombuffer(chunk + b"," * (_SPARE + -len(chunk) % 64), np.uint8)
    feeds = _positions(_bitmap(text, LF))
    ends = feeds if chunk.endswith(b"\n") else np.append(feeds, len(chunk))
    starts = np.zeros_like(ends)
    np.add(ends[:-1], 1, out=starts[1:])
    stops = ends
    if b"\r" in chunk:
        closed = text[feeds[feeds > 0] - 1] == CR
        if np.bitwise_count(_bitmap(text, CR)).sum() != np.count_nonzero(closed):
            return find(chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n"))
        stops = ends - ((text[ends - 1] == CR) & (ends > starts))
    if len(ends) and (stops == starts).any():
        there = stops > starts
        starts, stops = starts[there], stops[there]
    commas = _bitmap(text, COMMA)
    regular = None
    if b'"' in chunk:
        regular, commas = _outside_quotes(text, starts, stops, commas)
    return Lines(chunk, text, starts, stops, commas, _counts(commas, starts, stops), regular)


def _outside_quotes(text: Array, starts: Array, stops: Array, commas: Array) -> tuple[Array, Array]:
    """Which lines have quotes that begin and end fields and nothing else; and the commas outside of them.

    A byte is inside quotes if the number of quotes up to it is odd; a doubled quote changes nothing. That holds
    as long as every opening quote follows a comma, the start of a line, or the quote that it doubles.
    """
    quotes = _bitmap(text, QUOTE)
    odd = np.flatnonzero(_counts(quotes, starts, stops) & 1)
    if len(odd):
        text = text.copy()
        for start, stop in zip(starts[odd].tolist(), stops[odd].tolist(), strict=True):
            line = text[start:stop]
            line[line == QUOTE] = 0
        quotes = _bitmap(text, QUOTE)
    inside = _odd_so_far(quotes)
    outside = commas & ~inside
    may = outside | quotes | _bitmap(text, LF) | _bitmap(text, CR)
    before = may << _ONE
    before[1:] |= may[:-1] >> np.uint64(63)
    before[0] |= _ONE
    strange = _positions(quotes & inside & ~before)
    regular = np.ones(len(starts), bool)
    regular[odd] = False
    regular[np.searchsorted(starts, strange, "right") - 1] = False
    return regular, outside


def _bitmap(text: Array, byte: int) -> Array:
    """A bit for each byte of ``text``, 64 to a word, the first in the lowest: whether it is ``byte``."""
    bitmap = np.empty(len(text) // 8, np.uint8)
    for at in range(0, len(text), _BLOCK):
        block = np.packbits(text[at : at + _BLOCK] == byte, bitorder="little")
        bitmap[at // 8 : at // 8 + len(block)] = block
    return bitmap.view(np.uint64)


def _positions(bitmap: Array) -> Array:
    """The positions of the bits that are set, in order."""
    at = np.flatnonzero(bitmap)
    words = bitmap[at]
    many = np.bitwise_count(words)
    to = np.cumsum(many, dtype=np.int64)
    found = np.empty(to[-1] if len(to) else 0, np.int64)
    to -= many
    while len(at):
        rest = words & (words - _ONE)
        found[to] = (at << 6) + np.bitwise_count((words ^ rest) - _ONE)
        more = np.flatnonzero(rest)
        words, at, to = rest[more], at[more], to[more] + 1
    return found


def _counts(bitmap: Array, starts: Array, stops: Array) -> Array:
    """How many bits are set between each of ``starts`` and its stop; none are set between two lines."""
    if not len(starts):
        return np.zeros(0, np.int64)
    before = np.cumsum(np.bitwise_count(bitmap), dtype=np.int64)
    at = stops >> 6
    until = before[at] - np.bitwise_count(bitmap[at] >> (stops & 63).view(np.uint64))
    return np.diff(until, prepend=0)


def _next(bitmap: Array, at: Array) -> Array:
    """The first bit that is set at each of ``at`` or after it."""
    word = at >> 6
    bits = bitmap[word] & (_ALL << (at & 63).view(np.uint64))
    none = np.flatnonzero(bits == 0)
    while len(none):
        word[none] += 1
        bits[none] = bitmap[word[none]]
        none = none[bits[none] == 0]
    return (word << 6) + np.bitwise_count((bits & (~bits + _ONE)) - _ONE)


def _odd_so_far(bitmap: Array) -> Array:
    """A bit for each bit: whether the number of bits set up to it, itself included, is odd."""
    odd = bitmap.copy()
    for step in (1, 2, 4, 8, 16, 32):
        odd ^= odd << np.uint64(step)
    whole = np.bitwise_xor.accumulate(np.bitwise_count(bitmap) & 1)
    odd[1:] ^= np.where(whole[:-1], _ALL, np.uint64(0))
    return odd
