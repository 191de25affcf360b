"""Expressions: a node of the grammar's tree → DuckDB's SQL with Trino's type.

Aggregates and windows are in `calls`, literals in `literals`, what stands behind a value in `predicates`. What a query
knows of its columns, of what GROUP BY has named and of subqueries comes in as an `ExpressionScope`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from . import functions, nested, operators, times, types
from .casts import cast
from .grammar import identifier, kind_of
from .literals import read_literal
from .names import Column, NoColumnError, find
from .operators import NoOperatorError, NotTranslatedError
from .predicates import predicate
from .scope import ExpressionScope
from .signatures import ALIASES
from .type_names import named_type
from .typed import Typed, made
from .types import BOOLEAN, UNKNOWN, Type

LONGEST = 1_000_000
"""Characters of DuckDB's SQL that a statement may become."""


def read(scope: ExpressionScope, node: Any) -> Typed:
    """The expression at the node. UserError, with its place, for what Athena refuses and for what is not translated."""
    rule = kind_of(node)
    if rule in _PASSED:
        return read(scope, node.getChild(0))
    if rule == "ParenthesizedExpression":
        return read(scope, node.getChild(1))
    if rule == "Predicated":
        return (
            read(scope, node.getChild(0)) if node.getChildCount() == 1 else _placed(scope, node, _predicated)
        )
    reader = _READ.get(rule)
    if reader is None:
        scope.statement.untranslated(node, _OTHERS.get(rule, scope.statement.source(node)[:40]))
    found = _placed(scope, node, reader)
    if len(found.sql) > LONGEST:
        scope.statement.wrong(node, "the expression is too large for the embedded AWS; split it by WITH")
    key = scope.keys.get(found.sql)
    return Typed(key, found.type) if key else found


def _placed(scope: ExpressionScope, node: Any, reader: Callable[[ExpressionScope, Any], Typed]) -> Typed:
    """What a reader refuses, with the node's place."""
    try:
        return reader(scope, node)
    except (NoOperatorError, NoColumnError) as error:
        scope.statement.wrong(node, str(error))
    except NotTranslatedError as error:
        scope.statement.untranslated(node, str(error))


def _predicated(scope: ExpressionScope, node: Any) -> Typed:
    return predicate(read, scope, node)


def condition(scope: ExpressionScope, node: Any) -> Typed:
    """A boolean expression, as WHERE, HAVING and ON take it."""
    found = read(scope, node)
    if found.type not in (BOOLEAN, UNKNOWN):
        scope.statement.wrong(node, f"expected a boolean, found {found.type}")
    return found


_PASSED = ("Expression", "ValueExpressionDefault")
#: rules that are refused → the words for them; others by their text
_OTHERS = {
    "AtTimeZone": "AT TIME ZONE",
    "BinaryLiteral": "a binary literal",
    "Parameter": "a parameter",
    "RowConstructor": "a row",
    "ArrayConstructor": "an array",
    "Lambda": "a lambda",
    "Listagg": "listagg",
    "GroupingOperation": "grouping",
    "Normalize": "normalize",
}


def _column(scope: ExpressionScope, node: Any) -> Typed:
    name = identifier(scope.statement, node.identifier())
    if name.lower() in scope.aliases:
        return scope.aliases[name.lower()]
    if any((column.name or "").lower() == name.lower() for column in scope.columns):
        return _of_column(scope, node, find(scope.columns, name))
    _check_outer([column.name for column in scope.outer], name)
    return _of_column(scope, node, find(scope.columns, name))


def _check_outer(names: Sequence[str | None], name: str) -> None:
    if name.lower() in {(known or "").lower() for known in names}:
        raise NotTranslatedError(f"{name} of the query around this one")


def _of_column(scope: ExpressionScope, node: Any, column: Column) -> Typed:
    key = scope.keys.get(column.sql)
    if key:
        return Typed(key, column.type)
    return Typed(column.sql, column.type, frozenset({scope.statement.source(node)}))


def _dereference(scope: ExpressionScope, node: Any) -> Typed:
    """``relation.column``, or a field of a row."""
    name, base = identifier(scope.statement, node.fieldName), node.base
    if kind_of(base) == "ColumnReference":
        relation = identifier(scope.statement, base.identifier())
        if any((column.relation or "").lower() == relation.lower() for column in scope.columns):
            return _of_column(scope, node, find(scope.columns, name, relation))
        _check_outer([column.relation for column in scope.outer], relation)
        if not any((column.name or "").lower() == relation.lower() for column in scope.columns):
            raise NoColumnError(f"there is no {scope.statement.source(base)} here")
    return nested.field(read(scope, base), name)


def _subscript(scope: ExpressionScope, node: Any) -> Typed:
    return nested.subscript(read(scope, node.value), read(scope, node.index))


def _not(scope: ExpressionScope, node: Any) -> Typed:
    value = condition(scope, node.booleanExpression())
    return value.but(f"(NOT {value.sql})", BOOLEAN)


def _junction(word: str) -> Callable[[ExpressionScope, Any], Typed]:
    def reader(scope: ExpressionScope, node: Any) -> Typed:
        parts = [condition(scope, part) for part in node.booleanExpression()]
        return made(f"({parts[0].sql} {word} {parts[1].sql})", BOOLEAN, parts)

    return reader


