"""JSON lines: one object a line. A key that is missing is null; a key that no column has is passed over and named;
a key of a column that stands twice refuses the row. Lines end with ``\\n``; a line of blanks is no row. A row's
number is that of its line, from 1, without those.

Lines that are alike are read at once, see ``json_alike``. Of the others Arrow reads a block at once. It takes what
``json_values`` takes, and nothing else, once the lines are left out that begin and end otherwise than an object does,
or may hold what only Arrow takes for a number. Where it refuses a block, lines that may be the reason are looked for
by what the error says, and left out too. What is left out is read line by line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from data_pipeline.etl.documents import reasons
from data_pipeline.etl.documents.datasets import Dataset
from data_pipeline.etl.documents.reasons import WrongValueError
from data_pipeline.etl.errors import FileError
from data_pipeline.etl.reading import (
    columns,
    json_alike,
    json_blocks,
    json_values,
    rows,
    text_files,
    threads,
)
from data_pipeline.etl.reading.casts import Problems
from data_pipeline.etl.reading.checks import Checks
from data_pipeline.etl.reading.columns import ColumnPlan
from data_pipeline.etl.reading.json_alike import AlikeReader, Rows
from data_pipeline.etl.reading.json_blocks import Lines
from data_pipeline.etl.reading.protocol import FileRows, SourceFile, Staged
from data_pipeline.etl.reading.quarantine import Quarantine
from data_pipeline.etl.reading.rows import Block, JudgedRows, Tally
from data_pipeline.etl.reading.text_files import Readable

BLOCK = 2 << 20
"""Bytes that are read and parsed together."""
LONGEST = 64 << 20
"""Bytes of the longest line."""


class JsonReader:
    """Reads the files of JSON lines of one data set, with ``workers`` threads for a large one."""

    def __init__(self, dataset: Dataset, workers: int = 1) -> None:
        self.dataset = dataset
        self.plan = columns.plans(dataset)
        self.shapes = [json_values.shape_of(each.kind, dataset.format) for each in self.plan]
        self.alike = AlikeReader(self.plan, self.shapes)
        self.arrow = json_blocks.ArrowReader(self.plan, self.shapes)
        self.checks = Checks(dataset)
        self.workers = workers
        self.known = frozenset(name for each in self.plan for name in each.names)

    def read(self, file: SourceFile, quarantine: Quarantine, staged: Staged) -> FileRows:
        """See ``protocol.Reader``."""
        tally = Tally(self.dataset, file.parts, quarantine, staged, file.before)

        def work(data: bytes) -> JudgedRows:
            block = self.block(Lines.of(data))
            return rows.judge_rows(block, self.plan, self.checks, file.parts, quarantine.keeps_text)

        with text_files.opened(file.path, self.dataset.format.encoding) as text:
            for judged in threads.in_order(work, blocks(text), self.workers):
                tally.add(judged)
        return tally.rows()

    def block(self, lines: Lines) -> Block:
        """The rows of some lines: those that are alike, of the others as many as Arrow reads, and the rest singly."""
        found = self.alike.read(lines)
        left = _others(lines, found)
        if len(left) > json_alike.FEW or len(left) == lines.count:
            found.append(self._by_arrow(lines, left))
            left = _others(lines, found)
        singly = _Singly(self, lines, left.tolist())
        found.append(Rows(np.array(singly.at, np.int64), [*singly.columns()], tuple(singly.ignored)))
        refused: dict[int, rows.Why] = {at: (reason, None) for at, reason in singly.refused.items()}
        sound = [_sound(each, self.plan, refused) for each in found if len(each.at)]
        taken, columns = _joined(self.plan, sound)
        ignored = dict.fromkeys(name for each in found if len(each.at) for name in each.ignored)
        why = {at + 1: reason for at, reason in refused.items()}
        return Block(lines.count, taken + 1, columns, why, lines.raw, tuple(ignored))

    def _by_arrow(self, lines: Lines, at: Any) -> Rows:
        some = lines if len(at) == lines.count else lines.chosen(at)
        together = self.arrow.read(some)
        return Rows(at[together.there], together.columns, together.ignored)


class _Singly:
    """Lines read one by one: those at the positions ``at`` are objects, whose values ``columns`` gives."""

    def __init__(self, reader: JsonReader, lines: Lines, positions: Sequence[int]) -> None:
        self.reader = reader
        self.at: list[int] = []
        self.refused: dict[int, str] = {}
        self.ignored: dict[str, None] = {}
        self._objects: list[json_values.Members] = []
        for position in positions:
            try:
                if position in lines.undecodable:
                    raise WrongValueError(reasons.ENCODING)
                found = json_values.parse(lines.text(position))
            except WrongValueError as error:
                self.refused[position] = error.reason
                continue
            self.at.append(position)
            self._objects.append(found)
            self.ignored.update((key, None) for key in found if key not in reader.known)

    def columns(self) -> Iterator[tuple[Any, Problems]]:
        for plan, shape in zip(self.reader.plan, self.reader.shapes, strict=True):
            values: list[Any] = []
            problems: Problems = {}
            for position, found in enumerate(self._objects):
                try:
                    one = json_values.member(found, plan.names)
                    values.append(None if one is None else json_values.value(one, shape))
                except WrongValueError as error:
                    values.append(None)
                    problems[position] = error.reason
            yield columns.filled(pa.array(values, plan.arrow), plan, problems)


def _others(lines: Lines, found: Sequence[Rows]) -> Any:
    """The positions of the lines that are not ``found``."""
    left = np.ones(lines.count, bool)
    for each in found:
        left[each.at] = False
    return np.flatnonzero(left)


def _sound(one: Rows, plan: Sequence[ColumnPlan], refused: dict[int, rows.Why]) -> tuple[Any, list[Any]]:
    """The positions and columns of the rows without a problem; the others are noted in ``refused``."""
    problems: dict[int, rows.Why] = {}
    for (_, found), each in zip(one.columns, plan, strict=True):
        for place, reason in found.items():
            problems.setdefault(place, (reason, each.column.name))
    arrays = [values for values, _ in one.columns]
    if not problems:
        return one.at, arrays
    keep = np.ones(len(one.at), bool)
    keep[list(problems)] = False
    refused.update((int(one.at[place]), reason) for place, reason in problems.items())
    mask = pa.array(keep)
    return one.at[keep], [each.filter(mask) for each in arrays]


def _joined(
    plan: Sequence[ColumnPlan], found: Sequence[tuple[Any, list[Any]]]
) -> tuple[Any, list[tuple[Any, Problems]]]:
    """The positions and columns of all rows that are ``found``, in the order of their lines."""
    some = [each for each in found if len(each[0])]
    if len(some) == 1:
        return some[0][0], [(values, {}) for values in some[0][1]]
    at = np.concatenate([np.zeros(0, np.int64), *(positions for positions, _ in some)])
    order = np.argsort(at, kind="stable")
    columns: list[tuple[Any, Problems]] = []
    for number, each in enumerate(plan):
        chunks = pa.chunked_array([arrays[number] for _, arrays in some], each.arrow)
        columns.append((chunks.combine_chunks().take(pa.array(order)), {}))
    return at[order], columns


def blocks(file: Readable) -> Iterator[bytes]:
    """Whole lines. FileError for one that is longer than ``LONGEST``."""
    rest = b""
    while more := file.read(BLOCK):
        cut = more.rfind(b"\n") + 1
        if not cut:
            rest += more
            if len(rest) > LONGEST:
                raise FileError(f"it has a line of more than {LONGEST >> 20} MiB")
            continue
        yield rest + more[:cut]
        rest = more[cut:]
    if rest:
        yield rest
