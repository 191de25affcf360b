"""Accepted rows of one unit while its files are read: in memory as long as they are few, else in files of their own.

A unit is published whole or not at all, so nothing of it is mixed with other units' rows before all its files are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from data_pipeline.etl.publishing.parquet_parts import FILE_BYTES, Part, PartWriter, Split

FEW_BYTES = 24 << 20


class UnitRows:
    """Takes tables of ``schema``; more than ``FEW_BYTES`` go to files in ``folder``."""

    def __init__(self, folder: Path, schema: pa.Schema, split: Split, name: str, one_file: bool) -> None:
        self._writer: PartWriter | None = None
        self._where = (folder, schema, split, name, None if one_file else FILE_BYTES)
        self.tables: list[pa.Table] = []
        self.rows = 0
        self._bytes = 0

    def add(self, rows: pa.Table) -> None:
        self.rows += len(rows)
        if self._writer is not None:
            self._writer.write(rows)
            return
        self.tables.append(rows)
        self._bytes += rows.nbytes
        if self._bytes > FEW_BYTES:
            self._writer = PartWriter(*self._where)
            for each in self.tables:
                self._writer.write(each)
            self.tables = []

    def close(self) -> list[Part]:
        """The files that were made, if the rows are not few."""
        return self._writer.close() if self._writer is not None else []

    def discard(self) -> None:
        """Leave nothing behind."""
        if self._writer is not None:
            self._writer.discard()
        self.tables = []


def with_values(rows: pa.Table, values: Mapping[str, Any], schema: pa.Schema) -> pa.Table:
    """``rows`` as ``schema`` has them, with columns of one value each; what neither has is null."""
    columns = []
    for field in schema:
        if field.name in rows.column_names:
            columns.append(rows[field.name])
        else:
            columns.append(pa.repeat(pa.scalar(values.get(field.name), field.type), len(rows)))
    if all(_fits(column, field) for column, field in zip(columns, schema, strict=True)):
        return pa.Table.from_arrays(columns, schema=schema)
    return pa.table(columns, names=schema.names).cast(schema)


def _fits(column: Any, field: pa.Field) -> bool:
    return bool(column.type == field.type and (field.nullable or not column.null_count))
