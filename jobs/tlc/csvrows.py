"""Which rows of a CSV file count, in which window, and why the others do not.

Compiled code proves nearly all rows good without looking at one of them from Python (``scan``, ``times.count``).
What it does not prove is suspect, and is judged line by line with Python's csv module: slow, exact, and rare. A
megabyte, if a process is not to read more, is all judged so, because to load the compiled code would take longer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from tlc import csvfiles, rules, times
from tlc.csvfiles import Chunk
from tlc.errors import FileError
from tlc.monthly import MOST_WINDOWS, Month

DOUBTFUL_ROWS = 8192
"""Rows that the compiled code leaves to slower code at once."""
_FEW = 64
"""Rows that are judged one by one sooner than Arrow is started for them."""


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


@dataclass
class Patience:
    """How many bytes of CSV this process goes on judging row by row."""

    left: int = 1 << 20

    def expect(self, size: int) -> None:
        """``size`` bytes are to come: if they are too many, none is judged so."""
        if size > self.left:
            self.left = 0

    def lasts(self, size: int) -> bool:
        """Whether ``size`` bytes more are to be judged so."""
        self.left -= min(size, self.left + 1)
        return self.left >= 0


patience = Patience()


def tally(chunks: Iterable[Chunk], shape: Shape) -> Tally:
    """Count the rows of ``chunks``, which follow each other. Raises FileError."""
    rows, month = 0, np.zeros(MOST_WINDOWS, np.int64)
    windows: times.Windows = []
    refused: list[Refused] = []
    for found in _found(chunks, shape, month):
        starts = []
        for number, line in found.suspects:
            verdict = _judge(line, shape, found.cut_off and number == found.rows - 1)
            if isinstance(verdict, str):
                refused.append(Refused(rows + number + 1, verdict, line))
            else:
                starts.append(verdict)
        windows += found.windows + times.single(starts)
        rows += found.rows
    return Tally(rows, month, windows, refused)


class _Found(NamedTuple):
    """Rows that follow each other, trips of those that count for sure, and the others: number, from 0, and line.
    ``cut_off``: the last row is the file's, which ends without a line end.
    """

    rows: int
    windows: times.Windows
    suspects: list[tuple[int, str]]
    cut_off: bool


def _found(chunks: Iterable[Chunk], shape: Shape, trips: Any) -> Iterator[_Found]:
    """The rows of ``chunks``; those that are plainly of the file's month may be added to ``trips`` instead."""
    for chunk in chunks:
        if patience.lasts(chunk.size):
            lines = [line for line in chunk.content().splitlines() if line]
            suspects = [(number, _text(line)) for number, line in enumerate(lines)]
            yield _Found(len(lines), [], suspects, chunk.cut_off)
        else:
            yield from _scanned(chunk, shape, trips)


def _scanned(chunk: Chunk, shape: Shape, trips: Any) -> Iterator[_Found]:
    from tlc import scan

    text, at = np.frombuffer(chunk.buffer, np.uint8), 0
    month = (shape.month.prefix, shape.month.days, trips)
    doubtful = np.empty((DOUBTFUL_ROWS, 5), np.int64)
    while at < chunk.size:
        at, rows, many, foreign = scan.rows(
            text, at, chunk.size, shape.fields, shape.position, *month, doubtful
        )
        if foreign:
            _text(chunk.content())
        windows, suspects = _doubted(chunk, doubtful[:many], shape.limits) if many else ([], [])
        yield _Found(rows, windows, suspects, chunk.cut_off and at == chunk.size)


def _doubted(
    chunk: Chunk, doubtful: Any, limits: times.Limits
) -> tuple[times.Windows, list[tuple[int, str]]]:
    """Trips of those ``doubtful`` rows of ``scan`` whose pickup time can be read, if they are many; the others, which
    stay suspect.
    """
    from tlc import scan

    windows, suspect = [], np.ones(len(doubtful), bool)
    fit = np.flatnonzero(doubtful[:, scan.BEGIN] != scan.UNPROVED)
    if len(fit) > _FEW:
        windows, unread = times.count(_slices(chunk, doubtful[fit][:, [scan.BEGIN, scan.END]]), limits)
        suspect[np.delete(fit, unread)] = False
    places = doubtful[suspect][:, [scan.ROW, scan.START, scan.STOP]].tolist()
    return windows, [(number, _text(chunk.buffer[at:stop])) for number, at, stop in places]


def _slices(chunk: Chunk, places: Any) -> Any:
    """The texts of ``chunk`` at ``places``, rows of begin and end, as an Arrow array of strings."""
    return pa.array([_text(chunk.buffer[begin:end]) for begin, end in places.tolist()], pa.string())


def _text(line: bytes | bytearray) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise FileError("it is not UTF-8 text") from error


def _judge(line: str, shape: Shape, cut_off: bool) -> int | str:
    """The start of the window of one row, or the first reason why it does not count."""
    fields = csvfiles.fields(line)
    if len(fields) < shape.fields:
        return rules.CUT_OFF if cut_off else rules.FIELDS
    if len(fields) > shape.fields + rules.SPARE_FIELDS or any(fields[shape.fields :]):
        return rules.FIELDS
    return times.judge(fields[shape.position], shape.limits)
