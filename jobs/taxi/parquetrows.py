"""Whole rows of a trip file in Parquet, as JSON: what quarantine keeps of a row that does not count."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from data_pipeline.etl.reading.quarantine import Refused
from taxi import rules

_IN_QUERY = 100
_NO_JSON = ("NaN", "Infinity", "-Infinity")


def whole(
    db: duckdb.DuckDBPyConnection, path: Path, schema: pa.Schema, pickup: int, rows: list[Refused]
) -> dict[int, str]:
    """Row number, from 1 → the row's columns by name as one line of JSON, of ``rows`` of the file ``path``, which has
    the columns ``schema``. A value that DuckDB cannot write is null. Other threads may use ``db`` meanwhile.

    The file is read once more, all its columns: called for the few rows that are kept. Only the pickup time, column
    number ``pickup``, need not be where the rows tell it: where no two rows are alike it is a third of the bytes.
    Nothing if another column is damaged, which the count does not notice: it reads the pickup time alone.
    """
    # For parameters DuckDB would look for pandas each time, half a millisecond in which no other thread goes on. A few
    # numbers are compared while it reads; many are joined.
    row_numbers = ", ".join(str(row.row - 1) for row in rows)
    chosen = f"({row_numbers})" if len(rows) <= _IN_QUERY else f"(SELECT unnest([{row_numbers}]))"
    raw_texts = _raw_texts(schema, pickup, rows)
    known = ["file_row_number", *([schema.names[pickup]] if raw_texts else [])]
    query = (
        f"SELECT file_row_number + 1, TRY(to_json(COLUMNS(* EXCLUDE ({', '.join(map(_name, known))})))) FROM "  # noqa: S608 - quoted
        f"read_parquet({_quoted(str(path))}, file_row_number = true) WHERE file_row_number IN {chosen}"
    )
    with db.cursor() as cursor:
        try:
            found = cursor.execute(query).fetchall()
        except (duckdb.OutOfMemoryException, duckdb.InternalException, duckdb.FatalException):
            raise
        except (duckdb.Error, UnicodeDecodeError):
            return {}
        names = [json.dumps(name, ensure_ascii=False) for name, *_ in cursor.description[1:]]
    if raw_texts:
        names.insert(pickup, json.dumps(schema.names[pickup], ensure_ascii=False))
        found = [(number, *values[:pickup], raw_texts[number], *values[pickup:]) for number, *values in found]
    return {number: _csv_line(names, values) for number, *values in found}


def _raw_texts(schema: pa.Schema, pickup: int, rows: list[Refused]) -> dict[int, str | None]:
    """The pickup times by row number as DuckDB would write them, if ``rows`` tell all of them; else nothing."""
    names, kind = [name.casefold() for name in schema.names], schema.types[pickup]
    plain = kind in (pa.timestamp("us"), pa.timestamp("ms"), pa.timestamp("s"))
    if not plain or names.count(names[pickup]) > 1 or any(row.reason == rules.NO_TIME for row in rows):
        return {}
    return {row.row: row.raw and f'"{row.raw}"' for row in rows}


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _csv_line(names: list[str], values: Sequence[str | None]) -> str:
    """One row; JSON has no word for NaN and infinity: they are text."""
    known = ("null" if text is None else f'"{text}"' if text in _NO_JSON else text for text in values)
    return "{" + ",".join(f"{name}:{text}" for name, text in zip(names, known, strict=True)) + "}"
