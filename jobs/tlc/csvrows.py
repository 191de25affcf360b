"""Which rows of a chunk of CSV count, in which window, and why the others do not.

Two readers of one meaning (``rules``). Arrow's CSV parser reads the chunk, keeping the pickup column alone, and
Arrow's kernels prove nearly all of its rows good without looking at one of them from Python. What they do not
prove is suspect, and is judged line by line with Python's csv module: slow, exact, and rare.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from tlc import csvfiles, rules, times
from tlc.errors import FileError


@dataclass(frozen=True)
class Shape:
    """What a file's header and name say of its rows: number of fields, position of the pickup time (from 0),
    and the times that count.
    """

    fields: int
    position: int
    limits: times.Limits


class Refused(NamedTuple):
    """A row that does not count: its number, from 1, the reason, and its text."""

    row: int
    reason: str
    raw: str | None


@dataclass(frozen=True)
class Tally:
    """The rows of one chunk. ``refused`` rows are numbered within the chunk."""

    rows: int
    windows: times.Windows
    refused: list[Refused]


@dataclass
class _Odd:
    """The lines that have not as many fields as most of their chunk, as Arrow reports them."""

    texts: set[bytes] = field(default_factory=set)
    rows: int = 0

    def add(self, row: csv.InvalidRow) -> str:
        self.texts.add(row.text.encode())
        self.rows += 1
        return "skip"


def tally(chunk: bytes, shape: Shape) -> Tally:
    """Count the rows of ``chunk``, which ends where a line does or with its file. Raises FileError."""
    if not csvfiles.is_text(chunk):
        raise FileError("it is not UTF-8 text")
    quoted = b'"' in chunk
    odd = _Odd()
    texts = _pickups(chunk, quoted, shape, odd)
    if texts is not None:
        windows, doubtful = times.count(texts, shape.limits)
        if not quoted and not odd.rows and not doubtful:
            return Tally(len(texts), windows, [])
        lines = csvfiles.lines(chunk, lone_cr=quoted)
        if len(lines) == len(texts) + odd.rows:
            suspects = _suspects(lines, odd, doubtful)
            if suspects is not None:
                return _judged(chunk, lines, suspects, windows, shape)
    lines = csvfiles.lines(chunk, lone_cr=True)
    return _judged(chunk, lines, range(len(lines)), [], shape)


def _suspects(lines: Any, odd: _Odd, doubtful: list[int]) -> list[int] | None:
    """The positions of the lines to judge: the odd ones, and the ``doubtful`` ones among the others. None if
    the odd ones cannot be found again.
    """
    if not odd.rows:
        return sorted(doubtful)
    texts = [text + end for text in odd.texts for end in (b"", b"\r")]
    known = pc.is_in(lines, value_set=pa.array(texts, pa.binary()))
    found = pc.indices_nonzero(known).to_pylist()
    if len(found) != odd.rows:
        return None
    others = pc.indices_nonzero(pc.invert(known))
    return sorted([*found, *others.take(pa.array(doubtful, pa.int64())).to_pylist()])


def _judged(chunk: bytes, lines: Any, suspects: Iterable[int], windows: times.Windows, shape: Shape) -> Tally:
    """The tally of ``lines``, of which all but ``suspects`` are counted in ``windows``."""
    cut_off = None if chunk.endswith((b"\n", b"\r")) else len(lines) - 1
    refused, starts = [], []
    for at in suspects:
        line = lines[at].as_py().strip(b"\r").decode()
        found = _judge(line, shape, at == cut_off)
        if isinstance(found, str):
            refused.append(Refused(at + 1, found, line))
        else:
            starts.append(found)
    return Tally(len(lines), windows + times.single(starts), refused)


def _judge(line: str, shape: Shape, cut_off: bool) -> int | str:
    """The start of the window of one row, or the first reason why it does not count."""
    fields = csvfiles.fields(line)
    if len(fields) < shape.fields:
        return rules.CUT_OFF if cut_off else rules.FIELDS
    if len(fields) > shape.fields + rules.SPARE_FIELDS or any(fields[shape.fields :]):
        return rules.FIELDS
    return times.judge(fields[shape.position], shape.limits)


def _pickups(chunk: bytes, quoted: bool, shape: Shape, odd: _Odd) -> Any:
    """The pickup times of the chunk's rows but the odd ones, in order, as an Arrow array of strings, '' for a
    row with something in a spare field. None if Arrow cannot say. Where there are quotes, Arrow may read two
    lines as one row, but never one as two.
    """
    width = _width(chunk, shape)
    names = [str(number) for number in range(width)]
    wanted = [names[shape.position], *names[shape.fields :]]
    try:
        table = csv.read_csv(
            pa.BufferReader(chunk),
            csv.ReadOptions(use_threads=False, block_size=len(chunk) + 1, column_names=names),
            csv.ParseOptions(quote_char='"' if quoted else False, invalid_row_handler=odd.add),
            csv.ConvertOptions(
                include_columns=wanted,
                column_types=dict.fromkeys(wanted, pa.string()),
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid:
        return None
    texts, *spare = (column.combine_chunks() for column in table.columns)
    for column in spare:
        if pc.max(pc.binary_length(column)).as_py():
            texts = pc.if_else(pc.equal(column, ""), texts, "")
    return texts


def _width(chunk: bytes, shape: Shape) -> int:
    """The number of fields that most rows have: that of the first line, if it is one that may be."""
    first = chunk[: csvfiles.HEADER_BYTES].lstrip(b"\r\n").splitlines()[:1]
    width = len(csvfiles.fields(first[0].decode(errors="replace"))) if first else 0
    return width if shape.fields <= width <= shape.fields + rules.SPARE_FIELDS else shape.fields
