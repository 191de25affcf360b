"""Types of columns as data sets name them and as Iceberg has them.

In Iceberg every column, field and element may be null, so that a data set which allows
null from now on, or no longer does, leaves its table's schema as it is.
https://iceberg.apache.org/spec/#primitive-types
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pyarrow as pa
from pyiceberg import types as iceberg
from pyiceberg.schema import Schema

from data_pipeline.etl.arrow_types import of_arrow
from data_pipeline.etl.documents import types
from data_pipeline.etl.documents.types import Field, List, Primitive, Struct, Type

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
