"""Which rows of a chunk of CSV count, in which window, and why the others do not.

Whole-array operations prove nearly all rows good without looking at one of them from Python (``lines``,
``monthly``, ``times.count``). What they do not prove is suspect, and is judged line by line with Python's csv
module: slow, exact, and rare.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from tlc import csvfiles, lines, rules, times
from tlc.errors import FileError
from tlc.lines import COMMA, Lines
from tlc.monthly import BINS, Month


@dataclass(frozen=True)
class Shape:
    """What a file's header and name say of its rows: number of fields, position of the pickup time (from 0),
    the file's month, and the times that count, of which all of the month are some.
    """

    fields: int
    position: int
    month: Month
    limits: times.Limits


class Refused(NamedTuple):
    """A row that does not count: its number, from 1, the reason, and its text."""

    row: int
    reason: str
    raw: str | None


@dataclass(frozen=True)
class Tally:
    """Rows that follow each other: trips by number of the month's window, trips by start of other windows, and
    ``refused`` rows, numbered from the first of these rows.
    """

    rows: int
    month: Any
    windows: times.Windows
    refused: list[Refused]


def tally(chunk: bytes, shape: Shape) -> Tally:
    """Count the rows of ``chunk``, which ends where a line does or with its file. Raises FileError."""
    found = lines.find(chunk)
    if found.text.max() > 127 and not csvfiles.is_text(chunk):
        raise FileError("it is not UTF-8 text")
    fit = _fit(found, shape.fields)
    begins = found.field(shape.position)
    window, plain = shape.month.read(found.text, begins, found.regular is not None)
    plain &= fit
    month = np.bincount(window[plain], minlength=BINS)
    others = np.flatnonzero(~plain)
    if not len(others):
        return Tally(len(found), month, [], [])
    readable = others[fit[others]]
    windows, doubtful = times.count(_texts(found, readable, begins), shape.limits)
    suspects = np.sort(np.concatenate([others[~fit[others]], readable[doubtful]])).tolist()
    starts, refused = _judged(found, suspects, shape)
    return Tally(len(found), month, windows + times.single(starts), refused)


def tally_all(chunks: Iterable[bytes], shape: Shape) -> Tally:
    """Count the rows of ``chunks``, which follow each other. Raises FileError."""
    rows, month = 0, np.zeros(BINS, np.int64)
    windows: times.Windows = []
    refused: list[Refused] = []
    for chunk in chunks:
        one = tally(chunk, shape)
        refused += (row._replace(row=rows + row.row) for row in one.refused)
        rows += one.rows
        month += one.month
        windows += one.windows
    return Tally(rows, month, windows, refused)


def _fit(found: Lines, fields: int) -> Any:
    """Which lines have as many fields as the header, or up to SPARE_FIELDS more that are empty."""
    spare = found.counts - (fields - 1)
    fit: Any = spare == 0
    for more in range(1, rules.SPARE_FIELDS + 1):
        empty = np.flatnonzero(spare == more)
        for back in range(1, more + 1):
            empty = empty[found.text[found.stops[empty] - back] == COMMA]
        fit[empty] = True
    return fit if found.regular is None else fit & found.regular


def _texts(found: Lines, numbers: Any, begins: Any) -> Any:
    """The pickup times of the lines ``numbers`` as an Arrow array."""
    return pa.array(found.texts(numbers, begins[numbers]), pa.binary()).cast(pa.string())


def _judged(found: Lines, suspects: Iterable[int], shape: Shape) -> tuple[list[int], list[Refused]]:
    """The starts of the windows of those of ``suspects`` that count, and the rows that do not."""
    cut_off = None if found.chunk.endswith((b"\n", b"\r")) else len(found) - 1
    starts, refused = [], []
    for at in suspects:
        line = found.line(at).decode()
        verdict = _judge(line, shape, at == cut_off)
        if isinstance(verdict, str):
            refused.append(Refused(at + 1, verdict, line))
        else:
            starts.append(verdict)
    return starts, refused


def _judge(line: str, shape: Shape, cut_off: bool) -> int | str:
    """The start of the window of one row, or the first reason why it does not count."""
    fields = csvfiles.fields(line)
    if len(fields) < shape.fields:
        return rules.CUT_OFF if cut_off else rules.FIELDS
    if len(fields) > shape.fields + rules.SPARE_FIELDS or any(fields[shape.fields :]):
        return rules.FIELDS
    return times.judge(fields[shape.position], shape.limits)
