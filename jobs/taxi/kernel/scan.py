"""The scan of CSV, which is compiled into ``jobs/taxi/scan.ll`` (``make kernel``).

The scan counts rows in one pass over their bytes. A row is counted there only if its bytes prove that it counts
(``taxi.rules``): as many fields as the header, quotes that begin and end fields and nothing else, and a pickup time
``YYYY-MM-DD HH:MM:SS`` of the file's own month. Nearly all rows are so. Every other row it leaves to slower code.

BLOCK bytes are compared at once: LLVM has vectors of any length, and makes of them what the processor has. Words of
eight bytes are read lowest byte first. Numba compiles this into LLVM's language for no processor in particular, of
which jobs make machine code without Numba: to import that takes a fifth of a second, and to compile this a whole one.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

os.environ |= {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
JOBS = Path(__file__).resolve().parents[2]
sys.path[0] = str(JOBS)

import numba  # noqa: E402 - it reads the environment
import numpy as np  # noqa: E402
from llvmlite import ir  # noqa: E402
from numba import types  # noqa: E402
from numba.core import cgutils  # noqa: E402
from numba.extending import intrinsic  # noqa: E402

from taxi.rules import SPARE_FIELDS  # noqa: E402
from taxi.scan_layout import (  # noqa: E402
    AT,
    BEGIN,
    COLUMNS,
    END,
    FILLED,
    LAST,
    LINES,
    NEXT,
    NO_FILE,
    PADDING,
    ROW,
    START,
    STOP,
    UNPROVED,
)

TARGET = JOBS / "taxi" / "scan.ll"
_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
_WRITTEN = "; Written by jobs/taxi/kernel/scan.py with Python "
BLOCK = PADDING
"""Bytes that are compared together, as many as one word has bits."""

_LF, _CR, _QUOTE, _COMMA, _ASCII = (ord(character) for character in '\n\r",\x80')
_LENGTH = len("YYYY-MM-DD HH:MM:SS")
_BYTES, _NUMBERS = types.CPointer(types.uint8), types.CPointer(types.int64)
_VECTOR, _BITS = ir.VectorType(ir.IntType(8), BLOCK), ir.IntType(BLOCK)


def _word(content: bytes) -> Any:
    return np.uint64(int.from_bytes(content, "little"))


def _most(pattern: str) -> Any:
    """What takes a byte above its limit to 0x80 or more: 9 where the pattern has a 9, 5 at a 5, 0 elsewhere."""
    return _word(bytes(0x7F - (int(character) if character in "59" else 0) for character in pattern))


_DAY_TO_MINUTE, _SECOND, _THREE_BYTES = _word(b"00 00:00"), _word(b":00"), _word(b"\xff" * 3)
_MOST_DAY_TO_MINUTE, _MOST_SECOND, _HIGHEST = _most("99 99:59"), _most(":59"), _word(b"\x80" * 8)
_ONE, _TEN, _BYTE = np.uint64(1), np.uint64(10), np.uint64(0xFF)
_TO_ONES, _TO_HOUR, _TO_MINUTE = (np.uint64(8 * place) for place in (1, 3, 6))


def _loaded(builder: Any, arguments: Any, kind: Any) -> Any:
    """The value of LLVM's type ``kind`` in the bytes from a place on: ``arguments``."""
    place = builder.bitcast(builder.gep(arguments[0], [arguments[1]]), kind.as_pointer())
    return builder.load(place, align=1)


def _which(builder: Any, block: Any, comparison: str, byte: int) -> Any:
    """For which bytes of a block it holds, as a word in which the lowest bit stands for the first byte."""
    holds = builder.icmp_unsigned(comparison, block, ir.Constant(_VECTOR, [byte] * BLOCK))
    return builder.bitcast(holds, _BITS)


