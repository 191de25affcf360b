"""What rows have to hold in SQL, and personal data: what is done to accepted rows before they are handed on.

A check that is false refuses its row; null passes, as in SQL. A check that cannot be evaluated for a row (a text
that it casts is no number) refuses it too. Checks see every column as it was read, and the named parts; personal
data is dropped or hashed afterwards: ``hash`` is the SHA-256 of the value's text, in hexadecimal digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from data_pipeline.etl.documents.datasets import Dataset
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.reading.casts import Problems

_ROWS = "rows"
_FAILS = "SELECT NOT coalesce(({}), true) AS fails FROM rows"
_SETTINGS = ("threads=1", "TimeZone='UTC'", "autoinstall_known_extensions=false")


class Checks:
    """The checks and the ``pii`` of one data set, for any number of threads."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self._database = _connect() if dataset.checks or dataset.private else None
        self.kept = [column for column in dataset.columns if column.pii != "drop"]

    def refused(self, table: Any) -> Problems:
        """Position of a row → the first check that it does not hold."""
        if not self.dataset.checks or not table.num_rows:
            return {}
        problems: Problems = {}
        for name, sql in self.dataset.checks.items():
            for at in np.flatnonzero(self._fails(table, name, sql)).tolist():
                problems.setdefault(at, name)
        return problems

    def published(self, table: Any) -> Any:
        """The columns that are handed on."""
        if not self.dataset.private:
            return table
        hashed = f"SELECT {', '.join(map(_expression, self.kept))} FROM {_ROWS}"  # noqa: S608 - quoted names
        return self._query(hashed, table)

    def _fails(self, table: Any, name: str, sql: str) -> Any:
        """Which rows do not hold ``sql``: a NumPy array."""
        try:
            found = self._query(_FAILS.format(sql), table)
        except (duckdb.ConversionException, duckdb.OutOfRangeException, duckdb.InvalidInputException):
            half = table.num_rows // 2
            if not half:
                return np.ones(1, bool)
            return np.concatenate(
                [self._fails(part, name, sql) for part in (table.slice(0, half), table.slice(half))]
            )
        except duckdb.Error as error:
            said = " ".join(str(error).split())
            raise JobError(f"data set {self.dataset.name}: check {name} cannot be run: {said}") from error
        return found.column(0).combine_chunks().to_numpy(zero_copy_only=False).astype(bool)

    def _query(self, sql: str, table: Any) -> Any:
        assert self._database is not None
        with self._database.cursor() as thread:
            thread.register(_ROWS, table)
            return thread.execute(sql).to_arrow_table()


def _connect() -> duckdb.DuckDBPyConnection:
    database = duckdb.connect(":memory:")
    for setting in _SETTINGS:
        database.execute(f"SET {setting}")
    return database


def _expression(column: Any) -> str:
    quoted = '"' + column.name.replace('"', '""') + '"'
    return f"sha256({quoted}::VARCHAR) AS {quoted}" if column.pii == "hash" else quoted


def with_parts(table: Any, parts: Sequence[tuple[str, str]]) -> Any:
    """``table`` with a column of strings for each named part."""
    for name, value in parts:
        table = table.append_column(
            pa.field(name, pa.string(), nullable=False), pa.repeat(value, table.num_rows)
        )
    return table
