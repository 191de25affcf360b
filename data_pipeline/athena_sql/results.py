"""The rows that DuckDB has answered, with the names and types that Athena gives."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from . import types
from .types import Type

_ARROW = {
    types.BOOLEAN: pa.bool_(),
    types.TINYINT: pa.int8(),
    types.SMALLINT: pa.int16(),
    types.INTEGER: pa.int32(),
    types.BIGINT: pa.int64(),
    types.REAL: pa.float32(),
    types.DOUBLE: pa.float64(),
    types.DATE: pa.date32(),
}


class WrongTypeError(AssertionError):
    """DuckDB's result has another type than was found for it: the translation is wrong."""


def typed(rows: pa.Table, columns: Sequence[tuple[str, Type]]) -> pa.Table:
    """The rows with these names. WrongTypeError where a type is not what its expression was found to be."""
    arrays = []
    for column, (name, kind) in zip(rows.columns, columns, strict=True):
        wanted = _arrow(kind)
        if kind == types.UNKNOWN or (wanted is not None and column.null_count == len(rows)):
            column = pa.chunked_array([pa.nulls(len(rows), wanted)])  # of a null DuckDB forgets the type
        elif wanted is not None and column.type != wanted:
            raise WrongTypeError(f"{name}: DuckDB answers {column.type}, expected {kind}")
        arrays.append(column.cast(pa.timestamp("us", "UTC")) if kind.name.endswith("zone") else column)
    return pa.table(arrays, names=[name for name, _ in columns])


def _arrow(kind: Type) -> pa.DataType | None:
    """Arrow's type; None for what no expression makes, which is passed on as it is."""
    if kind.name == "decimal":
        return pa.decimal128(kind.digits, kind.scale)
    if kind.name == "varchar":
        return pa.string()
    return pa.timestamp("us") if types.is_time(kind) else _ARROW.get(kind)
