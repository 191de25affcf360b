"""Whole rows of a trip file in Parquet, as JSON: what quarantine keeps of a row that does not count."""

# ruff: noqa: S608 - SQL is put together from this package's own expressions and quoted names

from __future__ import annotations

from pathlib import Path

import duckdb
import pyarrow as pa


def whole(path: Path, numbers: list[int]) -> dict[int, str]:
    """Row number, from 1 → the row's columns by name as one line of JSON, of the rows ``numbers`` of the file
    ``path``. A value that DuckDB cannot write is null.

    The file is read once more, all its columns: called for the few rows that are kept. Nothing if another
    column is damaged, which the count does not notice: it reads the pickup time alone.
    """
    file = _quoted(str(path), "'")
    rows = f"FROM read_parquet({file}, file_row_number = true)"
    db = duckdb.connect(":memory:", config={"threads": 1, "memory_limit": "384MB"})
    try:
        db.register("wanted", pa.table({"number": pa.array(numbers, pa.int64())}))
        columns = db.execute(f"SELECT * EXCLUDE (file_row_number) {rows} LIMIT 0").description
        pairs = ", ".join(f"{_quoted(name, chr(39))}, {_json(name, str(kind))}" for name, kind, *_ in columns)
        query = (
            f"SELECT number, CAST(json_object({pairs}) AS VARCHAR) FROM "
            f"(SELECT *, file_row_number + 1 AS number {rows}) SEMI JOIN wanted USING (number)"
        )
        return dict(db.execute(query).fetchall())
    except (duckdb.OutOfMemoryException, duckdb.InternalException, duckdb.FatalException):
        raise
    except (duckdb.Error, UnicodeDecodeError):
        return {}
    finally:
        db.close()


def _json(name: str, kind: str) -> str:
    """SQL of a column's value in JSON, which has no word for NaN and infinity: they are text."""
    column = _quoted(name, '"')
    if kind not in ("FLOAT", "DOUBLE"):
        return f"TRY(to_json({column}))"
    return f"CASE WHEN isfinite({column}) THEN to_json({column}) ELSE to_json(CAST({column} AS VARCHAR)) END"


def _quoted(name: str, quote: str) -> str:
    return quote + name.replace(quote, quote * 2) + quote
