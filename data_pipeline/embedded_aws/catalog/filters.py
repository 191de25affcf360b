"""The expressions of GetPartitions: conditions on partition keys, in SQL.

https://docs.aws.amazon.com/glue/latest/webapi/API_GetPartitions.html: =, <, >, <=, >=, <>, BETWEEN, IN, LIKE, IS NULL,
AND, OR, NOT, and which types of keys are compared. What is not there is refused.
"""

from __future__ import annotations

import datetime
import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError

from data_pipeline.embedded_aws.dispatch import Refused

_COMPARED: dict[type[exp.Expr], Callable[[Any, Any], bool]] = {
    exp.EQ: operator.eq,
    exp.NEQ: operator.ne,
    exp.LT: operator.lt,
    exp.LTE: operator.le,
    exp.GT: operator.gt,
    exp.GTE: operator.ge,
}
_NUMBERS = frozenset(["bigint", "decimal", "int", "long", "smallint", "tinyint"])
_TEXTS = frozenset(["char", "string", "varchar"])

_NULL = "__HIVE_DEFAULT_PARTITION__"
"""What stands for a null in the path of a partition: hive.exec.default.partition.name of Hive."""

#: names of the partition keys in lower case → their Glue types.
Keys = Mapping[str, str]


def chooser(expression: str, keys: Keys) -> Callable[[Mapping[str, str]], bool]:
    """What says of a partition's values whether the expression holds. Refused for what is no such expression."""
    if not expression.strip():
        return lambda _values: True
    try:
        tree = sqlglot.parse_one(expression, read="hive")
    except (ParseError, TokenError) as error:
        raise _wrong(expression) from error
    _holds(tree, keys, dict.fromkeys(keys, None))  # what is refused is refused without any partition, too
    return lambda values: bool(_holds(tree, keys, values))


def _holds(node: exp.Expr, keys: Keys, values: Mapping[str, str | None]) -> bool | None:
    """Whether it holds; None, as in SQL, where a null leaves that open."""
    if isinstance(node, exp.Paren):
        return _holds(node.this, keys, values)
    if isinstance(node, exp.And | exp.Or):
        both = [_holds(each, keys, values) for each in (node.this, node.expression)]
        decisive = isinstance(node, exp.Or)
        open_ = None if None in both else not decisive
        return decisive if decisive in both else open_
    if isinstance(node, exp.Not):
        found = _holds(node.this, keys, values)
        return None if found is None else not found
    return _condition(node, keys, values)


def _condition(node: exp.Expr, keys: Keys, values: Mapping[str, str | None]) -> bool | None:
    if isinstance(node.this, exp.Column) and (name := node.this.name.lower()) in keys:
        kind, text = keys[name], values[name]
        value = None if text in (None, _NULL) else _typed(text, kind)
        if type(node) in _COMPARED:
            wanted = _literal(node.expression, kind)
            return None if value is None else _COMPARED[type(node)](value, wanted)
        if isinstance(node, exp.Between):
            low, high = (_literal(node.args[bound], kind) for bound in ("low", "high"))
            return None if value is None else bool(low <= value <= high)
        if isinstance(node, exp.In) and node.expressions:
            wanted = [_literal(each, kind) for each in node.expressions]
            return None if value is None else value in wanted
        if isinstance(node, exp.Like) and kind.partition("(")[0] in _TEXTS:
            pattern = re.escape(_literal(node.expression, kind)).replace("%", ".*").replace("_", ".")
            found = None if value is None else re.fullmatch(pattern, value, re.DOTALL) is not None
            return None if found is None else found != bool(node.args.get("negate"))
        if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
            return value is None
    raise _wrong(node.sql("hive"))


def _literal(node: exp.Expr, kind: str) -> Any:
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal):
        return _typed(f"-{node.this.this}", kind)
    if not isinstance(node, exp.Literal):
        raise _wrong(node.sql("hive"))
    return _typed(node.this, kind)


def _typed(text: str, kind: str) -> Any:
    """A value of a key, of which Glue compares these types."""
    base = kind.partition("(")[0]
    try:
        if base in _NUMBERS:
            return Decimal(text)
        if base == "date":
            return datetime.date.fromisoformat(text)
        if base == "timestamp":
            return datetime.datetime.fromisoformat(text)
    except (ValueError, InvalidOperation) as error:
        raise Refused(f"{text} is no {kind}.", "InvalidInputException") from error
    if base not in _TEXTS:
        raise Refused(f"A key of type {kind} is not compared.", "InvalidInputException")
    return text


def _wrong(expression: str) -> Refused:
    return Refused(f"Unsupported expression '{expression}'", "InvalidInputException")
