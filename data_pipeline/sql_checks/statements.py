"""One text of SQL against the relations that it may read: what is wrong with it, and the columns of its result."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import duckdb
from duckdb.sqltypes import DuckDBPyType

from data_pipeline.core.facts import dataset_limits
from data_pipeline.core.problems import RefusedError, quoted
from data_pipeline.etl.documents import datasets as documents

from . import column_types, engine, steadiness, trees
from .engine import Columns
from .trees import Fault, Tree

_ROWS = "rows"


@dataclass(frozen=True)
class Checked:
    """``columns`` of the result, none where something is wrong; ``inputs``: the relations that are read."""

    faults: tuple[Fault, ...]
    inputs: tuple[str, ...] = ()
    columns: Columns | None = None


def inputs(sql: str, known: Mapping[str, Columns] | frozenset[str]) -> tuple[str, ...]:
    """Which of the known relations a SELECT reads, in their order; none of SQL that cannot be read."""
    tree = trees.parse(sql)
    if isinstance(tree, Fault):
        return ()
    read = steadiness.relations(tree)
    return tuple(name for name in known if name in read)


def select(sql: str, known: Mapping[str, Columns], own: frozenset[str] = frozenset()) -> Checked:
    """A SELECT whose result is published. ``own``: columns of the tool's own that it may carry on."""
    tree = trees.parse(sql)
    if isinstance(tree, Fault):
        return Checked((tree,))
    names = {column for columns in known.values() for column in columns}
    found = [*steadiness.unknown_relations(tree, sql, known), *steadiness.faults(tree, sql, names)]
    read = tuple(name for name in known if name in steadiness.relations(tree))
    if not read and not found:
        found.append(Fault(1, "SQL that reads no table", "a data set or table behind FROM"))
    if found:
        return Checked(tuple(found), read)
    described = _described(sql, known)
    if isinstance(described, Fault):
        return Checked((described,), read)
    faults, columns = _published(described, tree, sql, own)
    return Checked(faults, read, None if faults else columns)


def expression(sql: str, columns: Columns) -> Iterator[Fault]:
    """A check: true or false of one row."""
    statement = f"SELECT ({sql}) FROM {_ROWS}"  # noqa: S608 - it is parsed, and bound to an empty table
    tree = trees.parse(statement)
    if isinstance(tree, Fault):
        yield tree
        return
    if len(tree.get("select_list", ())) != 1 or tree["from_table"].get("table_name") != _ROWS:
        yield Fault(1, "more than an expression", "one expression, as in amount >= 0")
        return
    bare = trees.parse(f"SELECT {sql} FROM {_ROWS}")  # noqa: S608 - so that it does not close our bracket
    if isinstance(bare, Fault):
        yield bare
        return
    over_rows = [*_over_rows(tree, statement)]
    yield from over_rows
    unsteady = [*steadiness.faults(tree, statement, columns)] if not over_rows else []
    yield from unsteady
    if over_rows or unsteady:
        return
    described = _described(statement, {_ROWS: columns})
    if isinstance(described, Fault):
        yield described
    elif (kind := str(described[0][1])) != "BOOLEAN":
        yield Fault(
            1, f"an expression that is {kind}", "one that is true or false", "compare it, as in amount >= 0"
        )


def number(sql: str, relation: str, columns: Columns) -> Iterator[Fault]:
    """A quality rule of one's own: a SELECT over ``relation`` that returns one number."""
    known = {relation: columns}
    tree = trees.parse(sql)
    if isinstance(tree, Fault):
        yield tree
        return
    found = [*steadiness.unknown_relations(tree, sql, known), *steadiness.faults(tree, sql, columns)]
    if not found and _of_each_row(tree, relation):
        found.append(
            Fault(1, f"a SELECT of each row of {quoted(relation)}", "one number, as in SELECT count(*) …")
        )
    yield from found
    if found:
        return
    described = _described(sql, known)
    if isinstance(described, Fault):
        yield described
        return
    if len(described) != 1:
        yield Fault(1, f"{len(described)} columns", "one number, as in SELECT count(*) …")
        return
    kind = described[0][1]
    if kind.id not in _NUMERIC:
        yield Fault(1, f"a result that is {kind}", "one number, as in SELECT count(*) …")


