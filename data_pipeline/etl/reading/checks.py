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

from data_pipeline.etl.documents.datasets import NULL_KEY, NULL_LATEST, Dataset
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.reading.casts import Problems

_ROWS = "rows"
_FAILS = "SELECT NOT coalesce(({}), true) AS fails FROM rows"
_SETTINGS = ("threads=1", "TimeZone='UTC'", "autoinstall_known_extensions=false")


class Checks:
    """The checks and the ``pii`` of one data set, for any number of threads."""

    def __init__(self, dataset: Dataset) -> None:
        self.dataset = dataset
        self.every = {**_of_key(dataset), **dataset.checks}
        self._database = _connect() if self.every or dataset.private else None
        self.kept = [column for column in dataset.columns if column.pii != "drop"]

    def refused(self, table: Any) -> Problems:
        """Position of a row → the first check that it does not hold."""
        if not self.every or not table.num_rows:
            return {}
        problems: Problems = {}
        for name, sql in self.every.items():
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


def _of_key(dataset: Dataset) -> dict[str, str]:
    """What the columns of the key, and those that say which version is the latest, have to hold: no null. Where SQL
    or a transform makes them, they are not known yet.
    """
    may_be_null = {column.name for column in dataset.columns if column.nullable}
    if dataset.by_unit:
        return {}
    found = {NULL_KEY: dataset.key, NULL_LATEST: dataset.latest}
    return {
        reason: " AND ".join(f"{_quoted(name)} IS NOT NULL" for name in names if name in may_be_null)
        for reason, names in found.items()
        if may_be_null & {*names}
    }


def _connect() -> duckdb.DuckDBPyConnection:
    database = duckdb.connect(":memory:")
    for setting in _SETTINGS:
        database.execute(f"SET {setting}")
    return database


def _expression(column: Any) -> str:
    quoted = _quoted(column.name)
    return f"sha256({quoted}::VARCHAR) AS {quoted}" if column.pii == "hash" else quoted


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def with_parts(table: Any, parts: Sequence[tuple[str, str]]) -> Any:
    """``table`` with a column of strings for each named part."""
    for name, value in parts:
        table = table.append_column(
            pa.field(name, pa.string(), nullable=False), pa.repeat(value, table.num_rows)
        )
    return table
