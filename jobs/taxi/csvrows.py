"""Which rows of a CSV file count, in which window, and why the others do not.

Compiled code proves nearly all rows good without looking at one of them from Python (``scan``, ``times.count``).
What it does not prove is suspect, and is judged line by line with Python's csv module: slow, exact, and rare. Half a
megabyte, if a process is not to read more, is all judged so, because to load the compiled code would take longer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from data_pipeline.etl.errors import FileError
from data_pipeline.etl.reading.quarantine import Refused
from taxi import csvfiles, rules, times
from taxi.csvfiles import Lines
from taxi.monthly import MOST_WINDOWS, Month
from taxi.scan_layout import AT, BEGIN, COLUMNS, END, LINES, ROW, START, STOP, UNPROVED

DOUBTFUL_ROWS = 8192
"""Rows that the compiled code leaves to slower code at once."""
DOUBTFUL_BYTES = csvfiles.LONGEST_LINE + csvfiles.HEADER_BYTES + csvfiles.CHUNK_BYTES
"""Bytes of their text at once: at least the longest line's. Memory is taken only where it is filled."""
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
class SlowPathBudget:
    """How many bytes of CSV this process goes on judging row by row. ``expected``: announced, and not judged yet."""

    left: int = 1 << 19
    expected: int = 0

    def expect(self, size: int, of: int = 0) -> None:
        """``size`` bytes more are to come, of ``of`` in all, if that is known: if these, or those that wait, are too
        many, none is judged so.
        """
        self.expected += size
        if max(self.expected, of) > self.left:
            self.left = 0

    def lasts(self, size: int) -> bool:
        """Whether ``size`` bytes more are to be judged so."""
        self.expected -= min(size, self.expected)
        self.left -= min(size, self.left + 1)
        return self.left >= 0


slow_path_budget = SlowPathBudget()


def tally(lines: Lines, shape: Shape) -> Tally:
    """Count the rows in ``lines``. Raises FileError."""
    rows, month = 0, np.zeros(MOST_WINDOWS, np.int64)
    windows: times.Windows = []
    refused: list[Refused] = []
    for found in _found(lines, shape, month):
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


def _found(lines: Lines, shape: Shape, trips: Any) -> Iterator[_Found]:
    """The rows in ``lines``; those that are plainly of the file's month may be added to ``trips`` instead."""
    doubted: _Doubted | None = None
    while lines.more():
        if slow_path_budget.lasts(int(lines.positions[LINES])):
            found = [line for line in lines.chunk().splitlines() if line]
            lines.positions[AT] = lines.positions[LINES]
            suspects = [(number, _text(line)) for number, line in enumerate(found)]
            yield _Found(len(found), [], suspects, lines.cut_off)
        else:
            doubted = doubted or _Doubted()
            yield doubted.scanned(lines, shape, trips)


class _Doubted:
    """The rows that ``scan`` leaves to slower code: their ``positions`` in ``text``."""

    def __init__(self) -> None:
        self.positions = np.empty((DOUBTFUL_ROWS, COLUMNS), np.int64)
        self.text = np.empty(DOUBTFUL_BYTES, np.uint8)

    def scanned(self, lines: Lines, shape: Shape, trips: Any) -> _Found:
        """The next rows in ``lines``, as ``_found`` gives them."""
        from taxi import scan

        rows, many, foreign = scan.rows(
            lines, shape.fields, shape.position, shape.month, trips, self.positions, self.text
        )
        if foreign:
            _text(lines.chunk())
        windows, suspects = self._judged(many, shape.limits) if many else ([], [])
        return _Found(
            rows, windows, suspects, lines.cut_off and lines.positions[AT] == lines.positions[LINES]
        )

    def _judged(self, many: int, limits: times.Limits) -> tuple[times.Windows, list[tuple[int, str]]]:
        """Trips of those of the first ``many`` rows whose pickup time can be read, if they are many; the others, which
        stay suspect.
        """
        windows: times.Windows = []
        places, suspect = self.positions[:many], np.ones(many, bool)
        fit = np.flatnonzero(places[:, BEGIN] != UNPROVED)
        if len(fit) > _FEW:
            texts = self._texts(places[fit][:, [BEGIN, END]])
            windows, unread = times.count(pa.array(texts, pa.string()), limits)
            suspect[np.delete(fit, unread)] = False
        found = places[suspect]
        texts = self._texts(found[:, [START, STOP]])
        return windows, list(zip(found[:, ROW].tolist(), texts, strict=True))

    def _texts(self, places: Any) -> list[str]:
        """What stands at ``places``, rows of begin and end."""
        with self.text.data as text:
            return [_text(bytes(text[begin:end])) for begin, end in places.tolist()]


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
