"""A rebuild of a large table in pieces: what was read is kept until it is published, so that a run that was killed, or
whose rules have failed, is taken up where it was.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from data_pipeline.etl.documents.datasets import Dataset
from data_pipeline.etl.documents.erasures import NO_KEYS, Record
from data_pipeline.etl.documents.load_plan import PlannedFile, Unit
from data_pipeline.etl.publishing.parquet_parts import Part, Split
from data_pipeline.etl.publishing.rebuild import Piece, Rebuild, version
from data_pipeline.etl.reading.protocol import FileRows
from data_pipeline.etl.state.entries import time_text

from .reading import FileResult, UnitResult
from .target import Target

PIECE_BYTES = 512 << 20
"""The bytes of files that make a piece. What is less, at the end, is not kept."""
ROWS, REFUSED = "rows", "quarantine"


@dataclass(frozen=True)
class Pieces:
    """``split``: the partitions of the rows; ``refused``: where the refused rows of a file are put; ``since``: since
    when a file's version is available, which its rows tell.
    """

    rebuild: Rebuild
    split: Split
    refused: Path
    since: Callable[[PlannedFile], datetime]

    def taken_up(self, units: Sequence[Unit], folder: Path) -> Taken:
        """What is kept of ``units``; its files come into ``folder``. A piece is taken whole or not at all."""
        wanted = {self._version(unit): unit for unit in units}
        taken = Taken()
        for piece in self.rebuild.kept():
            mine = [wanted.get(each) for each in piece.units]
            if all(unit is not None and unit.key not in taken.units for unit in mine):
                self._take(piece, wanted, folder / f"piece-{len(taken.units)}", taken)
        return taken

    def _take(self, piece: Piece, wanted: dict[str, Unit], folder: Path, taken: Taken) -> None:
        folder.mkdir()
        self.rebuild.fetch(piece, folder)
        for path in sorted((folder / REFUSED).rglob("*.parquet")):
            target = self.refused / path.relative_to(folder / REFUSED)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.rename(target)
        for name, counted in piece.units.items():
            unit = wanted[name]
            every = zip(unit.files, counted, strict=True)
            taken.units[unit.key] = UnitResult(
                unit, tuple(FileResult(file, _rows(one)) for file, one in every)
            )
        taken.parts += [_part(path, self.split) for path in sorted((folder / ROWS).glob("*.parquet"))]

    def keep(self, results: Sequence[UnitResult], parts: Sequence[Part]) -> None:
        """Keep what was read: ``parts`` have the rows of just these units. An unreadable one is not kept."""
        readable = [each for each in results if each.readable]
        units = {self._version(each.unit): [_counted(one.rows) for one in each.files] for each in readable}
        made = {f"{ROWS}/{part.path.name}": part.path for part in parts}
        for each in readable:
            for file in each.unit.files:
                path = self.refused / f"{file.path}.parquet"
                if path.is_file():
                    made[f"{REFUSED}/{file.path}.parquet"] = path
        if units:
            self.rebuild.keep(units, made)

    def _version(self, unit: Unit) -> str:
        return version(unit, [time_text(self.since(file)) for file in unit.files])


@dataclass
class Taken:
    """Key → result of the units that were read before, and the finished files of their rows."""

    units: dict[str, UnitResult] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)


def rebuild(
    dataset: Dataset, schema: pa.Schema, spec: str, target: Target, erased: Record = NO_KEYS
) -> Rebuild:
    """Where the pieces are of a rebuild that reads and writes just so: another definition, another layout of the table,
    another version of the code or other ``erased`` keys have their own.
    """
    told = [dataset.definition, schema.to_string(truncate_metadata=False), spec, target.code_version]
    told += [key.hash for key in erased.keys]
    key = hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]
    return Rebuild(target.output, dataset.name, key)


def _counted(rows: FileRows) -> dict[str, Any]:
    counts = [rows.read, rows.accepted, rows.quarantined, rows.erased]
    said = {"ignored": list(rows.columns_ignored), "warnings": list(rows.warnings)}
    return {"rows": counts, "reasons": dict(rows.reasons), **said}


def _rows(counted: dict[str, Any]) -> FileRows:
    read, accepted, quarantined, *erased = counted["rows"]  # those of a run before there were any have none
    said = tuple(counted["ignored"]), tuple(counted.get("warnings", ()))
    return FileRows(read, accepted, quarantined, counted["reasons"], *said, *erased)


def _part(path: Path, split: Split) -> Part:
    """A finished file whose partition is that of its first row."""
    with pq.ParquetFile(path) as file:
        first = next(file.iter_batches(1))
        ((values, _),) = split(pa.Table.from_batches([first], file.schema_arrow))
        return Part(path, values, file.metadata.num_rows)
