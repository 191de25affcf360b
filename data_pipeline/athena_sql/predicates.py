"""What stands behind a value: a comparison, BETWEEN, IN, LIKE, IS.

``read`` reads an expression: it is handed in, as expressions have predicates within them.
"""

# ruff: noqa: S608 - this SQL is put together from what has been read, never from text

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import functions, operators
from .grammar import kind_of
from .operators import NoOperatorError, NotTranslatedError
from .scope import ExpressionScope
from .typed import Typed, made
from .types import BOOLEAN, DOUBLE, REAL

Read = Callable[[ExpressionScope, Any], Typed]


def predicate(read: Read, scope: ExpressionScope, node: Any) -> Typed:
    """A value with its predicate. NotTranslatedError for one that is not translated."""
    value, behind = read(scope, node.getChild(0)), node.getChild(1)
    reader = _PREDICATES.get(kind_of(behind))
    if reader is None:
        raise NotTranslatedError(scope.statement.source(behind)[:40])
    return reader(read, scope, value, behind)


def _negated(node: Any, sql: str) -> str:
    return f"(NOT {sql})" if node.NOT() else sql


def _comparison(read: Read, scope: ExpressionScope, value: Typed, node: Any) -> Typed:
    sign = node.comparisonOperator().getText()
    return operators.compared("<>" if sign == "!=" else sign, value, read(scope, node.right))


def _between(read: Read, scope: ExpressionScope, value: Typed, node: Any) -> Typed:
    ends = read(scope, node.lower), read(scope, node.upper)
    least, most = operators.compared(">=", value, ends[0]), operators.compared("<=", value, ends[1])
    return made(_negated(node, f"({least.sql} AND {most.sql})"), BOOLEAN, (least, most))


def _in_list(read: Read, scope: ExpressionScope, value: Typed, node: Any) -> Typed:
    items = [read(scope, item) for item in node.expression()]
    values, kind = functions.unified([value, *items])
    if kind in (REAL, DOUBLE):
        sql = " OR ".join(operators.compared("=", value, item).sql for item in items)
        return made(_negated(node, f"({sql})"), BOOLEAN, (value, *items))
    return made(_negated(node, f"({values[0]} IN ({', '.join(values[1:])}))"), BOOLEAN, (value, *items))


def _in_query(_read: Read, scope: ExpressionScope, value: Typed, node: Any) -> Typed:
    sql, columns = scope.query(node.query())
    if len(columns) != 1:
        scope.statement.wrong(node, f"a subquery of IN has one column, this one {len(columns)}")
    (column,) = columns
    values, kind = functions.unified([value, Typed(column.sql, column.type)])
    if kind in (REAL, DOUBLE):
        raise NotTranslatedError(f"IN with a subquery of {kind}")
    return made(_negated(node, f"({values[0]} IN (SELECT {values[1]} FROM ({sql}) AS s))"), BOOLEAN, (value,))


def _like(read: Read, scope: ExpressionScope, value: Typed, node: Any) -> Typed:
    pattern = read(scope, node.pattern)
    if value.type.name != "varchar" or pattern.type.name != "varchar":
        raise NoOperatorError(f"{value.type} LIKE {pattern.type}")
    escape = read(scope, node.escape) if node.escape else None
    end = ""
    if escape:
        _check_escape(pattern, escape)
        end = f" ESCAPE {escape.sql}"
    return made(_negated(node, f"({value.sql} LIKE {pattern.sql}{end})"), BOOLEAN, (value, pattern))


def _check_escape(pattern: Typed, escape: Typed) -> None:
    """Trino refuses an escape before anything but %, _ and itself."""
    if escape.text is None or pattern.text is None:
        raise NotTranslatedError("LIKE with an escape whose pattern is no literal")
    if len(escape.text) != 1:
        raise NotTranslatedError("LIKE with an escape that is not one character")
    rest = pattern.text.replace(escape.text * 2, "")
    if any(part[:1] not in ("%", "_") for part in rest.split(escape.text)[1:]):
        raise NotTranslatedError("LIKE with an escape before another character than %, _ and itself")


def _null(_read: Read, _scope: ExpressionScope, value: Typed, node: Any) -> Typed:
    return value.but(f"({value.sql} IS {'NOT ' if node.NOT() else ''}NULL)", BOOLEAN)


def _distinct(read: Read, scope: ExpressionScope, value: Typed, node: Any) -> Typed:
    return operators.distinct(value, read(scope, node.right), bool(node.NOT()))


_PREDICATES: dict[str, Callable[[Read, ExpressionScope, Typed, Any], Typed]] = {
    "Comparison": _comparison,
    "Between": _between,
    "InList": _in_list,
    "InSubquery": _in_query,
    "Like": _like,
    "NullPredicate": _null,
    "DistinctFrom": _distinct,
}
