"""SELECT with its clauses → DuckDB's SQL and columns with Trino's types.

What GROUP BY names is computed below the grouping. https://trino.io/docs/current/sql/select.html
"""

# ruff: noqa: S608 - this SQL is put together from what has been read, never from text

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from . import expressions, types
from .calls import ordering
from .grammar import identifier, kind_of
from .names import Column, Relation
from .relations import Context, read_relations
from .scope import ExpressionScope
from .typed import Typed

Found = tuple[str, tuple[Column, ...]]


@dataclass(frozen=True)
class Item:
    """A result of SELECT: its expression, its name if it has one, and where it stands."""

    value: Typed
    name: str | None
    node: Any
    sql: str
    """Its name in DuckDB."""


def check_ordinal(context: Context, node: Any, number: int, most: int) -> None:
    if not 1 <= number <= most:
        context.statement.wrong(node, f"there is no result {number}: SELECT has {most}")


def sortable(context: Context, node: Any, value: Typed) -> str:
    if not types.is_known(value.type):
        context.statement.untranslated(node, f"an order of {value.type}")
    return value.sql


def specification(context: Context, node: Any, order: Sequence[Any]) -> Found:
    """SELECT with its clauses."""
    if node.WINDOW():
        context.statement.untranslated(node, "WINDOW")
    relation = read_relations(context, node.relation()) if node.relation() else None
    columns = relation.columns if relation else ()
    plain = context.scope(context, columns)
    where = ""
    if node.where:
        scope = replace(plain, aggregates="WHERE clause", windows="WHERE clause")
        where = f" WHERE {expressions.condition(scope, node.where).sql}"
    items = _items(context, plain, node)
    keys = _keys(context, plain, node.groupBy(), items) if node.groupBy() else {}
    having = (
        expressions.condition(replace(plain, keys=keys, windows="HAVING"), node.having)
        if node.having
        else None
    )
    grouped = bool(node.groupBy()) or having is not None
    sorting = [_sorted(context, replace(plain, keys=keys), item, items) for item in order]
    values = [item.value for item in items] + [value for value, _ in sorting]
    if grouped or any(value.aggregates for value in values):
        scope = replace(plain, keys=keys)
        items = _items(context, scope, node)
        sorting = [_sorted(context, scope, item, items) for item in order]
        checked = [(item.value, item.node) for item in items]
        checked += [(value, item) for (value, _), item in zip(sorting, order, strict=True)]
        _check_grouped(context, checked + ([(having, node.having)] if having else []))
        grouped = True
    base = _base(relation, where, keys) if grouped else (f" FROM {relation.sql}" if relation else "") + where
    group = f" GROUP BY {', '.join(keys.values())}" if keys else ""
    rest = f"{base}{group}{f' HAVING {having.sql}' if having else ''}"
    return _joined_clauses(context, node, items, rest, sorting)


def _joined_clauses(
    context: Context, node: Any, items: Sequence[Item], rest: str, sorting: Sequence[tuple[Typed, Any]]
) -> Found:
    """The clauses put together; DISTINCT comes before ORDER BY, which may then name results only."""
    listed = ", ".join(f"{item.value.sql} AS {item.sql}" for item in items)
    columns = tuple(Column(item.name, item.value.type, item.sql) for item in items)
    distinct = bool(node.setQuantifier() and node.setQuantifier().DISTINCT())
    if distinct and any(types.has_map(column.type) for column in columns):
        context.statement.untranslated(node, "DISTINCT of a map")
    sql = f"SELECT {'DISTINCT ' if distinct else ''}{listed}{rest}"
    if not sorting:
        return sql, columns
    if not distinct:
        order = ", ".join(f"{sortable(context, at, value)} {ordering(at)}" for value, at in sorting)
        return f"{sql} ORDER BY {order}", columns
    results = {item.value.sql: item.sql for item in items}
    for value, at in sorting:
        if value.sql not in results:
            context.statement.wrong(at, "with SELECT DISTINCT, ORDER BY may name results only")
    order = ", ".join(f"{results[value.sql]} {ordering(at)}" for value, at in sorting)
    return f"SELECT * FROM ({sql}) AS {context.names.take()} ORDER BY {order}", columns


