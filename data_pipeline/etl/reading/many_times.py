"""Dates and times of a column, many at once, or where ``times`` and ``formats`` have to say what a text is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_pipeline.etl.documents.formats import Format
from data_pipeline.etl.documents.times import DAY, END, FIRST, zone_info

#: formats of these directives alone are read by NumPy; others text by text
_QUICK = frozenset("YmdHMSf")


def quick_timestamptz(texts: Any, zone: str) -> tuple[Any, Any]:
    """The instants of ``texts``, and where they have to be judged again (or None). ArrowInvalid if one is no time, or
    if some have an offset and others have none.
    """
    try:
        return pc.cast(texts, pa.timestamp("us", "UTC")), None
    except pa.ArrowInvalid:
        if not zone:
            raise
    return assume_zone(pc.cast(texts, pa.timestamp("us")), zone)


def assume_zone(clocks: Any, zone: str) -> tuple[Any, Any]:
    """The instants of wall-clock times in ``zone``, and where there is not exactly one of them (or None)."""
    zone_info(zone)
    utc = pa.timestamp("us", "UTC")
    early, late = (
        pc.assume_timezone(clocks, zone, ambiguous=each, nonexistent=each).cast(utc)
        for each in ("earliest", "latest")
    )
    odd = pc.not_equal(early, late)
    return early, odd if pc.any(odd).as_py() else None


def on_the_clock_of(instants: Any, zone: str) -> Any:
    """The wall-clock times in ``zone`` of timestamps with a zone."""
    zone_info(zone)
    return pc.local_timestamp(instants.cast(pa.timestamp("us", zone)))


def odd_times(values: Any) -> Any:
    """Where times lie before year 1 or after 9999, or None if nowhere."""
    kind = pa.int32() if pa.types.is_date32(values.type) else pa.int64()
    scale = DAY if pa.types.is_date32(values.type) else 1
    numbers = values.view(kind)
    bounds = pc.min_max(numbers).as_py()
    low, high = FIRST // scale, END // scale
    if bounds["min"] is None or (bounds["min"] >= low and bounds["max"] < high):
        return None
    return pc.or_(pc.less(numbers, low), pc.greater_equal(numbers, high))


def formatted(form: Format, texts: Any) -> Any | None:
    """Microseconds on the clocks of ``texts``, null where ``form.moment`` has to say what a text is; None if this
    format is read text by text alone.
    """
    if not set(form.directives) <= _QUICK:
        return None
    found = pc.extract_regex(texts, f"^{form.pattern}$")
    there = found.is_valid().to_numpy(zero_copy_only=False)
    parts = {name: pc.struct_field(found, [at]) for at, name in enumerate(form.directives)}
    fraction = _fraction(parts.pop("f", None), there)
    numbers = {name: _integers(column) for name, column in parts.items()}
    micros, real = _clock(numbers, fraction)
    return pa.array(micros, pa.int64(), mask=~(there & real))


def _integers(column: Any) -> Any:
    return pc.cast(pc.fill_null(column, "1"), pa.int64()).to_numpy()


def _fraction(column: Any | None, there: Any) -> Any:
    """Microseconds of the digits of a second; -1 where they are more than six."""
    if column is None:
        return np.zeros(len(there), np.int64)
    digits = pc.fill_null(column, "0")
    micros = _integers(pc.utf8_slice_codeunits(pc.utf8_rpad(digits, 6, "0"), 0, 6))
    return np.where(pc.binary_length(digits).to_numpy() > 6, -1, micros)


def _clock(numbers: dict[str, Any], fraction: Any) -> tuple[Any, Any]:
    """Microseconds since 1970-01-01, and where they are real times."""
    year, month, day = (numbers[name] for name in "Ymd")
    hour, minute, second = (numbers.get(name, 0) for name in "HMS")
    first = (year - 1970) * 12 + month - 1
    days = first.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    following = (first + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    real = (year > 0) & (month > 0) & (month < 13) & (day > 0) & (day <= following - days) & (fraction >= 0)
    real = real & (np.asarray(hour) < 24) & (np.asarray(minute) < 60) & (np.asarray(second) < 60)
    seconds = (days + day - 1) * 86_400 + hour * 3600 + minute * 60 + second
    return seconds * 1_000_000 + fraction, real
