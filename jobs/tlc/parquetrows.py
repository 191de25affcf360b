"""Whole rows of a trip file in Parquet, as JSON: what quarantine keeps of a row that does not count."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

_IN_QUERY = 100
_NO_JSON = ("NaN", "Infinity", "-Infinity")


def whole(db: duckdb.DuckDBPyConnection, path: Path, numbers: list[int]) -> dict[int, str]:
    """Row number, from 1 → the row's columns by name as one line of JSON, of the rows ``numbers`` of the file
    ``path``. A value that DuckDB cannot write is null. Other threads may use ``db`` meanwhile.

    The file is read once more, all its columns: called for the few rows that are kept. Nothing if another
    column is damaged, which the count does not notice: it reads the pickup time alone.
    """
    # For parameters DuckDB would look for pandas each time, half a millisecond in which no other thread goes on. A few
    # numbers are compared while it reads; many are joined.
    places = ", ".join(str(number - 1) for number in numbers)
    chosen = f"({places})" if len(numbers) <= _IN_QUERY else f"(SELECT unnest([{places}]))"
    query = (
        "SELECT file_row_number + 1, TRY(to_json(COLUMNS(* EXCLUDE (file_row_number)))) FROM "  # noqa: S608 - numbers
        f"read_parquet({_quoted(str(path))}, file_row_number = true) WHERE file_row_number IN {chosen}"
    )
    with db.cursor() as cursor:
        try:
            rows = cursor.execute(query).fetchall()
        except (duckdb.OutOfMemoryException, duckdb.InternalException, duckdb.FatalException):
            raise
        except (duckdb.Error, UnicodeDecodeError):
            return {}
        names = [json.dumps(name, ensure_ascii=False) for name, *_ in cursor.description[1:]]
    return {number: _line(names, values) for number, *values in rows}


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _line(names: list[str], values: list[str | None]) -> str:
    """One row; JSON has no word for NaN and infinity: they are text."""
    known = ("null" if text is None else f'"{text}"' if text in _NO_JSON else text for text in values)
    return "{" + ",".join(f"{name}:{text}" for name, text in zip(names, known, strict=True)) + "}"
