"""Types of columns as DuckDB names them, and as data sets and tables do."""

from __future__ import annotations

import re
from typing import Any

from data_pipeline.core.problems import RefusedError
from data_pipeline.etl.documents import duckdb_types
from data_pipeline.etl.documents.types import Field, List, Primitive, Struct, Type

#: what a result may have besides, and the type that holds all of its values.
_WIDER = {
    "tinyint": "int",
    "smallint": "int",
    "utinyint": "int",
    "usmallint": "int",
    "uinteger": "long",
    "timestamp_s": "timestamp",
    "timestamp_ms": "timestamp",
}
_CASTS = {
    "hugeint": "a sum of whole numbers is one; cast it, as in CAST(sum(x) AS BIGINT)",
    "uhugeint": "cast it, as in CAST(x AS BIGINT)",
    "ubigint": "cast it, as in CAST(x AS BIGINT)",
    "timestamp_ns": "cast it, as in CAST(x AS TIMESTAMP)",
    "time": "cast it, as in CAST(x AS VARCHAR)",
    "time with time zone": "cast it, as in CAST(x AS VARCHAR)",
    "interval": "take its seconds, as in epoch(x)",
    "uuid": "cast it, as in CAST(x AS VARCHAR)",
    "json": "cast it, as in CAST(x AS VARCHAR)",
    "enum": "cast it, as in CAST(x AS VARCHAR)",
    "bit": "cast it, as in CAST(x AS VARCHAR)",
    "blob": "encode it, as in hex(x)",
    "map": "make a struct of it, or a list with map_entries(x)",
    "array": "make a list of it, as in CAST(x AS INTEGER[])",
}


def of_duckdb(kind: Any) -> Type:
    """The type that holds every value of a result's column, a DuckDBPyType. RefusedError if no table has such one."""
    written = str(kind)
    if written == "JSON":
        raise _refused(written, "json")
    name = kind.id
    if name == "decimal":
        sizes = dict(kind.children)
        return Primitive("decimal", int(sizes["precision"]), int(sizes["scale"]))
    if name == "list":
        return List(of_duckdb(dict(kind.children)["child"]), True)
    if name == "struct":
        fields = []
        for field, child in kind.children:
            if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", field):
                expected = "letters, digits and '_' in a field's name, no digit first"
                raise RefusedError(expected, "name it, as in {'city': x}", f"the field '{field}' of a struct")
            fields.append(Field(field, of_duckdb(child), True))
        return Struct(tuple(fields))
    for own, theirs in duckdb_types.NAMES.items():
        if name == theirs.lower():
            return Primitive(own)
    if name in _WIDER:
        return Primitive(_WIDER[name])
    raise _refused(written, name)


def _refused(written: str, name: str) -> RefusedError:
    return RefusedError("a type that a table's column has", _CASTS.get(name, "cast it to one"), written)
