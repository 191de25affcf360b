"""Lines of JSON, and their reading by Arrow, many at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json as pa_json

from data_pipeline.etl.documents import numbers, types
from data_pipeline.etl.documents.reasons import WrongValueError
from data_pipeline.etl.reading import casts, columns, json_values, text_files
from data_pipeline.etl.reading.casts import Problems
from data_pipeline.etl.reading.columns import ColumnPlan
from data_pipeline.etl.reading.json_values import Fields, Items, Leaf, Shape
from data_pipeline.etl.reading.schemas import arrow_type

_ATTEMPTS = 8
_FOREIGN = "unexpected field"
_LEAF = 64
"""Lines that are read one by one once Arrow has refused them together."""
_SAMPLE = 100
"""Lines whose keys are looked at where Arrow cannot say which keys no column has."""
_NO_NUMBER = r"[:\[,]\s*-?(NaN|Inf)"
#: numbers that may be too large or too small for a float, and for a double
_EXTREME = r"[:\[,]\s*-?([0-9.]{28}|[0-9.]+[eE][+-]?0*[1-9][0-9])"
_EXTREME_DOUBLE = r"[:\[,]\s*-?([0-9.]{200}|[0-9.]+[eE][+-]?0*[1-9][0-9]{2})"
_CHANGED = re.compile(r"Column\(/(.+)\) changed from")
_TWICE = re.compile(r"Column\(/(.+)\) was specified twice")
_IN_ROW = re.compile(r" in row (\d+)")
_TEXTS = frozenset(["date", "timestamp", "timestamptz"])
_BLANK = np.zeros(256, bool)
_BLANK[[9, 10, 13, 32]] = True
_DIGIT = np.zeros(256, bool)
_DIGIT[[*b"0123456789."]] = True


@dataclass(frozen=True)
class Lines:
    """Lines with a character that is no blank: where each begins in ``data`` (NumPy), the last entry being the data's
    end. Bytes that are no UTF-8 are replaced in ``data``; ``undecodable`` are the lines that had some.
    """

    original: bytes
    data: bytes
    starts: Any
    undecodable: frozenset[int]

    @staticmethod
    def of(data: bytes) -> Lines:
        wrong = text_files.undecodable(data)
        patched = data
        if wrong:
            copy = np.frombuffer(data, np.uint8).copy()
            copy[wrong] = ord("?")
            patched = copy.tobytes()
        text = np.frombuffer(patched, np.uint8)
        starts = line_starts(text)
        starts = starts[~_blank_lines(text, starts)]
        found = frozenset((np.searchsorted(starts, wrong, side="right") - 1).tolist() if wrong else [])
        return Lines(data, patched, np.concatenate([starts, [len(text)]]).astype(np.int32), found)

    @property
    def count(self) -> int:
        return len(self.starts) - 1

    def text(self, position: int) -> str:
        """The line at ``position``, from 0, without blanks around it."""
        return self.data[self.starts[position] : self.starts[position + 1]].decode().strip(" \t\r\n")

    def raw(self, numbers: list[int]) -> dict[int, str]:
        """The texts of lines by their numbers, from 1."""
        found = {n: self.original[self.starts[n - 1] : self.starts[n]] for n in numbers}
        return {
            n: line.split(b"\n", 1)[0].rstrip(b"\r").decode("utf-8", "replace") for n, line in found.items()
        }

    def chosen(self, at: Any) -> Lines:
        """The lines at the positions ``at`` (NumPy, rising)."""
        array = self.array().take(pa.array(at))
        starts = np.frombuffer(array.buffers()[1], np.int32)[: len(at) + 1]
        data = array.buffers()[2].to_pybytes()[: starts[-1]]
        wrong = frozenset(np.flatnonzero(np.isin(at, list(self.undecodable))).tolist())
        return Lines(data, data, starts, wrong)

    def array(self) -> Any:
        """Each line, with what follows it up to the next, as an Arrow array of strings."""
        buffers = [None, pa.py_buffer(self.starts), pa.py_buffer(self.data)]
        return pa.StringArray.from_buffers(self.count, buffers[1], buffers[2])


def line_starts(text: Any) -> Any:
    """Where the lines of ``text`` (NumPy, bytes) begin."""
    starts = np.concatenate([[0], np.flatnonzero(text == 10) + 1])
    return starts[:-1] if starts[-1] == len(text) else starts


def count(data: bytes) -> int:
    """How many lines of ``data`` have a character that is no blank."""
    text = np.frombuffer(data, np.uint8)
    starts = line_starts(text)
    return len(starts) - int(_blank_lines(text, starts).sum())


def _blank_lines(text: Any, starts: Any) -> Any:
    """Which of the lines that begin at ``starts`` hold blanks alone."""
    found = _BLANK[text[starts]] if len(starts) else np.zeros(0, bool)
    for at in np.flatnonzero(found).tolist():
        end = starts[at + 1] if at + 1 < len(starts) else len(text)
        found[at] = not bytes(text[starts[at] : end]).strip(b" \t\r\n")
    return found


@dataclass(frozen=True)
class Together:
    """What Arrow read: the ``columns``, with their problems, of the lines that ``there`` (NumPy) says."""

    there: Any
    columns: list[tuple[Any, Problems]]
    ignored: tuple[str, ...]


class _Pattern:
    """Regular expressions of a ``key``, and of it with a value that Arrow surely takes."""

    def __init__(self, name: str, looks: str) -> None:
        self.key = rf'"{re.escape(name)}"\s*:'
        self.sure = rf"{self.key}\s*({looks}|null\s*[,}}])"


class ArrowReader:
    """Reads lines by Arrow into the columns of a data set."""

    def __init__(self, plan: Sequence[ColumnPlan], shapes: Sequence[Shape]) -> None:
        self.plan = plan
        self.shapes = shapes
        fields = [pa.field(name, _read_as(each.kind)) for each in plan for name in each.names]
        self.schema = pa.schema(fields)
        self.kinds = {name: each.kind for each in plan for name in each.names}
        self.patterns = {
            name: [_Pattern(*found) for found in _looks(name, each.kind)]
            for each in plan
            for name in each.names
        }
        self._odd: dict[str, None] = {}
        self._foreign = False
        leaves = {leaf.name for each in plan for leaf in _leaves(each.kind)}
        scales = [leaf.scale for each in plan for leaf in _leaves(each.kind) if leaf.name == "decimal"]
        self.most_digits = numbers.MOST_PRECISION - max(scales) if scales else 0
        self.extreme = _EXTREME if "float" in leaves else _EXTREME_DOUBLE if "double" in leaves else ""

    def read(self, lines: Lines) -> Together:
        """The lines that Arrow takes."""
        there = _like_objects(lines)
        if b"NaN" in lines.data or b"Inf" in lines.data:
            there &= ~_matches(lines.array(), _NO_NUMBER)
        if self.most_digits and _may_overflow(lines.data, self.most_digits):
            there &= ~_matches(lines.array(), rf"[0-9.]{{{self.most_digits}}}|[0-9.][eE][+0-9]")
        for name in list(self._odd):
            there &= ~self._unsure(lines, [name])
        ignored: dict[str, None] = {}
        tables, there = self._tables(lines, there, ignored)
        table = tables[0] if len(tables) == 1 else pa.concat_tables([self.schema.empty_table(), *tables])
        return self._columns(lines, table, there, tuple(ignored))

    def _tables(self, lines: Lines, there: Any, ignored: dict[str, None]) -> tuple[list[Any], Any]:
        """The columns of the lines that ``there`` says, less those that Arrow does not take; and which are left. Keys
        that no column has are added to ``ignored``.
        """
        behaviour = "infer" if self._foreign else "error"
        for _ in range(_ATTEMPTS):
            if not there.any():
                break
            try:
                found = self._parsed(lines, there, behaviour)
            except pa.ArrowInvalid as error:
                if behaviour == "error" and _FOREIGN in str(error):
                    behaviour, self._foreign = "infer", True
                    continue
                doubtful = self._suspects(str(error), lines, there)
                if doubtful is None and behaviour != "ignore":
                    behaviour = "ignore"
                    ignored.update(dict.fromkeys(self._foreign_keys(lines)))
                elif doubtful is None or not (doubtful & there).any():
                    break
                else:
                    there = there & ~doubtful
                continue
            if found.num_rows != int(there.sum()):
                break
            ignored.update((name, None) for name in found.column_names if name not in self.kinds)
            return [self._known(found)], there
        return self._halves(lines, there, ignored)

    def _halves(self, lines: Lines, there: Any, ignored: dict[str, None]) -> tuple[list[Any], Any]:
        """The same for each half of the lines; a few are all left out."""
        at = np.flatnonzero(there)
        if len(at) <= _LEAF:
            return [], np.zeros(len(there), bool)
        first = there.copy()
        first[at[len(at) // 2] :] = False
        some, left = self._tables(lines, first, ignored)
        others, right = self._tables(lines, there & ~first, ignored)
        return [*some, *others], left | right

    def _parsed(self, lines: Lines, there: Any, behaviour: str) -> Any:
        data = pa.py_buffer(lines.data)
        if not there.all():
            data = lines.array().filter(pa.array(there)).buffers()[2]
        return pa_json.read_json(
            pa.BufferReader(data),
            pa_json.ReadOptions(use_threads=False, block_size=data.size + 1),
            pa_json.ParseOptions(explicit_schema=self.schema, unexpected_field_behavior=behaviour),
        )

    def _known(self, table: Any) -> Any:
        """The columns of the schema, without what a struct has besides."""
        arrays = [_narrowed(table.column(each.name).combine_chunks(), each.type) for each in self.schema]
        return pa.Table.from_arrays(arrays, schema=self.schema)

    def _suspects(self, error: str, lines: Lines, there: Any) -> Any:
        """The lines that may have made Arrow refuse them all; None if it was a key that no column has."""
        named = _CHANGED.search(error) or _TWICE.search(error)
        top = named[1].split("/")[0] if named else ""
        if named and top not in self.kinds:
            return None
        row = _IN_ROW.search(error)
        if row is None or _CHANGED.search(error):
            return self._noted(lines, [top] if named else list(self.kinds))
        found, at = np.zeros(lines.count, bool), np.flatnonzero(there)
        number = int(row[1])
        found[at[max(number - 1, 0) : number + 2]] = True
        return found

    def _noted(self, lines: Lines, names: Sequence[str]) -> Any:
        """The lines that are unsure for one of ``names``, which is noted: the next lines may be so, too."""
        found = np.zeros(lines.count, bool)
        for name in names:
            unsure = self._unsure(lines, [name])
            if unsure.any():
                self._odd[name] = None
                found |= unsure
        return found

    def _unsure(self, lines: Lines, names: Sequence[str]) -> Any:
        """The lines in which the value of one of the columns ``names`` does not look as it should."""
        array = lines.array()
        found = np.zeros(lines.count, bool)
        for pattern in [each for name in names for each in self.patterns[name]]:
            others = np.flatnonzero(~_matches(array, pattern.sure))
            if len(others):
                found[others[_matches(array.take(pa.array(others)), pattern.key)]] = True
        return found

    def _foreign_keys(self, lines: Lines) -> list[str]:
        """Keys that no column has, of the first lines."""
        found: dict[str, None] = {}
        for at in {*range(min(lines.count, _SAMPLE))} - lines.undecodable:
            with suppress(WrongValueError):
                found.update(dict.fromkeys(json_values.parse(lines.text(at))))
        return [key for key in found if key not in self.kinds]

    def _columns(self, lines: Lines, table: Any, there: Any, ignored: tuple[str, ...]) -> Together:
        """Each column in its type. Lines that have to be read one by one are left out."""
        left = np.zeros(table.num_rows, bool)
        found = []
        for each, shape in zip(self.plan, self.shapes, strict=True):
            array = _one(table, each, left)
            if isinstance(shape, Leaf):
                values, problems = _primitive(array, shape)
            else:
                values, wrong = _nested(array, shape)
                left |= wrong
                problems = {}
            found.append(columns.filled(values, each, problems))
        if self.extreme and any(_has_zero(column) for column, _ in found):
            left |= _matches(lines.array().filter(pa.array(there)), self.extreme)
        if not left.any():
            return Together(there, found, ignored)
        return Together(_taken(there, left), [_kept(*column, ~left) for column in found], ignored)


def _one(table: Any, each: ColumnPlan, left: Any) -> Any:
    """The values under one of a column's names; lines that have several are added to ``left``."""
    arrays = [_single(table.column(name)) for name in each.names]
    array = arrays[0]
    for other in arrays[1:]:
        left |= pc.and_(array.is_valid(), other.is_valid()).to_numpy(zero_copy_only=False)
        array = pc.coalesce(array, other)
    return array


