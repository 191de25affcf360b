"""Partitions as Iceberg has them, and which rows are in which.

PyIceberg computes the values of all but plain columns with a package of compiled code of its own; here PyArrow does.
https://iceberg.apache.org/spec/#partition-transforms
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg import transforms as iceberg
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.types import DoubleType, FloatType

from data_pipeline.etl.documents import partitions
from data_pipeline.etl.documents.partitions import Partition, PartitionError
from data_pipeline.etl.errors import JobError

FIRST_ID = 1000
_TIMES: dict[str, iceberg.Transform[Any, Any]] = {
    "year": iceberg.YearTransform(),
    "month": iceberg.MonthTransform(),
    "day": iceberg.DayTransform(),
    "hour": iceberg.HourTransform(),
}
_EPOCH_YEAR = 1970
_HOUR = 3_600_000_000
_UNEQUAL = (FloatType, DoubleType)


def parse(text: str) -> Partition:
    """The partition that ``text`` names. JobError if it names none."""
    try:
        return partitions.parse(text)
    except PartitionError as error:
        raise JobError(f"partition {text!r}: {error}") from error


def transform(partition: Partition) -> iceberg.Transform[Any, Any]:
    """Iceberg's transform of a partition's column."""
    if partition.transform == "bucket":
        return iceberg.BucketTransform(partition.size)
    if partition.transform == "truncate":
        return iceberg.TruncateTransform(partition.size)
    return _TIMES.get(partition.transform, iceberg.IdentityTransform())


def name(partition: Partition) -> str:
    """As Iceberg's engines call the field."""
    if partition.transform == partitions.IDENTITY:
        return partition.column
    short = "trunc" if partition.transform == "truncate" else partition.transform
    return "_".join([partition.column, short, *([str(partition.size)] if partition.size else [])])


def spec(schema: Schema, partition: tuple[str, ...]) -> PartitionSpec:
    """The partitions of a table with ``schema``. JobError for a column that it does not have, or of a type that the
    partition cannot be of.
    """
    fields = []
    for number, text in enumerate(partition, FIRST_ID):
        found = parse(text)
        column = next((field for field in schema.fields if field.name == found.column), None)
        if column is None:
            names = ", ".join(field.name for field in schema.fields)
            raise JobError(f"partition {text}: there is no column {found.column}, only {names}")
        kind = transform(found)
        if isinstance(column.field_type, _UNEQUAL) or not kind.can_transform(column.field_type):
            raise JobError(
                f"partition {text}: {column.field_type} has no {found.transform}; name another column or transform"
            )
        fields.append(PartitionField(column.field_id, number, kind, name(found)))
    return PartitionSpec(*fields)


def split(spec: PartitionSpec, schema: Schema, rows: pa.Table) -> Iterator[tuple[tuple[Any, ...], pa.Table]]:
    """The rows of each partition, in their order, under the partition's values as Iceberg keeps them (days since 1970
    of a date); nothing for no rows.
    """
    if not len(rows):
        return
    if not spec.fields:
        yield (), rows
        return
    columns = [_encoded(_values(spec, schema, rows, number)) for number in range(len(spec.fields))]
    codes = np.zeros(len(rows), dtype=np.int64)
    for column in columns:
        codes = codes * len(column.dictionary) + column.indices.to_numpy(zero_copy_only=False)
    order = np.argsort(codes, kind="stable")
    starts = [0, *(np.flatnonzero(np.diff(codes[order])) + 1).tolist()]
    taken = rows if len(starts) == 1 else rows.take(pa.array(order))
    for start, end in zip(starts, [*starts[1:], len(rows)]):
        first = int(order[start])
        values = (column.dictionary[column.indices[first].as_py()].as_py() for column in columns)
        yield tuple(values), taken.slice(start, end - start)


def _encoded(values: pa.Array) -> pa.DictionaryArray:
    return values.dictionary_encode(null_encoding="encode")


def _values(spec: PartitionSpec, schema: Schema, rows: pa.Table, number: int) -> pa.Array:
    field = spec.fields[number]
    source = schema.find_field(field.source_id)
    column = _whole(rows[source.name])
    if isinstance(field.transform, iceberg.TimeTransform):
        return _time(column, str(field.transform))
    if not isinstance(field.transform, iceberg.IdentityTransform):
        return _of_each(column, field.transform.transform(source.field_type))
    if pa.types.is_timestamp(column.type):
        return column.cast(pa.timestamp("us")).cast(pa.int64())
    return column.cast(pa.int32()) if pa.types.is_date32(column.type) else column


def _time(column: pa.Array, kind: str) -> pa.Array:
    """Whole years, months, days or hours since 1970-01-01T00:00 UTC, also of earlier times, as int32."""
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us"))  # of a time with a zone: in UTC
    if kind == "year":
        return pc.subtract(pc.year(column), _EPOCH_YEAR).cast(pa.int32())
    if kind == "month":
        years = pc.multiply(pc.subtract(pc.year(column), _EPOCH_YEAR), 12)
        return pc.add(years, pc.subtract(pc.month(column), 1)).cast(pa.int32())
    if kind == "day":
        return column.cast(pa.date32(), safe=False).cast(pa.int32())
    return pc.divide(pc.floor_temporal(column, unit="hour").cast(pa.int64()), _HOUR).cast(pa.int32())


def _of_each(column: pa.Array, apply: Callable[[Any], Any]) -> pa.Array:
    """``apply`` to each distinct value of a column; null stays null."""
    encoded = column.dictionary_encode()
    if not len(encoded.dictionary):
        return pa.nulls(len(column), pa.int32())
    return pa.array([apply(value) for value in encoded.dictionary.to_pylist()]).take(encoded.indices)


def _whole(column: pa.ChunkedArray) -> pa.Array:
    found = column.combine_chunks()
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found