def _base(relation: Relation | None, where: str, keys: Mapping[str, str]) -> str:
    """FROM of a grouped query: the rows with what GROUP BY names."""
    named = [f"{key} AS {name}" for key, name in keys.items()]
    listed = ", ".join((["*"] if relation else []) + named) or "1 AS one"
    source = f" FROM {relation.sql}" if relation else ""
    return f" FROM (SELECT {listed}{source}{where}) AS grouped"


def _items(context: Context, scope: ExpressionScope, node: Any) -> list[Item]:
    """The results of SELECT, ``*`` as the columns that it stands for."""
    out: list[Item] = []
    for item in node.selectItem():
        if kind_of(item) == "SelectSingle":
            value = expressions.read(scope, item.expression())
            name = identifier(context.statement, item.identifier()) if item.identifier() else None
            out.append(Item(value, name or _name_of(context, item), item, context.names.take()))
            continue
        if item.columnAliases():
            context.statement.untranslated(item, "names behind *")
        for column in _stars(context, scope, item):
            value = Typed(column.sql, column.type, frozenset({column.name or column.sql}))
            if column.sql in scope.keys:
                value = Typed(scope.keys[column.sql], column.type)
            out.append(Item(value, column.name, item, context.names.take()))
    return out


def _stars(context: Context, scope: ExpressionScope, item: Any) -> Sequence[Column]:
    if not item.primaryExpression():
        if not scope.columns:
            context.statement.wrong(item, "SELECT * needs FROM")
        return scope.columns
    name = context.statement.source(item.primaryExpression()).strip('"')
    found = [column for column in scope.columns if (column.relation or "").lower() == name.lower()]
    if not found:
        context.statement.wrong(item, f"there is no {name} here")
    return found


def _name_of(context: Context, item: Any) -> str | None:
    """The name of a result that is nothing but a column."""
    inner = item.expression()
    while inner.getChildCount() == 1 and kind_of(inner) not in ("ColumnReference", "Dereference"):
        inner = inner.getChild(0)
    if kind_of(inner) == "ColumnReference":
        return identifier(context.statement, inner.identifier()).lower()
    return identifier(context.statement, inner.fieldName).lower() if kind_of(inner) == "Dereference" else None


def _keys(context: Context, plain: ExpressionScope, node: Any, items: Sequence[Item]) -> dict[str, str]:
    """DuckDB's SQL of what GROUP BY names → the column that it becomes."""
    if node.setQuantifier():
        context.statement.untranslated(node, "GROUP BY DISTINCT")
    scope = replace(plain, aggregates="GROUP BY clause", windows="GROUP BY clause")
    keys: dict[str, str] = {}
    for element in node.groupingElement():
        if kind_of(element) != "SingleGroupingSet":
            context.statement.untranslated(element, "grouping sets")
        for part in element.groupingSet().expression():
            value = expressions.read(scope, part)
            if value.number is not None:
                check_ordinal(context, part, value.number, len(items))
                value = items[value.number - 1].value
                if value.aggregates or value.windows:
                    context.statement.wrong(part, "GROUP BY clause cannot contain aggregations")
            if not types.is_known(value.type):
                context.statement.untranslated(part, f"groups of {value.type}")
            keys.setdefault(value.sql, context.names.take())
    if not keys:
        context.statement.untranslated(node, "GROUP BY ()")
    return keys


def _sorted(context: Context, scope: ExpressionScope, item: Any, items: Sequence[Item]) -> tuple[Typed, Any]:
    """What a sort item of SELECT means: a result by number or name, or an expression."""
    aliases: dict[str, Typed] = {}
    for each in items:
        if each.name:
            same = aliases.setdefault(each.name.lower(), each.value)
            if same.sql != each.value.sql:
                aliases.pop(each.name.lower())
    value = expressions.read(replace(scope, aliases=aliases), item.expression())
    if value.number is not None:
        check_ordinal(context, item, value.number, len(items))
        value = items[value.number - 1].value
    return value, item


def _check_grouped(context: Context, values: Sequence[tuple[Typed, Any]]) -> None:
    for value, node in values:
        if value.free:
            name = min(value.free)
            context.statement.wrong(node, f"'{name}' must be an aggregate expression or appear in GROUP BY")
