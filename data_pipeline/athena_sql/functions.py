"""Calls of scalar functions: what is in the table of `signatures`, and those with rules of their own.

An argument is coerced as Trino coerces it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from . import nested, times, types
from .casts import cast, coerced, scaled, unscaled
from .operators import NoOperatorError, NotTranslatedError, compared, half_up
from .signatures import ALIASES, DATETIME, SIGNATURES, STRING, Signature, rounding
from .typed import Typed, made, once
from .types import BIGINT, BOOLEAN, DATE, DOUBLE, INTEGERS, REAL, UNKNOWN, VARCHAR, Type, decimal

_CONDITIONAL = "functions/conditional.html"
#: functions with rules of their own → (page of Trino's documentation, numbers of arguments)
SPECIAL: dict[str, tuple[str, Sequence[int]]] = {
    "cardinality": (nested.ARRAY, (1,)),
    "coalesce": (_CONDITIONAL, range(2, 256)),
    "contains": (nested.ARRAY, (2,)),
    "concat": (STRING, range(2, 256)),
    "date": (DATETIME, (1,)),
    "date_add": (DATETIME, (3,)),
    "date_diff": (DATETIME, (3,)),
    "date_format": (DATETIME, (2,)),
    "date_trunc": (DATETIME, (2,)),
    "element_at": (nested.ARRAY, (2,)),
    "greatest": ("functions/comparison.html", range(1, 256)),
    "if": (_CONDITIONAL, (2, 3)),
    "least": ("functions/comparison.html", range(1, 256)),
    "nullif": (_CONDITIONAL, (2,)),
    **dict.fromkeys(times.FIELDS, (DATETIME, (1,))),
}


def call(name: str, arguments: Sequence[Typed]) -> Typed | None:
    """The call of a scalar function; None for one that is not let through.

    NoOperatorError: Trino has no such signature. NotTranslatedError: it may have, and that one is not translated.
    """
    name = ALIASES.get(name, name)
    if name in SPECIAL:
        if len(arguments) not in SPECIAL[name][1]:
            raise NoOperatorError(_described(name, arguments))
        return _special(name, arguments)
    if name in ("round", "abs", "ceil", "floor", "sign") and _is_decimal(arguments):
        return _of_decimal(name, arguments)
    if name == "round" and len(arguments) == 2:
        return _rounded(*arguments)
    if name not in SIGNATURES:
        return None
    for signature in SIGNATURES[name][1]:
        if _takes(signature, arguments):
            values = [
                coerced(value.sql, value.type, kind)
                for value, kind in zip(arguments, signature.arguments, strict=True)
            ]
            return made(f"({once(signature.template, *values)})", signature.result, arguments)
    raise NoOperatorError(_described(name, arguments))


def _described(name: str, arguments: Sequence[Typed]) -> str:
    return f"{name}({', '.join(str(argument.type) for argument in arguments)})"


def _takes(signature: Signature, arguments: Sequence[Typed]) -> bool:
    return len(signature.arguments) == len(arguments) and all(
        types.fits(value.type, kind) for value, kind in zip(arguments, signature.arguments, strict=True)
    )


def _is_decimal(arguments: Sequence[Typed]) -> bool:
    return bool(arguments) and arguments[0].type.name == "decimal"


def _of_decimal(name: str, arguments: Sequence[Typed]) -> Typed:
    """io.trino.operator.scalar.MathFunctions: the results' precision and scale are those of its annotations."""
    value, kind = arguments[0], arguments[0].type
    if name == "round" and len(arguments) == 2:
        raise NotTranslatedError("round of a decimal to a number of digits (use CAST(… AS decimal(p, s)))")
    if len(arguments) != 1:
        raise NoOperatorError(_described(name, arguments))
    if name == "abs":
        return value.but(f"abs({value.sql})", kind)
    if name == "sign":
        return value.but(f"CAST(sign({value.sql}) AS DECIMAL(1,0))", decimal(1, 0))
    whole = decimal(kind.digits - kind.scale + min(kind.scale, 1), 0)
    if name == "round":
        sql = half_up(unscaled(value.sql, kind), f"CAST('1{'0' * kind.scale}' AS HUGEINT)")
    else:
        step = {"floor": "< 0 THEN 1", "ceil": "> 0 THEN 1"}[name]
        unit = f"CAST('1{'0' * kind.scale}' AS HUGEINT)"
        sign = "-" if name == "floor" else "+"
        template = f"{{0}} // {unit} {sign} CASE WHEN {{0}} % {unit} {step} ELSE 0 END"
        sql = once(template, unscaled(value.sql, kind))
    return value.but(scaled(sql, whole), whole)


