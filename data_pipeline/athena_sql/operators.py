"""Arithmetic and comparison: types as Trino gives them, and DuckDB's SQL.

Sources: https://trino.io/docs/current/functions/math.html, functions/decimal.html (precision and scale),
functions/comparison.html, functions/datetime.html; io.trino.type.DecimalOperators, io.trino.operator.scalar.
"""

from __future__ import annotations

from . import types
from .casts import coerced, error, scaled, unscaled
from .typed import Typed, made, once
from .types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DAYS,
    DOUBLE,
    INTEGER,
    INTEGERS,
    MONTHS,
    REAL,
    UNKNOWN,
    Type,
    decimal,
)

_BY_ZERO = f"CASE WHEN {{1}} = 0 AND {{0}} IS NOT NULL THEN {error('Division by zero')} ELSE"
_DAY = 86_400_000
_SIGNS = {"=", "<>", "<", "<=", ">", ">="}


class NoOperatorError(Exception):
    """Trino has no such operator or function for these types; the message says so."""

    def __init__(self, used: str) -> None:
        super().__init__(f"the types do not fit: Athena has no {used}")


class NotTranslatedError(Exception):
    """Trino has it, and it is not translated; the message says what."""


def arithmetic(sign: str, left: Typed, right: Typed) -> Typed:
    """``left sign right`` for one of + - * / %. Whole numbers stay whole; overflow and division by zero stop."""
    kinds = (left.type, right.type)
    if UNKNOWN in kinds:
        raise NotTranslatedError("arithmetic with NULL")
    if DAYS in kinds or MONTHS in kinds or DATE in kinds or any(map(types.is_time, kinds)):
        return _of_times(sign, left, right)
    if not all(map(types.is_number, kinds)):
        raise NoOperatorError(f"{left.type} {sign} {right.type}")
    kind = types.common(*kinds)
    if kind is not None and kind.name == "decimal":
        return _decimals(sign, left, right)
    if kind is None:
        raise NoOperatorError(f"{left.type} {sign} {right.type}")
    one, other = (_as(part, kind) for part in (left, right))
    if kind in INTEGERS and sign in "/%":
        word = "//" if sign == "/" else "%"
        sql = once(f"{_BY_ZERO} {{0}} {word} {{1}} END", one, other)
    else:
        sql = f"{one} {sign} {other}"
    return made(f"({sql})", kind, (left, right))


def _as(part: Typed, kind: Type) -> str:
    try:
        return coerced(part.sql, part.type, kind)
    except ValueError as error_:
        raise NotTranslatedError(str(error_)) from error_


def _decimals(sign: str, left: Typed, right: Typed) -> Typed:
    one, other = types.as_decimal(left.type), types.as_decimal(right.type)
    (p, s), (q, t) = (one.digits, one.scale), (other.digits, other.scale)
    values = _as(left, one), _as(right, other)
    if sign in "+-":
        kind = decimal(max(p - s, q - t) + max(s, t) + 1, max(s, t))
        sql = f" {sign} ".join(f"CAST({value} AS {types.duckdb(kind)})" for value in values)
    elif sign == "*":
        if s + t > types.MOST_DIGITS:
            raise NoOperatorError(f"{one} * {other}: more than 38 digits behind the point")
        kind = decimal(p + q, s + t)
        wide = (
            decimal(types.MOST_DIGITS, s),
            decimal(types.MOST_DIGITS, t),
        )  # DuckDB keeps to 18 digits else
        pairs = zip(values, wide, strict=True)
        sql = " * ".join(f"CAST({value} AS {types.duckdb(each)})" for value, each in pairs)
    elif sign == "/":
        return made(*_quotient(values, one, other), (left, right))
    else:
        kind = decimal(min(p - s, q - t) + max(s, t), max(s, t))
        upper, lower = (_whole(value, of, max(s, t)) for value, of in zip(values, (one, other), strict=True))
        sql = scaled(once(f"{_BY_ZERO} {{0}} % {{1}} END", upper, lower), kind)
    return made(f"CAST({sql} AS {types.duckdb(kind)})", kind, (left, right))


def _whole(sql: str, kind: Type, scale: int) -> str:
    """The decimal without its point, at a larger scale."""
    return f"({unscaled(sql, kind)} * CAST('1{'0' * (scale - kind.scale)}' AS HUGEINT))"


def _quotient(values: tuple[str, str], one: Type, other: Type) -> tuple[str, Type]:
    """Rounded half away from zero at the scale of the operand that has more."""
    scale = max(one.scale, other.scale)
    shift = scale - one.scale + other.scale
    digits = one.digits + other.scale + max(other.scale - one.scale, 0)
    kind = decimal(digits, scale)
    over = f"({unscaled(values[0], one)} * CAST('1{'0' * shift}' AS HUGEINT))"
    under = unscaled(values[1], other)
    return scaled(half_up(over, under), kind), kind


