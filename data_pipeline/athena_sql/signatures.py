"""The scalar functions that are let through, as a table: name → Trino's page, and for each list of types of arguments
the type of the result and DuckDB's SQL.

A function that is neither here nor in `functions.SPECIAL` is refused by its name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from . import types
from .casts import error
from .grammar import literal
from .types import BIGINT, BOOLEAN, DOUBLE, INTEGERS, REAL, VARCHAR, Type

MATH, STRING, DATETIME = "functions/math.html", "functions/string.html", "functions/datetime.html"
"""Below https://trino.io/docs/current/."""
#: what airlift's SliceUtf8 trims: Java's Character.isWhitespace
WHITESPACE = (
    "".join(map(chr, (*range(9, 14), *range(28, 33), 0x1680, *range(0x2000, 0x2007), *range(0x2008, 0x200B))))
    + "\u2028\u2029\u205f\u3000"
)
CASED = "\x01-\xb4\xb6-\xde\xe0-\xfe"
"""Characters whose other case is one of them: Latin-1 without µ, ß and ÿ. A row with another one is an error."""
MOST_LETTERS = 10_000
"""Of a text that lpad and rpad make here; Trino takes more."""


@dataclass(frozen=True)
class Signature:
    """``template`` has {0}, {1}, … for the arguments."""

    arguments: tuple[Type, ...]
    result: Type
    template: str


def _each(kinds: Sequence[Type], template: str) -> list[Signature]:
    """One argument of each type, which is the result's too."""
    return [Signature((kind,), kind, template) for kind in kinds]


def _double(template: str, count: int = 1) -> list[Signature]:
    return [Signature((DOUBLE,) * count, DOUBLE, template)]


def _texts(result: Type, template: str, *more: Type) -> list[Signature]:
    """A text and what follows it."""
    return [Signature((VARCHAR, *more), result, template)]


NAN, _INF = "CAST('nan' AS DOUBLE)", "CAST('infinity' AS DOUBLE)"
_NUMBERS = (*INTEGERS, REAL, DOUBLE)


def _logarithm(name: str) -> list[Signature]:
    """DuckDB has none of zero and of what is below."""
    return _double(
        f"CASE WHEN isnan({{0}}) OR {{0}} < 0 THEN {NAN} WHEN {{0}} = 0 THEN -{_INF} ELSE {name}({{0}}) END"
    )


def rounding(factor: str) -> str:
    """A double rounded by a power of ten, as io.trino.operator.scalar.MathFunctions does it."""
    large = error("the embedded AWS does not round so large a double")
    return (
        f"CASE WHEN isnan({{0}}) OR isinf({{0}}) THEN {{0}} WHEN {{0}} = 0 THEN abs({{0}}) "
        f"WHEN abs({{0}} * {factor}) >= 9e18 THEN {large} "
        f"ELSE round({{0}} * {factor}) / {factor} END"
    )


_ROUND_REAL = f"CAST({rounding('1').replace('{0}', 'CAST({0} AS DOUBLE)')} AS FLOAT)"
_POWER = f"CASE WHEN isnan({{1}}) OR (abs({{0}}) = 1 AND isinf({{1}})) THEN {NAN} ELSE pow({{0}}, {{1}}) END"
_SIGN = "CASE WHEN isnan({{0}}) OR {{0}} = 0 THEN {{0}} ELSE CAST(sign({{0}}) AS {kind}) END"
_SUBSTR = (
    "CASE WHEN {0} IS NULL OR {1} IS NULL THEN NULL WHEN {1} = 0 OR {1} > length({0}) OR {1} < -length({0}) THEN '' "
    "WHEN {1} > 0 THEN substr({0}, {1}) "
    "ELSE substr({0}, length({0}) + {1} + 1) END"
)
_SUBSTR_LENGTH = (
    "CASE WHEN {0} IS NULL OR {1} IS NULL OR {2} IS NULL THEN NULL "
    "WHEN {1} = 0 OR {2} <= 0 OR {1} > length({0}) OR {1} < -length({0}) THEN '' "
    "WHEN {1} > 0 THEN substr({0}, {1}, least({2}, length({0}))) "
    "ELSE substr({0}, length({0}) + {1} + 1, least({2}, length({0}))) END"
)


def _cased(name: str) -> str:
    fails = error("the embedded AWS changes the case of Latin-1 letters only, without µ, ß and ÿ")
    known = f"{{0}} IS NULL OR regexp_full_match({{0}}, '(?s)[{CASED}]*')"
    return f"CASE WHEN {known} THEN {name}({{0}}) ELSE {fails} END"


