"""A statement in Athena's SQL → the same in DuckDB's, with its results' names and types."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from data_pipeline.core.errors import UserError

from .grammar import DEEP, Statement, kind_of
from .names import Resolve
from .queries import read_query, scope_of
from .relations import Context, Names
from .types import DAYS, MONTHS, Type


@dataclass(frozen=True)
class Translation:
    """``sql`` for DuckDB, whose columns are in the order of ``columns``: names (two may be alike) and Trino's types."""

    sql: str
    columns: tuple[tuple[str, Type], ...]


def translate(text: str, resolve: Resolve, now: datetime) -> Translation:
    """What the statement is in DuckDB's SQL; ``now`` is what the query takes for the present time, in UTC.

    UserError, with line and column, for what Athena refuses, for what is not translated, and where ``resolve`` finds
    no table.
    """
    try:
        statement = Statement(text)
        return _translated(statement, resolve, now)
    except RecursionError:
        raise UserError(DEEP) from None


def _translated(statement: Statement, resolve: Resolve, now: datetime) -> Translation:
    tree = statement.tree.statement()
    if kind_of(tree) != "StatementDefault":
        statement.wrong(tree, "expected one statement that only reads: SELECT … or WITH … SELECT …")
    query = tree.query() if hasattr(tree, "query") else tree.rootQuery().query()
    moment = f"{now:%Y-%m-%d %H:%M:%S.%f}"
    context = Context(statement, resolve, Names.new(), moment, {}, scope_of, read_query)
    sql, columns = read_query(context, query)
    items = _items(query)
    for at, column in enumerate(columns):
        if column.type in (DAYS, MONTHS):
            node = items[at] if len(items) == len(columns) else tree
            statement.untranslated(node, f"a result that is an {column.type}")
    named = tuple((column.name or f"_col{at}", column.type) for at, column in enumerate(columns))
    return Translation(sql, named)


def _items(node: Any) -> list[Any]:
    """The results of the first SELECT of a query, to show the place of one."""
    while kind_of(node) != "QuerySpecification":
        if not getattr(node, "children", None):
            return []
        node = node.queryNoWith() if kind_of(node) == "Query" else node.getChild(0)
    return list(node.selectItem())
