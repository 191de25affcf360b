"""Which data files of tables with keys a change of some keys touches, and the rows of these keys."""

# ruff: noqa: S608 - SQL is put together from names in quotes

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa
from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table
from pyiceberg.types import IntegerType, LongType, PrimitiveType, StringType

from data_pipeline.etl.quality.sql import name as quoted

from . import inputs, keys, prints, table_columns, tables
from .small_files import SMALL_BYTES

COPIED_BYTES = 256 << 20
"""Of so much data at most all columns are fetched to tell which partitions have some keys."""
_BOUNDED = (IntegerType, LongType, StringType)


def hashed(schema: pa.Schema) -> tuple[str, str]:
    """Two hashes of a row, as SQL, by which rows are told apart."""
    nested = [field.name for field in schema if pa.types.is_nested(field.type)]
    told = prints.hashed(schema.names, nested)
    return f"hash({told})", f"hash({told}, 1)"


def touched(
    db: duckdb.DuckDBPyConnection,
    versions: Table,
    key: Sequence[str],
    come: Sequence[DataFile],
    gone: Sequence[DataFile],
) -> None:
    """Leave in ``_touched`` the keys of which any row differs between the data files that have ``come`` and those that
    have ``gone``, with how many rows each has in both. Keys that are null are none.
    """
    there = " AND ".join(f"{quoted(each)} IS NOT NULL" for each in key)
    with differing(db, versions, {each: quoted(each) for each in key}, come, gone) as found:
        db.execute(f"CREATE TEMP TABLE _touched AS FROM ({found}) WHERE {there}")


@contextmanager
def differing(
    db: duckdb.DuckDBPyConnection,
    table: Table,
    values: Mapping[str, str],
    come: Sequence[DataFile],
    gone: Sequence[DataFile],
) -> Iterator[str]:
    """SQL of those ``values`` (name → expression) of which any row differs between the data files that have ``come``
    and those that have ``gone``, wherever in them it lies, with how many rows each has in both: ``come``, ``gone``.
    """
    one, other = hashed(inputs.arrow_schema(table))
    names = ", ".join(map(quoted, values))
    listed = ", ".join(f"{expression} AS {quoted(name)}" for name, expression in values.items())
    sides = []
    for relation, number, files in (
        ("_come", "1 AS come, 0 AS gone", come),
        ("_gone", "0 AS come, 1 AS gone", gone),
    ):
        inputs.register(db, relation, table, files)
        sides.append(f"SELECT {listed}, {number}, {one} AS one, {other} AS other FROM {relation}")
    sums = [f"sum((come - gone) * CAST({each} AS HUGEINT)) <> 0" for each in ("one", "other")]
    yield (
        f"SELECT {names}, sum(come) AS come, sum(gone) AS gone FROM ({' UNION ALL '.join(sides)}) "
        f"GROUP BY {names} HAVING sum(come) <> sum(gone) OR {' OR '.join(sums)}"
    )
    for relation in ("_come", "_gone"):
        inputs.forget(db, relation)


