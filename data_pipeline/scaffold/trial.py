"""A proposal held against the samples: what the reader accepts and refuses, and what the accepted rows show."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from data_pipeline.core.config import datasets as models
from data_pipeline.core.config import definitions
from data_pipeline.core.loading import yaml_lines
from data_pipeline.etl.documents import patterns
from data_pipeline.etl.documents.datasets import Dataset
from data_pipeline.etl.errors import FileError
from data_pipeline.etl.reading import files
from data_pipeline.etl.reading.protocol import SourceFile
from data_pipeline.etl.reading.quarantine import Quarantine

from . import block
from .proposal import Proposal

_SHOWN = 3
_MOST_ROWS = 100_000
_MOST_COLUMNS = 12
#: of fewer rows, each column may well tell all apart.
FEWEST_ROWS = 10


@dataclass(frozen=True)
class LocalSample:
    """A file to read, ``path`` being its path below the input. ``utf8``: it was written anew, in UTF-8."""

    path: str
    file: Path
    utf8: bool = False


@dataclass(frozen=True)
class RefusedRow:
    path: str
    row: int
    reason: str
    raw: str


@dataclass(frozen=True)
class Accounting:
    """What became of a file's rows; ``unreadable``: why nothing of it can be used, or empty."""

    path: str
    read: int = 0
    accepted: int = 0
    quarantined: int = 0
    reasons: Mapping[str, int] | None = None
    unreadable: str = ""


@dataclass(frozen=True)
class Trial:
    """``files``: one for each sample. ``refused``: the first refused rows of each reason. ``rows``: accepted ones."""

    files: tuple[Accounting, ...]
    refused: tuple[RefusedRow, ...]
    rows: pa.Table | None

    @property
    def read(self) -> int:
        return sum(each.read for each in self.files)

    @property
    def reasons(self) -> dict[str, int]:
        """Reason → rows, the most frequent first."""
        found: dict[str, int] = {}
        for each in self.files:
            for reason, count in (each.reasons or {}).items():
                found[reason] = found.get(reason, 0) + count
        return dict(sorted(found.items(), key=lambda pair: -pair[1]))

    @property
    def unreadable(self) -> list[Accounting]:
        return [each for each in self.files if each.unreadable]


def dataset(proposal: Proposal) -> Dataset:
    """The definition that the jobs would be given."""
    node, _ = yaml_lines.read("\n".join(block.lines(proposal)).encode(), "")
    assert node is not None
    model = models.Dataset.model_validate(node.keys[proposal.name].plain(), strict=True)
    return definitions.definitions({proposal.name: model}, {}, {}, {}).datasets[proposal.name]


def held_against(defined: Dataset, samples: Sequence[LocalSample], scratch: Path) -> Trial:
    """Read the samples as the jobs would; ``scratch`` is an empty folder."""
    matching = [patterns.parse(text) for text in defined.patterns]
    utf8 = replace(defined, format=replace(defined.format, encoding="utf-8"))
    found: list[Accounting] = []
    refused: list[RefusedRow] = []
    tables: list[pa.Table] = []
    for at, sample in enumerate(samples):
        match = next((m for each in matching if (m := each.match(sample.path))), patterns.Match("", {}))
        folder = scratch / f"read-{at}"
        folder.mkdir()
        file = SourceFile(sample.file, folder, match.parts, match.period)
        kept: list[pa.Table] = []
        path = folder / "refused.parquet"
        try:
            with Quarantine(path, sample.path, 100) as quarantine:
                read = files.reader(utf8 if sample.utf8 else defined).read(file, quarantine, kept.append)
        except FileError as error:
            found.append(Accounting(sample.path, unreadable=str(error)))
            continue
        found.append(Accounting(sample.path, read.read, read.accepted, read.quarantined, read.reasons))
        refused += _refused(path, sample.path) if path.exists() else []
        tables += kept
    return Trial(tuple(found), tuple(_first_of_each(refused)), _together(tables))


def _refused(path: Path, source: str) -> list[RefusedRow]:
    rows = pq.read_table(path).to_pylist()
    return [RefusedRow(source, row["row"], row["reason"], row["raw"] or "") for row in rows]


def _first_of_each(rows: Sequence[RefusedRow]) -> Iterator[RefusedRow]:
    shown: dict[str, int] = {}
    for row in rows:
        shown[row.reason] = shown.get(row.reason, 0) + 1
        if shown[row.reason] <= _SHOWN:
            yield row


def _together(tables: Sequence[pa.Table]) -> pa.Table | None:
    """The accepted rows, those of the first files if they are many; files of different parts have the same columns."""
    if not tables:
        return None
    return pa.concat_tables(tables).slice(0, _MOST_ROWS).combine_chunks()


def keys(rows: pa.Table, columns: Sequence[str]) -> list[tuple[str, ...]]:
    """The columns, or else the pairs of columns, that tell all rows apart and are never null."""
    able = [
        name
        for name in columns
        if not rows.column(name).null_count
        and not pa.types.is_nested(rows.schema.field(name).type)
        and not pa.types.is_floating(rows.schema.field(name).type)
        and not pa.types.is_boolean(rows.schema.field(name).type)
    ][:_MOST_COLUMNS]
    if len(rows) < FEWEST_ROWS:
        return []
    single: list[tuple[str, ...]] = [(name,) for name in able if _distinct(rows, (name,)) == len(rows)]
    if single:
        return single
    return [pair for pair in itertools.combinations(able, 2) if _distinct(rows, pair) == len(rows)]


def _distinct(rows: pa.Table, columns: Sequence[str]) -> int:
    return len(rows.select([*columns]).group_by([*columns]).aggregate([]))
