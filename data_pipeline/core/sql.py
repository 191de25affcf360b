"""SQL of a user: one SELECT in Athena's dialect, the tables that it reads, and the same for DuckDB; pure.

The dialect is Trino's, which Athena's engine version 3 speaks, parsed by sqlglot (MIT). For Athena the text stays as it
is. For the embedded AWS it is translated, but only where the translation is known to mean the same: sqlglot hands what
it does not know through, and DuckDB would answer something else or fail. So a function that is not in TRANSLATED,
which the tests run one by one, is refused by its name.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
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
_CATALOG = "awsdatacatalog"
_ONLY = "expected one statement that only reads: SELECT … or WITH … SELECT …"

TRANSLATED: frozenset[type[exp.Expr]] = frozenset(
    [
        *(
            exp.Abs,
            exp.Avg,
            exp.Case,
            exp.Cast,
            exp.Ceil,
            exp.Coalesce,
            exp.Concat,
            exp.Corr,
            exp.Count,
            exp.CountIf,
        ),
        *(exp.CurrentDate, exp.Date, exp.DateAdd, exp.DateDiff, exp.DateTrunc, exp.Day, exp.DayOfWeekIso),
        *(
            exp.DayOfYear,
            exp.DenseRank,
            exp.Exp,
            exp.Extract,
            exp.FirstValue,
            exp.Floor,
            exp.Greatest,
            exp.Hour,
        ),
        *(
            exp.If,
            exp.Lag,
            exp.LastValue,
            exp.Lead,
            exp.Least,
            exp.Length,
            exp.Ln,
            exp.Lower,
            exp.Max,
            exp.Min,
        ),
        *(
            exp.Minute,
            exp.Month,
            exp.Ntile,
            exp.Nullif,
            exp.Pow,
            exp.Quarter,
            exp.Rank,
            exp.Round,
            exp.RowNumber,
        ),
        *(exp.Sign, exp.Sqrt, exp.Stddev, exp.StrPosition, exp.Substring, exp.Sum, exp.TimestampTrunc),
        *(exp.TimeToStr, exp.Trim, exp.TryCast, exp.Upper, exp.Variance, exp.WeekOfYear, exp.Year),
    ]
)
"""What means the same in both; ``7 / 2`` does where DuckDB is told that it is 3 (``integer_division``)."""
_OF_A_DATE = frozenset({"year", "quarter", "month", "week", "day", "hour", "minute", "second"})
"""What ``extract`` may take: Trino's days of the week begin with 1 on Monday, DuckDB's with 0 on Sunday."""


@dataclass(frozen=True)
class State:
    """Which state of a table is read: a snapshot's id, or a time as it was written."""

    kind: str
    text: str


@dataclass(frozen=True)
class TableRead:
    """A table of the query, by its name in the Glue catalog; ``state`` None is the newest."""

    name: str
    state: State | None


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
    if len(found) != 1:
        raise UserError(f"found {len(found) or 'no'} statements, {_ONLY}")
    (tree,) = found
    refused = next(tree.find_all(exp.DML, exp.DDL, exp.Into, exp.Command), None)
    if not isinstance(tree, (exp.Select, exp.SetOperation, exp.Subquery)) or _writes(refused):
        word = text.split(None, 1)[0].upper() if refused is None else refused.key.upper()
        raise UserError(f"found {quoted(word)}, {_ONLY}")
    return Query(text.strip().rstrip(";"), tree)


def _same(node: exp.Func) -> bool:
    """Whether the function means the same in both. A half is rounded up by Trino's casts, and to even by DuckDB's."""
    if isinstance(node, exp.Extract):
        return node.name.lower() in _OF_A_DATE
    if isinstance(node, (exp.Cast, exp.TryCast)):
        return not node.is_type(*exp.DataType.INTEGER_TYPES)
    return type(node) in TRANSLATED


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
        if table.catalog.lower() not in ("", _CATALOG) or table.db.lower() not in ("", database):
            near = did_you_mean(table.db, [database])
            raise UserError(
                f"{quoted(table.sql(DIALECT))} is not in the database {database} of this environment"
                + (f"; {near}" if near else "")
            )
        name = table.name.lower()
        if name not in known:
            near = did_you_mean(name, known)
            has = f"it has {one_of(sorted(known))}" if known else "nothing has been published yet"
            raise UserError(
                f"there is no table {quoted(name)} in {database}: {has}" + (f"; {near}" if near else "")
            )
        found.setdefault(name, []).append(table)
    return found


def _tables(tree: exp.Expr) -> list[exp.Table]:
    """Tables that are not names of the query's own WITH."""
    nodes = [source for scope in traverse_scope(tree) for source in scope.sources.values()]
    return list({id(node): node for node in nodes if isinstance(node, exp.Table)}.values())


def state_of(table: exp.Table) -> State | None:
    """Which state ``FOR VERSION AS OF`` or ``FOR TIMESTAMP AS OF`` asks for. UserError where that is no literal."""
    version = table.args.get("version")
    if version is None:
        return None
    value = version.expression
    literal = value.this if isinstance(value, exp.Cast) else value
    if version.args.get("kind") != "AS OF" or not isinstance(literal, exp.Literal):
        raise UserError(
            f"{quoted(table.sql(DIALECT))}: expected FOR VERSION AS OF 123 or FOR TIMESTAMP AS OF "
            "TIMESTAMP '2026-11-25 12:00:00 UTC'"
        )
    return State(str(version.this).lower(), str(literal.this))


def for_duckdb(query: Query, name_of: Callable[[exp.Table], str]) -> str:
    """The query in DuckDB's dialect, its tables called as ``name_of`` says. UserError names what is not translated."""
    for node in query.tree.find_all(exp.Func):
        if not isinstance(node, exp.Connector) and not _same(node):
            name = node.name if isinstance(node, exp.Anonymous) else node.sql(DIALECT).partition("(")[0]
            raise UserError(
                f"the embedded AWS does not translate {quoted(node.sql(DIALECT))}: {name.lower()} may mean something "
                "else there. Athena runs it; docs/how-to/sql.md lists what both do."
            )
    named = {id(table): name_of(table) for table in _tables(query.tree)}

    def renamed(node: exp.Expr) -> exp.Expr:
        if id(node) not in named:
            return node
        alias = node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(node.name))
        return exp.Table(this=exp.to_identifier(named[id(node)], quoted=True), alias=alias)

    return query.tree.transform(renamed, copy=False).sql("duckdb", normalize_functions=False)
