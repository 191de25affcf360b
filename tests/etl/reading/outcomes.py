"""What tests of reading share: read one file, and keep what is handed on and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from data_pipeline.etl.documents.datasets import Column, Dataset, Format
from data_pipeline.etl.reading.files import reader
from data_pipeline.etl.reading.protocol import FileRows, SourceFile
from data_pipeline.etl.reading.quarantine import Quarantine
from data_pipeline.etl.reading.schemas import arrow_schema


class Outcome(NamedTuple):
    rows: FileRows
    table: pa.Table
    refused: list[dict]

    @property
    def reasons(self) -> dict[int, str]:
        return {row["row"]: row["reason"] for row in self.refused}

    def adds_up(self) -> bool:
        """Each row is accepted or refused, once, and the counts say so."""
        numbers = self.table["_row"].to_pylist()
        rows, refused = self.rows, [row["row"] for row in self.refused]
        counts = (rows.read, rows.accepted, rows.quarantined) == (
            len(numbers) + len(refused),
            len(numbers),
            len(refused),
        )
        return (
            counts
            and numbers == sorted(numbers)
            and sorted(numbers + refused) == list(range(1, rows.read + 1))
            and sum(rows.reasons.values()) == rows.quarantined
        )


def dataset(columns: dict[str, str], kind: str = "csv", **more) -> Dataset:
    """A data set of columns name → type, with ``?`` where it may be null; keys of its format among ``more``."""
    written = {key: more.pop(key) for key in list(more) if key in Format.__dataclass_fields__}
    made = tuple(
        Column(name, text.rstrip("?"), text.endswith("?")) if isinstance(text, str) else text
        for name, text in columns.items()
    )
    return Dataset("orders", ("orders.csv",), Format(kind, **written), made, **more)


def outcome(path: Path, data: Dataset, workers: int = 1, **parts: str) -> Outcome:
    """What reading the file gives."""
    tables = []
    kept = path.parent / f"{path.name}.quarantine"
    with Quarantine(kept, path.name, 1_000_000, data.private) as quarantine:
        rows = reader(data, workers).read(SourceFile(path, path.parent, parts), quarantine, tables.append)
    refused = pq.read_table(kept).to_pylist() if kept.exists() else []
    kept.unlink(missing_ok=True)
    schema = arrow_schema(data, tuple(parts))
    table = pa.concat_tables([schema.empty_table(), *tables])
    assert table.schema == schema
    return Outcome(rows, table, refused)


def written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
