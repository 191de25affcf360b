"""Rules of the columns of data sets that concern more than one value. Each yields findings; pure."""

from __future__ import annotations

from collections.abc import Iterator

from data_pipeline.core.config import definitions
from data_pipeline.core.config.datasets import Column, Dataset
from data_pipeline.core.problems import Path, Violation, quoted
from data_pipeline.etl.documents import values
from data_pipeline.etl.documents.datasets import Format
from data_pipeline.etl.documents.reasons import AMBIGUOUS_TIME, WrongValueError
from data_pipeline.etl.documents.times import Moment
from data_pipeline.etl.documents.types import Primitive
from data_pipeline.etl.errors import JobError

_BLANKS = " \t"


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
    """It is a text of the column's type as the files of the data set write it, or with ``?`` one that says null."""
    written = definitions.definition_of_format(dataset)
    text, kind = str(column.default), column.kind
    if column.nullable and text in written.nulls:
        return
    assert isinstance(kind, Primitive)
    try:
        values.judge_of(kind, written)(text)
    except WrongValueError as error:
        yield _refused(path, text, kind, written, error.reason)
    except JobError as error:  # a format that says no day
        yield Violation(path, f"{quoted(text)}: {error}", "a value of the column's type")


def _refused(path: Path, text: str, kind: Primitive, written: Format, reason: str) -> Violation:
    shown, zone = quoted(text.strip(_BLANKS)), written.timezone
    if kind.name in ("timestamp", "timestamptz") and (moment := _moment(text, kind, written)):
        if not zone and moment.offset is None:
            found = f"{shown}, a time without an offset, in a data set without 'timezone'"
            return Violation(path, found, "an offset behind it, as in '2024-01-31T05:06:07Z'")
        if not zone and kind.name == "timestamp":
            found = f"{shown}, a time with an offset, in a data set without 'timezone'"
            return Violation(path, found, "a time of the column's own clock, without an offset")
        if reason in (AMBIGUOUS_TIME, "not-timestamptz"):
            often = "twice" if reason == AMBIGUOUS_TIME else "never"
            found = f"{shown}, which the clocks of {quoted(zone)} show {often}"
            return Violation(path, found, "a time that they show once, or one with an offset")
    own = {"date": written.date, "timestamp": written.timestamp, "timestamptz": written.timestamp}
    example = own.get(kind.name)
    expected = f"a value of the column's type, as {f'{example} writes it' if example else _example(kind)}"
    return Violation(path, f"{shown}, which is no {kind}", expected)


def _moment(text: str, kind: Primitive, written: Format) -> Moment | None:
    """The time that is written, whatever its zone; None if it is none."""
    try:
        return values.moment_of(kind.name, written)(text)
    except WrongValueError:
        return None


def _example(kind: Primitive) -> str:
    time = "2024-01-31T05:06:07"
    examples = {"boolean": "true", "date": "2024-01-31", "timestamp": time, "timestamptz": f"{time}Z"}
    return examples.get(kind.name, "0")
