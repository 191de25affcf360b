"""Types as CAST names them."""

from __future__ import annotations

from typing import Any

from . import types
from .grammar import Statement, kind_of
from .operators import NotTranslatedError
from .types import BIGINT, BOOLEAN, DOUBLE, INTEGER, REAL, SMALLINT, TINYINT, VARCHAR, Type, decimal

_NAMED_TYPES = {
    **{str(kind): kind for kind in (BOOLEAN, TINYINT, SMALLINT, INTEGER, BIGINT, REAL, DOUBLE, VARCHAR)},
    "int": INTEGER,
    "date": types.DATE,
}


def named_type(statement: Statement, node: Any) -> Type:
    """The type at the node. NotTranslatedError for one that no cast here makes."""
    text = " ".join(statement.source(node).lower().split())
    name, _, rest = text.partition("(")
    numbers = [part.strip() for part in rest.partition(")")[0].split(",")] if rest else []
    whole = [int(part) for part in numbers if part.isdecimal()]
    if kind_of(node) == "DoublePrecisionType":
        return DOUBLE
    if (
        kind_of(node) == "DateTimeType"
        and name.strip() == "timestamp"
        and rest.partition(")")[2].strip() == ""
    ):
        if len(whole) <= 1 and max(whole, default=3) <= 6:
            return types.timestamp(whole[0] if whole else 3)
        raise NotTranslatedError(f"the type {text}")
    if kind_of(node) == "GenericType" and not numbers and name in _NAMED_TYPES:
        return _NAMED_TYPES[name]
    if kind_of(node) == "GenericType" and name.strip() == "varchar" and len(whole) == 1:
        return Type("varchar", whole[0])
    if (
        kind_of(node) == "GenericType"
        and name.strip() in ("decimal", "dec", "numeric")
        and len(whole) in (0, 1, 2)
    ):
        precision, scale = (*whole, 0)[:2] if whole else (38, 0)
        if not 1 <= precision <= types.MOST_DIGITS or scale > precision:
            raise NotTranslatedError(f"the type {text}")
        return decimal(precision, scale)
    raise NotTranslatedError(f"the type {text}")
