"""What ``diagram`` draws of a table: which columns, and what they hold in each window."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data_pipeline.core.config.datasets import Series
from data_pipeline.core.drawing.chart import TableSeries
from data_pipeline.core.errors import UserError
from data_pipeline.core.facts import dataset_limits
from data_pipeline.core.problems import did_you_mean, one_of, quoted

#: lengths of a window that a chart has: each divides the next.
_STEPS = (timedelta(minutes=15), timedelta(hours=1), timedelta(days=1))
_HOUR, _DAY = _STEPS[1:]
_ROWS = "rows"
_NONE = "none"


@dataclass(frozen=True)
class Columns:
    """The column of the time; those that are added up, none where rows are counted; those that tell areas apart; and a
    window's length, where it is known.
    """

    time: str
    values: tuple[str, ...] = ()
    by: tuple[str, ...] = ()
    step: timedelta | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.time, *self.values, *self.by)))

    @property
    def measure(self) -> str:
        """What a window has, in a word; nothing where each column is an area of its own."""
        return "" if len(self.values) > 1 else (*self.values, _ROWS)[0]


def time_column(schema: pa.Schema) -> str | None:
    """The first column with a time, or else with a date, that is none of the tool's own; None without any."""
    own = [field for field in schema if not field.name.startswith("_")]
    times = [field.name for field in own if pa.types.is_timestamp(field.type)]
    dates = [field.name for field in own if pa.types.is_date(field.type)]
    return next(iter([*times, *dates]), None)


def choose(
    where: str,
    schema: pa.Schema,
    series: Series | None = None,
    time: str | None = None,
    values: Sequence[str] = (),
    by: Sequence[str] = (),
) -> Columns:
    """The columns that are named, or else those of the configured ``series``, or else the first time and the number of
    rows. UserError, with ``where``, for a column that is not there or cannot be drawn.
    """
    found = time or (series.time if series else time_column(schema))
    if found is None:
        raise UserError(
            f"{where}: found no column with a time, expected one; it has {', '.join(schema.names)}"
        )
    step = timedelta(minutes=dataset_limits.minutes(series.step)) if series and found == series.time else None
    if series and not values:
        values = (series.weight,) if series.weight else ()
        by = by or series.by
    chosen = Columns(found, tuple(values), tuple(by), step)
    if len(chosen.values) > 1 and chosen.by:
        raise UserError(
            f"{where}: found --by and {len(chosen.values)} columns of --value, expected one of them, since each column "
            "is an area by itself; leave one out"
        )
    for name, kinds, option in (
        (found, "a time or a date", "--time"),
        *((name, "a number", "--value") for name in chosen.values),
        *((name, "", "--by") for name in chosen.by),
    ):
        _refuse(where, schema, name, kinds, option)
    return chosen


def _refuse(where: str, schema: pa.Schema, name: str, expected: str, option: str) -> None:
    if name not in schema.names:
        near = did_you_mean(name, schema.names)
        raise UserError(
            f"{where}: {option} {name}: found no such column, expected {one_of(schema.names)}"
            + (f"; {near}" if near else "")
        )
    kind = schema.field(name).type
    right = {
        "--time": pa.types.is_timestamp(kind) or pa.types.is_date(kind),
        "--value": pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind),
    }
    if not right.get(option, True):
        raise UserError(f"{where}: {option} {name}: found a column of {kind}, expected one of {expected}")


def read(table: str, where: str, columns: Columns, batches: Iterable[pa.RecordBatch]) -> TableSeries:
    """What the rows hold in each window; rows without a time, and numbers that are none, count as nothing.

    UserError, with ``where``, without a row and where a number is negative, which stacked areas cannot show.
    """
    step = next((each for each in _STEPS if not each % columns.step), _DAY) if columns.step else None
    sums: dict[tuple[datetime, str], float] = {}
    on = [*_STEPS]
    for batch in batches:
        rows = pa.table({name: batch.column(name) for name in columns.names})
        times = _times(rows[columns.time])
        on = [each for each in on if pc.all(pc.equal(_floor(times, each), times)).as_py() is not False]
        at = rows.column_names.index(columns.time)
        rows = rows.set_column(at, columns.time, _floor(times, step or _STEPS[0]))
        for key, number in _sums(rows, columns):
            sums[key] = sums.get(key, 0) + number
    if not sums:
        raise UserError(
            f"{where}: found no row with a value in {quoted(columns.time)}, expected some to draw"
        )
    negative = next((area for (_, area), number in sums.items() if number < 0), None)
    if negative is not None:
        raise UserError(
            f"{where}: found sums below 0 in {quoted(negative)}, expected none, since areas are drawn one upon "
            "another; name another column with --value"
        )
    step = step or max(on, default=_HOUR)
    rows_of: dict[datetime, dict[str, float]] = {}
    for (time, area), number in sums.items():
        midnight = time.replace(hour=0, minute=0)
        window = rows_of.setdefault(midnight + (time - midnight) // step * step, {})
        window[area] = window.get(area, 0) + number
    return TableSeries(table, columns.measure, step, _areas(columns, sums), [*rows_of.items()])


def _sums(rows: pa.Table, columns: Columns) -> Iterator[tuple[tuple[datetime, str], float]]:
    """((start of a window, area), sum) of some rows."""
    rows = rows.filter(pc.is_valid(rows[columns.time]))
    keys = [columns.time, *columns.by]
    if not columns.values:
        grouped = rows.group_by(keys, use_threads=False).aggregate([([], "count_all")]).to_pylist()
        yield from ((_key(row, columns, _ROWS), row["count_all"]) for row in grouped)
        return
    for value in columns.values:
        numbers = rows[value]
        if not pa.types.is_integer(numbers.type):
            numbers = numbers.cast(pa.float64())
            numbers = pc.if_else(pc.is_finite(numbers), numbers, None)
        named = pa.table({**{key: rows[key] for key in keys}, "_number": numbers})
        for row in named.group_by(keys, use_threads=False).aggregate([("_number", "sum")]).to_pylist():
            if row["_number_sum"] is not None:
                yield _key(row, columns, value), row["_number_sum"]


def _key(row: dict[str, Any], columns: Columns, area: str) -> tuple[datetime, str]:
    parts = [_NONE if row[name] is None else str(row[name]) for name in columns.by]
    return row[columns.time], ", ".join(parts) or area


def _areas(columns: Columns, sums: dict[tuple[datetime, str], float]) -> tuple[str, ...]:
    """The columns as they are named; else the areas by their sum, the largest first."""
    if len(columns.values) > 1:
        return columns.values
    totals: dict[str, float] = {}
    for (_, area), number in sums.items():
        totals[area] = totals.get(area, 0) + number
    return tuple(sorted(totals, key=lambda area: (-totals[area], area)))


def _times(column: Any) -> Any:
    """Times in microseconds without a zone: of one with a zone, in UTC; of a date, its midnight."""
    zone = column.type.tz if pa.types.is_timestamp(column.type) else None
    return column.cast(pa.timestamp("us", zone and "UTC"), safe=False).cast(pa.timestamp("us"))


def _floor(times: Any, step: timedelta) -> Any:
    """The starts of the windows that times lie in; windows begin at midnight."""
    return pc.floor_temporal(times, multiple=step // timedelta(minutes=1), unit="minute")