def _single(column: Any) -> Any:
    return (
        column.chunk(0)
        if column.num_chunks == 1
        else pa.concat_arrays(column.chunks or [pa.nulls(0, column.type)])
    )


def _narrowed(array: Any, kind: pa.DataType) -> Any:
    """``array`` with the fields of ``kind`` alone."""
    if array.type == kind:
        return array
    mask = array.is_null() if array.null_count else None
    if pa.types.is_list(kind):
        values = _narrowed(array.values, kind.value_type)
        return pa.ListArray.from_arrays(array.offsets, values, type=kind, mask=mask)
    children = [_narrowed(pc.struct_field(array, each.name), each.type) for each in kind]
    return pa.StructArray.from_arrays(children, fields=list(kind), mask=mask)


def _has_zero(array: Any) -> bool:
    """Whether a float in ``array`` is 0 or infinite, as a number becomes that is too small or too large for it."""
    if pa.types.is_floating(array.type):
        return bool(pc.any(pc.or_(pc.equal(array, 0), pc.is_inf(array))).as_py())
    if pa.types.is_list(array.type):
        return _has_zero(array.values)
    if pa.types.is_struct(array.type):
        return any(_has_zero(array.field(at)) for at in range(array.type.num_fields))
    return False


def _taken(there: Any, left: Any) -> Any:
    """``there`` without those of its lines that ``left`` says."""
    found = there.copy()
    found[np.flatnonzero(there)[left]] = False
    return found