def half_up(over: str, under: str) -> str:
    """A HUGEINT by another, rounded half away from zero."""
    carry = "CASE WHEN abs({0} % {1}) >= abs({1}) - abs({0} % {1}) THEN 1 ELSE 0 END"
    turn = "CASE WHEN ({0} < 0) = ({1} < 0) THEN 1 ELSE -1 END"
    return once(f"{_BY_ZERO} {{0}} // {{1}} + {carry} * {turn} END", over, under)


def negative(value: Typed) -> Typed:
    """``-value``."""
    if not types.is_number(value.type) and value.type not in (DAYS, MONTHS):
        raise NoOperatorError(f"-{value.type}")
    return value.but(f"(-{value.sql})", value.type)


def _of_times(sign: str, left: Typed, right: Typed) -> Typed:
    """Dates, timestamps and intervals."""
    one, other = left.type, right.type
    parts = (left, right)
    if sign == "+" and one in (DAYS, MONTHS) and other not in (DAYS, MONTHS):
        one, other, left, right = other, one, right, left
    if sign in "+-" and one == other and one in (DAYS, MONTHS):
        return made(f"({left.sql} {sign} {right.sql})", one, parts)
    if sign in "+-" and other == DAYS and one == DATE:
        fails = error("Cannot add hour, minutes or seconds to a date")
        days = f"{{0}} {sign} CAST({{1}} // {_DAY} AS INTEGER)"
        sql = f"(CASE WHEN {{1}} % {_DAY} <> 0 THEN {fails} ELSE {days} END)"
        return made(once(sql, left.sql, right.sql), DATE, parts)
    if sign in "+-" and other == DAYS and types.is_time(one):
        kind = Type(one.name, max(3, one.first or 0))
        return made(f"({left.sql} {sign} to_microseconds({right.sql} * 1000))", kind, parts)
    if sign in "+-" and other == MONTHS and (one == DATE or types.is_time(one)):
        sql = f"({left.sql} {sign} to_months(CAST({right.sql} AS INTEGER)))"
        return made(f"CAST({sql} AS DATE)" if one == DATE else sql, one, parts)
    if sign == "*" and {one, other} & {DAYS, MONTHS} and {one, other} & set(INTEGERS):
        kind = DAYS if DAYS in (one, other) else MONTHS
        return made(f"({left.sql} * {right.sql})", kind, parts)
    if sign == "-" and (common := types.common(one, other)) is not None and common.name != "varchar":
        return made(_between(left, right, common), DAYS, parts)
    if sign in "*/" and {one, other} & {DAYS, MONTHS}:
        raise NotTranslatedError(f"{left.type} {sign} {right.type}")
    raise NoOperatorError(f"{parts[0].type} {sign} {parts[1].type}")


def _between(left: Typed, right: Typed, kind: Type) -> str:
    """Milliseconds from one to the other; a half goes up."""
    one, other = _as(left, kind), _as(right, kind)
    if kind == DATE:
        return f"(({one} - {other}) * {_DAY})"
    apart = f"(epoch_us({one}) - epoch_us({other}) + 500)"
    return once("(({0} - ({0} % 1000 + 1000) % 1000) // 1000)", apart)


def compared(sign: str, left: Typed, right: Typed) -> Typed:
    """``left sign right``. To NaN nothing is equal, nothing less and nothing greater; ``<>`` is true."""
    if sign not in _SIGNS:
        raise ValueError(sign)
    return made(_comparison(sign, *_alike(sign, left, right)), BOOLEAN, (left, right))


def _alike(sign: str, left: Typed, right: Typed) -> tuple[str, str, Type]:
    kind = types.common(left.type, right.type)
    if kind is None:
        raise NoOperatorError(f"{left.type} {sign} {right.type}")
    if not types.is_known(kind):
        raise NotTranslatedError(f"a comparison of {kind}")
    return _as(left, kind), _as(right, kind), kind


def _comparison(sign: str, one: str, other: str, kind: Type) -> str:
    if kind not in (REAL, DOUBLE):
        return f"({one} {sign} {other})"
    nan = "{0} IS NOT NULL AND {1} IS NOT NULL AND (isnan({0}) OR isnan({1}))"
    answer = "true" if sign == "<>" else "false"
    return once(f"(CASE WHEN {nan} THEN {answer} ELSE {{0}} {sign} {{1}} END)", one, other)


def distinct(left: Typed, right: Typed, negated: bool) -> Typed:
    """``IS [NOT] DISTINCT FROM``: NaN is not distinct from NaN in either."""
    one, other, _ = _alike("IS DISTINCT FROM", left, right)
    word = "IS NOT DISTINCT FROM" if negated else "IS DISTINCT FROM"
    return made(f"({one} {word} {other})", BOOLEAN, (left, right))


def whole_number(text: str) -> Typed | None:
    """A literal: an integer if it fits, else a bigint; None if no bigint holds it."""
    value = int(text)
    for kind, bits in ((INTEGER, 31), (BIGINT, 63)):
        if -(2**bits) <= value < 2**bits:
            return Typed(f"CAST({value} AS {types.duckdb(kind)})", kind, number=value)
    return None
