"""Whether rows look like a stream of changes: several of one id, each later one with a newer time of change."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

_ID = re.compile(r"(^|_)(id|uuid|guid|key|no|nr|number|code|email)$")
_CHANGED = re.compile(r"(^|_)(updat|modif|chang|edit|revis|last_)|(^|_)(version|ts_ms|lsn)$")


@dataclass(frozen=True)
class Changes:
    """The column that tells things apart, the one that says which row of each is the newest, and how many of the
    ``keys`` have ``several`` rows.
    """

    key: str
    latest: str
    keys: int
    several: int

    def __str__(self) -> str:
        return f"{self.several:,} of {self.keys:,} {self.key} have several rows, told apart by {self.latest}"


def found(rows: pa.Table) -> Changes | None:
    """The changes that ``rows`` look like, by names and values: an id that comes again with another time of change, and
    no two rows of one id and time. None where they do not.
    """
    if not len(rows):
        return None
    names = [
        field.name for field in rows.schema if not rows[field.name].null_count and not _nested(field.type)
    ]
    ids = [name for name in names if _ID.search(name.lower()) and not _is_time(rows.schema.field(name).type)]
    times = [
        name for name in names if _CHANGED.search(name.lower()) and _orders(rows.schema.field(name).type)
    ]
    for key in ids:
        for latest in times:
            if latest == key:
                continue
            grouped = rows.select([key, latest]).group_by([key])
            by_key = grouped.aggregate([(latest, "count_distinct"), ([], "count_all")])
            several = pc.sum(pc.greater(by_key["count_all"], 1)).as_py() or 0
            apart = pc.sum(by_key[f"{latest}_count_distinct"]).as_py()
            if several and apart == len(rows):
                return Changes(key, latest, len(by_key), several)
    return None


def _nested(kind: pa.DataType) -> bool:
    return bool(pa.types.is_nested(kind) or pa.types.is_boolean(kind) or pa.types.is_floating(kind))


def _is_time(kind: pa.DataType) -> bool:
    return bool(pa.types.is_temporal(kind))


def _orders(kind: pa.DataType) -> bool:
    return bool(_is_time(kind) or pa.types.is_integer(kind))
