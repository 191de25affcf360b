"""What stands behind FROM: tables, subqueries, names of WITH, joins."""

# ruff: noqa: S608 - this SQL is put together from what has been read, never from text

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

from . import expressions, types
from .functions import unified
from .grammar import Statement, identifier, kind_of
from .names import Column, NoColumnError, Relation, Resolve, State, find
from .operators import NoOperatorError, NotTranslatedError, compared
from .scope import ExpressionScope
from .typed import Typed, made
from .types import Type
from .unnesting import unnest_of, unnested


@dataclass(frozen=True)
class Names:
    """Names that no two columns or subqueries of a statement share."""

    numbers: Any

    @classmethod
    def new(cls) -> Names:
        """For one statement."""
        return cls(count(1))

    def take(self) -> str:
        """The next name."""
        return f"c{next(self.numbers)}"


@dataclass(frozen=True)
class Context:
    """What holds for a whole statement, and the names of WITH that can be seen: name → DuckDB's name, columns."""

    statement: Statement
    resolve: Resolve
    names: Names
    now: str
    known: Mapping[str, tuple[str, tuple[Column, ...]]]
    scope: Callable[[Context, Sequence[Column]], ExpressionScope]
    query: Callable[[Context, Any], tuple[str, tuple[Column, ...]]]
    outer: tuple[Column, ...] = ()
    """Columns of the queries around this one, which it cannot use."""


def read_relations(context: Context, nodes: Sequence[Any]) -> Relation:
    """The relations behind FROM; a comma between two is a cross join."""
    first = read_relation(context, nodes[0])
    for node in nodes[1:]:
        if unnest_of(node):
            first = _unnested(context, first, node)
            continue
        other = read_relation(context, node)
        first = Relation(f"{first.sql} CROSS JOIN {other.inner}", (*first.columns, *other.columns), True)
    return first


def read_relation(context: Context, node: Any) -> Relation:
    """The relation at the node. UserError, with its place."""
    rule = kind_of(node)
    if rule == "JoinRelation":
        return _join(context, node)
    if rule == "RelationDefault":
        return read_relation(context, node.sampledRelation())
    if rule == "SampledRelation":
        if node.getChildCount() > 1:
            context.statement.untranslated(node, "TABLESAMPLE")
        return read_relation(context, node.patternRecognition())
    if rule == "PatternRecognition":
        if node.getChildCount() > 1:
            context.statement.untranslated(node, "MATCH_RECOGNIZE")
        return _aliased(context, node.aliasedRelation())
    return _primary(context, node)


def _aliased(context: Context, node: Any) -> Relation:
    relation = _primary(context, node.relationPrimary())
    if not node.identifier():
        return relation
    name = identifier(context.statement, node.identifier())
    renamed = renamed_columns(context, relation.columns, node.columnAliases())
    return replace(relation, columns=tuple(replace(column, relation=name) for column in renamed))


def renamed_columns(context: Context, columns: tuple[Column, ...], aliases: Any) -> tuple[Column, ...]:
    """The columns with the names in brackets behind an alias, where there are any."""
    if not aliases:
        return columns
    names = [identifier(context.statement, each) for each in aliases.identifier()]
    if len(names) != len(columns):
        words = f"{len(names)} names for {len(columns)} columns"
        context.statement.wrong(aliases, words)
    return tuple(replace(column, name=name) for column, name in zip(columns, names, strict=True))


def _primary(context: Context, node: Any) -> Relation:
    rule = kind_of(node)
    if rule == "TableName":
        return _table(context, node)
    if rule == "ParenthesizedRelation":
        return read_relation(context, node.relation())
    if rule != "SubqueryRelation":
        context.statement.untranslated(node, rule.lower())
    sql, columns = context.query(context, node.query())
    shown = tuple(replace(column, relation=None) for column in columns)
    return Relation(f"({sql}) AS {context.names.take()}", shown)


def _table(context: Context, node: Any) -> Relation:
    """A table of the catalog, or a name of WITH."""
    parts = [identifier(context.statement, part) for part in node.qualifiedName().identifier()]
    period = node.queryPeriod()
    if len(parts) == 1 and parts[0].lower() in context.known:
        if period:
            context.statement.wrong(period, "only a table has earlier states")
        name, columns = context.known[parts[0].lower()]
        return _renamed(context, name, [(each.sql, each.name, each.type) for each in columns], parts[0])
    source = context.resolve(parts, _state(context, period) if period else None)
    listed = [(_quoted(name), name.lower(), types.of_iceberg(kind)) for name, kind in source.columns]
    return _renamed(context, _quoted(source.relation), listed, parts[-1])


