"""Accepted rows of one unit while its files are read: in memory as long as they are few, else in files of their own.

A unit is published whole or not at all, so nothing of it is mixed with other units' rows before all its files are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from data_pipeline.etl.arrow_types import repeated
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


class Values:
    """Columns of one value each, for tables that become such as ``schema`` has them."""

    def __init__(self, values: Mapping[str, Any], schema: pa.Schema) -> None:
        self.values, self.schema = values, schema
        self._made: dict[str, Any] = {}

    def beside(self, rows: pa.Table) -> pa.Table:
        """``rows`` with these columns, which several tables share; what neither has is null."""
        given = set(rows.column_names)
        columns = [
            rows[field.name] if field.name in given else self._column(field, len(rows))
            for field in self.schema
        ]
        if all(_fits(column, field) for column, field in zip(columns, self.schema, strict=True)):
            return pa.Table.from_arrays(columns, schema=self.schema)
        return pa.table(columns, names=self.schema.names).cast(self.schema)

    def _column(self, field: pa.Field, count: int) -> Any:
        made = self._made.get(field.name)
        if made is None or len(made) < count:
            made = repeated(self.values.get(field.name), count, field.type)
            self._made[field.name] = made
        return made.slice(0, count)


def _fits(column: Any, field: pa.Field) -> bool:
    return bool(column.type == field.type and (field.nullable or not column.null_count))
