"""Arrays, maps and rows of a table: fields, elements, their number, and what is in them.

https://trino.io/docs/current/functions/array.html, functions/map.html and language/types.html (ROW). A map's keys, and
what is looked for, are of types whose values DuckDB and Trino compare alike.
"""

from __future__ import annotations

from . import types
from .casts import coerced, error
from .operators import NoOperatorError, NotTranslatedError
from .typed import Typed, made, once
from .types import BIGINT, BOOLEAN, DATE, INTEGERS, Type

ARRAY = "functions/array.html"
"""Below https://trino.io/docs/current/."""


def field(value: Typed, name: str) -> Typed:
    """``value.name``, without regard to case; null of a null row."""
    kind = value.type
    if kind.name != "row":
        raise NoOperatorError(f"field {name} of {kind}: it is no row")
    found = [at for at, each in enumerate(kind.fields) if each.lower() == name.lower()]
    if not found:
        raise NoOperatorError(f"field {name} of a row with {', '.join(kind.fields)}")
    if len(found) > 1:
        raise NoOperatorError(f"field {name}: the row has {len(found)} of that name")
    return value.but(extracted(value.sql, kind.fields[found[0]]), kind.parts[found[0]])


def extracted(sql: str, name: str) -> str:
    """DuckDB's SQL of a field."""
    quoted = name.replace("'", "''")
    return f"struct_extract({sql}, '{quoted}')"


def subscript(value: Typed, index: Typed) -> Typed:
    """``value[index]``: an index that an array has not, or a key that a map has not, is an error."""
    if value.type.name == "map":
        missing = f"WHEN NOT map_contains({{0}}, {{1}}) THEN {error('Key not present in map')}"
        return _of_map(value, index, missing)
    few = error("Array subscript must be less than or equal to array length")
    return _of_array(
        value,
        index,
        f"WHEN {{1}} < 0 THEN {error('Array subscript is negative')} WHEN {{1}} > len({{0}}) THEN {few} ",
    )


def element_at(value: Typed, index: Typed) -> Typed:
    """As a subscript, but null where there is no such element; a negative index counts from the end."""
    return _of_map(value, index, "") if value.type.name == "map" else _of_array(value, index, "")


def _of_array(value: Typed, index: Typed, refused: str) -> Typed:
    if value.type.name != "array" or not types.fits(index.type, BIGINT):
        raise NoOperatorError(f"element {index.type} of {value.type}")
    zero = error("SQL array indices start at 1")
    template = (
        f"CASE WHEN {{0}} IS NULL OR {{1}} IS NULL THEN NULL WHEN {{1}} = 0 THEN {zero} {refused}"
        "ELSE {0}[{1}] END"
    )
    sql = once(template, value.sql, coerced(index.sql, index.type, BIGINT))
    return made(f"({sql})", value.type.parts[0], (value, index))


def _of_map(value: Typed, key: Typed, missing: str) -> Typed:
    wanted, result = value.type.parts
    _check_comparable(wanted)
    if not types.fits(key.type, wanted):
        raise NoOperatorError(f"key {key.type} of {value.type}")
    template = f"CASE WHEN {{0}} IS NULL OR {{1}} IS NULL THEN NULL {missing} ELSE map_extract_value({{0}}, {{1}}) END"
    sql = once(template, value.sql, coerced(key.sql, key.type, wanted))
    return made(f"({sql})", result, (value, key))


def cardinality(value: Typed) -> Typed:
    """How many elements an array or a map has."""
    if value.type.name not in ("array", "map"):
        raise NoOperatorError(f"cardinality({value.type})")
    name = "len" if value.type.name == "array" else "cardinality"
    return value.but(f"CAST({name}({value.sql}) AS BIGINT)", BIGINT)


def contains(value: Typed, element: Typed) -> Typed:
    """Null where the element is not found and the array has a null."""
    if value.type.name != "array" or not types.fits(element.type, value.type.parts[0]):
        raise NoOperatorError(f"contains({value.type}, {element.type})")
    _check_comparable(value.type.parts[0])
    template = (
        "CASE WHEN {0} IS NULL OR {1} IS NULL THEN NULL WHEN list_contains({0}, {1}) THEN true "
        "WHEN len({0}) > list_count({0}) THEN NULL ELSE false END"
    )
    sql = once(template, value.sql, coerced(element.sql, element.type, value.type.parts[0]))
    return made(f"({sql})", BOOLEAN, (value, element))


def _check_comparable(kind: Type) -> None:
    if kind not in (*INTEGERS, BOOLEAN, DATE) and kind.name != "varchar":
        raise NotTranslatedError(f"a search for {kind}")
