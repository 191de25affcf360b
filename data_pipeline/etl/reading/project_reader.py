"""A reader of the project's own (``read: module:name``): a function that yields the rows of a file, or a class that
keeps to ``protocol.Reader``.

The rows that a function yields are read as objects of JSON lines are, with the columns, types and checks of the data
set: what does not fit is refused, and each has its number.
"""

from __future__ import annotations

import importlib
import inspect
import json
import math
import re
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Callable, Union

from data_pipeline.etl.documents.datasets import Dataset
from data_pipeline.etl.errors import FileError, JobError
from data_pipeline.etl.exits import one_line
from data_pipeline.etl.reading import rows
from data_pipeline.etl.reading.protocol import FileRows, Reader, SourceFile, Staged
from data_pipeline.etl.reading.quarantine import Quarantine
from data_pipeline.etl.reading.rows import JudgedRows, Tally

PAGE = "docs/how-to/custom-reader.md"
ROWS, BYTES = 10_000, 2 << 20
"""Rows that are judged together, and about how many characters of them."""
_REASON = re.compile("[a-z][a-z0-9]*(-[a-z0-9]+)*")
_LONGEST_REASON = 64
_NO_OBJECT = "!"
"""Stands for a row that the function refuses itself."""


@dataclass(frozen=True)
class Refuse:
    """A row that a reader refuses: why, in lower-case words joined by ``-``, its text, and the column meant."""

    reason: str
    raw: str | None = None
    column: str | None = None


Row = Union[Mapping[str, Any], Refuse]
"""A row by the names that the data set's columns have in files. Values are texts, numbers, ``True`` and ``False``,
dates, times, lists and maps; ``None`` and a missing name are null.
"""
Rows = Callable[[SourceFile, Mapping[str, str]], Iterable[Row]]
"""The rows of a file, given the data set's ``options``."""


def load(dataset: Dataset) -> Reader:
    """The reader that ``dataset`` names: what ``Class(dataset)`` makes, or one of the rows of a function. JobError if
    there is none.
    """
    module, _, name = dataset.reader.partition(":")
    where = f"data set {dataset.name}: its reader {dataset.reader}"
    found = getattr(imported(module, where), name, None)
    if isinstance(found, type) and hasattr(found, "read"):
        reader: Reader = found(dataset)
        return reader
    if inspect.isfunction(found):
        return RowsReader(dataset, found)
    raise JobError(f"{where} is neither a function nor a class with a method read; see {PAGE}")


def imported(module: str, where: str) -> Any:
    """The project's ``module``. JobError, which begins with ``where``, if it or a package that it needs is missing."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        lacking = error.name or ""
        if f"{module}.".startswith(f"{lacking}."):
            raise JobError(f"{where} cannot be imported: there is no {module} in jobs/") from error
        raise JobError(
            f"{where} cannot be imported: there is no package {lacking} here; name it in jobs/requirements.txt, then "
            "pip install -r requirements.txt"
        ) from error
    except ImportError as error:
        raise JobError(f"{where} cannot be imported: {one_line(str(error))}") from error


class RowsReader:
    """Reads what a function yields."""

    def __init__(self, dataset: Dataset, function: Rows) -> None:
        from data_pipeline.etl.reading.json_files import (
            JsonReader,
        )  # which a reader that is a class does without

        self.dataset = replace(dataset, format=replace(dataset.format, kind="json", decimal="."))
        self.function = function
        self.json = JsonReader(self.dataset)

    def read(self, file: SourceFile, quarantine: Quarantine, staged: Staged) -> FileRows:
        """See ``protocol.Reader``."""
        tally = Tally(self.dataset, file.parts, quarantine, staged)
        for some in self._blocks(self._rows(file, quarantine.source)):
            tally.add(self._judged(some, file.parts, quarantine.keeps_text))
        return tally.rows()

    def _blocks(self, found: Iterator[Row]) -> Iterator[list[tuple[Row, str]]]:
        """Rows, each with the text that is judged, some of them together."""
        some: list[tuple[Row, str]] = []
        size = 0
        for row in found:
            some.append((row, self._text(row)))
            size += len(some[-1][1])
            if len(some) == ROWS or size > BYTES:
                yield some
                some, size = [], 0
        if some:
            yield some

    def _rows(self, file: SourceFile, path: str) -> Iterator[Row]:
        """What the function yields of the file at ``path`` in the input. JobError where it goes wrong."""
        try:
            for number, row in enumerate(self.function(file, self.dataset.options), 1):
                if wrong := _wrong(row):
                    raise JobError(f"{self._where} yields {wrong} as row {number} of {path}; see {PAGE}")
                yield row
        except (FileError, JobError):
            raise
        except Exception as error:
            raise JobError(self._failed(error, path)) from error

    @property
    def _where(self) -> str:
        return f"data set {self.dataset.name}: its reader {self.dataset.reader}"

    def _failed(self, error: Exception, path: str) -> str:
        said = "" if self.dataset.private else f": {one_line(str(error))}"
        return (
            f"{self._where} failed at {line_of(error, self.function)} on {path}: {type(error).__name__}{said}; a file "
            "of which nothing can be used is told by FileError"
        )

    def _judged(self, some: Sequence[tuple[Row, str]], parts: Mapping[str, str], raw: bool) -> JudgedRows:
        from data_pipeline.etl.reading.json_blocks import Lines

        own = {number: row for number, (row, _) in enumerate(some, 1) if isinstance(row, Refuse)}
        lines = "".join(f"{text}\n" for _, text in some).encode("utf-8", "surrogatepass")
        found = self.json.block(Lines.of(lines))

        def texts_of(numbers: list[int]) -> Mapping[int, str]:
            others = found.raw([number for number in numbers if number not in own])
            mine = ((n, own[n].raw) for n in numbers if n in own)
            return {**others, **{n: text for n, text in mine if text is not None}}

        refused = {**found.refused, **{number: (row.reason, row.column) for number, row in own.items()}}
        block = replace(found, refused=refused, raw=texts_of)
        return rows.judge_rows(block, self.json.plan, self.json.checks, parts, raw)

    def _text(self, row: Row) -> str:
        """``row`` as an object of JSON; of one that is refused already, what is none."""
        if isinstance(row, Refuse):
            return _NO_OBJECT
        try:
            return json.dumps(plain(row), ensure_ascii=False)
        except TypeError as error:
            raise JobError(f"{self._where} yields {error}; see {PAGE}") from error


def _wrong(row: Any) -> str:
    """What is yielded in place of a row, and what is expected; nothing if it is one."""
    if isinstance(row, Refuse):
        fits = _REASON.fullmatch(row.reason) and len(row.reason) <= _LONGEST_REASON
        return "" if fits else f"the reason {row.reason[:80]!r}, expected lower-case words joined by '-'"
    return "" if isinstance(row, Mapping) else f"{type(row).__name__}, expected a map of values or Refuse,"


def plain(value: Any) -> Any:
    """A value as JSON has it, where numbers may be texts. TypeError for one of another kind."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if hasattr(value, "item") and type(found := value.item()) is not type(value):  # a scalar of NumPy
        return plain(found)
    raise TypeError(
        f"a value that is {type(value).__name__}, expected a text, a number, a date, a list or a map"
    )


def line_of(error: BaseException, function: Callable[..., Any]) -> str:
    """``file:line`` of the project's code where ``error`` came from."""
    place = function.__code__.co_filename
    frames = traceback.extract_tb(error.__traceback__)
    mine = [frame for frame in frames if frame.filename == place] or frames
    return f"{mine[-1].filename.rpartition('/')[2]}:{mine[-1].lineno}"
