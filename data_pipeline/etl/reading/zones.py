"""Time columns of Parquet that a file marks with a zone of its own: what their times are taken for, and what they would
be in that zone.

Parquet itself keeps an instant; the zone stands beside it in Arrow's schema. Pandas writes one for wall-clock times
that were given a zone, and a reader that takes the instant for a wall clock of another zone is hours off, in silence.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from data_pipeline.etl.reading import parquet_opening

_UTC = frozenset({"utc", "etc/utc", "z", "+00:00", "gmt", "etc/gmt"})
_SOME = 1 << 10
"""Rows that are decoded for a first time."""


def warning(file: Any, column: str, zone: str, private: bool = False) -> str:
    """What to say of a column of ``file`` (a ParquetFile) whose times are taken for wall-clock times of ``zone``: empty
    where it is marked with that zone, with UTC or with none, or holds no time. Of ``private`` data no value is said."""
    stored = file.schema_arrow.field(column).type
    marked = stored.tz if pa.types.is_timestamp(stored) else None
    if not marked or marked.lower() in _UTC or marked == zone:
        return ""
    first = _first(file, column)
    said = f"its column {column} is marked with the zone {marked}, and read in {zone}"
    try:
        taken, other = (
            str(pc.local_timestamp(first.cast(pa.timestamp("us", each)))[0]) for each in (zone, marked)
        )
    except IndexError:
        return ""
    except (pa.ArrowInvalid, OverflowError):  # a zone, or a year, that is not known here
        return said
    return said if private else f"{said}: its first time is taken for {taken}, in {marked} it is {other}"


def _first(file: Any, column: str) -> Any:
    """The first time of the column, as an array of one; of none, where the first rows of the first row group have none:
    a span of a file may have no other.
    """
    groups = [at for at in range(file.num_row_groups) if file.metadata.row_group(at).num_rows][:1]
    with parquet_opening.readable():
        for batch in file.iter_batches(_SOME, groups, [column], use_threads=False):
            return batch.column(0).drop_null().slice(0, 1)
    return pa.array([], pa.timestamp("us", "UTC"))
