"""SQL of a user: one SELECT in Athena's dialect, and the tables that it reads; pure.

The dialect is Trino's, which Athena's engine version 3 speaks, parsed by sqlglot (MIT), which finds what writes and
which tables are read; it takes more than Trino does. For Athena the text stays as it is. The embedded AWS reads it by
Trino's own grammar (data_pipeline/athena_sql).
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, TokenError
from sqlglot.optimizer.scope import traverse_scope

from .errors import UserError
from .problems import did_you_mean, one_of, quoted

DIALECT = "athena"
LONGEST = 262_144
"""Characters that StartQueryExecution takes."""
TOO_DEEP = "the statement is nested too deeply to be read; take parts of it out by WITH"
_CATALOG = "awsdatacatalog"
_ONLY = "expected one statement that only reads: SELECT … or WITH … SELECT …"
_CATALOG_WORDS = ("DESC", "DESCRIBE", "SHOW")
_OF_CATALOG = (
    "SELECT * FROM name LIMIT 0 has a table's columns, and a wrong name is refused with the right ones"
)


@dataclass(frozen=True)
class Query:
    """A statement that has been read and only reads."""

    text: str
    tree: exp.Expr


def read(text: str) -> Query:
    """The one statement that ``text`` holds. UserError, with line and column, for anything else."""
    if len(text) > LONGEST:
        raise UserError(f"the statement has {len(text):,} characters; Athena takes {LONGEST:,}")
    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of what is refused below
    try:
        found = [tree for tree in sqlglot.parse(text, read=DIALECT) if tree is not None]
    except ParseError as error:
        raise UserError(_where(text, error)) from error
    except TokenError as error:
        raise UserError(f"the statement cannot be read: {error}; {_ONLY}") from error
    except RecursionError:
        raise UserError(TOO_DEEP) from None
    if len(found) != 1:
        raise UserError(f"found {len(found) or 'no'} statements, {_ONLY}")
    (tree,) = found
    refused = next(tree.find_all(exp.DML, exp.DDL, exp.Into, exp.Command), None)
    if not isinstance(tree, (exp.Select, exp.SetOperation, exp.Subquery)) or _writes(refused):
        first = text.split(None, 1)[0].upper()
        word = first if refused is None or isinstance(refused, exp.Command) else refused.key.upper()
        advice = f"; {_OF_CATALOG}" if word in _CATALOG_WORDS else ""
        raise UserError(f"found {quoted(word)}, {_ONLY}{advice}")
    return Query(text.strip().rstrip(";"), tree)


def _writes(node: exp.Expr | None) -> bool:
    return node is not None and not isinstance(node, exp.Query)


def _where(text: str, error: ParseError) -> str:
    first = error.errors[0]
    line, column = int(first.get("line") or 1), int(first.get("col") or 1)
    said = (
        str(first.get("description") or "it cannot be read")
        .partition(" <Token")[0]
        .partition(" for <class")[0]
    )
    lines = text.splitlines() or [""]
    word = str(first.get("highlight") or "")
    at = max(column - len(word), 0)
    shown = f"  {lines[min(line, len(lines)) - 1]}\n  {' ' * at}{'^' * max(len(word), 1)}"
    return f"line {line}, column {at + 1}, at {quoted(word)}: {said[:1].lower()}{said[1:]}; {_ONLY}\n{shown}"


def sources(query: Query, database: str, known: Collection[str]) -> dict[str, list[exp.Table]]:
    """The tables that the query reads → where they stand in it. UserError for one that is not in ``database``."""
    found: dict[str, list[exp.Table]] = {}
    for table in _tables(query.tree):
        if not isinstance(table.this, exp.Identifier):
            raise UserError(
                f"{quoted(table.sql(DIALECT))}: a table function; expected a table: {one_of(known)}"
            )
        parts = [part for part in (table.catalog, table.db, table.name) if part]
        found.setdefault(table_named(parts, database, known), []).append(table)
    return found


def table_named(parts: Sequence[str], database: str, known: Collection[str]) -> str:
    """The table that ``orders``, ``shop_dev.orders`` or ``awsdatacatalog.shop_dev.orders`` names, in any case of
    letters. UserError if it is not in ``database``."""
    *before, name = (part.lower() for part in parts)
    shown = quoted(".".join(parts))
    if before[-1:] not in ([], [database]) or before[:-1] not in ([], [_CATALOG]):
        near = did_you_mean(before[-1], [database])
        words = f"{shown} is not in the database {database} of this environment"
        advice = _OF_CATALOG if before[-1] == "information_schema" else near
        raise UserError(words + (f"; {advice}" if advice else ""))
    if name not in known:
        near = did_you_mean(name, known)
        has = f"it has {one_of(sorted(known))}" if known else "nothing has been published yet"
        raise UserError(
            f"there is no table {quoted(name)} in {database}: {has}" + (f"; {near}" if near else "")
        )
    return name


def _tables(tree: exp.Expr) -> list[exp.Table]:
    """Tables that are not names of the query's own WITH."""
    nodes = [source for scope in traverse_scope(tree) for source in scope.sources.values()]
    return list({id(node): node for node in nodes if isinstance(node, exp.Table)}.values())
