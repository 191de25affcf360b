"""DuckDB as the jobs set it, shut off from files and network, and what it says of its functions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import duckdb

from data_pipeline.etl.documents import duckdb_types, types

_SETTINGS = (
    "threads=1",
    "GLOBAL TimeZone='UTC'",
    "autoinstall_known_extensions=false",
    "GLOBAL python_enable_replacements=false",
    "enable_external_access=false",
    "lock_configuration=true",
)
#: functions that most SQL uses. DuckDB need not be asked about them: it takes longer to list all of its functions than
#: everything else that is asked of it here.
_COMMON = """
    + - * / // % || abs ceil concat contains date_diff date_part date_trunc datediff day dayofmonth dayofweek dayofyear
    epoch floor generate_series greatest hour isodow least left len length lower ltrim make_date make_timestamp
    make_timestamptz minute month monthname quarter range regexp_extract regexp_matches regexp_replace replace right
    round rtrim second starts_with strftime strlen strptime substr substring to_days to_hours to_minutes to_months
    to_seconds to_years trim trunc upper week year
"""
COMMON_SCALARS = frozenset(_COMMON.split())
COMMON_AGGREGATES = frozenset(("avg", "count", "count_star", "max", "median", "min", "stddev", "sum"))

Columns = Mapping[str, str]
"""Column → type, as in ``documents.types``."""


@dataclass(frozen=True)
class Functions:
    """Names of functions, in lower case. ``fixed``: scalars whose result their arguments alone decide."""

    fixed: frozenset[str]
    aggregates: frozenset[str]
    volatile: frozenset[str]
    others: frozenset[str]


def connect(relations: Mapping[str, Columns]) -> duckdb.DuckDBPyConnection:
    """A DuckDB that has empty tables of these columns and nothing else; the same one for the same tables."""
    return _connected(tuple((name, tuple(columns.items())) for name, columns in relations.items()))


@lru_cache(maxsize=4)
def _connected(relations: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]) -> duckdb.DuckDBPyConnection:
    """A connection to the one database of the process; temporary tables are seen by their own connection alone."""
    connection = _database().cursor()
    for name, columns in relations:
        written = ", ".join(
            f"{quoted(column)} {duckdb_types.to_duckdb(types.parse(kind))}" for column, kind in columns
        )
        connection.execute(f"CREATE TEMP TABLE {quoted(name)} ({written})")
    return connection


@lru_cache(maxsize=1)
def _database() -> duckdb.DuckDBPyConnection:
    database = duckdb.connect(":memory:")
    for setting in _SETTINGS:
        database.execute(f"SET {setting}")
    return database


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def is_aggregate(name: str) -> bool:
    """Whether the function of that name, in lower case, makes one value of many rows."""
    return name in COMMON_AGGREGATES or (name not in COMMON_SCALARS and name in functions().aggregates)


@lru_cache(maxsize=1)
def functions() -> Functions:
    """What DuckDB says of its functions; macros and table functions are among the others."""
    query = (
        "SELECT lower(function_name), function_type, bool_and(stability = 'CONSISTENT') "
        "FROM duckdb_functions() GROUP BY ALL"
    )
    found = connect({}).execute(query).fetchall()
    scalars = {name: fixed for name, kind, fixed in found if kind == "scalar"}
    aggregates = frozenset(name for name, kind, _ in found if kind == "aggregate")
    return Functions(
        frozenset(name for name, fixed in scalars.items() if fixed),
        aggregates,
        frozenset(name for name, fixed in scalars.items() if not fixed),
        frozenset(name for name, _, _ in found) - scalars.keys() - aggregates,
    )
