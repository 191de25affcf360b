"""What `CAST` and `TRY_CAST` do, and what stands in for them where Trino needs none: DuckDB's SQL of each.

Sources: https://trino.io/docs/current/functions/conversion.html, language/types.html; for rounding the code of
io.trino.type (DoubleOperators, DecimalCasts, VarcharOperators), io.trino.spi.type (DecimalConversions, Timestamps).
Halves are rounded away from zero, of timestamps upwards. A cast that Trino does in more forms than are known here (of
a text that is no plain number or date) is an error when a row has one, also within TRY_CAST.
"""

from __future__ import annotations

from . import types
from .grammar import literal
from .typed import once
from .types import BOOLEAN, DATE, DOUBLE, INTEGERS, REAL, UNKNOWN, Type

_SHORT, _EXACT = 18, 15
"""Digits of a decimal that Trino keeps in 64 bits, and that a double has for certain."""
_DATE = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TEXTS = {
    "integers": "[+-]?[0-9]+",
    "double": r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?",
    "date": _DATE,
    "timestamp": rf"{_DATE}( [0-9]{{2}}:[0-9]{{2}}(:[0-9]{{2}}(\.[0-9]{{1,3}})?)?)?",
}
"""Texts that are cast; what else Java's parsers read is an error when a row has it."""
_NEVER = {"integers": "([!-~]([ -~]*[!-~])?)?"}
_LETTERS = "[A-Za-z ]*"
"""Texts that are none for certain, unless they are of the form above: TRY_CAST gives null."""
_TO_REAL = (
    "CASE WHEN isnan({0}) OR isinf({0}) OR abs({0}) < 3.4028235677973366e38 THEN CAST({0} AS FLOAT) "
    "WHEN {0} > 0 THEN CAST('infinity' AS FLOAT) ELSE CAST('-infinity' AS FLOAT) END"
)
_NOT_A_NUMBER = "(?i)nan|infinity"


def error(words: str) -> str:
    """SQL that stops the query with these words, where it is evaluated."""
    return f"error({literal(words)})"


def cast(sql: str, source: Type, target: Type, gentle: bool = False) -> str | None:
    """DuckDB's SQL of the cast; ``gentle``: TRY_CAST, null where it fails. None: it is not translated."""
    word = "TRY_CAST" if gentle else "CAST"
    plain = f"{word}({sql} AS {types.duckdb(target)})"
    if source == target:
        return sql
    if source == UNKNOWN:
        return f"CAST(NULL AS {types.duckdb(target)})"
    if target.name == "varchar":
        return _to_text(sql, source, target, gentle)
    if source.name == "varchar":
        return _of_text(sql, target, gentle)
    if types.is_number(source) or source == BOOLEAN:
        return _number(sql, source, target, plain)
    return _time(sql, source, target)


def coerced(sql: str, source: Type, target: Type) -> str:
    """What Trino does without being asked; ValueError if that is not translated."""
    if source.name == target.name == "varchar":
        return sql  # only ever to a longer one
    found = cast(sql, source, target)
    if found is None:
        raise ValueError(f"{source} as {target}")
    return found


def _number(sql: str, source: Type, target: Type, plain: str) -> str | None:
    """From a boolean or a number to another."""
    if source == DOUBLE and target == REAL and plain.startswith("TRY"):
        return None
    if source in (REAL, DOUBLE):
        return _of_double(sql, source, target, plain)
    if target == BOOLEAN or target in INTEGERS or target.name == "decimal":
        return plain
    if target == REAL:
        return plain if source.name != "decimal" else None
    if target == DOUBLE:
        return decimal_as_double(sql, source) if source.name == "decimal" else plain
    return None


def _of_double(sql: str, source: Type, target: Type, plain: str) -> str | None:
    if target in INTEGERS:
        return plain.replace(f"({sql} AS", f"(round({sql}) AS", 1)
    if target == REAL:
        return once(_TO_REAL, sql)
    if target == BOOLEAN:
        return f"{sql} <> 0"
    return plain if source == REAL and target == DOUBLE else None


def unscaled(sql: str, kind: Type) -> str:
    """A decimal without its point, as a HUGEINT: exact, whatever its scale."""
    if kind.scale == 0:
        return f"CAST({sql} AS HUGEINT)"
    return f"CAST(replace(CAST({sql} AS VARCHAR), '.', '') AS HUGEINT)"


