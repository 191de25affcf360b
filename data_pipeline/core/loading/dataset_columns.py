"""Rules of the columns of data sets that concern more than one value. Each yields findings; pure."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation

from data_pipeline.core.config import definitions
from data_pipeline.core.config.datasets import Column, Dataset
from data_pipeline.core.problems import Path, Violation, quoted
from data_pipeline.etl.documents.datasets import Format
from data_pipeline.etl.documents.types import Primitive

_WHOLE = {"int": 31, "long": 63}
_FLOATS = {"float": "<f", "double": "<d"}
_MOST_DIGITS = 40
_BLANKS = " \t"
#: a number with a decimal comma as one with a point, in which a point is none.
_COMMA = str.maketrans({",": ".", ".": ","})
_NUMBER = re.compile(r"[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf|infinity|nan)", re.ASCII | re.IGNORECASE)
_TIMES = ("date", "timestamp", "timestamptz")
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(
    _DATE.pattern + r"([ T]\d\d(:\d\d(:\d\d(\.\d{1,6})?)?)?(Z|[+-]\d\d(:?[0-5]\d)?)?)?", re.ASCII
)
#: directives that Python's strptime does not know.
_LONG = {"%F": "%Y-%m-%d", "%D": "%m/%d/%y", "%T": "%H:%M:%S", "%R": "%H:%M"}


def check(path: Path, dataset: Dataset) -> Iterator[Violation]:
    """Everything about the columns of the data set at ``path``."""
    at = (*path, "columns")
    yield from _names_in_files(at, dataset)
    yield from _renamed(at, dataset)
    kind = definitions.kind(dataset)
    for name, column in dataset.columns.items():
        if not isinstance(column.kind, Primitive):
            yield from _nested((*at, name), column, kind)
        elif column.default is not None:
            yield from _default((*at, name, "default"), column, dataset)
    if all(column.pii == "drop" for column in dataset.columns.values()):
        yield Violation(at, "no column that is published: all are dropped", "one that is kept")


def _names_in_files(at: Path, dataset: Dataset) -> Iterator[Violation]:
    """One column of a file is one column of the table."""
    taken: dict[str, str] = {}
    for name, column in dataset.columns.items():
        for named in column.named or (name,):
            if named in taken:
                said = f"{quoted(named)} in the file, which {quoted(taken[named])} is read from, too"
                advice = "compute the second one with 'sql'"
                yield Violation((*at, name), said, "another column of the file", advice)
            taken.setdefault(named, name)


def _renamed(at: Path, dataset: Dataset) -> Iterator[Violation]:
    """A column that another one was cannot be there, too."""
    before: dict[str, str] = {}
    for name, column in dataset.columns.items():
        if column.was is None:
            continue
        where = (*at, name, "was")
        if column.was == name:
            yield Violation(
                where, f"{quoted(name)}, which is its name now", "the name before", "remove the line"
            )
        elif column.was in dataset.columns:
            said = f"{quoted(column.was)}, which is a column still"
            yield Violation(where, said, "a column that is here no more", "remove one of the two")
        elif column.was in before:
            said = f"{quoted(column.was)}, which {quoted(before[column.was])} was, too"
            yield Violation(where, said, "one new name for a column")
        before.setdefault(column.was, name)


def _nested(path: Path, column: Column, kind: str) -> Iterator[Violation]:
    what = "a list" if str(column.kind).startswith("list") else "a struct"
    if kind == "csv":
        advice = "take 'string', and take it apart with 'sql'"
        yield Violation(path, f"{what} in a CSV file", "a type that one field holds", advice)
    if column.default is not None:
        advice = "let it be null, with '?'"
        yield Violation((*path, "default"), f"a default of {what}", "a default of a single value", advice)
    if column.pii == "hash":
        said = f"'hash' of {what}, which has no one text"
        yield Violation((*path, "pii"), said, "'drop', or a column of a single value")


def _default(path: Path, column: Column, dataset: Dataset) -> Iterator[Violation]:
    """It is a text of the column's type, or with ``?`` one that says null."""
    written = definitions.definition_of_format(dataset)
    text = str(column.default)
    if column.nullable and text in written.nulls:
        return
    text = text.strip(_BLANKS)
    kind = column.kind
    assert isinstance(kind, Primitive)
    if kind.name in _TIMES:
        yield from _default_time(path, text, kind, written)
    elif not fits(text if written.decimal == "." else text.translate(_COMMA), kind):
        expected = f"a value of the column's type, as {_example(kind)}"
        yield Violation(path, f"{quoted(text)}, which is no {kind}", expected)


def _default_time(path: Path, text: str, kind: Primitive, written: Format) -> Iterator[Violation]:
    """A default is written as in a file; whether it needs the data set's time zone is that of the type."""
    own = written.date if kind.name == "date" else written.timestamp
    moment = _read(text, own) if own else _iso(text, kind)
    if moment is None:
        example = f"as {own} writes it" if own else f"as {_example(kind)}"
        yield Violation(
            path, f"{quoted(text)}, which is no {kind}", f"a value of the column's type, {example}"
        )
    elif kind.name == "timestamptz" and moment.tzinfo is None and not written.timezone:
        found = f"{quoted(text)}, a time without an offset, in a data set without 'timezone'"
        yield Violation(path, found, "an offset behind it, as in '2024-01-31T05:06:07Z'")
    elif kind.name == "timestamp" and moment.tzinfo is not None and not written.timezone:
        found = f"{quoted(text)}, a time with an offset, in a data set without 'timezone'"
        yield Violation(path, found, "a time of the column's own clock, without an offset")


def _iso(text: str, kind: Primitive) -> datetime | None:
    """A text of ISO 8601 as it is read from files: a date, or a date with or without a time; None if it is none."""
    if not (_DATE if kind.name == "date" else _TIME).fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _read(text: str, written: str) -> datetime | None:
    """A text of this format of strftime, None if it is none."""
    for short, long in _LONG.items():
        written = written.replace(short, long)
    try:
        return datetime.strptime(text, written.replace("%-", "%"))  # noqa: DTZ007 - whether it has a zone is asked
    except ValueError:
        return None


def fits(text: str, kind: Primitive) -> bool:
    """Whether ``text`` is a value of the type, which is none of times, exactly: as it is for a field of a file."""
    if kind.name == "boolean":
        return text.lower() in ("true", "false")
    if kind.name == "string":
        return True
    if not _NUMBER.fullmatch(text):
        return False
    try:
        number = Decimal(text)
    except InvalidOperation:  # an exponent that no type has
        return False
    if kind.name in _FLOATS:
        return _is_held(number, _FLOATS[kind.name])
    if not number.is_finite() or (number and abs(number.adjusted()) > _MOST_DIGITS):
        return False
    if kind.name in _WHOLE:
        most = 2 ** _WHOLE[kind.name]
        return number == number.to_integral_value() and -most <= number < most
    scaled = number.scaleb(kind.scale)
    return scaled == scaled.to_integral_value() and abs(scaled) < 10**kind.precision


def _is_held(number: Decimal, form: str) -> bool:
    """Whether a number is none that the type, packed as ``form``, would make infinite or 0."""
    if not number.is_finite() or not number:
        return True
    try:
        (held,) = struct.unpack(form, struct.pack(form, float(number)))
    except OverflowError:
        return False
    return bool(held != 0 and abs(held) != float("inf"))


def _example(kind: Primitive) -> str:
    time = "2024-01-31T05:06:07"
    examples = {"boolean": "true", "date": "2024-01-31", "timestamp": time, "timestamptz": f"{time}Z"}
    return examples.get(kind.name, "0")
