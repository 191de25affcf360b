"""The rows of a chunk of CSV, counted in one pass over its bytes by code that Numba compiles.

A row is counted here only if its bytes prove that it counts (``rules``): as many fields as the header, quotes that
begin and end fields and nothing else, and a pickup time ``YYYY-MM-DD HH:MM:SS`` of the file's own month. Nearly all
rows are so. Of every other row the scan says where it is, and leaves it to slower code.

BLOCK bytes are compared at once: LLVM has vectors of any length, and makes of them what the processor has. Words of
eight bytes are read lowest byte first, as all processors do for which there is Numba.

To import this module takes a quarter of a second, and one more where Numba has not kept its machine code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from tlc.rules import SPARE_FIELDS

ROW, START, STOP, BEGIN, END = range(5)
"""Columns of ``doubtful``: the row's number, from 0; where its line starts and, without its line end, stops; where
its pickup time begins and ends, without quotes. BEGIN is UNPROVED if the fields may not be those of the header.
"""
UNPROVED = -1
BLOCK = 64
"""Bytes that are read together, as many as one word has bits; no more than ``csvfiles.PADDING``."""

_LF, _CR, _QUOTE, _COMMA, _ASCII = (ord(character) for character in '\n\r",\x80')
_LENGTH = len("YYYY-MM-DD HH:MM:SS")


def _word(content: bytes) -> Any:
    return np.uint64(int.from_bytes(content, "little"))


def _most(pattern: str) -> Any:
    """What takes a byte above its limit to 0x80 or more: 9 where the pattern has a 9, 5 at a 5, 0 elsewhere."""
    return _word(bytes(0x7F - (int(character) if character in "59" else 0) for character in pattern))


_DAY_TO_MINUTE, _SECOND, _THREE_BYTES = _word(b"00 00:00"), _word(b":00"), _word(b"\xff" * 3)
_MOST_DAY_TO_MINUTE, _MOST_SECOND, _HIGHEST = _most("99 99:59"), _most(":59"), _word(b"\x80" * 8)
_ONE, _TEN, _BYTE = np.uint64(1), np.uint64(10), np.uint64(0xFF)
_TO_ONES, _TO_HOUR, _TO_MINUTE = (np.uint64(8 * place) for place in (1, 3, 6))


def _compiled(signature: str) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function to run without Python's lock; keep the machine code if any folder for it can be written."""

    def compiled(function: Callable[..., Any]) -> Any:
        try:
            return numba.njit(signature, nogil=True, cache=True)(function)
        except RuntimeError:
            return numba.njit(signature, nogil=True)(function)

    return compiled


def _loaded(context: Any, builder: Any, kinds: Any, arguments: Any, what: Any) -> Any:
    """The value of LLVM's type ``what`` in the bytes of an array from a place on: ``arguments``, of ``kinds``."""
    data = context.make_array(kinds[0])(context, builder, arguments[0]).data
    place = builder.bitcast(builder.gep(data, [arguments[1]]), what.as_pointer())
    return builder.load(place, align=1)


@intrinsic  # type: ignore[untyped-decorator]
def _masks(_typing: Any, text: Any, at: Any) -> Any:
    """Which of the BLOCK bytes of ``text`` from ``at`` on end a line, are commas, are quotes, and are not of ASCII:
    four words, in which the lowest bit stands for the first byte.
    """

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.VectorType(ir.IntType(8), BLOCK)
        block = _loaded(context, builder, signature.args, arguments, kind)

        def which(comparison: str, byte: int) -> Any:
            found = builder.icmp_unsigned(comparison, block, ir.Constant(kind, [byte] * BLOCK))
            return builder.bitcast(found, ir.IntType(BLOCK))

        ends = builder.or_(which("==", _LF), which("==", _CR))
        masks = [ends, which("==", _COMMA), which("==", _QUOTE), which(">=", _ASCII)]
        return context.make_tuple(builder, signature.return_type, masks)

    return types.UniTuple(types.uint64, 4)(text, at), code


