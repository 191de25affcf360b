"""Trip files in Parquet: only the pickup column is read, as text or as a timestamp of any unit.

A timestamp is taken as the wall-clock time that its stored number says, also where the file marks it as UTC:
TLC's times have no zone. Row-group statistics are not relied on; many files have none.
"""

# ruff: noqa: S608 - SQL is put together from this package's own expressions and quoted names

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa

from tlc import times
from tlc.errors import FileError

_MAGIC = b"PAR1"
_TIMESTAMPS = ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE")


def shape(db: duckdb.DuckDBPyConnection, path: Path) -> tuple[list[str], int]:
    """Column names and number of rows, from the footer. Raises FileError if this is no Parquet file."""
    with path.open("rb") as file:
        start = file.read(4)
    if not start:
        raise FileError("it is empty")
    if start != _MAGIC:
        raise FileError(f"it is not a Parquet file: it starts with {start!r}")
    with _readable():
        names = db.execute("SELECT * FROM read_parquet(?) LIMIT 0", [str(path)]).description
        rows = db.execute("SELECT num_rows FROM parquet_file_metadata(?)", [str(path)]).fetchone()
    if rows is None or names is None:
        raise FileError("its footer says nothing of rows")
    return [name[0] for name in names], rows[0]


def count(db: duckdb.DuckDBPyConnection, path: Path, column: str) -> list[tuple[int | None, int]]:
    """Rows (start of the window in microseconds, trips); None stands for the rows that cannot be read."""
    with _readable():
        return db.execute(times.count_windows(_read(db, path, column))).fetchall()


def bad_rows(db: duckdb.DuckDBPyConnection, path: Path, column: str) -> pa.RecordBatchReader:
    """The rows whose time cannot be read, in order: row (from 1), reason, raw."""
    reason = times.reason("coalesce(text, '')")
    query = f"SELECT row, {reason} AS reason, text AS raw FROM ({_read(db, path, column)}) WHERE time IS NULL"
    return db.execute(f"{query} ORDER BY row").to_arrow_reader()


def _read(db: duckdb.DuckDBPyConnection, path: Path, column: str) -> str:
    """SQL: row (from 1), text and time of every row."""
    name, file = '"' + column.replace('"', '""') + '"', "'" + str(path).replace("'", "''") + "'"
    rows = f"FROM read_parquet({file}, file_row_number = true)"
    kind = str(db.execute(f"SELECT {name} {rows} LIMIT 0").description[0][1])
    if kind == "VARCHAR":
        return times.read_texts(f"SELECT file_row_number + 1 AS row, {name} AS text {rows}")
    if kind not in _TIMESTAMPS:
        raise FileError(f"its pickup column {column} holds {kind}, neither text nor timestamps")
    time = times.of_timestamp(name)
    return f"SELECT file_row_number + 1 AS row, CAST({name} AS VARCHAR) AS text, {time} AS time {rows}"


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except (duckdb.OutOfMemoryException, duckdb.InternalException, duckdb.FatalException):
        raise
    except duckdb.Error as error:
        raise FileError(f"the Parquet data cannot be read: {' '.join(str(error).split())[:300]}") from error