_NUMERIC = frozenset(
    (
        *(
            "tinyint",
            "smallint",
            "integer",
            "bigint",
            "hugeint",
            "utinyint",
            "usmallint",
            "uinteger",
            "ubigint",
        ),
        *("uhugeint", "float", "double", "decimal"),
    )
)


def _of_each_row(tree: Tree, relation: str) -> bool:
    """Whether a SELECT gives a row for each of ``relation``: it neither counts nor cuts them."""
    read = tree.get("from_table", {})
    if read.get("type") != "BASE_TABLE" or read["table_name"].lower() != relation or tree["cte_map"]["map"]:
        return False
    if tree["group_expressions"] or tree["modifiers"]:
        return False
    return not any(
        node.get("class") == "FUNCTION" and engine.is_aggregate(node["function_name"].lower())
        for listed in tree["select_list"]
        for node in trees.walk(listed)
    )


def _over_rows(tree: Tree, sql: str) -> Iterator[Fault]:
    """What looks at more than one row."""
    for node in trees.walk(tree):
        kind = node.get("class")
        if kind == "SUBQUERY":
            yield trees.fault(
                node, sql, "a SELECT inside a check", "an expression about one row", "write a rule for it"
            )
            return
        aggregate = kind == "FUNCTION" and engine.is_aggregate(node["function_name"].lower())
        if aggregate or kind == "WINDOW":
            found = f"{quoted(node['function_name'] + '()')}, which is about many rows"
            yield trees.fault(node, sql, found, "an expression about one row", "write a rule for it")
            return


def _described(sql: str, known: Mapping[str, Columns]) -> list[tuple[str, DuckDBPyType]] | Fault:
    """Names and types of the result's columns."""
    try:
        found = engine.connect(known).execute(sql).description or []
    except duckdb.Error as error:
        return trees.of_duckdb(error)
    return [(each[0], each[1]) for each in found]


def _published(
    described: list[tuple[str, DuckDBPyType]], tree: Tree, sql: str, carried: frozenset[str]
) -> tuple[tuple[Fault, ...], Columns]:
    """The columns as a table has them, and those that it cannot have."""
    faults: list[Fault] = [*_reserved([name for name, _ in described], carried)]
    columns: dict[str, str] = {}
    for place, (name, kind) in enumerate(described):
        line = _line(tree, sql, place)
        if name in columns:
            faults.append(
                Fault(line, f"the column {quoted(name)} twice", "each column once", "name one with AS")
            )
            continue
        try:
            _name(name)
            columns[name] = str(column_types.of_duckdb(kind))
        except RefusedError as refused:
            found = refused.found or f"the column {quoted(name)}"
            if refused.found:
                found = f"the column {quoted(name)}, which is {refused.found}"
            faults.append(Fault(line, found, refused.expected, refused.advice))
    return tuple(faults), columns


def _reserved(names: list[str], carried: frozenset[str]) -> Iterator[Fault]:
    """Names that the tool gives itself, but those that are ``carried`` on."""
    own = set(documents.RESERVED) - carried
    if found := [name for name in names if name in own]:
        several = len(found) > 1
        said = (
            f"the column{'s' if several else ''} {', '.join(map(quoted, found))}, as the tool calls its own"
        )
        advice = f"leave {'them' if several else 'it'} out, as in SELECT * EXCLUDE ({', '.join(found)})"
        yield Fault(1, said, "other names", advice)


def _name(name: str) -> None:
    if name in documents.RESERVED:
        return
    try:
        dataset_limits.column_name(name)
    except RefusedError as refused:
        near = name.lower()
        same = near != name and near.isidentifier()
        advice = f"name it with AS {near}" if same else "name it with AS"
        raise RefusedError(refused.expected, advice) from refused


def _line(tree: Tree, sql: str, place: int) -> int:
    """The line of a result's column, where the SELECT lists its columns one by one."""
    listed = tree.get("select_list", [])
    if place >= len(listed) or any(node.get("class") == "STAR" for node in listed[: place + 1]):
        return 1
    return trees.line_at(sql, int(listed[place].get("query_location", 0)))
