"""Rows to look at: the first of a table, and the first refused ones of each reason."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.table import Table as IcebergTable

from data_pipeline.etl.documents.datasets import FILE, RESERVED, ROW
from data_pipeline.etl.documents.rehearsal import LONGEST, Refused
from data_pipeline.etl.publishing import iceberg_types, inputs, tables
from data_pipeline.etl.quality.sql import name as quoted

BATCH = 10_000
"""Refused rows that are looked at together."""


def columns(table: IcebergTable) -> list[list[str]]:
    """Name and type of each column that is not the tool's own."""
    return [
        [field.name, str(iceberg_types.of_iceberg(field.field_type))]
        for field in table.schema().fields
        if field.name not in RESERVED
    ]


def first_rows(table: IcebergTable, number: int) -> list[dict[str, Any]]:
    """The first rows, in the order of files and of the rows in them where the table says so."""
    names = {field.name for field in table.schema().fields}
    order = f" ORDER BY {FILE}, {ROW}" if {FILE, ROW} <= names else ""
    shown = ", ".join(quoted(name) for name, _ in columns(table))
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        inputs.register(db, "_rows", table, tables.files_in(table, table.current_snapshot()))
        found = db.execute(f"SELECT {shown} FROM _rows{order} LIMIT {number:d}")  # noqa: S608 - quoted names
        rows = found.to_arrow_table().to_pylist()
    return [{name: plain(value) for name, value in row.items()} for row in rows]


def refused(quarantine: str, reasons: Mapping[str, Mapping[str, int]], number: int) -> list[Refused]:
    """The first ``number`` rows of each reason. ``quarantine``: the folder of refused rows; ``reasons``: path of a file
    → why rows of it are refused → how many, in the order in which files are looked at.
    """
    total: Counter[str] = Counter()
    for each in reasons.values():
        total.update(each)
    left = {reason: min(count, number) for reason, count in total.items()}
    found: list[Refused] = []
    for path, each in reasons.items():
        if any(left[reason] for reason in each):
            found += _of_file(f"{quarantine}/{path}.parquet", left)
    return sorted(found, key=lambda row: (-total[row["reason"]], row["reason"]))


def _of_file(place: str, left: dict[str, int]) -> Iterable[Refused]:
    """The rows of one file that are wanted; ``left`` counts down how many still are."""
    with pq.ParquetFile(place) as file:
        for batch in file.iter_batches(BATCH):
            if not any(left.values()):
                return
            wanted = []
            for at, reason in enumerate(batch["reason"].to_pylist()):
                if left.get(reason):
                    left[reason] -= 1
                    wanted.append(at)
            for row in batch.take(pa.array(wanted, pa.int64())).to_pylist():
                raw = plain(row["raw"])
                yield Refused(
                    path=row["source"],
                    row=row["row"],
                    reason=row["reason"],
                    column=row.get("column"),
                    raw=raw,
                )


def plain(value: Any) -> Any:
    """A value as JSON has it; a long text is cut."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, bytes):
        return plain(value.hex())
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, (bool, int, float)):
        return value
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