def _kept(values: Any, problems: Problems, keep: Any) -> tuple[Any, Problems]:
    """The values at the positions that ``keep`` says, and their problems."""
    after = np.cumsum(keep) - 1
    return values.filter(pa.array(keep)), {int(after[at]): why for at, why in problems.items() if keep[at]}


def _read_as(kind: types.Type) -> pa.DataType:
    """Arrow's type for the JSON of ``kind``: times are read as their texts."""
    if isinstance(kind, types.List):
        return pa.list_(_read_as(kind.element))
    if isinstance(kind, types.Struct):
        return pa.struct([pa.field(each.name, _read_as(each.type)) for each in kind.fields])
    return pa.string() if kind.name in _TEXTS else arrow_type(kind)


def _leaves(kind: types.Type) -> Iterator[types.Primitive]:
    if isinstance(kind, types.List):
        yield from _leaves(kind.element)
    elif isinstance(kind, types.Struct):
        for each in kind.fields:
            yield from _leaves(each.type)
    else:
        yield kind


def _like_objects(lines: Lines) -> Any:
    """Which lines begin with ``{`` and end with ``}``: with as many objects as lines, each of them is one."""
    text = np.frombuffer(lines.data, np.uint8)
    if not lines.count:
        return np.zeros(0, bool)
    starts, ends = lines.starts[:-1], lines.starts[1:].astype(np.int64) - 1
    for _ in range(3):
        blank = _BLANK[text[np.maximum(ends, 0)]]
        if not blank.any():
            break
        ends = ends - blank
    found = (text[starts] == ord("{")) & (text[ends] == ord("}"))
    found[list(lines.undecodable)] = False
    return found


