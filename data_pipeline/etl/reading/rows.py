"""From the columns of a block of rows to accepted and refused rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Callable

import numpy as np
import pyarrow as pa

from data_pipeline.etl.documents.datasets import ROW, Dataset
from data_pipeline.etl.reading import checks
from data_pipeline.etl.reading.casts import Problems
from data_pipeline.etl.reading.checks import Checks
from data_pipeline.etl.reading.columns import ColumnPlan
from data_pipeline.etl.reading.protocol import FileRows, Staged
from data_pipeline.etl.reading.quarantine import Quarantine, Refused
from data_pipeline.etl.reading.schemas import arrow_schema

Why = tuple[str, "str | None"]
"""The reason, and the column that it is about."""
Raw = Callable[[list[int]], Mapping[int, str]]
"""The raw text of rows by their numbers in the block, from 1; a row without one is left out."""


@dataclass(frozen=True)
class Block:
    """Rows that follow each other in a file, ``read`` of them, numbered from 1. ``columns`` are those that could be
    taken apart, with the problems of each, and ``numbers`` (NumPy, rising) the numbers of their rows; ``refused``
    says why of the other rows.
    """

    read: int
    numbers: Any
    columns: Sequence[tuple[Any, Problems]]
    refused: Mapping[int, Why]
    raw: Raw
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class JudgedRows:
    """A block whose rows are accepted, with their numbers in it, or refused."""

    read: int
    table: Any
    numbers: Any
    refused: list[Refused]
    ignored: tuple[str, ...]


def judge_rows(
    block: Block, plan: Sequence[ColumnPlan], judge: Checks, parts: Mapping[str, str], raw: bool = True
) -> JudgedRows:
    """Accept the rows of ``block`` that have no problem. Without ``raw`` nobody keeps the texts of the others."""
    table, numbers = _table(block, plan), block.numbers
    refused: dict[int, Why] = dict(block.refused)
    problems: dict[int, Why] = {}
    for (_, found), each in zip(block.columns, plan):
        for at, reason in found.items():
            problems.setdefault(at, (reason, each.column.name))
    table, numbers = _without(table, numbers, problems, refused)
    if judge.every:
        failed = judge.refused(checks.with_parts(table, list(parts.items())))
        unfit: dict[int, Why] = {at: (name, None) for at, name in failed.items()}
        table, numbers = _without(table, numbers, unfit, refused)
    rows = _refused(refused, block.raw if raw else None)
    return JudgedRows(block.read, judge.published(table), numbers, rows, block.ignored)


def _table(block: Block, plan: Sequence[ColumnPlan]) -> Any:
    arrays = [array for array, _ in block.columns]
    return pa.Table.from_arrays(arrays, [each.column.name for each in plan])


def _without(
    table: Any, numbers: Any, problems: Mapping[int, Why], refused: dict[int, Why]
) -> tuple[Any, Any]:
    """The rows at other positions than those of ``problems``, which are noted in ``refused`` by their numbers."""
    if not problems:
        return table, numbers
    keep = np.ones(len(numbers), bool)
    at = np.fromiter(problems, np.int64, len(problems))
    keep[at] = False
    refused.update(zip(numbers[at].tolist(), problems.values(), strict=True))
    return table.filter(pa.array(keep)), numbers[keep]


def _refused(refused: Mapping[int, Why], raw: Raw | None) -> list[Refused]:
    if not refused:
        return []
    numbers = sorted(refused)
    texts = raw(numbers) if raw else {}
    why = ((number, *refused[number]) for number in numbers)
    return [Refused(number, reason, texts.get(number), column) for number, reason, column in why]


@dataclass
class Tally:
    """Hands on the rows of a file's blocks, in their order, and counts them. ``before``: rows of the file that come
    before them, for their numbers.
    """

    dataset: Dataset
    parts: Mapping[str, str]
    quarantine: Quarantine
    staged: Staged
    before: int = 0
    read: int = 0
    accepted: int = 0
    ignored: dict[str, None] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    reasons: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.schema = arrow_schema(self.dataset, tuple(self.parts))

    def add(self, judged: JudgedRows) -> None:
        """The next block."""
        before = self.before + self.read
        for reason, count in Counter(row.reason for row in judged.refused).items():
            self.reasons[reason] = self.reasons.get(reason, 0) + count
        refused = (Refused(row.row + before, *row[1:]) for row in judged.refused)
        self.quarantine.add(refused if before else judged.refused)
        if len(judged.numbers):
            named = [pa.repeat(value, len(judged.numbers)) for value in self.parts.values()]
            columns = [*judged.table.columns, *named, pa.array(judged.numbers + before, pa.int64())]
            self.staged(pa.Table.from_arrays(columns, schema=self.schema))
        self.read += judged.read
        self.accepted += len(judged.numbers)
        self.ignored.update(dict.fromkeys(judged.ignored))
        if judged.read != len(judged.numbers) + len(judged.refused):
            raise AssertionError(f"{self.dataset.name}: a block's rows do not add up: {ROW} {before + 1}")

    def rows(self) -> FileRows:
        """What became of the rows so far."""
        refused = self.read - self.accepted
        said = tuple(self.ignored), tuple(self.warnings)
        return FileRows(self.read, self.accepted, refused, dict(self.reasons), *said)
