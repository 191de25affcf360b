"""Statements over a small table, translated and run by DuckDB as the embedded AWS runs them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa

from data_pipeline.athena_sql.names import CatalogTable, State
from data_pipeline.athena_sql.translation import Translation, translate
from data_pipeline.features import queries

NOW = datetime(2026, 1, 2, 3, 4, 5, 678_901)  # noqa: DTZ001 - UTC, as the translation takes it
COLUMNS = (
    ("id", "int"),
    ("big", "long"),
    ("real", "float"),
    ("ratio", "double"),
    ("amount", "decimal(12, 2)"),
    ("name", "string"),
    ("day", "date"),
    ("at", "timestamp"),
    ("seen", "timestamptz"),
    ("open", "boolean"),
    ("tags", "list<string>"),
)
ROWS = (
    (
        1,
        10,
        0.5,
        1.5,
        "10.05",
        "ann",
        "2024-01-31",
        "2024-01-31 10:00:00.123456",
        "2024-01-31 10:00:00",
        True,
    ),
    (
        2,
        20,
        1.5,
        float("nan"),
        "-0.05",
        "bøb",
        "2024-02-29",
        "2024-02-29 23:59:59",
        "2024-02-29 23:59:59",
        False,
    ),
    (3, None, None, None, None, None, None, None, None, None),
    (4, 20, -2.5, -1.5, "0.05", "", "1969-12-31", "1969-12-31 23:59:59.999999", "1969-12-31 23:59:59", True),
)


def resolve(parts: Sequence[str], _: State | None) -> CatalogTable:
    """Every table is the same one."""
    return CatalogTable(parts[-1].lower(), COLUMNS)


def translated(text: str) -> Translation:
    """The statement as DuckDB's."""
    return translate(text, resolve, NOW)


def connected(table: str = "orders") -> duckdb.DuckDBPyConnection:
    """DuckDB with the table, and the settings of the embedded AWS."""
    db = duckdb.connect(":memory:")
    kinds = (
        "INTEGER",
        "BIGINT",
        "FLOAT",
        "DOUBLE",
        "DECIMAL(12,2)",
        "VARCHAR",
        "DATE",
        "TIMESTAMP",
        "TIMESTAMP",
    )
    names = [name for name, _ in COLUMNS]
    columns = ", ".join(f'"{n}" {k}' for n, k in zip(names, (*kinds, "BOOLEAN", "VARCHAR[]"), strict=True))
    db.execute(f"CREATE TABLE {table} ({columns})")
    db.executemany(f"INSERT INTO {table} VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ['x'])", [*ROWS])
    queries.configure(db)
    return db


def rows(text: str, db: duckdb.DuckDBPyConnection | None = None) -> pa.Table:
    """What the statement answers. UserError as the command has it."""
    return queries.execute(db or connected(), translated(text), 60)


def values(expressions: Sequence[str], db: duckdb.DuckDBPyConnection) -> list[tuple[str, Any]]:
    """Type and value of each expression."""
    translation = translated(f"SELECT {', '.join(expressions)}")
    answered = queries.execute(db, translation, 60)
    return [
        (str(kind), column[0].as_py())
        for (_, kind), column in zip(translation.columns, answered.columns, strict=True)
    ]
