"""Short prints of the rows of units, by which they are compared without holding them.

The print of some rows is their number, and the sum and the exclusive or of a hash of each: it does not depend on their
order. Since when a row is available is no part of it.
"""

# ruff: noqa: S608 - SQL is put together from names in quotes

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from itertools import chain
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.manifest import DataFile
from pyiceberg.schema import Schema
from pyiceberg.table import Table

from data_pipeline.etl.documents.datasets import AVAILABLE_AT, FILE, UNIT

from . import data_files
from .parquet_parts import Part

Print = tuple[int, int, int]


@dataclass(frozen=True)
class Prints:
    """Unit → path of the file (empty for several) → the print of its rows, and since when they are available."""

    rows: dict[str, dict[str, Print]] = field(default_factory=dict)
    since: dict[str, dict[str, datetime]] = field(default_factory=dict)


def of_file(
    table: Table, file: DataFile, schema: Schema, names: Sequence[str], units: Collection[str] | None
) -> Prints:
    """The prints of these units (None: of all) in a data file of ``table``, of its columns ``names`` as they are in
    ``schema``.
    """

    def batches() -> Iterator[pa.RecordBatch]:
        for rows in data_files.batches(table, file, names, schema, units):
            yield from rows.to_batches()

    arrow, given = data_files.arrow_schema(schema.select(*names)), batches()
    first = next(given, None)
    if first is None:  # as of most files that are looked at: DuckDB takes longer to begin
        return Prints()
    with duckdb.connect() as db:
        db.register("given", pa.RecordBatchReader.from_batches(arrow, chain([first], given)))
        return _prints(db, arrow, names, units)


def of_parts(parts: Sequence[Part], names: Sequence[str]) -> Prints:
    """The prints of the rows of ``parts``, which have the columns ``names``."""
    if not parts:
        return Prints()
    with duckdb.connect() as db:
        db.read_parquet([str(part.path) for part in parts]).create_view("given")
        return _prints(db, pq.read_schema(parts[0].path), names, None)


def together(every: Iterable[Prints]) -> Prints:
    """The prints of rows that are in several places."""
    found = Prints()
    for each in every:
        for unit, paths in each.rows.items():
            mine = found.rows.setdefault(unit, {})
            for path, (count, total, mixed) in paths.items():
                before = mine.get(path, (0, 0, 0))
                mine[path] = (before[0] + count, before[1] + total, before[2] ^ mixed)
        for unit, times in each.since.items():
            known = found.since.setdefault(unit, {})
            for path, time in times.items():
                known[path] = min(time, known.get(path, time))
    return found


def units_in(part: Part) -> set[str]:
    """The units that ``part`` has rows of."""
    with duckdb.connect() as db:
        rows = db.read_parquet(str(part.path)).project(f'"{UNIT}"').distinct().fetchall()
    return {unit for (unit,) in rows}


def hashed(columns: Sequence[str], nested: Collection[str]) -> str:
    """What tells rows apart, as arguments of DuckDB's ``hash``, which takes no notice of where lists begin and end, nor
    of what is null or empty in the columns that are ``nested``: their texts do.
    """
    texts = [f"CAST({_quoted(name)} AS VARCHAR)" for name in columns if name in nested]
    return ", ".join([*map(_quoted, columns), *texts])


def _prints(
    db: duckdb.DuckDBPyConnection, schema: pa.Schema, names: Sequence[str], units: Collection[str] | None
) -> Prints:
    nested = {field.name for field in schema if pa.types.is_nested(field.type)}
    columns = hashed(sorted(name for name in names if name != AVAILABLE_AT), nested)
    inside = "" if units is None else f"WHERE {_quoted(UNIT)} IN (SELECT unnest($units))"
    query = (
        f"SELECT {_quoted(UNIT)}, coalesce({_quoted(FILE)}, ''), count(*), sum(mine::HUGEINT), bit_xor(mine), "
        f"epoch_us(min({_quoted(AVAILABLE_AT)})) "
        f"FROM (SELECT *, hash({columns}) AS mine FROM given {inside}) GROUP BY 1, 2"
    )
    given: dict[str, Any] = {} if units is None else {"units": sorted(units)}
    found = Prints()
    for unit, path, count, total, mixed, since in db.execute(query, given).fetchall():
        found.rows.setdefault(unit, {})[path] = (count, int(total), mixed)
        if since is not None:
            found.since.setdefault(unit, {})[path] = datetime.fromtimestamp(since / 1e6, timezone.utc)
    return found


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
