"""Lines of JSON that are alike: the same keys in the same order, with the same punctuation, and no nested values.

Most programs write such lines. Split at its quotes, a line is as many texts as the others: keys, text values, and
punctuation with the numbers. So Arrow's reader of CSV takes many of them apart at once, much quicker than a reader of
JSON. That is exact for a line without a backslash and without a control character, if each text that is no value is
that of an example, whose keys were understood, and each number is one of JSON. Other lines are left to other readers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from data_pipeline.etl.documents.reasons import WrongValueError
from data_pipeline.etl.reading import casts, columns, json_values
from data_pipeline.etl.reading.casts import Problems
from data_pipeline.etl.reading.columns import ColumnPlan
from data_pipeline.etl.reading.json_blocks import Lines
from data_pipeline.etl.reading.json_values import NUMBERS, Leaf, Shape

FEW = 32
"""Lines that are not worth an example."""
_OFTEN = 0.9
"""The share of lines that have to be alike for a block to be parted as a whole."""
_GROUPS = 8
"""Kinds of lines that are looked at in a block, the most frequent ones."""
_KEPT = 64
"""Examples that are kept."""
_LONGEST_WAIT = 63
"""Blocks that are passed over, at most, where few lines were alike."""
_BOM = b"\xef\xbb\xbf"
_COLON, _BEHIND = re.compile(" *: *"), re.compile(" *[,}] *")
_BARE = re.compile("( *: *)([^ ,}]+)( *[,}] *)")
_NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"


class Rows(NamedTuple):
    """Lines at the positions ``at`` (NumPy, rising) that were understood: their ``columns`` with the problems of each,
    and the keys that no column has.
    """

    at: Any
    columns: Sequence[tuple[Any, Problems]]
    ignored: tuple[str, ...] = ()


class _Value(NamedTuple):
    """A value in the text number ``at`` of a line, for a ``column`` of the data set (None: no column has its key). One
    without quotes matches ``pattern`` with what is ``before`` and ``behind`` it, and may be a ``number``.
    """

    at: int
    column: int | None
    pattern: str = ""
    before: bytes = b""
    behind: bytes = b""
    number: bool = False


@dataclass(frozen=True)
class _Example:
    """The ``texts`` of a line between its quotes, None where a value stands."""

    texts: Sequence[str | None]
    values: Sequence[_Value]
    ignored: tuple[str, ...]


@dataclass
class AlikeReader:
    """Reads lines that are alike into the columns of a data set."""

    plan: Sequence[ColumnPlan]
    shapes: Sequence[Shape]
    _examples: dict[int, _Example] = field(default_factory=dict)
    _usual: int = 0
    _wait: int = 0
    _waited: int = 0

    def read(self, lines: Lines) -> list[Rows]:
        """The lines that are alike, each of them in one of the results."""
        if not lines.count:
            return []
        if self._waited < self._wait:
            self._waited += 1
            return []
        found: list[Rows] = []
        there = _plain(lines)
        if self._usual and (rows := self._together(lines, there, self._usual)) is not None:
            found.append(rows)
            there[rows.at] = False
        found += self._groups(lines, np.flatnonzero(there))
        few = 4 * sum(len(rows.at) for rows in found) < lines.count
        self._waited, self._wait = 0, min(2 * self._wait + 1, _LONGEST_WAIT) if few else 0
        return [rows for rows in found if len(rows.at)]

    def _together(self, lines: Lines, there: Any, quotes: int) -> Rows | None:
        """The lines that ``there`` says and that have as many ``quotes``, if all lines are parted at once; None if too
        many are otherwise.
        """
        self._usual = 0
        example = self._examples.get(quotes)
        parted = _parted(lines.data, quotes) if example else None
        if example is None or parted is None:
            return None
        table, odd = parted
        if table.num_rows + len(odd) != lines.count or _OFTEN * lines.count > table.num_rows:
            return None
        at = np.delete(np.arange(lines.count), np.array(odd, np.int64) - 1)
        plain = there[at]
        if not plain.all():
            table, at = table.filter(pa.array(plain)), at[plain]
        found = self._rows(table, at, example)
        self._usual = quotes if len(found.at) > _OFTEN * lines.count else 0
        return found

    def _groups(self, lines: Lines, at: Any) -> Iterator[Rows]:
        """Of the lines at the positions ``at`` those that have as many quotes as each other, the most first."""
        if len(at) <= FEW:
            return
        some = lines if len(at) == lines.count else lines.chosen(at)
        quotes = _quotes(some)
        often = np.bincount(quotes)
        for count in np.argsort(-often, kind="stable")[:_GROUPS].tolist():
            if count and often[count] > FEW:
                mine = np.flatnonzero(quotes == count)
                rows = self._alike(some, mine, count)
                yield rows._replace(at=at[rows.at])
                if len(rows.at) > _OFTEN * lines.count:
                    self._usual = count

    def _alike(self, lines: Lines, at: Any, quotes: int) -> Rows:
        """Those of the lines at the positions ``at``, all with as many ``quotes``, that are as their example."""
        example = self._examples.get(quotes)
        if example is None:
            for one in (at[0], at[len(at) // 2], at[-1]):
                example = example or self._example(lines.text(int(one)))
        data = lines.data if len(at) == lines.count else lines.chosen(at).data
        parted = _parted(data, quotes) if example else None
        if example is None or parted is None or parted[0].num_rows != len(at):
            return Rows(at[:0], ())
        rows = self._rows(parted[0], at, example)
        if 2 * len(rows.at) < len(at) or len(self._examples) > _KEPT:
            self._examples.pop(quotes, None)
        else:
            self._examples[quotes] = example
        return rows

    def _rows(self, table: Any, at: Any, example: _Example) -> Rows:
        fits = np.ones(table.num_rows, bool)
        for number, text in enumerate(example.texts):
            if text is not None:
                fits &= _true(pc.equal(table.column(number), text.encode()))
        for value in example.values:
            if value.pattern and not _sure(columns.whole(table.column(value.at)), value):
                fits &= _true(pc.match_substring_regex(table.column(value.at), value.pattern))
        if not fits.all():
            table, at = table.filter(pa.array(fits)), at[fits]
        by_column = {value.column: value for value in example.values}
        found: list[tuple[Any, Problems]] = []
        for number, each in enumerate(self.plan):
            values, problems = self._column(number, table, by_column.get(number))
            found.append(columns.filled(values, each, problems))
        return Rows(at, found, example.ignored)

    def _column(self, number: int, table: Any, value: _Value | None) -> tuple[Any, Problems]:
        plan, shape = self.plan[number], self.shapes[number]
        if value is None or not isinstance(shape, Leaf):
            return pa.nulls(table.num_rows, plan.arrow), {}
        texts = columns.whole(table.column(value.at))
        if value.pattern:
            texts = _inner(texts, value)
            null = pc.equal(texts, b"null")
            texts = pc.if_else(null, None, texts) if pc.any(null).as_py() else texts
        texts = texts.view(pa.string())
        return (texts, {}) if shape.cast is None else casts.convert(texts, shape.cast)

    def _example(self, line: str) -> _Example | None:
        """What is to be known of lines such as ``line``; None if it cannot be an example."""
        try:
            keys = json_values.parse(line)
        except WrongValueError:
            return None
        known = {name: number for number, each in enumerate(self.plan) for name in each.names}
        taken = [known[key] for key in keys if key in known]
        texts = line.split('"')
        values = _values(texts, known, self.shapes)
        if keys.twice or len(taken) > len(set(taken)) or values is None:
            return None
        at = {value.at for value in values}
        fixed = [None if number in at else text for number, text in enumerate(texts)]
        return _Example(fixed, values, tuple(key for key in keys if key not in known))


def _values(texts: Sequence[str], known: Mapping[str, int], shapes: Sequence[Shape]) -> list[_Value] | None:
    """The values of an object that is split at its quotes; None if one is nested, or is refused for what it is."""
    values: list[_Value] = []
    at = 1
    while at < len(texts):
        column = known.get(texts[at])
        shape = None if column is None else shapes[column]
        bare = _BARE.fullmatch(texts[at + 1])
        if bare:
            pattern = rf"{bare[1]}(?:{_written(shape)}){bare[3]}"
            if not re.fullmatch(pattern, texts[at + 1]):
                return None
            around = bare[1].encode(), bare[3].encode()
            values.append(_Value(at + 1, column, f"^{pattern}$", *around, _NUMBER in pattern))
            at += 2
        elif _COLON.fullmatch(texts[at + 1]) and (shape is None or isinstance(shape, Leaf)):
            values.append(_Value(at + 2, column))
            at += 4
        else:
            return None
    return values


def _written(shape: Shape | None) -> str:
    """A pattern of what is written without quotes and is taken, or refused for no more than its size."""
    if shape is None:
        return f"{_NUMBER}|true|false|null"
    if not isinstance(shape, Leaf):
        return "null"
    if shape.kind.name in NUMBERS:
        return f"{_NUMBER}|null"
    return "true|false|null" if shape.kind.name == "boolean" else "null"


def _plain(lines: Lines) -> Any:
    """Which lines have neither a backslash nor a control character, a carriage return before their end aside."""
    text = np.frombuffer(lines.data, np.uint8)
    there = np.ones(lines.count, bool)
    there[list(lines.undecodable)] = False
    if np.count_nonzero(text < ord(" ")) != lines.count or not lines.data.endswith(b"\n"):
        odd = np.flatnonzero((text < ord(" ")) & (text != 10))
        behind = text[np.minimum(odd + 1, len(text) - 1)]
        there[_holding(lines, odd[(text[odd] != 13) | (behind != 10)])] = False
    if b"\\" in lines.data:
        there[_holding(lines, np.flatnonzero(text == ord("\\")))] = False
    return there


def _holding(lines: Lines, at: Any) -> Any:
    """The lines that hold the bytes at the positions ``at``; blanks before the first line count to it."""
    return np.maximum(np.searchsorted(lines.starts[:-1], at, side="right") - 1, 0)


def _quotes(lines: Lines) -> Any:
    """How many quotes each line has."""
    found = np.frombuffer(lines.data, np.uint8) == ord('"')
    return np.add.reduceat(found.view(np.uint8), lines.starts[:-1], dtype=np.uint16)


def _parted(data: bytes, quotes: int) -> tuple[Any, list[int]] | None:
    """The texts between the quotes of the lines that have as many, by column, and the numbers of the others, from
    1; None if they are no lines of CSV.
    """
    odd: list[int] = []

    def note(row: Any) -> str:
        odd.append(row.number)
        return "skip"

    names = [str(number) for number in range(quotes + 1)]
    kinds = dict.fromkeys(names, pa.binary())
    try:
        table = pa_csv.read_csv(
            pa.BufferReader(b"\n" + data if data.startswith(_BOM) else data),  # Arrow would drop it
            pa_csv.ReadOptions(use_threads=False, block_size=len(data) + 2, column_names=names),
            pa_csv.ParseOptions(delimiter='"', quote_char=False, invalid_row_handler=note),
            pa_csv.ConvertOptions(column_types=kinds, strings_can_be_null=False, check_utf8=False),
        )
    except pa.ArrowInvalid:
        return None
    return table, odd


def _inner(texts: Any, value: _Value) -> Any:
    """Texts without what is before and behind a value."""
    return pc.binary_slice(texts, len(value.before), -len(value.behind))


def _sure(texts: Any, value: _Value) -> bool:
    """Whether all ``texts`` are numbers of plain digits between what is to stand before and behind them. If not, they
    have to be looked at one by one.
    """
    if not value.number or not len(texts):
        return False
    offsets, data = _bytes(texts)
    if np.diff(offsets).min() <= len(value.before) + len(value.behind):
        return False
    for at, byte in enumerate(value.before):
        if (data[offsets[:-1] + at] != byte).any():
            return False
    for at, byte in enumerate(value.behind):
        if (data[offsets[1:] - len(value.behind) + at] != byte).any():
            return False
    return _plain_numbers(*_bytes(_inner(texts, value)))


def _plain_numbers(offsets: Any, data: Any) -> bool:
    """Whether all texts, none of them empty, are numbers as JSON has them, without an exponent."""
    if data.min() < ord("-") or data.max() > ord("9") or (data == ord("/")).any():
        return False
    starts, last = offsets[:-1], offsets[1:] - 1
    negative = data[starts] == ord("-")
    starts = starts + negative
    if (starts > last).any() or np.count_nonzero(data == ord("-")) != np.count_nonzero(negative):
        return False
    first = data[starts]
    if first.min() < ord("0") or data[last].min() < ord("0"):
        return False
    if ((first == ord("0")) & (starts < last) & (data[np.minimum(starts + 1, last)] != ord("."))).any():
        return False
    points = (data == ord(".")).view(np.uint8)
    return not points.any() or bool(np.add.reduceat(points, offsets[:-1], dtype=np.uint32).max() <= 1)


def _bytes(texts: Any) -> tuple[Any, Any]:
    """The offsets of an array of texts, from 0, and their bytes."""
    offsets = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1]
    data = np.frombuffer(texts.buffers()[2], np.uint8)[offsets[0] : offsets[-1]]
    return offsets - offsets[0], data


def _true(values: Any) -> Any:
    return values.to_numpy()