def scaled(sql: str, kind: Type) -> str:
    """A HUGEINT with a point put before its last digits; overflow is an error."""
    whole = f"CAST({sql} AS DECIMAL(38,0))"
    if kind.scale:
        unit = f"0.{'0' * (kind.scale - 1)}1"
        whole = f"({whole} * CAST({unit} AS DECIMAL({kind.scale},{kind.scale})))"
    return f"CAST({whole} AS {types.duckdb(kind)})"


def decimal_as_double(sql: str, source: Type) -> str:
    """As DecimalConversions does: by a division where 64 bits hold it, else the nearest double."""
    if source.digits <= _EXACT:
        return f"CAST({sql} AS DOUBLE)"
    if source.digits <= _SHORT:
        return f"(CAST({unscaled(sql, source)} AS DOUBLE) / CAST('1e{source.scale}' AS DOUBLE))"
    return f"CAST(CAST({sql} AS VARCHAR) AS DOUBLE)"


def _to_text(sql: str, source: Type, target: Type, gentle: bool) -> str | None:
    if source.name == "varchar":
        return sql if target.first is None else f"left({sql}, {target.first})"
    text = _text_of(sql, source)
    if text is None or target.first is None:
        return text
    fails = "NULL" if gentle else error(f"a value of {source} cannot be represented as {target}")
    return once(f"CASE WHEN length({{0}}) > {target.first} THEN {fails} ELSE {{0}} END", text)


def _text_of(sql: str, source: Type) -> str | None:
    plain = f"CAST({sql} AS VARCHAR)"
    if source == BOOLEAN or source in INTEGERS:
        return plain
    if source.name == "decimal":
        if source.digits > source.scale:
            return plain
        return f"regexp_replace({plain}, '^(-?)[.]', '\\1' || '0.')"  # DuckDB writes .5
    if source == DATE:
        return _dated(sql, "strftime({0}, '%Y-%m-%d')", source)
    if types.is_time(source):
        cut = 6 - (source.first or 0)
        zone = " || ' UTC'" if source.name != "timestamp" else ""
        end = f"[:{-cut - (cut == 6) - 1}]" if cut else ""  # without digits there is no point
        return _dated(sql, f"strftime({{0}}, '%Y-%m-%d %H:%M:%S.%f'){end}{zone}", source)
    return None


def _dated(sql: str, text: str, source: Type) -> str:
    """The text of {0}, if it has a year of four digits."""
    fails = error(f"the embedded AWS does not write a {source} before the year 1 or after 9999")
    return once(f"CASE WHEN year({{0}}) NOT BETWEEN 1 AND 9999 THEN {fails} ELSE {text} END", sql)


def _of_text(sql: str, target: Type, gentle: bool) -> str | None:
    """Guarded by the texts that are known to be read alike."""
    kind = "integers" if target in INTEGERS else str(target)
    if kind == "timestamp(3)":
        kind = "timestamp"
    if kind not in _TEXTS:
        return None
    word = "TRY_CAST" if gentle else "CAST"
    fails = error(f"the embedded AWS does not cast such a text to {target}")
    never = literal(_NEVER.get(kind, _LETTERS))
    never = f"regexp_full_match({{0}}, {never}) AND NOT regexp_full_match({{0}}, '{_NOT_A_NUMBER}')"
    null = f"WHEN {never} THEN NULL " if gentle else ""
    pattern = literal(_TEXTS[kind]).replace("{", "{{").replace("}", "}}")
    return once(
        f"CASE WHEN {{0}} IS NULL THEN NULL WHEN regexp_full_match({{0}}, {pattern}) "
        f"THEN {word}({{0}} AS {types.duckdb(target)}) {null}ELSE {fails} END",
        sql,
    )


def _time(sql: str, source: Type, target: Type) -> str | None:
    """Between dates and timestamps; a precision that is smaller is rounded."""
    if source == DATE and types.is_time(target):
        return f"CAST({sql} AS TIMESTAMP)"
    if not types.is_time(source):
        return None
    if target == DATE:
        return f"CAST({sql} AS DATE)"
    if not types.is_time(target):
        return None
    digits = target.first or 0
    return sql if digits >= (source.first or 0) else rounded(sql, digits)


def rounded(sql: str, digits: int) -> str:
    """A timestamp with so many digits of a second; a half goes up (Timestamps.round)."""
    unit = 10 ** (6 - digits)
    up = f"(epoch_us({sql}) + {unit // 2})"
    return once(f"make_timestamp({{0}} - ({{0}} % {unit} + {unit}) % {unit})", up)