@dataclass(frozen=True)
class ChangedKeys:
    """The keys in ``_touched`` of ``db``, by the columns ``key``. ``copies``: data files that are read whole."""

    db: duckdb.DuckDBPyConnection
    key: Sequence[str]
    copies: inputs.Copies

    def copy(self, relation: str, table: Table) -> None:
        """Leave the rows of these keys that ``table`` has in ``relation``. Of data files whose partition has none of
        them only the columns of key and partition are read.
        """
        files = self._overlapping(table, tables.files_in(table, table.current_snapshot()))
        if table.spec().fields:
            partitions = self._partitions(table, files)
            files = [file for file in files if _elsewhere(table, file) or _partition(file) in partitions]
        inputs.register_copies(self.db, f"_files_of{relation}", table, files, self.copies)
        self._semi_joined(relation, f"_files_of{relation}")

    def _partitions(self, table: Table, files: Sequence[DataFile]) -> set[tuple[Any, ...]]:
        """The values of the partitions that have rows of these keys. Of much data only the columns that tell it are
        fetched; DuckDB reads little in a seventh of the time from copies, which may be needed anyway.
        """
        columns = list(dict.fromkeys([*self.key, *_sources(table)]))
        much = sum(file.file_size_in_bytes for file in files) > COPIED_BYTES
        if much or not files or not inputs.plain(table):
            inputs.register(self.db, "_all", table, files, columns)
            self._semi_joined("_narrow", "_all")
            inputs.forget(self.db, "_all")
        else:
            inputs.register_copies(self.db, "_all", table, files, self.copies)
            self._semi_joined("_narrow", "_all", columns)
            self.db.execute("DROP VIEW _all")
        found = _partitions_in(self.db, "_narrow", table)
        self.db.execute("DROP TABLE _narrow")
        return found

    def _semi_joined(self, relation: str, every: str, columns: Sequence[str] = ()) -> None:
        """Leave in ``relation`` the rows of ``every`` that have these keys, with all columns or these."""
        key, listed = (", ".join(map(quoted, names)) for names in (self.key, columns))
        self.db.execute(
            f"CREATE TEMP TABLE {relation} AS SELECT {listed or '*'} FROM {every} SEMI JOIN _touched USING ({key})"
        )

    def _overlapping(self, table: Table, files: Sequence[DataFile]) -> list[DataFile]:
        """The data files whose bounds do not exclude all of these keys, by the first column of the key."""
        field = table.schema().find_field(self.key[0])
        kind, column = field.field_type, quoted(self.key[0])
        if not isinstance(kind, _BOUNDED):  # times with a zone could not be fetched without pytz
            (touched,) = self.db.execute("SELECT count(*) FROM _touched").fetchone() or (0,)
            return [*files] if touched else []
        least, most = self.db.execute(f"SELECT min({column}), max({column}) FROM _touched").fetchone() or (
            None,
            None,
        )
        if least is None:
            return []
        return [file for file in files if _may_have(file, field.field_id, kind, least, most)]


def _may_have(file: DataFile, number: int, kind: PrimitiveType, least: Any, most: Any) -> bool:
    lower, upper = ((bounds or {}).get(number) for bounds in (file.lower_bounds, file.upper_bounds))
    if lower is None or upper is None:
        return True
    return bool(from_bytes(kind, lower) <= most and least <= from_bytes(kind, upper))


def _elsewhere(table: Table, file: DataFile) -> bool:
    """Whether a data file is parted as the table was before."""
    return bool(file.spec_id != table.spec().spec_id)


def _partition(file: DataFile) -> tuple[Any, ...]:
    return tuple(keys.plain(file.partition[number]) for number in range(len(file.partition)))


def _sources(table: Table) -> list[str]:
    """The columns that tell which partition a row is in."""
    schema = table.schema()
    return list(dict.fromkeys(schema.find_field(field.source_id).name for field in table.spec().fields))


def _partitions_in(db: duckdb.DuckDBPyConnection, relation: str, table: Table) -> set[tuple[Any, ...]]:
    """The values of the partitions that the rows of ``relation`` are in."""
    sources = _sources(table)
    found = db.execute(f"SELECT DISTINCT {', '.join(map(quoted, sources))} FROM {relation}").to_arrow_table()
    layout = table_columns.laid_out(table.schema(), table.spec())
    return {values for values, _ in layout.split(found.cast(inputs.arrow_schema(table, sources)))}


def to_write_again(db: duckdb.DuckDBPyConnection, table: Table) -> list[DataFile]:
    """The data files of ``table`` that are to be replaced: those of partitions that rows leave (``_leaving``), and
    small ones of partitions to which rows come (``_coming``).
    """
    files = tables.files_in(table, table.current_snapshot())
    if not table.spec().fields:
        some = db.execute("SELECT count(*) FROM _leaving").fetchone()
        leaving = bool(some and some[0])
        return [file for file in files if leaving or file.file_size_in_bytes < SMALL_BYTES]
    left, reached = (_partitions_in(db, relation, table) for relation in ("_leaving", "_coming"))
    return [
        file
        for file in files
        if _elsewhere(table, file)
        or _partition(file) in left
        or (_partition(file) in reached and file.file_size_in_bytes < SMALL_BYTES)
    ]
