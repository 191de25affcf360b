"""Which months a data set's table covers, and since when: its data files say it, none of them is read.

It can be told of a table that is partitioned by ``_period`` and by one other column of text, whose values tell its
series apart, and whose periods are months. A snapshot that is made of it carries both on, as ``coverage`` and
``availability`` write them: snapshots that said so may expire, and features ask what was known at some time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, timezone

from pyiceberg.conversions import from_bytes
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import StringType, TimestamptzType

from data_pipeline.etl.documents.datasets import AVAILABLE_AT, PERIOD

from . import availability, coverage

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])", re.ASCII)
_FORMAT = "%Y-%m-%dT%H:%M:%SZ"


def properties(made_of: Iterable[tuple[Table, Iterable[DataFile]]]) -> dict[str, str]:
    """What a snapshot says that is made of these data files of these tables; nothing where none of them can tell. A
    month that several tables cover is available when the last of them has it.
    """
    covered: set[tuple[str, str]] = set()
    available: dict[tuple[str, str], str] = {}
    told = False
    for table, files in made_of:
        fields = _fields(table)
        if fields is None:
            continue
        told = True
        mine: dict[tuple[str, str], str] = {}
        for month, since in _months(table, files, *fields):
            covered.add(month)
            if since:
                mine[month] = min(since, mine.get(month, since))
        for month, since in mine.items():
            available[month] = max(since, available.get(month, since))
    if not told:
        return {}
    return {
        coverage.COVERED: coverage.text(covered),
        availability.AVAILABLE: availability.text(available),
    }


def _fields(table: Table) -> tuple[int, int] | None:
    """Which fields of the partition are the series and the period; None if it is by others."""
    schema, fields = table.schema(), table.spec().fields
    columns = [schema.find_field(field.source_id) for field in fields]
    plain = all(
        isinstance(field.transform, IdentityTransform) and isinstance(column.field_type, StringType)
        for field, column in zip(fields, columns)
    )
    names = [column.name for column in columns]
    if len(names) != 2 or not plain or PERIOD not in names or AVAILABLE_AT not in schema.column_names:
        return None
    period = names.index(PERIOD)
    return 1 - period, period


def _months(
    table: Table, files: Iterable[DataFile], series: int, period: int
) -> Iterator[tuple[tuple[str, str], str]]:
    """Series and month of each data file, and since when its first row is available, or nothing."""
    number, spec = table.schema().find_field(AVAILABLE_AT).field_id, table.spec().spec_id
    for file in files:
        if file.spec_id != spec:
            continue
        name, month = file.partition[series], file.partition[period]
        if not name or not month or not _MONTH.fullmatch(month) or set(name) & {" ", ";", "|"}:
            continue
        bound = (file.lower_bounds or {}).get(number)
        yield (str(name), str(month)), "" if bound is None else _time(bound)


def _time(bound: bytes) -> str:
    moment = _EPOCH + timedelta(microseconds=int(from_bytes(TimestamptzType(), bound)))
    return moment.strftime(_FORMAT)
