"""Expressions: a node of the grammar's tree → DuckDB's SQL with Trino's type.

Aggregates and windows are in `calls`, literals in `literals`. What a query knows of its columns, of what GROUP BY has
named and of subqueries comes in as a `ExpressionScope`.
"""

# ruff: noqa: S608 - this SQL is put together from what has been read, never from text

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import functions, operators, times, types
from .casts import cast
from .grammar import Statement, identifier, kind_of
from .literals import read_literal
from .names import Column, NoColumnError, find
from .operators import NoOperatorError, NotTranslatedError
from .signatures import ALIASES
from .typed import Typed, made
from .types import BIGINT, BOOLEAN, DOUBLE, INTEGER, REAL, SMALLINT, TINYINT, UNKNOWN, VARCHAR, Type, decimal

LONGEST = 1_000_000
"""Characters of DuckDB's SQL that a statement may become."""
_NAMED_TYPES = {
    **{str(kind): kind for kind in (BOOLEAN, TINYINT, SMALLINT, INTEGER, BIGINT, REAL, DOUBLE, VARCHAR)},
    "int": INTEGER,
    "date": types.DATE,
}


@dataclass(frozen=True)
class ExpressionScope:
    """``keys``: DuckDB's SQL of what GROUP BY names → its column. ``aggregates`` None: they may stand here; else the
    words of the clause in which they may not, and ``windows`` likewise. ``query``: SQL and columns of a subquery.
    ``aliases``: what ORDER BY may call by the name of a result. ``outer``: columns of the queries around.
    """

    statement: Statement
    columns: tuple[Column, ...]
    query: Callable[[Any], tuple[str, tuple[Column, ...]]]
    call: Callable[[ExpressionScope, Any], Typed]
    now: str
    keys: Mapping[str, str] = field(default_factory=dict)
    aggregates: str | None = None
    windows: str | None = None
    aliases: Mapping[str, Typed] = field(default_factory=dict)
    outer: tuple[Column, ...] = ()


def read(scope: ExpressionScope, node: Any) -> Typed:
    """The expression at the node. UserError, with its place, for what Athena refuses and for what is not translated."""
    rule = kind_of(node)
    if rule in _PASSED:
        return read(scope, node.getChild(0))
    if rule == "ParenthesizedExpression":
        return read(scope, node.getChild(1))
    if rule == "Predicated":
        return (
            read(scope, node.getChild(0)) if node.getChildCount() == 1 else _placed(scope, node, _predicate)
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
    "Subscript": "an element of an array or map",
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
    """``relation.column``; a field of a struct is not translated."""
    path = scope.statement.source(node.base)
    base = node.base
    if kind_of(base) == "ColumnReference":
        name = identifier(scope.statement, base.identifier())
        if any((column.relation or "").lower() == name.lower() for column in scope.columns):
            return _of_column(
                scope, node, find(scope.columns, identifier(scope.statement, node.fieldName), name)
            )
        _check_outer([column.relation for column in scope.outer], name)
        if not any((column.name or "").lower() == name.lower() for column in scope.columns):
            raise NoColumnError(f"there is no {path} here")
    raise NotTranslatedError(f"a field of {path}")


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


def _predicate(scope: ExpressionScope, node: Any) -> Typed:
    """What stands behind a value: a comparison, BETWEEN, IN, LIKE, IS."""
    value, predicate = read(scope, node.getChild(0)), node.getChild(1)
    reader = _PREDICATES.get(kind_of(predicate))
    if reader is None:
        raise NotTranslatedError(scope.statement.source(predicate)[:40])
    return reader(scope, value, predicate)


def _negated(node: Any, sql: str) -> str:
    return f"(NOT {sql})" if node.NOT() else sql


def _comparison(scope: ExpressionScope, value: Typed, node: Any) -> Typed:
    sign = node.comparisonOperator().getText()
    return operators.compared("<>" if sign == "!=" else sign, value, read(scope, node.right))


def _between(scope: ExpressionScope, value: Typed, node: Any) -> Typed:
    ends = read(scope, node.lower), read(scope, node.upper)
    least, most = operators.compared(">=", value, ends[0]), operators.compared("<=", value, ends[1])
    return made(_negated(node, f"({least.sql} AND {most.sql})"), BOOLEAN, (least, most))


def _in_list(scope: ExpressionScope, value: Typed, node: Any) -> Typed:
    items = [read(scope, item) for item in node.expression()]
    values, kind = functions.unified([value, *items])
    if kind in (REAL, DOUBLE):
        sql = " OR ".join(operators.compared("=", value, item).sql for item in items)
        return made(_negated(node, f"({sql})"), BOOLEAN, (value, *items))
    return made(_negated(node, f"({values[0]} IN ({', '.join(values[1:])}))"), BOOLEAN, (value, *items))


def _in_query(scope: ExpressionScope, value: Typed, node: Any) -> Typed:
    sql, columns = scope.query(node.query())
    if len(columns) != 1:
        scope.statement.wrong(node, f"a subquery of IN has one column, this one {len(columns)}")
    (column,) = columns
    values, kind = functions.unified([value, Typed(column.sql, column.type)])
    if kind in (REAL, DOUBLE):
        raise NotTranslatedError(f"IN with a subquery of {kind}")
    return made(_negated(node, f"({values[0]} IN (SELECT {values[1]} FROM ({sql}) AS s))"), BOOLEAN, (value,))


def _like(scope: ExpressionScope, value: Typed, node: Any) -> Typed:
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


def _null(_: ExpressionScope, value: Typed, node: Any) -> Typed:
    return value.but(f"({value.sql} IS {'NOT ' if node.NOT() else ''}NULL)", BOOLEAN)


def _distinct(scope: ExpressionScope, value: Typed, node: Any) -> Typed:
    return operators.distinct(value, read(scope, node.right), bool(node.NOT()))


_PREDICATES: dict[str, Callable[[ExpressionScope, Typed, Any], Typed]] = {
    "Comparison": _comparison,
    "Between": _between,
    "InList": _in_list,
    "InSubquery": _in_query,
    "Like": _like,
    "NullPredicate": _null,
    "DistinctFrom": _distinct,
}


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
    value, kind = read(scope, node.expression()), _type(scope, node.type_())
    sql = cast(value.sql, value.type, kind, node.TRY_CAST() is not None)
    if sql is None:
        raise NotTranslatedError(f"a cast of {value.type} to {kind}")
    return value.but(f"({sql})", kind)


def _type(scope: ExpressionScope, node: Any) -> Type:
    """A type as CAST names it."""
    text = " ".join(scope.statement.source(node).lower().split())
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
