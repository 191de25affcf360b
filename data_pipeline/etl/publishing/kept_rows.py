"""What stays in a data set's table beside the units that a run is about to replace, for its rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table
from pyiceberg.types import DateType, PrimitiveType

from data_pipeline.etl.documents.datasets import UNIT

from . import data_files, tables

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class UnitsBeside:
    """The rows of the table ``name`` that are of none of ``units``, as ``quality.kept.KeptRows``."""

    at: tables.Tables
    name: str
    units: frozenset[str]

    def read(
        self, columns: Sequence[str], time: str = "", since: datetime | None = None
    ) -> pa.RecordBatchReader | None:
        table = self.at.find(self.name)
        if table is None or table.current_snapshot() is None:
            return None
        there = {field.name for field in table.schema().fields}
        if not {*columns} <= there:
            return None
        found = tables.files_in(table, table.current_snapshot())
        if time and since is not None:
            found = [file for file in found if _may_have(table, file, time, since)]
        wanted = [*dict.fromkeys((*columns, UNIT))]
        schema = data_files.arrow_schema(table.schema().select(*wanted))
        names = [*columns]
        kept = pa.schema([schema.field(name) for name in names])
        return pa.RecordBatchReader.from_batches(kept, self._batches(table, found, wanted, names))

    def _batches(
        self, table: Table, found: Sequence[DataFile], wanted: Sequence[str], names: Sequence[str]
    ) -> Iterator[pa.RecordBatch]:
        leaving = pa.array(sorted(self.units), pa.string())
        for file in found:
            for rows in data_files.batches(table, file, wanted):
                kept = rows.filter(pc.invert(pc.is_in(rows[UNIT], leaving)))
                yield from kept.select(names).to_batches()


def _may_have(table: Table, file: DataFile, column: str, since: datetime) -> bool:
    """Whether ``file`` may have a time from ``since`` on, by the bounds of its ``column``."""
    field = table.schema().find_field(column)
    upper = file.upper_bounds.get(field.field_id)
    if upper is None or not isinstance(field.field_type, PrimitiveType):
        return True
    value: Any = from_bytes(field.field_type, upper)
    moment = since if since.tzinfo else since.replace(tzinfo=timezone.utc)
    if isinstance(field.field_type, DateType):
        return bool(value >= (moment - _EPOCH).days)
    return bool(value >= (moment - _EPOCH).total_seconds() * 1_000_000)
