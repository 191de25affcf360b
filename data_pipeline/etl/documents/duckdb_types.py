"""Types of columns as DuckDB's SQL names them: https://duckdb.org/docs/stable/sql/data_types/overview"""

from __future__ import annotations

from .types import List, Primitive, Struct, Type

NAMES = {
    "boolean": "BOOLEAN",
    "int": "INTEGER",
    "long": "BIGINT",
    "float": "FLOAT",
    "double": "DOUBLE",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
    "timestamptz": "TIMESTAMP WITH TIME ZONE",
    "string": "VARCHAR",
}
"""Each of ``types.PRIMITIVES``."""


def to_duckdb(kind: Type) -> str:
    """The type in DuckDB's SQL."""
    if isinstance(kind, Primitive):
        return str(kind).upper() if kind.name == "decimal" else NAMES[kind.name]
    if isinstance(kind, List):
        return f"{to_duckdb(kind.element)}[]"
    assert isinstance(kind, Struct)
    fields = (f"{_quoted(field.name)} {to_duckdb(field.type)}" for field in kind.fields)
    return f"STRUCT({', '.join(fields)})"


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""')
    return f'"{doubled}"'