@intrinsic  # type: ignore[untyped-decorator]
def _masks(_typing: Any, text: Any, at: Any) -> Any:
    """Which of the BLOCK bytes of ``text`` from ``at`` on end a line, are commas, are quotes, and are not of ASCII."""

    def code(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        block = _loaded(builder, arguments, _VECTOR)
        lf, cr = _which(builder, block, "==", _LF), _which(builder, block, "==", _CR)
        others = (("==", _COMMA), ("==", _QUOTE), (">=", _ASCII))
        masks = [builder.or_(lf, cr), *(_which(builder, block, *each) for each in others)]
        return context.make_tuple(builder, signature.return_type, masks)

    return types.UniTuple(types.uint64, 4)(text, at), code


@intrinsic  # type: ignore[untyped-decorator]
def _commas(_typing: Any, text: Any, at: Any) -> Any:
    """Which of the BLOCK bytes of ``text`` from ``at`` on are commas."""

    def code(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return _which(builder, _loaded(builder, arguments, _VECTOR), "==", _COMMA)

    return types.uint64(text, at), code


@intrinsic  # type: ignore[untyped-decorator]
def _eight(_typing: Any, text: Any, at: Any) -> Any:
    """The eight bytes of ``text`` from ``at`` on as a word."""

    def code(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return _loaded(builder, arguments, ir.IntType(64))

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


@intrinsic  # type: ignore[untyped-decorator]
def _read(_typing: Any, text: Any, at: Any, size: Any, file: Any, position: Any) -> Any:
    """``pread`` of POSIX: up to ``size`` bytes of the file of a descriptor, from ``position`` on, into ``text`` from
    ``at`` on. How many there were: 0 at the file's end, -1 after an error.
    """

    def code(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        place = builder.gep(arguments[0], [arguments[1]])
        size, file, position = arguments[2], builder.trunc(arguments[3], ir.IntType(32)), arguments[4]
        kind = ir.FunctionType(size.type, [file.type, place.type, size.type, position.type])
        pread = cgutils.get_or_insert_function(builder.module, kind, "pread")
        return builder.call(pread, [file, place, size, position])

    return types.int64(text, at, size, file, position), code


_OF_NUMBA = ("target ", "source_filename", "; ModuleID", "@_ZN08NumbaEnv")
"""How lines begin that say for which machine LLVM's language was made, or serve only Numba itself."""
_part = numba.njit(error_model="numpy", inline="always")


@_part
def _more(file, places, text, room):  # type: ignore[no-untyped-def]
    """Read the next chunk of a plain file as ``csvfiles.Lines.more`` does: whether there is one. Whatever is not simple
    is left to that: errors, the file's end, and a line that does not fit.
    """
    rest = places[FILLED] - places[LINES]
    size = min(room - rest, places[LAST] - places[NEXT])
    if file == NO_FILE or size <= 0:
        return False
    for n in range(rest):
        text[n] = text[places[LINES] + n]
    got = max(0, _read(text, rest, size, file, places[NEXT]))
    end = rest + got
    places[FILLED] = end
    places[NEXT] += got
    while end > 0 and text[end - 1] != _LF:
        end -= 1
    places[AT] = 0
    places[LINES] = end
    return end > 0


@_part
def _quoted(text, start, position):  # type: ignore[no-untyped-def]
    """How many fields the line from ``start`` on has, 0 if that is not sure, because a quote is neither the first nor
    the last character of one; where field ``position`` begins and ends.
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
            return fields if sure else 0, begin, end
        at += 1


@_part
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
    day, hour = np.int64(numbers & _BYTE), np.int64(numbers >> _TO_HOUR & _BYTE)
    minute = np.int64(numbers >> _TO_MINUTE & _BYTE)
    proved = (_eight(text, at) == month) & (others & _HIGHEST == 0)
    if proved & (day >= 1) & (day <= days) & (hour <= 23):
        return ((day - 1) * 24 + hour) * 4 + minute // 15
    return -1


@_part
def _spare(text, stop, fields):  # type: ignore[no-untyped-def]
    """Whether the last ``fields`` of the line that stops at ``stop`` are empty, and few enough."""
    if fields < 0 or fields > SPARE_FIELDS:
        return False
    for back in range(1, fields + 1):  # noqa: SIM110 - Numba compiles no generator
        if text[stop - back] != _COMMA:
            return False
    return True


def rows(file, places, text, room, fields, position, month, days, trips, doubtful, most, texts, left):  # type: ignore[no-untyped-def]
    """What ``taxi.scan.rows`` says. ``room``, ``most``, ``left``: how many bytes ``text``, rows ``doubtful`` and bytes
    ``texts`` may hold; ``month``: ``YYYY-MM-`` as a word; ``days``: how many it has.

    Blocks follow each other without regard to lines: no step waits for where the line before it ended.
    """
    number, others, used, foreign, more = 0, 0, 0, False, True
    while more:
        next_start, size = places[AT], places[LINES]
        at, seen, quoted = next_start, 0, False  # commas and quotes of the line before the block
        while at < size and more:
            ends, commas, quotes, odd = _masks(text, at)
            foreign |= odd != 0
            if size - at < BLOCK:
                ends &= (_ONE << np.uint64(size - at)) - _ONE
            while ends != 0:
                before = (ends - _ONE) & ~ends
                stop = at + _lowest(ends)
                ends &= ends - _ONE
                start, next_start = next_start, stop + 1
                found, plain = seen + _many(commas & before) + 1, not quoted and quotes & before == 0
                commas, quotes, seen, quoted = commas & ~before, quotes & ~before, 0, False
                if stop == start:
                    continue
                begin, ahead = start, _commas(text, start)
                for _ in range(position):
                    begin = start + _lowest(ahead) + 1
                    ahead &= ahead - _ONE
                end, plain = begin + _LENGTH, plain and begin <= start + BLOCK
                if not plain:
                    found, begin, end = _quoted(text, start, position)
                fit = _spare(text, stop, found - fields)
                window = _window(text, begin, month, days) if fit and end - begin == _LENGTH else -1
                if window >= 0 and (not plain or end == stop or text[end] == _COMMA):
                    trips[window] += 1
                else:
                    length = stop - start
                    if others == most or used + length > left:
                        next_start, more = start, False
                        break
                    if plain:
                        end = begin
                        while end < stop and text[end] != _COMMA:
                            end += 1
                    for n in range(length):
                        texts[used + n] = text[start + n]
                    row = others * COLUMNS
                    doubtful[row + ROW] = number
                    doubtful[row + START] = used
                    doubtful[row + STOP] = used + length
                    doubtful[row + BEGIN] = used + begin - start if fit else UNPROVED
                    doubtful[row + END] = used + end - start
                    others, used = others + 1, used + length
                number += 1
            seen, quoted, at = seen + _many(commas), quoted or quotes != 0, at + BLOCK
        places[AT] = next_start
        more = more and not foreign and _more(file, places, text, room)
    return number, others, np.int64(foreign)


def compiled() -> str:
    """``rows`` in LLVM's language, as a function that takes arrays as pointers, after one to its three results and one
    to an error, of which there is none.
    """
    arrays, numbers = (_NUMBERS, _BYTES), [types.int64] * 3
    kinds = [types.int64, *arrays, *numbers, types.uint64, types.int64]
    kinds += [_NUMBERS, _NUMBERS, types.int64, _BYTES, types.int64]
    signature = types.UniTuple(types.int64, 3)(*kinds)
    alone = {"error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    function = numba.njit(signature, **alone)(rows)
    name = function.overloads[tuple(kinds)].fndesc.llvm_func_name
    text = function.inspect_llvm(tuple(kinds)).replace(f"@{name}(", "@rows(")
    kept = [line for line in text.splitlines() if not line.startswith(_OF_NUMBA)]
    return "\n".join([f"{_WRITTEN}{_PYTHON}.", *kept, ""])


def check() -> None:
    """Exit with 1 unless ``TARGET`` is what would be written. Another Python writes the same in other words."""
    found = TARGET.read_text(encoding="ascii") if TARGET.exists() else ""
    if found.startswith(_WRITTEN) and not found.startswith(f"{_WRITTEN}{_PYTHON}."):
        print(f"not compared: {found.splitlines()[0][2:]} This is {_PYTHON}")
    elif found != compiled():
        sys.exit("error: jobs/taxi/scan.ll is not what is written from jobs/taxi/kernel/scan.py: make kernel")


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        check()
    elif sys.argv[1:]:
        sys.exit(f"error: {' '.join(sys.argv[1:])}: expected nothing, or --check")
    else:
        TARGET.write_text(compiled(), encoding="ascii")
