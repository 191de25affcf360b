"""Trip files in Parquet: only the pickup column is read, as text or as a timestamp of any unit.

A timestamp is taken as the wall-clock time that its stored number says, also where the file marks it as UTC:
TLC's times have no zone. Row-group statistics are not relied on; many files have none.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from data_pipeline.etl import row_groups
from data_pipeline.etl.errors import FileError
from data_pipeline.etl.reading import parquet_values
from data_pipeline.etl.reading.quarantine import Quarantine, Refused
from taxi import rules, times

BATCH = 1 << 17
"""Rows that are decoded at once."""
_MICROSECONDS = {"s": 1_000_000, "ms": 1000, "us": 1}
"""Of a unit."""


def count(file: pq.ParquetFile, column: str, limits: times.Limits, quarantine: Quarantine) -> times.Windows:
    """Trips by start of the window; the rows that do not count go to ``quarantine``."""
    windows: times.Windows = []
    before = 0
    kind = file.schema_arrow.field(column).type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    texts = parquet_values.is_text(kind)
    if not texts and not pa.types.is_timestamp(kind) and not pa.types.is_null(kind):
        raise FileError(f"its pickup column {column} holds {kind}, neither text nor timestamps")
    for batch in row_groups.batches(file, BATCH, columns=[column], use_threads=False):
        found, refused = (_texts if texts else _times)(_plain(batch.column(0)), limits)
        quarantine.add(Refused(before + at + 1, reason, raw) for at, reason, raw in refused)
        windows += found
        before += len(batch)
    return windows


def _plain(column: Any) -> Any:
    """Without a dictionary; a column of nothing but null, whose type is null, as one of timestamps."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    return column.cast(pa.timestamp("us")) if pa.types.is_null(column.type) else column


_Refused = list[tuple[int, str, str | None]]
"""Rows that do not count: position in their batch, reason, text."""


def _texts(column: Any, limits: times.Limits) -> tuple[times.Windows, _Refused]:
    try:
        texts = column.cast(pa.binary()).cast(pa.string())
    except pa.ArrowInvalid as error:
        raise FileError("its pickup column is not UTF-8 text") from error
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
    stored = column.view(pa.int64())
    stored = (stored.fill_null(0) if stored.null_count else stored).to_numpy()
    stamps = _microseconds(stored, column.type.unit)
    found, others = times.within(stamps if there is None else stamps[there], limits)
    if there is not None:
        others = np.sort(np.concatenate([np.flatnonzero(there)[others], np.flatnonzero(~there)]))
    refused = []
    for at in others.tolist():
        exact = None
        if there is None or there[at]:
            exact = _one_in_microseconds(int(stored[at]), column.type.unit)
        refused.append((at, *_reason(exact)))
    return [found], refused


def _microseconds(stored: Any, unit: str) -> Any:
    """Times in microseconds, cut to whole ones. One that is beyond 64 bits is beyond the readable years, too: any time
    just outside of them stands for it.
    """
    if unit in ("ns", "us"):
        return stored // 1000 if unit == "ns" else stored
    factor = _MICROSECONDS[unit]
    return np.clip(stored, rules.YEAR_1 // factor - 1, rules.YEAR_10000 // factor) * factor


def _one_in_microseconds(stored: int, unit: str) -> int:
    """One time, of any size."""
    return stored // 1000 if unit == "ns" else stored * _MICROSECONDS[unit]


def _reason(time: int | None) -> tuple[str, str | None]:
    """Why a stored time does not count, and its text."""
    if time is None:
        return rules.EMPTY, None
    if not rules.YEAR_1 <= time < rules.YEAR_10000:
        return rules.NO_TIME, str(time)
    stamp = datetime(1, 1, 1) + timedelta(microseconds=time - rules.YEAR_1)  # noqa: DTZ001 - has no zone
    text = str(stamp)
    return rules.OUTSIDE, text.rstrip("0") if stamp.microsecond else text
