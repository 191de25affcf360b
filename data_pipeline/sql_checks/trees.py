"""SQL as DuckDB's parser reads it: a text → the tree of its one SELECT, or what is wrong with it.

A tree is DuckDB's JSON: a map a node, with its ``class`` or ``type``, and for most its ``query_location`` in bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

from data_pipeline.core.problems import did_you_mean, quoted

from . import engine

Tree = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """What is wrong with SQL, in words for a message; ``line`` counts from 1."""

    line: int
    found: str
    expected: str = ""
    advice: str = ""


def parse(sql: str) -> Tree | Fault:
    """The tree of the one SELECT that ``sql`` is."""
    if not sql.strip():
        return Fault(1, "nothing", "one SELECT")
    try:
        row = engine.connect({}).execute("SELECT json_serialize_sql(?)", [sql]).fetchone()
    except duckdb.Error as error:
        return Fault(1, f"SQL that cannot be read ({' '.join(str(error).split())})", "one SELECT")
    assert row is not None
    found = json.loads(row[0])
    if found["error"]:
        return _unreadable(found, sql)
    statements = found["statements"]
    if not statements:
        return Fault(1, "no statement", "one SELECT", "write it into the file")
    if len(statements) != 1:
        return Fault(
            1,
            f"{len(statements)} statements",
            "one SELECT",
            "put steps into WITH, or into tables of their own",
        )
    node: Tree = statements[0]["node"]
    return node


def _unreadable(found: Tree, sql: str) -> Fault:
    said = str(found["error_message"])
    if found.get("error_type") == "not implemented":
        other = "SELECT, which is all that tables are made of: no PIVOT, no INSERT, no PRAGMA"
        return Fault(1, "another statement", f"one {other}")
    line = line_at(sql, int(found.get("position", 0)))
    return Fault(line, f"SQL that cannot be read ({said})".replace('"', "'"), "DuckDB's SQL")


def line_at(sql: str, location: int) -> int:
    """The line of a place in bytes; the first where the parser names none."""
    encoded = sql.encode()
    return encoded.count(b"\n", 0, location) + 1 if 0 <= location <= len(encoded) else 1


def walk(tree: Any) -> Iterator[Tree]:
    """Every node, each before what is below it."""
    if isinstance(tree, dict):
        if "class" in tree or isinstance(tree.get("type"), str):
            yield tree
        for child in tree.values():
            yield from walk(child)
    elif isinstance(tree, list):
        for child in tree:
            yield from walk(child)


def fault(node: Tree, sql: str, found: str, expected: str = "", advice: str = "") -> Fault:
    """A fault at the line of a node."""
    return Fault(line_at(sql, int(node.get("query_location", 0))), found, expected, advice)


def of_duckdb(error: duckdb.Error) -> Fault:
    """What DuckDB says of SQL that it refuses: ``Binder Error: what``, what might be meant, ``LINE 2: …``."""
    text = str(error)
    at = re.search(r"^LINE (\d+):", text, re.MULTILINE)
    line = int(at[1]) if at else 1
    first = text.splitlines()[0].partition(": ")[2].rstrip("!")
    hint = re.search(r"(?:Candidate bindings|Did you mean).*", text)
    near = re.findall(r'"([^"]+)"', hint[0]) if hint else []
    meant = f"did you mean {' or '.join(quoted(each) for each in near[:3])}?" if near else ""
    if column := re.match(r'Referenced column "([^"]+)" not found', first):
        return Fault(
            line, f"the column {quoted(column[1])}, which is not there", "", did_you_mean(column[1], near)
        )
    if column := re.match(r'Table "([^"]+)" does not have a column named "([^"]+)"', first):
        return Fault(
            line, f"the column {quoted(column[2])}, which {quoted(column[1])} does not have", "", meant
        )
    if missing := re.match(r"(?:\w+ )*Function with name (\S+) does not exist", first):
        return Fault(line, f"the function {quoted(missing[1])}, which DuckDB does not have", "", meant)
    if call := re.match(r"(?:No function matches|Could not choose)[^'\"]*['\"](.*\))['\"]", first):
        return Fault(
            line, f"{quoted(call[1])}, which DuckDB does not have", "arguments of other types", "cast one"
        )
    return Fault(line, f"SQL that DuckDB refuses ({first})".replace('"', "'"))
