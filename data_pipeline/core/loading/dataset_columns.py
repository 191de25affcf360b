"""Rules of the columns of data sets that concern more than one value. Each yields findings; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from data_pipeline.core.config import definitions
from data_pipeline.core.config.datasets import Column, Dataset
from data_pipeline.core.problems import Path, Violation, quoted
from data_pipeline.etl.documents.types import Primitive

_WHOLE = {"int": 31, "long": 63}
_DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", re.ASCII)
_TIME = re.compile(_DATE.pattern + r"([ T]\d\d(:\d\d(:\d\d(\.\d{1,6})?)?)?(Z|[+-]\d\d(:?\d\d)?)?)?", re.ASCII)


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
    kind = column.kind
    assert isinstance(kind, Primitive)
    own = {"date": written.date, "timestamp": written.timestamp, "timestamptz": written.timestamp}
    if not own.get(kind.name) and not fits(text.replace(written.decimal, "."), kind):
        advice = _example(kind)
        yield Violation(
            path, f"{quoted(text)}, which is no {kind}", f"a value of the column's type, as {advice}"
        )


def fits(text: str, kind: Primitive) -> bool:
    """Whether ``text`` is a value of the type, exactly: as it is for a field of a file."""
    if kind.name == "boolean":
        return text.lower() in ("true", "false")
    if kind.name in ("date", "timestamp", "timestamptz"):
        return bool((_DATE if kind.name == "date" else _TIME).fullmatch(text))
    if kind.name == "string":
        return True
    try:
        number = Decimal(text)
    except InvalidOperation:
        return False
    if kind.name in _WHOLE:
        return (
            number == number.to_integral_value()
            and -(2 ** _WHOLE[kind.name]) <= number < 2 ** _WHOLE[kind.name]
        )
    if kind.name == "decimal":
        scaled = number.scaleb(kind.scale)
        return (
            number.is_finite() and scaled == scaled.to_integral_value() and abs(scaled) < 10**kind.precision
        )
    return True


def _example(kind: Primitive) -> str:
    examples = {"boolean": "true", "date": "2024-01-31", "timestamp": "2024-01-31T05:06:07", "string": "x"}
    return examples.get(kind.name.removesuffix("tz"), "0")
