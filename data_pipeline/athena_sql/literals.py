"""Literals: text, numbers, dates, timestamps and intervals, with the types that Trino gives them.

https://trino.io/docs/current/language/types.html, functions/datetime.html (interval and date and time literals).
"""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from . import types
from .grammar import Statement, identifier, kind_of, literal, string
from .operators import NotTranslatedError, whole_number
from .typed import Typed
from .types import BOOLEAN, DAYS, DOUBLE, MONTHS, UNKNOWN, Type, decimal

_TIMESTAMP = re.compile(r"(\d{4}-\d{2}-\d{2})(?: (\d{2}:\d{2}(?::\d{2})?)(?:\.(\d{1,12}))?)?(?: (\S+))?")
_UTC = ("UTC", "Z", "+00:00")
_UNITS = {"second": 1000, "minute": 60_000, "hour": 3_600_000, "day": 86_400_000}
_OF_A_YEAR = {"month": 1, "year": 12}


def read_literal(statement: Statement, node: Any) -> Typed:
    """The literal at the node. UserError, NotTranslatedError."""
    rule = kind_of(node)
    if rule == "NullLiteral":
        return Typed("CAST(NULL AS INTEGER)", UNKNOWN)
    if rule == "BooleanLiteral":
        return Typed(node.getText().lower(), BOOLEAN)
    if rule == "StringLiteral":
        text = string(statement, node.string())
        return Typed(literal(text), Type("varchar", len(text)), text=text)
    if rule == "NumericLiteral":
        return _number(statement, node.number())
    return _interval(statement, node.interval()) if rule == "IntervalLiteral" else _typed(statement, node)


def _number(statement: Statement, node: Any) -> Typed:
    text = node.getText()
    if kind_of(node) == "DoubleLiteral":
        return Typed(f"CAST('{text}' AS DOUBLE)", DOUBLE)
    if not re.fullmatch(r"-?[0-9.]+", text):
        raise NotTranslatedError(f"the number {text}")
    if kind_of(node) == "DecimalLiteral":
        return _decimal(statement, node, text)
    found = whole_number(text)
    if found is None:
        statement.wrong(node, "a number without a point must fit in a bigint, 64 bits")
    return found


def _decimal(statement: Statement, node: Any, text: str) -> Typed:
    """Its precision counts no leading zeros (io.trino.spi.type.Decimals.parse)."""
    whole, _, rest = text.lstrip("-").partition(".")
    digits = len(whole.lstrip("0")) + len(rest)
    if digits > types.MOST_DIGITS:
        statement.wrong(node, f"a decimal has at most 38 digits, this one {digits}")
    kind = decimal(max(digits, 1), len(rest))
    return Typed(f"CAST('{text}' AS {types.duckdb(kind)})", kind)


def _typed(statement: Statement, node: Any) -> Typed:
    """``DATE '…'``, ``TIMESTAMP '…'`` and ``DECIMAL '…'``."""
    word = identifier(statement, node.identifier()).lower() if node.identifier() else "double precision"
    text = string(statement, node.string())
    if word == "date":
        if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text) or not _is_date(text):
            statement.wrong(node, f"'{text}' is no date; expected DATE '2026-11-25'")
        return Typed(f"CAST('{text}' AS DATE)", types.DATE)
    if word == "timestamp":
        return _timestamp(statement, node, text)
    if word == "decimal" and re.fullmatch(r"-?([1-9][0-9]*(\.[0-9]*)?|\.[0-9]+|0)", text):
        return _decimal(statement, node, text)
    raise NotTranslatedError(f"a literal of {word}")


def _is_date(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def _timestamp(statement: Statement, node: Any, text: str) -> Typed:
    found = _TIMESTAMP.fullmatch(text)
    day, clock, rest, zone = found.groups() if found else (None, None, None, None)
    try:
        datetime.fromisoformat(f"{day} {clock or '00:00'}")
    except ValueError:
        statement.wrong(node, f"'{text}' is no timestamp; expected TIMESTAMP '2026-11-25 12:00:00'")
    if len(rest or "") > 6 or (zone and zone not in _UTC):
        raise NotTranslatedError(
            "a timestamp of another zone than UTC, or with more than 6 digits of a second"
        )
    name = "timestamp with time zone" if zone else "timestamp"
    moment = f"{day} {clock or '00:00'}" + (f".{rest}" if rest else "")
    return Typed(f"CAST('{moment}' AS TIMESTAMP)", Type(name, len(rest or "")))


def _interval(statement: Statement, node: Any) -> Typed:
    """``INTERVAL '6' DAY``: a number of one unit."""
    unit, text = node.intervalField(0).getText().lower(), string(statement, node.string())
    number = re.fullmatch(r"(-?)(\d{1,9})(?:\.(\d{1,3}))?", text)
    if node.to is not None or number is None or (number[3] and unit != "second"):
        raise NotTranslatedError("an interval of several units")
    sign = -1 if (number[1] == "-") != (node.sign is not None and node.sign.text == "-") else 1
    if unit in _OF_A_YEAR:
        return Typed(f"CAST({sign * int(number[2]) * _OF_A_YEAR[unit]} AS BIGINT)", MONTHS)
    value = sign * (int(number[2]) * _UNITS[unit] + int((number[3] or "").ljust(3, "0")))
    return Typed(f"CAST({value} AS BIGINT)", DAYS)
