"""What a record of a CSV file is.

A field in quotes begins and ends with the quote, which stands in it as two; everything else between them belongs to
the field, line ends too. Behind it comes the delimiter or a line end. Any other field goes to the next delimiter or
line end, and a quote in it is a character like others. Lines end with ``\\n``, ``\\r\\n`` or ``\\r``, each where it
likes. A line without a character is no record.

A record whose quote does not close, or is followed by anything else, is *malformed*: its first line is the record,
and the next one begins behind it. So one lost quote costs one row. A quote that is open for ``LONGEST`` bytes does
not close.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

LONGEST = 64 << 20
"""Bytes of the longest record."""
NEW_LINES = (10, 13)
_LINE_END = re.compile(rb"[\r\n]")


@dataclass(frozen=True)
class Dialect:
    """``delimiter`` and ``quote`` in UTF-8; an empty quote quotes nothing."""

    delimiter: bytes
    quote: bytes

    @property
    def plain(self) -> bool:
        """Whether each is one byte, as Arrow wants it."""
        return len(self.delimiter) == 1 and len(self.quote) <= 1


class Record(NamedTuple):
    """Its bytes in the data, without the line end, and its fields; None if it is malformed."""

    start: int
    end: int
    fields: list[bytes] | None


def record(data: bytes, at: int, dialect: Dialect, last: bool) -> Record | None:
    """The record that begins at ``at``, where there is a character and no line end. ``last``: nothing comes behind
    ``data``. None if more of the file is needed to tell.
    """
    fields: list[bytes] = []
    position, line_end = at, -1
    while True:
        if dialect.quote and data.startswith(dialect.quote, position):
            found = _quoted(data, position, dialect)
            if found is None:
                return _malformed(data, at, last) if last or len(data) - at >= LONGEST else None
            end, text = found
            if end == len(data) and not last:
                return None
            ends = end == len(data) or data[end] in NEW_LINES
            if not ends and not data.startswith(dialect.delimiter, end):
                cut_off = len(data) - end < len(dialect.delimiter) and not last
                return None if cut_off else _malformed(data, at, last)
        else:
            line_end = _line_end(data, position) if position > line_end else line_end
            end = data.find(dialect.delimiter, position, line_end)
            ends = end < 0
            end = line_end if ends else end
            text = data[position:end]
        fields.append(text)
        if ends:
            return Record(at, end, fields) if end < len(data) or last else None
        position = end + len(dialect.delimiter)


def _quoted(data: bytes, start: int, dialect: Dialect) -> tuple[int, bytes] | None:
    """Where the field in quotes ends, behind its quote, and its text; None if the quote does not close."""
    quote, width = dialect.quote, len(dialect.quote)
    at = start + width
    doubled = False
    while True:
        end = data.find(quote, at)
        if end < 0:
            return None
        if not data.startswith(quote, end + width):
            text = data[start + width : end]
            return end + width, text.replace(quote * 2, quote) if doubled else text
        doubled, at = True, end + 2 * width


def _malformed(data: bytes, at: int, last: bool) -> Record | None:
    end = _line_end(data, at)
    return Record(at, end, None) if end < len(data) or last else None


def _line_end(data: bytes, at: int) -> int:
    """Where the line ends, before its line end."""
    found = _LINE_END.search(data, at)
    return found.start() if found else len(data)


def first(data: bytes, at: int) -> int:
    """The first position from ``at`` on that is no line end."""
    while at < len(data) and data[at] in NEW_LINES:
        at += 1
    return at


class Quotes(NamedTuple):
    """The quotes in ``data`` as far as they are plain: positions of bytes (NumPy), and where the first that is not
    plain stands, or None.
    """

    positions: Any
    odd: int | None


def quotes(data: Any, dialect: Dialect) -> Quotes:
    """The quotes of ``data``, which begins with a record. They are plain if each one that opens stands at the start
    of a field, and each one that closes at its end, those aside that stand for a quote in a field: then a place is
    within quotes if an odd number of them is before it.
    """
    at = np.flatnonzero(data == dialect.quote[0])
    if not len(at):
        return Quotes(at, None)
    edges = np.zeros(256, bool)
    edges[[dialect.delimiter[0], *NEW_LINES]] = True
    opening, closing = at[0::2], at[1::2]
    starts = edges[data[np.maximum(opening - 1, 0)]] | (opening == 0)
    ends = np.ones(len(closing), bool)
    inside = closing < len(data) - 1
    ends[inside] = edges[data[closing[inside] + 1]]
    twice = closing[: len(opening) - 1] + 1 == opening[1:]
    starts[1:] |= twice
    ends[: len(twice)] |= twice
    odd = [int(opening[~starts][0])] if not starts.all() else []
    odd += [int(closing[~ends][0])] if not ends.all() else []
    return Quotes(at, min(odd) if odd else None)


def line_ends(data: Any, positions: Any) -> Any:
    """Where lines end in ``data`` outside of plain quotes at ``positions``."""
    ends, returns = np.flatnonzero(data == 10), np.flatnonzero(data == 13)
    if len(returns):
        ends = np.sort(np.concatenate([ends, returns]))
    if not len(positions):
        return ends
    return ends[np.searchsorted(positions, ends) % 2 == 0]


def extents(data: Any, positions: Any) -> tuple[Any, Any]:
    """Where the records of ``data``, with plain quotes at ``positions``, begin and end."""
    ends = line_ends(data, positions)
    starts = np.concatenate([[0], ends + 1])
    ends = np.concatenate([ends, [len(data)]])
    there = ends > starts
    return starts[there], ends[there]