def _may_overflow(data: bytes, digits: int) -> bool:
    """Whether ``data`` may have a run of so many ``digits`` or points, or a number with an exponent: Arrow cuts digits
    off in silence where a number is too large for a decimal.
    """
    text = np.frombuffer(data, np.uint8)
    step = max(digits // 4, 1)
    some = _DIGIT[text[::step]]
    long = some.copy()
    for at in range(1, digits // step):
        long[:-at] &= some[at:]
        long[-at:] = False
    if long.any():
        return True
    exponents = np.flatnonzero((text | 32) == ord("e"))
    exponents = exponents[(exponents > 0) & (exponents < len(text) - 1)]
    behind = text[exponents + 1]
    return bool((_DIGIT[text[exponents - 1]] & (_DIGIT[behind] | (behind == ord("+")))).any())


def _matches(array: Any, pattern: str) -> Any:
    return pc.match_substring_regex(array, pattern).to_numpy(zero_copy_only=False)


def _looks(name: str, kind: types.Type) -> Iterator[tuple[str, str]]:
    """The keys of a column, and what the value of each begins with where Arrow surely takes it."""
    if isinstance(kind, types.List):
        yield name, r"\["
        if isinstance(kind.element, types.Struct):
            yield from list(_looks(name, kind.element))[1:]
    elif isinstance(kind, types.Struct):
        yield name, r"\{"
        for each in kind.fields:
            yield from _looks(each.name, each.type)
    else:
        yield name, _looks_like(kind)


def _looks_like(kind: types.Primitive) -> str:
    if kind.name == "decimal":
        whole = f"[0-9]{{1,{kind.precision - kind.scale}}}" if kind.precision > kind.scale else "0"
        fraction = rf"(\.[0-9]{{1,{kind.scale}}})?" if kind.scale else ""
        return rf'"?-?{whole}{fraction}"?\s*[,}}]'
    sure = {
        "boolean": "true|false",
        "int": r"-?[0-9]{1,9}\s*[,}]",
        "long": r"-?[0-9]{1,18}\s*[,}]",
        "float": r"-?[0-9]{1,30}(\.[0-9]+)?([eE][+-]?0?[0-9])?\s*[,}]",
        "double": r"-?[0-9]{1,30}(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?\s*[,}]",
    }
    return sure.get(kind.name, '"')


def _primitive(array: Any, shape: Leaf) -> tuple[Any, Problems]:
    if shape.kind.name not in _TEXTS:
        return array, {}
    assert shape.cast is not None
    return casts.convert(array, shape.cast)


def _nested(array: Any, shape: Shape) -> tuple[Any, Any]:
    """``array`` in its type, and a NumPy array of the rows whose values have a problem somewhere."""
    if isinstance(shape, Items):
        return _list(array, shape)
    if isinstance(shape, Fields):
        return _struct(array, shape)
    values, problems = _primitive(array, shape)
    wrong = np.zeros(len(array), bool)
    wrong[list(problems)] = True
    return values, wrong


def _list(array: Any, shape: Items) -> tuple[Any, Any]:
    offsets = array.offsets.to_numpy()
    child = array.values.slice(int(offsets[0]), int(offsets[-1] - offsets[0]))
    values, wrong = _nested(child, shape.element)
    if not shape.kind.nullable:
        wrong = wrong | child.is_null().to_numpy(zero_copy_only=False)
    found = np.zeros(len(array), bool)
    found[np.searchsorted(offsets - offsets[0], np.flatnonzero(wrong), side="right") - 1] = True
    mask = array.is_null() if array.null_count else None
    moved = pa.array(offsets - offsets[0], pa.int32())
    return pa.ListArray.from_arrays(moved, values, type=arrow_type(shape.kind), mask=mask), found


def _struct(array: Any, shape: Fields) -> tuple[Any, Any]:
    there = array.is_valid().to_numpy(zero_copy_only=False)
    wrong = np.zeros(len(array), bool)
    children = []
    for each, inner in zip(shape.kind.fields, shape.shapes, strict=True):
        child = pc.struct_field(array, each.name)
        values, found = _nested(child, inner)
        if not each.nullable:
            found = found | child.is_null().to_numpy(zero_copy_only=False)
        wrong |= found & there
        children.append(values)
    mask = array.is_null() if array.null_count else None
    return pa.StructArray.from_arrays(children, fields=list(arrow_type(shape.kind)), mask=mask), wrong
