"""Which part of a table the changes of its inputs touch, and which part of each input that needs."""

# ruff: noqa: S608 - SQL is put together from names in quotes

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table as IcebergTable

from data_pipeline.etl.documents.datasets import Table
from data_pipeline.etl.documents.types import Type
from data_pipeline.etl.exits import log
from data_pipeline.etl.quality.sql import name as quoted
from data_pipeline.etl.quality.sql import value

from . import iceberg_types, inputs, spans, tables
from .keyed_files import differing
from .keys import Key, keys, start
from .spans import Span

_LITERAL = ("boolean", "int", "long", "decimal", "string")


@dataclass(frozen=True)
class Values:
    """Some rows by one column: those with a time in one of the spans, or with one of the values, or with null."""

    column: str
    kind: str
    spans: tuple[Span, ...] = ()
    values: tuple[Any, ...] = ()
    nulls: bool = False

    @property
    def sql(self) -> str:
        """A condition."""
        column = quoted(self.column)
        found = []
        for first, end in self.spans:
            before = "" if end == spans.LATEST else f" AND {column} < {self._time(end)}"
            found.append(f"({column} >= {self._time(first)}{before})")
        if self.values:
            found.append(f"{column} IN ({', '.join(map(_literal, self.values))})")
        if self.nulls:
            found.append(f"{column} IS NULL")
        return " OR ".join(found) or "false"

    def _time(self, moment: datetime) -> str:
        if self.kind == "date":
            return f"DATE '{moment.date().isoformat()}'"
        return (
            f"TIMESTAMPTZ '{moment.isoformat(' ')}+00'"
            if self.kind == "timestamptz"
            else f"TIMESTAMP '{moment}'"
        )

    def files(self, table: IcebergTable, files: Sequence[DataFile]) -> list[DataFile]:
        """The data files that may have such a row."""
        if not self.spans:
            return [*files]
        return inputs.overlapping(table, files, self.column, self.spans, self.nulls)


@dataclass(frozen=True)
class Part:
    """A part of a table: ``rows`` of it by the column of ``key``, and what each input that it follows has to give."""

    key: Key
    rows: Values
    needs: Mapping[str, Values]

    def has(self, value: Any) -> bool:
        """Whether the partition with this value of ``key`` is in it."""
        if value is None:
            return self.rows.nulls
        if not self.key.time:
            return value in self.rows.values
        moment = start(self.key, value)
        return any(first <= moment < end for first, end in self.rows.spans)


def part(
    db: duckdb.DuckDBPyConnection,
    table: Table,
    current: IcebergTable,
    sources: Mapping[str, IcebergTable],
    recorded: Mapping[str, int],
) -> Part | None:
    """What differs since ``current`` was made of the snapshots ``recorded``; None if that cannot be said, so that the
    whole table has to be made.
    """
    changed = {name for name, source in sources.items() if _newest(source) != recorded[name]}
    follows = {name: _key(expression, _types(sources[name])) for name, expression in table.follows.items()}
    target = _target(keys(table.partition, _types(current)), [*follows.values()])
    if target is None or not changed <= follows.keys():
        return None
    found: dict[str, set[Any]] = {}
    try:
        for name in sorted(changed):
            key = follows[name]
            assert key is not None
            found[name] = _changed(db, sources[name], recorded[name], key)
    except (FileNotFoundError, KeyError):
        log(f"{table.name}: a snapshot that it was made of has expired; it is made anew, whole")
        return None
    return _part(table, target, {name: key for name, key in follows.items() if key is not None}, found)


def _part(table: Table, target: Key, follows: Mapping[str, Key], found: Mapping[str, set[Any]]) -> Part:
    nulls = any(None in values for values in found.values())
    if not target.time:
        values = tuple(sorted(set().union(*found.values()) - {None}))
        needs = {name: Values(key.column, key.kind, (), values, nulls) for name, key in follows.items()}
        return Part(target, Values(target.column, target.kind, (), values, nulls), needs)
    touched: list[Span] = []
    for name, moments in found.items():
        units = sorted(moments - {None})
        touched += spans.touched(units, follows[name].time, table.reach_days, target.time)
    merged = tuple(spans.needed(touched, target.time, 0))
    needs = {
        name: Values(key.column, key.kind, tuple(spans.needed(merged, key.time, table.reach_days)), (), nulls)
        for name, key in follows.items()
    }
    return Part(target, Values(target.column, target.kind, merged, (), nulls), needs)


def _changed(db: duckdb.DuckDBPyConnection, source: IcebergTable, before: int, key: Key) -> set[Any]:
    """The values of ``key``, a time as the start of its unit, of the rows that differ since ``before``: a row that was
    only put into another data file does not.
    """
    come, gone = tables.difference(source, before, _newest(source))
    column = quoted(key.column)
    part = f"date_trunc('{key.time}', CAST({column} AS TIMESTAMP))" if key.time else column
    with differing(db, source, {"part": part}, come, gone) as query:
        found: Iterable[tuple[Any]] = db.execute(f"SELECT part FROM ({query})").fetchall()
    return {_moment(each) if key.time else each for (each,) in found}


def _literal(each: Any) -> str:
    return value(each) if isinstance(each, str) else str(each)


def _moment(found: Any) -> Any:
    """A time; DuckDB gives a date for the start of a day."""
    return found if found is None or isinstance(found, datetime) else inputs.moment(found, True)


def _key(expression: str, types: dict[str, Type]) -> Key | None:
    """None for what SQL does not compute, and for a column that is neither a time nor of plain values."""
    found = keys([expression], types)
    return found[0] if found and (found[0].time or found[0].kind in _LITERAL) else None


def _target(fields: Sequence[Key], follows: Sequence[Key | None]) -> Key | None:
    """The field of the table's partition that follows from such expressions."""
    if not follows or not all(follows):
        return None
    times = {bool(key.time) for key in follows if key}
    of_kind = [field for field in fields if {bool(field.time)} == times]
    named = [field for field in of_kind if field.column in {key.column for key in follows if key}]
    return next(iter([*named, *of_kind]), None)


def _types(table: IcebergTable) -> dict[str, Type]:
    return {field.name: iceberg_types.of_iceberg(field.field_type) for field in table.schema().fields}


def _newest(table: IcebergTable) -> int:
    snapshot = table.current_snapshot()
    assert snapshot is not None
    return snapshot.snapshot_id
