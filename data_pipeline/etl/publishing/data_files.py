"""Data files of a table: read batch by batch as its columns are now, and made of Parquet files of this machine."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyiceberg import types as iceberg
from pyiceberg.io.pyarrow import (
    _to_requested_schema,
    compute_statistics_plan,
    data_file_statistics_from_parquet_metadata,
    parquet_path_to_id_mapping,
    pyarrow_to_schema,
)
from pyiceberg.manifest import DataFile, DataFileContent, FileFormat
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.typedef import Record

from data_pipeline.etl import arrow_types, null_lists, row_groups
from data_pipeline.etl.documents.datasets import UNIT
from data_pipeline.etl.storage.filesystem import files

from . import iceberg_types
from .parquet_parts import Part

null_lists.keep()

ROWS = 65_536
_FIELD_ID = b"PARQUET:field_id"


def arrow_schema(schema: Schema) -> pa.Schema:
    """The Arrow schema of a table's files: each field has its number."""
    return pa.schema([_field(field.name, field.field_id, field.field_type) for field in schema.fields])


def _field(name: str, number: int, type: iceberg.IcebergType) -> pa.Field:
    return pa.field(name, _arrow(type), metadata={_FIELD_ID: str(number)})


def _arrow(type: iceberg.IcebergType) -> pa.DataType:
    if isinstance(type, iceberg.ListType):
        return pa.list_(_field("element", type.element_id, type.element_type))
    if isinstance(type, iceberg.StructType):
        return pa.struct([_field(each.name, each.field_id, each.field_type) for each in type.fields])
    return arrow_types.to_arrow(iceberg_types.of_iceberg(type))


def batches(
    table: Table,
    file: DataFile,
    columns: Sequence[str] = (),
    schema: Schema | None = None,
    units: Collection[str] | None = None,
) -> Iterator[pa.Table]:
    """The rows of ``file``, some at a time, as the columns of ``table`` are now, or in ``schema``: all, or these. With
    ``units`` row groups that have no row of them are left out.
    """
    schema = schema or table.schema()
    schema = schema.select(*columns) if columns else schema
    arrow = arrow_schema(schema)
    with table.io.new_input(file.file_path).open() as stream, pq.ParquetFile(stream) as parquet:
        there = pyarrow_to_schema(parquet.schema_arrow, name_mapping=table.schema().name_mapping)
        wanted = {field.field_id for field in schema.fields}
        names = [field.name for field in there.fields if field.field_id in wanted]
        part = there.select(*names)
        groups = list(range(parquet.num_row_groups))
        if units is not None:
            unit = table.schema().find_field(UNIT).field_id
            groups = _holding(parquet, stream, there.find_field(unit).name, units)
        for batch in row_groups.batches(parquet, ROWS, groups, names):
            found = _to_requested_schema(schema, part, batch)
            yield pa.Table.from_batches([found]).cast(arrow)


def _holding(parquet: pq.ParquetFile, stream: Any, name: str, units: Collection[str]) -> list[int]:
    """The row groups that have rows of ``units``, by their column ``name``: of each, few distinct texts are read."""
    wanted = pa.array(sorted(units), pa.string())
    column = pq.ParquetFile(stream, metadata=parquet.metadata, read_dictionary=[name])
    found = []
    for group in range(parquet.num_row_groups):
        chunks = column.read_row_group(group, columns=[name]).column(0).chunks
        if any(pc.any(pc.is_in(each.dictionary, wanted)).as_py() for each in chunks):
            found.append(group)
    return found


def filled(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """``rows`` with the columns of ``schema``; what they do not have is null."""
    columns = [
        rows[field.name] if field.name in rows.column_names else pa.nulls(len(rows), field.type)
        for field in schema
    ]
    return pa.table(columns, names=schema.names).cast(schema)


def uploaded(metadata: TableMetadata, part: Part, place: str) -> DataFile:
    """The data file at ``place`` that is the finished ``part``, of a table with this ``metadata``; it is uploaded
    unless it is there.
    """
    if files(place).head(place) is None:
        files(place).upload(part.path, place)
    statistics = data_file_statistics_from_parquet_metadata(
        parquet_metadata=pq.read_metadata(part.path),
        stats_columns=compute_statistics_plan(metadata.schema(), metadata.properties),
        parquet_column_mapping=parquet_path_to_id_mapping(metadata.schema()),
    )
    return DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=place,
        file_format=FileFormat.PARQUET,
        partition=Record(*part.values),
        file_size_in_bytes=part.path.stat().st_size,
        sort_order_id=None,
        spec_id=metadata.default_spec_id,
        equality_ids=None,
        key_metadata=None,
        **statistics.to_serialized_dict(),
    )