def _renamed(
    context: Context, sql: str, columns: Sequence[tuple[str, str | None, Type]], name: str
) -> Relation:
    """The relation with names that no other one has."""
    taken = tuple(
        Column(shown, kind, context.names.take(), name) for _, shown, kind in columns
    )  # one a column, in order
    pairs = zip(columns, taken, strict=True)
    listed = ", ".join(f"{here} AS {column.sql}" for (here, _, _), column in pairs)
    return Relation(f"(SELECT {listed} FROM {sql}) AS {context.names.take()}", taken)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _state(context: Context, node: Any) -> State:
    """``FOR VERSION AS OF 123`` or ``FOR TIMESTAMP AS OF TIMESTAMP '…'``."""
    kind = node.rangeType().getText().lower()
    value = expressions.read(context.scope(context, ()), node.end)
    written = context.statement.source(node.end)
    expected = "expected FOR VERSION AS OF 123 or FOR TIMESTAMP AS OF TIMESTAMP '2026-11-25 12:00:00 UTC'"
    if kind == "version" and (value.number is not None or value.text is not None):
        return State(kind, str(value.number) if value.text is None else value.text)
    if kind != "timestamp" or value.type.name != "timestamp with time zone" or "'" not in written:
        context.statement.wrong(node, expected)
    return State(kind, written.split("'")[1])


def _join(context: Context, node: Any) -> Relation:
    left = read_relation(context, node.left)
    if node.NATURAL():
        context.statement.untranslated(node, "NATURAL JOIN")
    if unnest_of(node.right or node.rightRelation):
        return _join_unnested(context, left, node)
    right = read_relation(context, node.right or node.rightRelation)
    columns = (*left.columns, *right.columns)
    if node.CROSS():
        return Relation(f"{left.sql} CROSS JOIN {right.inner}", columns, True)
    way = node.joinType().getText().upper().replace("OUTER", "") or "INNER"
    criteria = node.joinCriteria()
    if criteria.ON():
        scope = replace(context.scope(context, columns), aggregates="JOIN clause", windows="JOIN clause")
        condition = expressions.condition(scope, criteria.booleanExpression())
        return Relation(f"{left.sql} {way} JOIN {right.inner} ON {condition.sql}", columns, True)
    names = [identifier(context.statement, each) for each in criteria.identifier()]
    try:
        return _using(left, right, way, names)
    except (NoColumnError, NoOperatorError) as error:
        context.statement.wrong(criteria, str(error))
    except NotTranslatedError as error:
        context.statement.untranslated(criteria, str(error))


def _join_unnested(context: Context, left: Relation, node: Any) -> Relation:
    """CROSS JOIN, or LEFT and INNER JOIN ON TRUE, which are the joins with UNNEST that Trino takes."""
    if node.CROSS():
        return _unnested(context, left, node.right)
    way = node.joinType().getText().upper().replace("OUTER", "") or "INNER"
    criteria = node.joinCriteria()
    if (
        way not in ("INNER", "LEFT")
        or not criteria.ON()
        or criteria.booleanExpression().getText().upper() != "TRUE"
    ):
        context.statement.untranslated(node, f"{way} JOIN UNNEST with a condition other than ON TRUE")
    return _unnested(context, left, node.rightRelation, all_rows=way == "LEFT")


def _unnested(context: Context, left: Relation, node: Any, all_rows: bool = False) -> Relation:
    unnest, aliased = unnest_of(node) or (node, None)
    scope = replace(context.scope(context, left.columns), aggregates="UNNEST", windows="UNNEST")
    values = [expressions.read(scope, each) for each in unnest.expression()]
    sql, columns = unnested(context.statement, context.names.take, left, unnest, values, all_rows)
    if aliased is not None and aliased.identifier():
        name = identifier(context.statement, aliased.identifier())
        renamed = renamed_columns(context, columns, aliased.columnAliases())
        columns = tuple(replace(column, relation=name) for column in renamed)
    return Relation(f"{sql} AS {context.names.take()}", (*left.columns, *columns))


def _using(left: Relation, right: Relation, way: str, names: Sequence[str]) -> Relation:
    """Each column of USING stands once, first, and belongs to neither side."""
    conditions, shared, gone = [], [], set()
    for name in names:
        one, other = find(left.columns, name), find(right.columns, name)
        both = Typed(one.sql, one.type), Typed(other.sql, other.type)
        conditions.append(compared("=", *both).sql)
        merged = _either(*both)
        shared.append(Column(one.name, merged.type, merged.sql))
        gone |= {one.sql, other.sql}
    rest = [column for column in (*left.columns, *right.columns) if column.sql not in gone]
    sql = f"{left.sql} {way} JOIN {right.inner} ON {' AND '.join(conditions)}"
    return Relation(sql, (*shared, *rest), True)


def _either(one: Typed, other: Typed) -> Typed:
    values, kind = unified((one, other))
    return made(f"coalesce({', '.join(values)})", kind, (one, other))