def _unary(scope: ExpressionScope, node: Any) -> Typed:
    value = read(scope, node.valueExpression())
    negative = operators.negative(value)
    return negative if node.operator.text == "-" else value


def _binary(scope: ExpressionScope, node: Any) -> Typed:
    return operators.arithmetic(node.operator.text, read(scope, node.left), read(scope, node.right))


def _concatenation(scope: ExpressionScope, node: Any) -> Typed:
    return functions.concatenated([read(scope, node.left), read(scope, node.right)])


def _simple_case(scope: ExpressionScope, node: Any) -> Typed:
    value = read(scope, node.operand)
    branches = [
        (operators.compared("=", value, read(scope, when.condition)), read(scope, when.result))
        for when in node.whenClause()
    ]
    return functions.chosen(branches, read(scope, node.elseExpression) if node.elseExpression else None)


def _case(scope: ExpressionScope, node: Any) -> Typed:
    branches = [(read(scope, when.condition), read(scope, when.result)) for when in node.whenClause()]
    return functions.chosen(branches, read(scope, node.elseExpression) if node.elseExpression else None)


def _cast(scope: ExpressionScope, node: Any) -> Typed:
    value, kind = read(scope, node.expression()), named_type(scope.statement, node.type_())
    sql = cast(value.sql, value.type, kind, node.TRY_CAST() is not None)
    if sql is None:
        raise NotTranslatedError(f"a cast of {value.type} to {kind}")
    return value.but(f"({sql})", kind)


def _extract(scope: ExpressionScope, node: Any) -> Typed:
    written = identifier(scope.statement, node.identifier()).lower()
    name = ALIASES.get(written, written)
    if name not in times.FIELDS:
        raise NotTranslatedError(f"extract of {name}")
    return times.field(name, read(scope, node.valueExpression()))


def _substring(scope: ExpressionScope, node: Any) -> Typed:
    return _function("substr", [read(scope, part) for part in node.valueExpression()])


def _trim(scope: ExpressionScope, node: Any) -> Typed:
    if node.trimChar is not None:
        raise NotTranslatedError("trim of given characters")
    where = node.trimsSpecification().getText().lower() if node.trimsSpecification() else "both"
    name = {"both": "trim", "leading": "ltrim", "trailing": "rtrim"}[where]
    return _function(name, [read(scope, node.trimSource)])


def _position(scope: ExpressionScope, node: Any) -> Typed:
    part, whole = (read(scope, value) for value in node.valueExpression())
    return _function("strpos", [whole, part])


def _function(name: str, arguments: Sequence[Typed]) -> Typed:
    found = functions.call(name, arguments)
    if found is None:
        raise NotTranslatedError(name)
    return found


def _special_time(scope: ExpressionScope, node: Any) -> Typed:
    """The query's own time, in UTC."""
    word = node.name.text.lower()
    if node.precision is not None or word not in ("current_date", "current_timestamp", "localtimestamp"):
        raise NotTranslatedError(scope.statement.source(node))
    return clock(scope.now, word)


def clock(now: str, word: str) -> Typed:
    """current_date, current_timestamp (also as now()) and localtimestamp."""
    if word == "current_date":
        return Typed(f"CAST('{now[:10]}' AS DATE)", types.DATE)
    name = "timestamp" if word == "localtimestamp" else "timestamp with time zone"
    return Typed(f"CAST('{now[:23]}' AS TIMESTAMP)", Type(name, 3))


def _scalar(scope: ExpressionScope, node: Any) -> Typed:
    """A subquery that is one value; none is null, several are an error when it runs."""
    sql, columns = scope.query(node.query())
    if len(columns) != 1:
        scope.statement.wrong(node, f"a subquery for a value has one column, this one {len(columns)}")
    return Typed(f"({sql})", columns[0].type)


def _exists(scope: ExpressionScope, node: Any) -> Typed:
    return Typed(f"EXISTS ({scope.query(node.query())[0]})", BOOLEAN)


def _literal(scope: ExpressionScope, node: Any) -> Typed:
    return read_literal(scope.statement, node)


_READ: dict[str, Callable[[ExpressionScope, Any], Typed]] = {
    "ColumnReference": _column,
    "Dereference": _dereference,
    "Subscript": _subscript,
    "LogicalNot": _not,
    "And": _junction("AND"),
    "Or": _junction("OR"),
    "ArithmeticUnary": _unary,
    "ArithmeticBinary": _binary,
    "Concatenation": _concatenation,
    "SimpleCase": _simple_case,
    "SearchedCase": _case,
    "Cast": _cast,
    "Extract": _extract,
    "Substring": _substring,
    "Trim": _trim,
    "Position": _position,
    "SpecialDateTimeFunction": _special_time,
    "SubqueryExpression": _scalar,
    "Exists": _exists,
    "FunctionCall": lambda scope, node: scope.call(scope, node),
    **dict.fromkeys(
        (
            *("NullLiteral", "BooleanLiteral", "NumericLiteral", "StringLiteral", "TypeConstructor"),
            "IntervalLiteral",
        ),
        _literal,
    ),
}
