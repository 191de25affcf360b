"""What the data files of the taxi tables hold: data set and month, or calendar years."""

from __future__ import annotations

from datetime import datetime, timedelta

from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table
from pyiceberg.types import PrimitiveType


def partition_of(file: DataFile) -> tuple[str, str]:
    """The data set and the month of a data file of trip_counts."""
    return str(file.partition[0]), str(file.partition[1])


def years_of(table: Table, file: DataFile) -> range:
    """The calendar years that a data file of ride_counts has windows of."""
    column = table.schema().find_field("timestamp")
    lower, upper = ((found or {}).get(column.field_id) for found in (file.lower_bounds, file.upper_bounds))
    if lower is None or upper is None:
        return range(1, 10_000)
    kind = column.field_type
    assert isinstance(kind, PrimitiveType)  # a column that has bounds is of one value a row
    first, last = (int(from_bytes(kind, bound)) for bound in (lower, upper))
    return range(_year(first), _year(last) + 1)


def _year(microseconds: int) -> int:
    return (datetime(1970, 1, 1) + timedelta(microseconds=microseconds)).year  # noqa: DTZ001 - a wall clock
