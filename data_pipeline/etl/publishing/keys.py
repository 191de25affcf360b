"""The partitions of a table as SQL computes them and as its data files name them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pyiceberg.manifest import DataFile

from data_pipeline.etl.documents.partitions import SIZED
from data_pipeline.etl.documents.types import Primitive, Type
from data_pipeline.etl.quality.sql import name

from . import transforms
from .inputs import moment
from .spans import UNITS

_TIMES = ("date", "timestamp", "timestamptz")
_SQL = {
    "year": "year({0}) - 1970",
    "month": "(year({0}) - 1970) * 12 + month({0}) - 1",
    "day": "date_diff('day', DATE '1970-01-01', CAST({0} AS DATE))",
    "hour": "date_diff('hour', TIMESTAMP '1970-01-01', {0})",
}


@dataclass(frozen=True)
class Key:
    """One field of a partition: ``number`` among them, its ``column``, and ``unit``: ``year``, ``month``, ``day`` or
    ``hour``, or nothing where it is the column itself. ``kind``: the name of the column's type.
    """

    number: int
    column: str
    unit: str
    kind: str

    @property
    def time(self) -> str:
        """The unit of time that it stands for; a plain date stands for a day."""
        return self.unit or ("day" if self.kind == "date" else "")

    @property
    def sql(self) -> str:
        """Its value in SQL, the number or text that ``of_file`` gives."""
        column = name(self.column)
        if self.unit or self.kind == "date":
            return f"CAST({_SQL[self.unit or 'day'].format(f'CAST({column} AS TIMESTAMP)')} AS BIGINT)"
        return f"epoch_us({column})" if self.kind in _TIMES else column


def keys(partition: Sequence[str], types: dict[str, Type]) -> list[Key]:
    """The fields of a partition that SQL can compute: buckets and beginnings of texts it can not."""
    found = []
    for number, text in enumerate(partition):
        parsed = transforms.parse(text)
        type = types[parsed.column]
        kind = type.name if isinstance(type, Primitive) else ""
        if parsed.transform not in SIZED:
            found.append(
                Key(number, parsed.column, parsed.transform if parsed.transform in UNITS else "", kind)
            )
    return found


def of_file(file: DataFile, keys: Sequence[Key]) -> tuple[Any, ...]:
    """The values of the keys in a data file."""
    return tuple(plain(file.partition[key.number]) for key in keys)


def start(key: Key, value: Any) -> datetime:
    """When the unit of time begins that a key's value names."""
    unit = key.time
    if unit in ("year", "month"):
        months = value * 12 if unit == "year" else value
        return datetime(1970 + months // 12, months % 12 + 1, 1)  # noqa: DTZ001 - on the clock of the data
    return moment(value if unit == "day" else value * 3_600_000_000, unit == "day")


def plain(value: Any) -> Any:
    """As SQL gives it: a date is days since 1970, a time microseconds."""
    if isinstance(value, datetime):
        return (value.replace(tzinfo=None) - moment(0, True)) // (moment(0, True).resolution)
    return (value - date(1970, 1, 1)).days if isinstance(value, date) else value