@intrinsic  # type: ignore[untyped-decorator]
def _eight(_typing: Any, text: Any, at: Any) -> Any:
    """The eight bytes of ``text`` from ``at`` on as a word."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _loaded(context, builder, signature.args, arguments, ir.IntType(64))

    return types.uint64(text, at), code


@intrinsic  # type: ignore[untyped-decorator]
def _lowest(_typing: Any, mask: Any) -> Any:  # noqa: ARG001 - only its name counts
    """The number of the lowest bit that is set in ``mask``, from 0; 64 if none is."""

    def code(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), code


@intrinsic  # type: ignore[untyped-decorator]
def _many(_typing: Any, mask: Any) -> Any:  # noqa: ARG001 - only its name counts
    """How many bits are set in ``mask``."""

    def code(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), code


@numba.njit(nogil=True)  # type: ignore[untyped-decorator]
def _plain_line(text, start, position):  # type: ignore[no-untyped-def]
    """Where a line stops; how many fields it has, 0 if it has quotes or field ``position`` does not begin within
    BLOCK bytes; where that field begins; and whether bytes are near that are not of ASCII.
    """
    ends, commas, quotes, foreign = _masks(text, start)
    begin, ahead = start, commas
    for _ in range(position):
        begin = start + _lowest(ahead) + 1
        ahead &= ahead - _ONE
    stop, fields = start, 1
    while ends == 0:
        fields += _many(commas)
        stop += BLOCK
        ends, commas, more, others = _masks(text, stop)
        quotes |= more
        foreign |= others
    fields += _many(commas & (ends - _ONE) & ~ends)
    return stop + _lowest(ends), 0 if quotes or begin > start + BLOCK else fields, begin, foreign != 0


@numba.njit(nogil=True)  # type: ignore[untyped-decorator]
def _any_line(text, start, position):  # type: ignore[no-untyped-def]
    """Where a line stops; how many fields it has, 0 if that is not sure, because a quote is neither the first nor the
    last character of one; where field ``position`` begins and ends.
    """
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


@numba.njit(nogil=True)  # type: ignore[untyped-decorator]
def _window(text, at, month, days):  # type: ignore[no-untyped-def]
    """The number of the window in the month of the 19 characters from ``at`` on; -1 if they are no time of it.

    A byte less its pattern's (by exclusive or, so that no byte borrows) is a digit's value, and 0 for a mark; adding
    what is left to 0x7F finds the larger ones. Ten times a word and the word one byte on has in each byte the
    number of two digits, at most 99.
    """
    digits = _eight(text, at + 8) ^ _DAY_TO_MINUTE
    second = (_eight(text, at + 16) & _THREE_BYTES) ^ _SECOND
    others = digits | (digits + _MOST_DAY_TO_MINUTE) | second | (second + _MOST_SECOND)
    numbers = digits * _TEN + (digits >> _TO_ONES)
    day, hour, minute = numbers & _BYTE, numbers >> _TO_HOUR & _BYTE, numbers >> _TO_MINUTE & _BYTE
    proved = (_eight(text, at) == month) & (others & _HIGHEST == 0)
    if proved & (day >= 1) & (day <= days) & (hour <= 23):
        return np.int64(((day - 1) * 24 + hour) * 4 + minute // 15)
    return -1


@numba.njit(nogil=True)  # type: ignore[untyped-decorator]
def _empty(text, stop, fields):  # type: ignore[no-untyped-def]
    """Whether the last ``fields`` of the line that stops at ``stop`` are empty, and few enough to be spare."""
    if fields < 0 or fields > SPARE_FIELDS:
        return False
    for back in range(1, fields + 1):  # noqa: SIM110 - Numba compiles no generator
        if text[stop - back] != _COMMA:
            return False
    return True


@_compiled(
    "Tuple((int64, int64, int64, boolean))"
    "(uint8[::1], int64, int64, int64, int64, uint8[::1], int64, int64[::1], int64[:, ::1])"
)
def rows(text, at, size, fields, position, month, days, trips, doubtful):  # type: ignore[no-untyped-def]
    """Add the rows of the chunk ``text[:size]`` from ``at`` on that are proved to count to ``trips``, by number of the
    window in the month; write the others into ``doubtful``, and stop when it is full. Returns where the scan stopped,
    how many rows there were, how many are doubtful, and whether other characters than those of ASCII may be near.

    ``fields``: of the header; ``position``: that of the pickup time, from 0. ``month``: ``YYYY-MM-`` in bytes;
    ``days``: how many it has. The chunk ends with LF; BLOCK bytes, whatever they are, follow it.
    """
    number, others, foreign, prefix = 0, 0, False, _eight(month, 0)
    while at < size and others < len(doubtful):
        start = at
        stop, found, begin, more = _plain_line(text, start, position)
        end = begin + _LENGTH
        at = stop + 1
        foreign |= more
        if stop == start:
            continue
        plain = found > 0
        if not plain:
            stop, found, begin, end = _any_line(text, start, position)
        fit = _empty(text, stop, found - fields)
        window = _window(text, begin, prefix, days) if fit and end - begin == _LENGTH else -1
        if window >= 0 and (not plain or end == stop or text[end] == _COMMA):
            trips[window] += 1
        else:
            if plain:
                end = begin
                while end < stop and text[end] != _COMMA:
                    end += 1
            doubtful[others, ROW], doubtful[others, START], doubtful[others, STOP] = number, start, stop
            doubtful[others, BEGIN], doubtful[others, END] = begin if fit else UNPROVED, end
            others += 1
        number += 1
    return at, number, others, foreign
