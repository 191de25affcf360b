"""Writes a file of trips as Parquet, in a given layout."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from taxi.sample.parquet_layouts import ParquetColumn, ParquetLayout
from taxi.sample.rides import POOL, Ride
from taxi.sample.trips import Plan, Trip

_LARGEST_GROUP = 250_000
_LEVELS = {"GZIP": 2}  # its default level takes longer than all the rest
_TIME = pa.timestamp("us")


def write_parquet(
    path: Path, layout: ParquetLayout, plan: Plan, rides: list[Ride], trips: Iterable[list[Trip]]
) -> None:
    """Write every trip, a row group at a time, so that memory is bounded whatever the number of rows."""
    group = min(_LARGEST_GROUP, -(-plan.rows // layout.row_groups))
    table = _Columns(layout, plan, rides)
    with pq.ParquetWriter(
        path,
        table.schema,
        compression=layout.compression,
        compression_level=_LEVELS.get(layout.compression),
        write_statistics=layout.statistics,
        version=layout.version,
    ) as writer:
        held: list[Trip] = []
        for chunk in trips:
            held += chunk
            while len(held) >= group:
                writer.write_table(table.rows(held[:group]), row_group_size=group)
                held = held[group:]
        if held:
            writer.write_table(table.rows(held), row_group_size=group)


class _Columns:
    """Columns of one layout: the pool's values as arrays, of which a row group takes its rows' choices."""

    def __init__(self, layout: ParquetLayout, plan: Plan, rides: list[Ride]) -> None:
        self._columns = layout.columns
        self._plan = plan
        self._written = 0
        self._pool = {
            column.kind: _values(rides, column) for column in layout.columns if column.kind in rides[0]
        }
        self._seconds = {
            kind: pa.array([ride[kind] for ride in rides], pa.int64())
            for kind in ("seconds", "wait", "on_scene")
        }
        self.schema = pa.schema([(column.name, _arrow_type(column.type)) for column in layout.columns])

    def rows(self, trips: list[Trip]) -> Any:
        """The next rows as a table. An unreadable pickup is null, or its text where times are text."""
        choices = pa.array([choice % POOL for _, choice in trips], pa.int32())
        pickups = pa.array([pickup for pickup, _ in trips], pa.int64())
        arrays = [self._array(column, choices, pickups) for column in self._columns]
        self._written += len(trips)
        return pa.Table.from_arrays(arrays, schema=self.schema)

    def _array(self, column: ParquetColumn, choices: Any, pickups: Any) -> Any:
        if column.kind == "ROW":
            return pa.array(range(self._written, self._written + len(choices)), pa.int64())
        if column.kind == "PICKUP":
            return self._with_unreadable(_times(pickups, column.type), column.type)
        if column.kind == "DROPOFF":
            return _times(pc.add(pickups, self._seconds["seconds"].take(choices)), column.type)
        if column.kind == "REQUEST":
            return _times(pc.subtract(pickups, self._seconds["wait"].take(choices)), column.type)
        if column.kind == "ON_SCENE":
            return _times(pc.subtract(pickups, self._seconds["on_scene"].take(choices)), column.type)
        return self._pool[column.kind].take(choices)

    def _with_unreadable(self, times: Any, kind: str) -> Any:
        first, last = self._written + 1, self._written + len(times)
        bad = {row: text for row, text in self._plan.unreadable.items() if first <= row <= last}
        if not bad:
            return times
        values = times.to_pylist() if kind == "text" else times.cast(pa.int64()).to_pylist()
        for row, text in bad.items():
            values[row - first] = (text or None) if kind == "text" else None
        return pa.array(values, times.type)


def _values(rides: list[Ride], column: ParquetColumn) -> Any:
    """The pool's values of a column in its type; whole numbers may become text or fractions, as they did."""
    values = [ride[column.kind] for ride in rides]
    if column.type == "null":
        return pa.nulls(len(values))
    if column.type in ("string", "large_string"):
        values = [value if value is None else str(value) for value in values]
    if column.type == "double":
        values = [value if value is None else float(value) for value in values]
    return pa.array(values, _arrow_type(column.type))


def _times(seconds: Any, kind: str) -> Any:
    times = pc.multiply(seconds, 1_000_000).cast(_TIME)
    # Printed with its six digits of fraction, of which the files have none.
    return pc.utf8_slice_codeunits(times.cast(pa.string()), 0, 19) if kind == "text" else times


def _arrow_type(name: str) -> Any:
    types = {"time": _TIME, "text": pa.string(), "double": pa.float64(), "null": pa.null()}
    return types[name] if name in types else pa.type_for_alias(name)
