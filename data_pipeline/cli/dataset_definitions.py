"""The definitions of data sets and tables, with the SQL that lies in ``jobs/``."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from data_pipeline.core.config.definitions import definitions
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.etl.documents.datasets import Definitions


def load_definitions(root: Path, env: Environment) -> Definitions:
    """What the jobs of an environment are told of its data sets and tables. UserError for SQL that is none."""
    files = [*(each.sql for each in env.datasets.values()), *(each.sql for each in env.tables.values())]
    sql = {file: (root / "jobs" / file).read_text(encoding="utf-8") for file in files if file}
    names = [*env.datasets, *env.tables]
    inputs = {}
    for name, table in env.tables.items():
        read = {*_tables(_tree(sql[table.sql], table.sql))}
        inputs[name] = tuple(each for each in names if each in read)
    return definitions(env.datasets, env.tables, sql, inputs)


def _tree(sql: str, file: str) -> Any:
    """How DuckDB reads a SELECT."""
    import duckdb  # only where there are tables

    with duckdb.connect(":memory:") as db:
        row = db.execute("SELECT json_serialize_sql(?)", [sql]).fetchone()
    tree = json.loads(row[0]) if row else {}
    if tree.get("error", True):
        raise UserError(f"jobs/{file}: found {tree.get('error_message')}, expected one SELECT")
    return tree


def _tables(node: Any) -> Iterator[str]:
    """The tables that a tree reads; a name of a WITH may be among them."""
    if isinstance(node, dict):
        if node.get("type") == "BASE_TABLE":
            yield str(node["table_name"])
        node = [*node.values()]
    for each in node if isinstance(node, list) else ():
        yield from _tables(each)
