"""Trip files in Parquet: only the pickup column is read, as text or as a timestamp of any unit.

A timestamp is taken as the wall-clock time that its stored number says, also where the file marks it as UTC:
TLC's times have no zone. Row-group statistics are not relied on; many files have none.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from data_pipeline.etl.errors import FileError
from data_pipeline.etl.reading.quarantine import Quarantine, Refused
from taxi import rules, times

BATCH = 1 << 17
"""Rows that are decoded at once."""
_BUFFER = 1 << 20
_MAGIC = b"PAR1"


@contextmanager
def opened(path: Path) -> Iterator[pq.ParquetFile]:
    """The open file, whose columns are read in a stream. FileError if it is no Parquet file, and for what Arrow cannot
    read of it meanwhile.
    """
    with path.open("rb") as content:
        start = content.read(4)
    if not start:
        raise FileError("it is empty")
    if start != _MAGIC:
        raise FileError(f"it is not a Parquet file: it starts with {start!r}")
    try:
        with pq.ParquetFile(path, buffer_size=_BUFFER, coerce_int96_timestamp_unit="us") as file:
            yield file
    except UnicodeDecodeError as error:
        raise FileError("the Parquet data cannot be read: a name in its footer is not UTF-8") from error
    except (pa.ArrowException, OSError) as error:
        raise FileError(f"the Parquet data cannot be read: {' '.join(str(error).split())[:300]}") from error


def count(file: pq.ParquetFile, column: str, limits: times.Limits, quarantine: Quarantine) -> times.Windows:
    """Trips by start of the window; the rows that do not count go to ``quarantine``."""
    windows: times.Windows = []
    before = 0
    kind = file.schema_arrow.field(column).type
    texts = pa.types.is_dictionary(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind)
    if not texts and not pa.types.is_timestamp(kind):
        raise FileError(f"its pickup column {column} holds {kind}, neither text nor timestamps")
    for batch in file.iter_batches(BATCH, columns=[column], use_threads=False):
        found, refused = (_texts if texts else _times)(batch.column(0), limits)
        quarantine.add(Refused(before + at + 1, reason, raw) for at, reason, raw in refused)
        windows += found
        before += len(batch)
    return windows


_Refused = list[tuple[int, str, str | None]]
"""Rows that do not count: position in their batch, reason, text."""


def _texts(column: Any, limits: times.Limits) -> tuple[times.Windows, _Refused]:
    texts = column.cast(pa.string())
    found, doubtful = times.count(texts, limits)
    refused, starts = [], []
    for at in sorted(doubtful):
        text = texts[at].as_py()
        judged = times.judge(text or "", limits)
        if isinstance(judged, str):
            refused.append((at, judged, text))
        else:
            starts.append(judged)
    return found + times.single(starts), refused


def _times(column: Any, limits: times.Limits) -> tuple[times.Windows, _Refused]:
    there = column.is_valid().to_numpy(zero_copy_only=False) if column.null_count else None
    stamps = _microseconds(column)
    found, others = times.within(stamps if there is None else stamps[there], limits)
    if there is not None:
        others = np.sort(np.concatenate([np.flatnonzero(there)[others], np.flatnonzero(~there)]))
    refused = [
        (at, *_reason(int(stamps[at]) if there is None or there[at] else None)) for at in others.tolist()
    ]
    return [found], refused


def _microseconds(column: Any) -> Any:
    """The stored times in microseconds, cut to whole ones; anything for a null."""
    if column.type.unit in ("s", "ms"):
        column = column.cast(pa.timestamp("us", column.type.tz))
    stamps = column.view(pa.int64())
    stamps = (stamps.fill_null(0) if stamps.null_count else stamps).to_numpy()
    return stamps // 1000 if column.type.unit == "ns" else stamps


def _reason(time: int | None) -> tuple[str, str | None]:
    """Why a stored time does not count, and its text."""
    if time is None:
        return rules.EMPTY, None
    if not rules.YEAR_1 <= time < rules.YEAR_10000:
        return rules.NO_TIME, str(time)
    stamp = datetime(1, 1, 1) + timedelta(microseconds=time - rules.YEAR_1)  # noqa: DTZ001 - has no zone
    text = str(stamp)
    return rules.OUTSIDE, text.rstrip("0") if stamp.microsecond else text