def _padded(name: str) -> str:
    empty = error("the padding must not be empty")
    length = error(f"the embedded AWS pads to 0 to {MOST_LETTERS:,} letters")
    return (
        f"CASE WHEN length({{2}}) = 0 THEN {empty} WHEN {{1}} NOT BETWEEN 0 AND {MOST_LETTERS} THEN {length} "
        f"ELSE {name}({{0}}, CAST({{1}} AS INTEGER), {{2}}) END"
    )


_REVERSE = "list_aggregate(list_reverse(string_split({0}, '')), 'string_agg', '')"
_UNIXTIME = "(CAST(epoch_ms(date_trunc('millisecond', {0})) AS DOUBLE) / 1000)"
_TRIM = f"trim({{0}}, {literal(WHITESPACE)})"

#: name → (page of Trino's documentation, signatures in the order in which they are tried)
SIGNATURES: dict[str, tuple[str, list[Signature]]] = {
    "abs": (MATH, _each(_NUMBERS, "abs({0})")),
    "cbrt": (MATH, _double("cbrt({0})")),
    "ceil": (MATH, _each(INTEGERS, "{0}") + _each((REAL, DOUBLE), "ceil({0})")),
    "exp": (MATH, _double("exp({0})")),
    "floor": (MATH, _each(INTEGERS, "{0}") + _each((REAL, DOUBLE), "floor({0})")),
    "infinity": (MATH, [Signature((), DOUBLE, _INF)]),
    "is_finite": (MATH, [Signature((DOUBLE,), BOOLEAN, "isfinite({0})")]),
    "is_infinite": (MATH, [Signature((DOUBLE,), BOOLEAN, "isinf({0})")]),
    "is_nan": (MATH, [Signature((DOUBLE,), BOOLEAN, "isnan({0})")]),
    "ln": (MATH, _logarithm("ln")),
    "log10": (MATH, _logarithm("log10")),
    "log2": (MATH, _logarithm("log2")),
    "nan": (MATH, [Signature((), DOUBLE, NAN)]),
    "pi": (MATH, [Signature((), DOUBLE, "pi()")]),
    "power": (MATH, _double(_POWER, 2)),
    "round": (MATH, _each(INTEGERS, "{0}") + _each((REAL,), _ROUND_REAL) + _double(rounding("1"))),
    "sign": (
        MATH,
        [Signature((kind,), kind, f"CAST(sign({{0}}) AS {types.duckdb(kind)})") for kind in INTEGERS]
        + _each((REAL,), _SIGN.format(kind="FLOAT"))
        + _double(_SIGN.format(kind="DOUBLE")),
    ),
    "sqrt": (MATH, _double(f"CASE WHEN {{0}} < 0 THEN {NAN} ELSE sqrt({{0}}) END")),
    "length": (STRING, _texts(BIGINT, "length({0})")),
    "lower": (STRING, _texts(VARCHAR, _cased("lower"))),
    "lpad": (STRING, _texts(VARCHAR, _padded("lpad"), BIGINT, VARCHAR)),
    "ltrim": (STRING, _texts(VARCHAR, f"l{_TRIM}")),
    "reverse": (STRING, _texts(VARCHAR, _REVERSE)),
    "rpad": (STRING, _texts(VARCHAR, _padded("rpad"), BIGINT, VARCHAR)),
    "rtrim": (STRING, _texts(VARCHAR, f"r{_TRIM}")),
    "starts_with": (STRING, _texts(BOOLEAN, "starts_with({0}, {1})", VARCHAR)),
    "strpos": (STRING, _texts(BIGINT, "instr({0}, {1})", VARCHAR)),
    "substr": (
        STRING,
        _texts(VARCHAR, _SUBSTR, BIGINT) + _texts(VARCHAR, _SUBSTR_LENGTH, BIGINT, BIGINT),
    ),
    "trim": (STRING, _texts(VARCHAR, _TRIM)),
    "upper": (STRING, _texts(VARCHAR, _cased("upper"))),
    "to_unixtime": (DATETIME, [Signature((types.timestamp(6),), DOUBLE, _UNIXTIME)]),
}
ALIASES = {
    "ceiling": "ceil",
    "pow": "power",
    "substring": "substr",
    "day_of_month": "day",
    "dow": "day_of_week",
    "doy": "day_of_year",
    "yow": "year_of_week",
    "week_of_year": "week",
}
