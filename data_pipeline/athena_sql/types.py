"""Trino's types: what a column of the catalog has, what fits where without a cast, and what DuckDB calls each.

A timestamp with time zone is always one of UTC here: Iceberg keeps no other, and neither a literal nor a function that
is let through makes one. So DuckDB sees it as a plain timestamp. An interval is a whole number: milliseconds or months.
Coercions: https://trino.io/docs/current/language/types.html and io.trino.type.TypeCoercion.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

MOST_DIGITS = 38


@dataclass(frozen=True)
class Type:
    """``name`` is Trino's; ``first`` and ``second`` are precision and scale, the length of a varchar (None: no limit),
    or the digits of a second that a timestamp has. ``parts``: the type within an array, those of a map's keys and
    values, those of the fields of a row, whose names are ``fields``."""

    name: str
    first: int | None = None
    second: int | None = None
    parts: tuple[Type, ...] = ()
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.fields:
            pairs = zip(self.fields, self.parts, strict=True)
            return f"row({', '.join(f'{name} {kind}' for name, kind in pairs)})"
        if self.parts:
            return f"{self.name}({', '.join(map(str, self.parts))})"
        if self.name == "decimal":
            return f"decimal({self.first},{self.second})"
        if self.name == "timestamp with time zone":
            return f"timestamp({self.first}) with time zone"
        return self.name if self.first is None else f"{self.name}({self.first})"

    @property
    def digits(self) -> int:
        """Precision of a decimal."""
        return self.first or 0

    @property
    def scale(self) -> int:
        """Digits behind the point of a decimal."""
        return self.second or 0


BOOLEAN, TINYINT, SMALLINT = Type("boolean"), Type("tinyint"), Type("smallint")
INTEGER, BIGINT, REAL, DOUBLE = Type("integer"), Type("bigint"), Type("real"), Type("double")
VARCHAR, DATE, UNKNOWN = Type("varchar"), Type("date"), Type("unknown")
DAYS, MONTHS = Type("interval day to second"), Type("interval year to month")
INTEGERS = (TINYINT, SMALLINT, INTEGER, BIGINT)
_AS_DECIMAL = {TINYINT: 3, SMALLINT: 5, INTEGER: 10, BIGINT: 19}
_DUCKDB = {
    BOOLEAN: "BOOLEAN",
    TINYINT: "TINYINT",
    SMALLINT: "SMALLINT",
    INTEGER: "INTEGER",
    BIGINT: "BIGINT",
    REAL: "FLOAT",
    DOUBLE: "DOUBLE",
    DATE: "DATE",
    UNKNOWN: "INTEGER",
    DAYS: "BIGINT",
    MONTHS: "BIGINT",
}
_ICEBERG = {
    "boolean": BOOLEAN,
    "int": INTEGER,
    "long": BIGINT,
    "float": REAL,
    "double": DOUBLE,
    "date": DATE,
    "timestamp": Type("timestamp", 6),
    "timestamptz": Type("timestamp with time zone", 6),
    "string": VARCHAR,
}


def decimal(precision: int, scale: int) -> Type:
    """A decimal; a precision over 38 is cut, as Trino does."""
    return Type("decimal", min(precision, MOST_DIGITS), scale)


def timestamp(digits: int) -> Type:
    """A timestamp without time zone."""
    return Type("timestamp", digits)


def of_iceberg(text: str) -> Type:
    """The type of a column: ``decimal(12, 2)``, ``list<string>``, ``map<string, long>`` and
    ``struct<3: a: optional string>`` as PyIceberg writes them. A type that is none of Trino's here is itself.
    """
    found = re.fullmatch(r"decimal\((\d+), ?(\d+)\)", text)
    if found:
        return decimal(int(found[1]), int(found[2]))
    name, _, inner = text.partition("<")
    if name not in ("list", "map", "struct") or not inner.endswith(">"):
        return _ICEBERG.get(text, Type(text))
    pieces = split(inner[:-1])
    if name == "struct":
        members = [re.fullmatch(r"\d+: (.+?): (?:optional|required) (.+)", piece) for piece in pieces]
        if not all(members):
            return Type(text)
        named = [(each[1], _within(each[2])) for each in members if each]
        return Type("row", parts=tuple(kind for _, kind in named), fields=tuple(name for name, _ in named))
    return Type({"list": "array"}.get(name, name), parts=tuple(_within(piece) for piece in pieces))


def _within(text: str) -> Type:
    """A type within another, where DuckDB keeps the zone of a timestamp: no expression takes it."""
    return Type("zoned timestamp within another type") if text == "timestamptz" else of_iceberg(text)


def split(text: str) -> list[str]:
    """The parts between commas that are in no brackets, of a type as PyIceberg or Hive writes it."""
    out, deep, begun = [], 0, 0
    for at, sign in enumerate(text):
        deep += {"<": 1, "(": 1, ">": -1, ")": -1}.get(sign, 0)
        if sign == "," and not deep:
            out.append(text[begun:at].strip())
            begun = at + 1
    return [*out, text[begun:].strip()] if text else []


def duckdb(kind: Type) -> str:
    """What DuckDB calls the type; of one that no expression takes, an empty text."""
    if kind.name == "decimal":
        return f"DECIMAL({kind.first},{kind.second})"
    if kind.name == "varchar":
        return "VARCHAR"
    return "TIMESTAMP" if kind.name.startswith("timestamp") else _DUCKDB.get(kind, "")


def is_number(kind: Type) -> bool:
    """Whether arithmetic takes it."""
    return kind in (*INTEGERS, REAL, DOUBLE) or kind.name == "decimal"


def is_time(kind: Type) -> bool:
    """Whether it is a timestamp, with time zone or without."""
    return kind.name.startswith("timestamp")


def is_known(kind: Type) -> bool:
    """Whether operators take it: no array, map, row, binary or time of the day."""
    return bool(duckdb(kind))


def has_map(kind: Type) -> bool:
    """Whether it is a map or has one within it: DuckDB tells two apart by the order of their keys."""
    return kind.name == "map" or any(map(has_map, kind.parts))


def as_decimal(kind: Type) -> Type:
    """The decimal that a whole number becomes beside a decimal."""
    return decimal(_AS_DECIMAL[kind], 0) if kind in _AS_DECIMAL else kind


def fits(kind: Type, wanted: Type) -> bool:
    """Whether Trino takes ``kind`` for ``wanted`` without a cast."""
    return common(kind, wanted) == wanted


def common(left: Type, right: Type) -> Type | None:
    """The type that both take without a cast; None if there is none."""
    if left == right or right == UNKNOWN:
        return left
    if left == UNKNOWN:
        return right
    if left in INTEGERS and right in INTEGERS:
        return max(left, right, key=INTEGERS.index)
    if is_number(left) and is_number(right):
        return _common_number(left, right)
    if left.name == right.name == "varchar":
        return VARCHAR if left.first is None or right.first is None else max(left, right, key=_first)
    return _common_time(left, right)


def _first(kind: Type) -> int:
    return kind.first or 0


def _common_number(left: Type, right: Type) -> Type:
    if DOUBLE in (left, right):
        return DOUBLE
    if REAL in (left, right):
        return REAL
    one, other = as_decimal(left), as_decimal(right)
    scale = max(one.scale, other.scale)
    return decimal(max(one.digits - one.scale, other.digits - other.scale) + scale, scale)


def _common_time(left: Type, right: Type) -> Type | None:
    """A date becomes a timestamp, and one without time zone one of the session's zone, UTC."""
    kinds = {left.name, right.name}
    if not kinds <= {"date", "timestamp", "timestamp with time zone"}:
        return None
    name = "timestamp with time zone" if "timestamp with time zone" in kinds else "timestamp"
    return Type(name, max(_first(left), _first(right)))