def _rounded(value: Typed, digits: Typed) -> Typed:
    """``round(x, d)`` of a double, by a power of ten; a whole number stays what it is where d is not negative."""
    if not types.fits(digits.type, BIGINT) or not types.is_number(value.type):
        raise NoOperatorError(_described("round", (value, digits)))
    number = digits.number
    if number is None or not 0 <= number <= 15:
        raise NotTranslatedError("round to digits that are no literal from 0 to 15")
    if value.type in INTEGERS:
        return value
    if value.type == REAL:
        raise NotTranslatedError("round of a real to a number of digits")
    return value.but(f"({once(rounding(f'1e{number}'), _coerced(value, DOUBLE))})", DOUBLE)


def _special(name: str, arguments: Sequence[Typed]) -> Typed:
    if name in times.FIELDS:
        return times.field(name, arguments[0])
    if name in ("coalesce", "greatest", "least"):
        return _alike(name, arguments)
    return _OWN[name](*arguments)


def _if(condition: Typed, value: Typed, otherwise: Typed | None = None) -> Typed:
    return chosen([(condition, value)], otherwise)


def _null_if(value: Typed, other: Typed) -> Typed:
    same = compared("=", value, other)
    return made(f"(CASE WHEN {same.sql} THEN NULL ELSE {value.sql} END)", value.type, (value, other))


def _date(value: Typed) -> Typed:
    sql = cast(value.sql, value.type, DATE)
    if sql is None:
        raise NoOperatorError(f"date({value.type})")
    return value.but(sql, DATE)


def unified(values: Sequence[Typed]) -> tuple[list[str], Type]:
    """SQL of the values in the type that all of them take."""
    kind = UNKNOWN
    for value in values:
        both = types.common(kind, value.type)
        if both is None:
            raise NoOperatorError(f"type for both {kind} and {value.type}")
        kind = both
    if not types.is_known(kind):
        raise NotTranslatedError(f"an expression of {kind}")
    return [_coerced(value, kind) for value in values], kind


def _coerced(value: Typed, kind: Type) -> str:
    try:
        return coerced(value.sql, value.type, kind)
    except ValueError as error_:
        raise NotTranslatedError(str(error_)) from error_


def _alike(name: str, arguments: Sequence[Typed]) -> Typed:
    """coalesce, greatest and least; the last two are null where one argument is, and pass over NaN."""
    values, kind = unified(arguments)
    if name == "coalesce":
        return made(f"coalesce({', '.join(values)})", kind, arguments)
    if kind in (REAL, DOUBLE):
        raise NotTranslatedError(f"{name} of {kind}")
    nulls = " OR ".join(f"{{{n}}} IS NULL" for n in range(len(values)))
    each = ", ".join(f"{{{n}}}" for n in range(len(values)))
    return made(f"({once(f'CASE WHEN {nulls} THEN NULL ELSE {name}({each}) END', *values)})", kind, arguments)


def concatenated(arguments: Sequence[Typed]) -> Typed:
    """``||`` and concat of texts: null where one is."""
    wrong = [value for value in arguments if value.type.name != "varchar" and value.type != UNKNOWN]
    if wrong:
        raise NoOperatorError(" || ".join(str(value.type) for value in arguments))
    if any(value.type == UNKNOWN for value in arguments):
        return made("CAST(NULL AS VARCHAR)", VARCHAR, arguments)
    joined = " || ".join(value.sql for value in arguments)
    return made(f"CAST({joined} AS VARCHAR)", VARCHAR, arguments)  # of a null DuckDB makes a number


def chosen(branches: Sequence[tuple[Typed, Typed]], otherwise: Typed | None) -> Typed:
    """``CASE WHEN``: the first result whose condition is true."""
    for condition, _ in branches:
        if condition.type not in (BOOLEAN, UNKNOWN):
            raise NoOperatorError(f"condition of {condition.type}")
    results = [result for _, result in branches] + ([otherwise] if otherwise else [])
    values, kind = unified(results)
    whens = " ".join(
        f"WHEN {condition.sql} THEN {value}" for (condition, _), value in zip(branches, values, strict=False)
    )
    last = f" ELSE {values[-1]}" if otherwise else ""
    return made(f"(CASE {whens}{last} END)", kind, [condition for condition, _ in branches] + results)


def _concat(*arguments: Typed) -> Typed:
    return concatenated(arguments)


_OWN: dict[str, Callable[..., Typed]] = {
    "cardinality": nested.cardinality,
    "contains": nested.contains,
    "element_at": nested.element_at,
    "concat": _concat,
    "date": _date,
    "date_add": times.added,
    "date_diff": times.difference,
    "date_format": times.formatted,
    "date_trunc": times.truncated,
    "if": _if,
    "nullif": _null_if,
}
