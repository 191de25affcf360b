"""Types of columns as data sets name them, as Arrow has them and as Iceberg has them.

Timestamps are in microseconds. In Iceberg every column, field and element may be null, so that a data set which allows
null from now on, or no longer does, leaves its table's schema as it is.
https://iceberg.apache.org/spec/#primitive-types
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pyarrow as pa
from pyiceberg import types as iceberg
from pyiceberg.schema import Schema

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
_ICEBERG: dict[str, iceberg.PrimitiveType] = {
    "boolean": iceberg.BooleanType(),
    "int": iceberg.IntegerType(),
    "long": iceberg.LongType(),
    "float": iceberg.FloatType(),
    "double": iceberg.DoubleType(),
    "date": iceberg.DateType(),
    "timestamp": iceberg.TimestampType(),
    "timestamptz": iceberg.TimestamptzType(),
    "string": iceberg.StringType(),
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


def to_arrow(type: Type) -> pa.DataType:
    if isinstance(type, Primitive):
        return pa.decimal128(type.precision, type.scale) if type.name == "decimal" else _ARROW[type.name]
    if isinstance(type, List):
        return pa.list_(pa.field("element", to_arrow(type.element)))
    return pa.struct([pa.field(field.name, to_arrow(field.type)) for field in type.fields])


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


def to_iceberg(type: Type, ids: Iterator[int]) -> iceberg.IcebergType:
    """``ids`` numbers the fields and elements within."""
    if isinstance(type, Primitive):
        if type.name == "decimal":
            return iceberg.DecimalType(type.precision, type.scale)
        return _ICEBERG[type.name]
    if isinstance(type, List):
        number = next(ids)
        return iceberg.ListType(number, to_iceberg(type.element, ids), element_required=False)
    numbers = [next(ids) for _ in type.fields]
    fields = [
        iceberg.NestedField(number, field.name, to_iceberg(field.type, ids))
        for number, field in zip(numbers, type.fields)
    ]
    return iceberg.StructType(*fields)


def of_iceberg(type: iceberg.IcebergType) -> Type:
    """Raises ``types.WrongTypeError`` for a type that this tool does not make."""
    if isinstance(type, iceberg.DecimalType):
        return Primitive("decimal", type.precision, type.scale)
    if isinstance(type, iceberg.ListType):
        return List(of_iceberg(type.element_type), True)
    if isinstance(type, iceberg.StructType):
        return Struct(tuple(Field(field.name, of_iceberg(field.field_type), True) for field in type.fields))
    for name, primitive in _ICEBERG.items():
        if type == primitive:
            return Primitive(name)
    raise types.WrongTypeError(f"the table has a column of type {type}, which no data set has")


def schema(columns: pa.Schema) -> Schema:
    """``columns`` with Iceberg's types: columns are numbered from 1, what is within them after the last column."""
    ids = itertools.count(len(columns) + 1)
    return Schema(
        *(
            iceberg.NestedField(number, column.name, to_iceberg(of_arrow(column.type), ids))
            for number, column in enumerate(columns, 1)
        )
    )
