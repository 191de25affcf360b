"""Queries: WITH, set operations, VALUES, ORDER BY and LIMIT → DuckDB's SQL and columns with Trino's types.

Every column has a name in DuckDB that no other column of the statement has, so that nothing is resolved a second time:
neither an alias in WHERE nor GROUP BY ALL can slip through. SELECT itself is in `selecting`.
https://trino.io/docs/current/sql/select.html
"""

# ruff: noqa: S608 - this SQL is put together from what has been read, never from text

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from . import expressions, types
from .calls import ordering, read_call
from .casts import coerced
from .grammar import identifier, kind_of
from .names import Column
from .relations import Context, renamed_columns
from .scope import ExpressionScope
from .selecting import Found, check_ordinal, sortable, specification
from .typed import Typed


def scope_of(context: Context, columns: Sequence[Column]) -> ExpressionScope:
    """For the expressions over these columns."""
    return ExpressionScope(
        context.statement,
        tuple(columns),
        lambda node: read_query(replace(context, outer=(*context.outer, *columns)), node),
        read_call,
        context.now,
        outer=context.outer,
    )


def read_query(context: Context, node: Any) -> Found:
    """A query with its WITH."""
    clauses = node.with_()
    if clauses is None:
        return _body(context, node.queryNoWith())
    if clauses.RECURSIVE():
        context.statement.untranslated(clauses, "WITH RECURSIVE")
    known, written = dict(context.known), []
    own: set[str] = set()
    for named in clauses.namedQuery():
        name = identifier(context.statement, named.name).lower()
        if name in own:
            context.statement.wrong(named, f"WITH names {name} twice")
        own.add(name)
        sql, columns = read_query(replace(context, known=known), named.query())
        place = context.names.take()
        known = known | {name: (place, renamed_columns(context, columns, named.columnAliases()))}
        written.append(f"{place} AS ({sql})")
    sql, columns = _body(replace(context, known=known), node.queryNoWith())
    return f"WITH {', '.join(written)} {sql}", columns


def _body(context: Context, node: Any) -> Found:
    """A query term with ORDER BY, OFFSET and LIMIT."""
    term, items = node.queryTerm(), node.sortItem()
    end = _limits(context, node)
    if kind_of(term) == "QueryTermDefault" and kind_of(term.queryPrimary()) == "QueryPrimaryDefault":
        sql, columns = specification(context, term.queryPrimary().querySpecification(), items)
    else:
        sql, columns = _term(context, term)
        if items:
            order = _order_of_results(context, columns, items)
            sql = f"SELECT * FROM ({sql}) AS {context.names.take()} ORDER BY {order}"
        elif end:
            sql = f"SELECT * FROM ({sql}) AS {context.names.take()}"
    return sql + end, columns


def _limits(context: Context, node: Any) -> str:
    if node.TIES():
        context.statement.untranslated(node, "FETCH FIRST … WITH TIES")
    count = node.limit or (node.FETCH() and (node.fetchFirst or "1"))
    texts = {"LIMIT": count, "OFFSET": node.offset}
    out = ""
    for word, value in texts.items():
        text = value if isinstance(value, str) else value.getText() if value else ""
        if text and text.upper() != "ALL":
            if not text.isdecimal():
                context.statement.untranslated(node, f"{word} {text}")
            out += f" {word} {int(text)}"
    return out


def _order_of_results(context: Context, columns: Sequence[Column], items: Sequence[Any]) -> str:
    """ORDER BY over a set operation: its columns, by name or number."""
    scope = replace(scope_of(context, columns), aggregates="ORDER BY", windows="ORDER BY")
    out = []
    for item in items:
        value = expressions.read(scope, item.expression())
        if value.number is not None:
            check_ordinal(context, item, value.number, len(columns))
            value = Typed(columns[value.number - 1].sql, columns[value.number - 1].type)
        out.append(f"{sortable(context, item, value)} {ordering(item)}")
    return ", ".join(out)


def _term(context: Context, node: Any) -> Found:
    rule = kind_of(node)
    if rule == "SetOperation":
        return _set_operation(context, node)
    if rule == "QueryTermDefault":
        return _term(context, node.queryPrimary())
    if rule == "QueryPrimaryDefault":
        return specification(context, node.querySpecification(), ())
    if rule == "Subquery":
        sql, columns = _body(context, node.queryNoWith())
        return f"SELECT * FROM ({sql}) AS {context.names.take()}", columns
    if rule != "InlineTable":
        context.statement.untranslated(node, rule.upper())
    return _values(context, node)


def _set_operation(context: Context, node: Any) -> Found:
    left, right = _term(context, node.left), _term(context, node.right)
    word = node.operator.text.upper()
    if len(left[1]) != len(right[1]):
        words = f"{word} of queries with {len(left[1])} and {len(right[1])} columns"
        context.statement.wrong(node, words)
    every = " ALL" if node.setQuantifier() and node.setQuantifier().ALL() else ""
    columns = []
    for one, other in zip(left[1], right[1], strict=True):
        kind = types.common(one.type, other.type)
        if kind is None or ((kind != one.type or kind != other.type) and not types.is_known(kind)):
            context.statement.wrong(node, f"{word} of {one.type} and {other.type}: the types do not fit")
        if not every and types.has_map(kind):
            context.statement.untranslated(node, f"{word} of a map")
        columns.append(Column(one.name, kind, context.names.take()))
    sides = [_as_columns(context, side, columns) for side in (left, right)]
    return f"({sides[0]}) {word}{every} ({sides[1]})", tuple(columns)


def _as_columns(context: Context, side: Found, wanted: Sequence[Column]) -> str:
    """The query with these columns' types and names."""
    sql, columns = side
    pairs = [
        f"{coerced(column.sql, column.type, want.type)} AS {want.sql}"
        for column, want in zip(columns, wanted, strict=True)
    ]
    return f"SELECT {', '.join(pairs)} FROM ({sql}) AS {context.names.take()}"


def _values(context: Context, node: Any) -> Found:
    """VALUES: rows of the types that each column's values have in common."""
    scope = replace(scope_of(context, ()), aggregates="VALUES", windows="VALUES")
    rows = [[expressions.read(scope, each) for each in _row(row)] for row in node.expression()]
    if len({len(row) for row in rows}) != 1:
        context.statement.wrong(node, "rows of VALUES have different numbers of columns")
    kinds = [types.UNKNOWN] * len(rows[0])
    for row in rows:
        for at, value in enumerate(row):
            kind = types.common(kinds[at], value.type)
            if kind is None:
                context.statement.wrong(
                    node, f"VALUES of {kinds[at]} and {value.type} in one column: the types do not fit"
                )
            kinds[at] = kind
    columns = tuple(Column(None, kind, context.names.take()) for kind in kinds)
    lines = ", ".join(
        "(" + ", ".join(coerced(v.sql, v.type, kind) for v, kind in zip(row, kinds, strict=True)) + ")"
        for row in rows
    )
    names = ", ".join(column.sql for column in columns)
    return f"SELECT * FROM (VALUES {lines}) AS {context.names.take()}({names})", columns


def _row(node: Any) -> list[Any]:
    """The values of a row: several in brackets, or one."""
    inner = node
    while inner.getChildCount() == 1 and kind_of(inner) != "RowConstructor":
        inner = inner.getChild(0)
    return list(inner.expression()) if kind_of(inner) == "RowConstructor" else [node]
