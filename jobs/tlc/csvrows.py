"""Which rows of a CSV file count, in which window, and why the others do not.

Compiled code proves nearly all rows good without looking at one of them from Python (``scan``, ``times.count``).
What it does not prove is suspect, and is judged line by line with Python's csv module: slow, exact, and rare. The
first megabyte that a process reads is all judged so, because to load the compiled code would take longer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from tlc import csvfiles, rules, times
from tlc.csvfiles import Chunk
from tlc.errors import FileError
from tlc.monthly import MOST_WINDOWS, Month

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
    for chunk in chunks:
        found = _all(chunk) if patience.lasts(chunk.size) else _scanned(chunk, shape, month)
        starts = []
        for number, line in found.suspects:
            verdict = _judge(line, shape, chunk.cut_off and number == found.rows - 1)
            if isinstance(verdict, str):
                refused.append(Refused(rows + number + 1, verdict, line))
            else:
                starts.append(verdict)
        windows += found.windows + times.single(starts)
        rows += found.rows
    return Tally(rows, month, windows, refused)


class _Found(NamedTuple):
    """Rows of a chunk, trips of those that count for sure, and the others: number, from 0, and line."""

    rows: int
    windows: times.Windows
    suspects: list[tuple[int, str]]


def _all(chunk: Chunk) -> _Found:
    """Every row of ``chunk`` as a suspect."""
    lines = [line for line in chunk.content().splitlines() if line]
    return _Found(len(lines), [], [(number, _text(line)) for number, line in enumerate(lines)])


def _scanned(chunk: Chunk, shape: Shape, trips: Any) -> _Found:
    """The rows of ``chunk``; those that are plainly of the file's month are added to ``trips``."""
    from tlc import scan

    text = np.frombuffer(chunk.buffer, np.uint8)
    if text[: chunk.size].max() > 127:
        _text(chunk.content())
        text = np.where(text < 128, text, ord("?")).astype(np.uint8)
    words = text[: len(text) // 8 * 8].view(np.uint64)
    quotes = chunk.buffer.find(b'"', 0, chunk.size) >= 0
    fields = (quotes, shape.fields, shape.position)
    month = (shape.month.prefix, shape.month.days, trips)
    doubtful = np.empty((chunk.size // 2 + 1, 5), np.int64)
    rows, many = scan.rows(text, words, chunk.size, *fields, *month, doubtful)
    return _counted(chunk, rows, doubtful[:many], shape.limits) if many else _Found(rows, [], [])


def _counted(chunk: Chunk, rows: int, doubtful: Any, limits: times.Limits) -> _Found:
    """Of the ``doubtful`` rows of ``scan``, if they are many, those whose pickup time can be read count; the others
    are suspect.
    """
    from tlc import scan

    windows, suspect = [], np.ones(len(doubtful), bool)
    fit = np.flatnonzero(doubtful[:, scan.BEGIN] != scan.UNPROVED)
    if len(fit) > _FEW:
        windows, unread = times.count(_slices(chunk, doubtful[fit][:, [scan.BEGIN, scan.END]]), limits)
        suspect[np.delete(fit, unread)] = False
    numbers = doubtful[suspect, scan.ROW].tolist()
    lines = _slices(chunk, doubtful[suspect][:, [scan.START, scan.STOP]]).to_pylist()
    return _Found(rows, windows, list(zip(numbers, lines, strict=True)))


def _slices(chunk: Chunk, places: Any) -> Any:
    """The texts of ``chunk`` at ``places``, rows of begin and end, as an Arrow array of strings."""
    view = memoryview(chunk.buffer)
    return pa.array([view[begin:end].tobytes() for begin, end in places.tolist()], pa.binary()).cast(
        pa.string()
    )


def _text(line: bytes) -> str:
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
