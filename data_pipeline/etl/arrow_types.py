"""Types of columns as data sets name them and as Arrow has them. Timestamps are in microseconds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from data_pipeline.etl.documents import types
from data_pipeline.etl.documents.types import Field, List, Primitive, Struct, Type

_ARROW: dict[str, pa.DataType] = {
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "timestamptz": pa.timestamp("us", "UTC"),
    "string": pa.string(),
}
#: what SQL returns besides, and the type that holds all of its values.
_WIDER: dict[pa.DataType, str] = {
    pa.int8(): "int",
    pa.int16(): "int",
    pa.uint8(): "int",
    pa.uint16(): "int",
    pa.uint32(): "long",
    pa.large_string(): "string",
    pa.string_view(): "string",
}


def to_arrow(type: Type, strict: bool = False) -> pa.DataType:
    """The one Arrow type of ``type``. Its fields and elements may be null; with ``strict`` only where ``type`` says so:
    tables keep them as the former, reading judges them as the latter.
    """
    if isinstance(type, Primitive):
        return pa.decimal128(type.precision, type.scale) if type.name == "decimal" else _ARROW[type.name]
    if isinstance(type, List):
        return pa.list_(pa.field("element", to_arrow(type.element, strict), type.nullable or not strict))
    return pa.struct(
        [
            pa.field(field.name, to_arrow(field.type, strict), field.nullable or not strict)
            for field in type.fields
        ]
    )


def of_arrow(type: pa.DataType) -> Type:
    """The type that holds every value of an Arrow column. Raises ``types.WrongTypeError`` if there is none."""
    for name, arrow in _ARROW.items():
        if type == arrow:
            return Primitive(name)
    if type in _WIDER:
        return Primitive(_WIDER[type])
    if pa.types.is_decimal(type) and type.precision <= types.MOST_DIGITS and type.scale >= 0:
        return Primitive("decimal", type.precision, type.scale)
    if pa.types.is_timestamp(type) and type.unit in ("s", "ms", "us"):
        return Primitive("timestamptz" if type.tz else "timestamp")
    if pa.types.is_list(type) or pa.types.is_large_list(type):
        return List(of_arrow(type.value_type), True)
    if pa.types.is_struct(type):
        fields = (type.field(i) for i in range(type.num_fields))
        return Struct(tuple(Field(field.name, of_arrow(field.type), True) for field in fields))
    raise types.WrongTypeError(f"a table has no column of type {type}; cast it to one of its types")


def of_int64(values: np.ndarray, kind: pa.DataType | None = None) -> pa.Array:
    """Whole numbers of 64 bits, or what is kept in such: a ``kind`` of time. They are not copied, and none is null.
    ``pa.array`` does the same, by way of a look for masks, for which NumPy imports another part of it.
    """
    kept = np.ascontiguousarray(values, dtype=np.int64)
    return pa.Array.from_buffers(kind or pa.int64(), len(kept), [None, pa.py_buffer(kept)])


def repeated(value: Any, count: int, kind: pa.DataType | None = None) -> pa.Array:
    """``value`` so many times, of type ``kind``, by default text. A text is written at once, not value by value."""
    kind = kind or pa.string()
    if not isinstance(value, str) or kind != pa.string() or len(raw := value.encode()) * count >= 1 << 31:
        return pa.repeat(pa.scalar(value, kind), count)
    places = (
        np.arange(0, len(raw) * count + 1, len(raw), dtype=np.int32) if raw else np.zeros(count + 1, np.int32)
    )
    return pa.StringArray.from_buffers(count, pa.py_buffer(places), pa.py_buffer(raw * count))
