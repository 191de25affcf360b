"""Columns of Parquet become columns of their types, exactly.

What a file stores decides which types it can be: numbers are numbers, with the rules of ``numbers`` (a double with
a fraction is no int), but no decimal is made of binary floating point; booleans, dates, lists and structs are
themselves. A timestamp with UTC adjustment is a ``timestamptz``, one without is a ``timestamp``; for the other, the
data set names its time zone. Nanoseconds have to be whole microseconds. Text is read as it is in a CSV file,
without null words. Anything else makes the file unreadable.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_pipeline.etl.documents import reasons, times
from data_pipeline.etl.documents.datasets import Format
from data_pipeline.etl.documents.reasons import WrongValueError
from data_pipeline.etl.documents.times import END, FIRST, Moment
from data_pipeline.etl.errors import FileError
from data_pipeline.etl.reading import casts, many_times
from data_pipeline.etl.reading.casts import Problems
from data_pipeline.etl.reading.json_values import Fields, Items, Leaf, Shape
from data_pipeline.etl.reading.schemas import arrow_type

_EXACT = ("int", "long", "decimal")
_NEAREST = ("float", "double")
#: units of a timestamp in a microsecond, or microseconds in a unit
_MICROSECONDS = {"s": 1_000_000, "ms": 1000, "us": 1}


def check(stored: pa.DataType, shape: Shape, written: Format, name: str) -> None:
    """FileError if a column ``name`` that a file stores as ``stored`` is not of the shape's type."""
    advice = (
        "a map is not read, so leave the column out"
        if pa.types.is_map(stored)
        else "give the data set that type"
    )
    wrong = FileError(f"column {name} is {stored} in the file, which is no {shape.kind}; {advice}")
    if pa.types.is_null(stored):
        return
    if isinstance(shape, Items):
        if not _is_list(stored):
            raise wrong
        check(stored.value_type, shape.element, written, f"{name}.element")
        return
    if isinstance(shape, Fields):
        if not pa.types.is_struct(stored):
            raise wrong
        _check_fields(stored, shape, written, name)
        return
    if not _fits(stored, shape.kind.name):
        raise wrong
    other_clock = pa.types.is_timestamp(stored) and (stored.tz is None) != (shape.kind.name == "timestamp")
    if other_clock and not written.timezone:
        how = "without" if stored.tz is None else "with"
        raise FileError(
            f"column {name} holds times {how} UTC adjustment, and is a {shape.kind}; name the data set's timezone"
        )


def _check_fields(stored: pa.DataType, shape: Fields, written: Format, name: str) -> None:
    for each, inner in zip(shape.kind.fields, shape.shapes, strict=True):
        at = stored.get_all_field_indices(each.name)
        if len(at) > 1 or (not at and not each.nullable):
            there = ", ".join(field.name for field in stored)
            raise FileError(f"column {name} has {len(at)} fields {each.name}, expected one; found: {there}")
        if at:
            check(stored.field(at[0]).type, inner, written, f"{name}.{each.name}")


def _is_list(stored: pa.DataType) -> bool:
    return bool(
        pa.types.is_list(stored) or pa.types.is_large_list(stored) or pa.types.is_fixed_size_list(stored)
    )


def _fits(stored: pa.DataType, name: str) -> bool:
    if pa.types.is_dictionary(stored):
        stored = stored.value_type
    if is_text(stored):
        return True
    if pa.types.is_integer(stored) or pa.types.is_decimal(stored):
        return name in _EXACT or name in _NEAREST
    if pa.types.is_floating(stored):
        return name in ("int", "long") or name in _NEAREST
    if pa.types.is_timestamp(stored):
        return name in ("timestamp", "timestamptz")
    return (pa.types.is_boolean(stored) and name == "boolean") or (
        pa.types.is_date(stored) and name == "date"
    )


def is_text(stored: pa.DataType) -> bool:
    """Whether a column is of texts, or of bytes that may be some."""
    return bool(
        pa.types.is_string(stored)
        or pa.types.is_large_string(stored)
        or pa.types.is_string_view(stored)
        or pa.types.is_binary(stored)
        or pa.types.is_large_binary(stored)
        or pa.types.is_binary_view(stored)
    )


def values(array: Any, shape: Shape, written: Format) -> tuple[Any, Problems]:
    """``array``, whose type ``check`` let pass, in the shape's type, and what is refused."""
    if pa.types.is_null(array.type):
        return pa.nulls(len(array), arrow_type(shape.kind)), {}
    if isinstance(shape, Items):
        return _list(array, shape, written)
    if isinstance(shape, Fields):
        return _struct(array, shape, written)
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if is_text(array.type):
        return _texts(array, shape)
    if pa.types.is_timestamp(array.type):
        return _timestamps(array, shape.kind.name, written.timezone)
    if pa.types.is_date(array.type):
        found = pc.cast(array, pa.date32())
        return _without(found, many_times.odd_times(found), reasons.OUT_OF_RANGE)
    return _numbers(array, shape)


def _texts(array: Any, shape: Leaf) -> tuple[Any, Problems]:
    problems: Problems = {}
    try:
        texts = pc.cast(pc.cast(array, pa.binary()), pa.string())
    except pa.ArrowInvalid:
        content = pc.cast(array, pa.binary()).to_pylist()
        wrong = [at for at, text in enumerate(content) if text is not None and not _is_utf8(text)]
        problems = dict.fromkeys(wrong, reasons.ENCODING)
        texts = pa.array([None if at in problems else text for at, text in enumerate(content)], pa.binary())
        texts = pc.cast(texts, pa.string())
    if shape.cast is None:
        return texts, problems
    found, others = casts.convert(texts, shape.cast)
    return found, {**others, **problems}


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _numbers(array: Any, shape: Leaf) -> tuple[Any, Problems]:
    """Numbers and booleans: those of another type by way of their texts."""
    kind = arrow_type(shape.kind)
    if array.type == kind:
        return array, {}
    if pa.types.is_floating(array.type):
        return _floats(pc.cast(array, pa.float64()), kind, shape.kind.name)
    if pa.types.is_integer(array.type) and pa.types.is_integer(kind):
        with suppress(pa.ArrowInvalid):
            return pc.cast(array, kind), {}
    assert shape.cast is not None
    return casts.convert(pc.cast(array, pa.string()), shape.cast)


def _floats(array: Any, kind: pa.DataType, name: str) -> tuple[Any, Problems]:
    """Doubles as whole numbers of ``kind``, as the nearest floats, or as they are."""
    numbers = pc.fill_null(array, 0).to_numpy()
    if pa.types.is_float64(kind):
        return array, {}
    with np.errstate(all="ignore"):
        if pa.types.is_float32(kind):
            found = numbers.astype(np.float32)
            beyond = (np.isinf(found) & ~np.isinf(numbers)) | ((found == 0) & (numbers != 0))
            wrong = {reasons.OUT_OF_RANGE: beyond}
        else:
            most = 2.0 ** (31 if name == "int" else 63)
            none = ~np.isfinite(numbers)
            beyond = ~none & ((numbers < -most) | (numbers >= most))
            wrong = {f"not-{name}": none, reasons.OUT_OF_RANGE: beyond}
            wrong[reasons.INEXACT] = ~none & ~beyond & (np.trunc(numbers) != numbers)
            found = np.where(none | beyond, 0, numbers).astype(np.int64).astype(kind.to_pandas_dtype())
    problems = {at: why for why, odd in wrong.items() for at in np.flatnonzero(odd).tolist()}
    return pa.array(found, kind, mask=array.is_null().to_numpy(zero_copy_only=False)), problems


def _timestamps(array: Any, name: str, zone: str) -> tuple[Any, Problems]:
    adjusted = array.type.tz is not None
    stamps, problems = _microseconds(array)
    if adjusted == (name == "timestamptz"):
        return stamps.cast(pa.timestamp("us", "UTC")) if adjusted else stamps, problems
    if adjusted:
        local = many_times.on_the_clock_of(stamps.cast(pa.timestamp("us", "UTC")), zone)
        found, others = _without(local, many_times.odd_times(local), reasons.OUT_OF_RANGE)
        return found, {**others, **problems}
    instants, odd = many_times.assume_zone(stamps, zone)
    for at in (
        []
        if odd is None
        else np.flatnonzero(pc.fill_null(odd, False).to_numpy(zero_copy_only=False)).tolist()
    ):
        problems.setdefault(at, _why(stamps[at].value, zone))
    found, others = _without(instants, many_times.odd_times(instants), reasons.OUT_OF_RANGE)
    return found, {**others, **problems}


def _why(clock: int, zone: str) -> str:
    """Why a local time is not one instant."""
    try:
        times.judge_timestamptz(Moment(clock, None), zone)
    except WrongValueError as error:
        return error.reason
    return reasons.AMBIGUOUS_TIME


def _microseconds(array: Any) -> tuple[Any, Problems]:
    """The stored numbers as microseconds without a zone, null where they are none that is whole and within years 1
    to 9999.
    """
    numbers = pc.fill_null(array.view(pa.int64()), 0).to_numpy()
    if array.type.unit == "ns":
        micros, wrong = numbers // 1000, numbers % 1000 != 0
        reason = reasons.INEXACT
    else:
        factor = _MICROSECONDS[array.type.unit]
        wrong = (numbers < FIRST // factor) | (numbers >= END // factor)
        micros, reason = np.where(wrong, 0, numbers) * factor, reasons.OUT_OF_RANGE
    if array.null_count:
        wrong &= array.is_valid().to_numpy(zero_copy_only=False)
    missing = wrong | array.is_null().to_numpy(zero_copy_only=False)
    found = pa.array(micros, pa.int64(), mask=missing).view(pa.timestamp("us"))
    return found, dict.fromkeys(np.flatnonzero(wrong).tolist(), reason)


def _without(array: Any, odd: Any, reason: str) -> tuple[Any, Problems]:
    """``array`` with null where ``odd`` says (None: nowhere), for ``reason``."""
    if odd is None:
        return array, {}
    odd = pc.fill_null(odd, False)
    at = np.flatnonzero(odd.to_numpy(zero_copy_only=False)).tolist()
    return pc.if_else(odd, None, array), dict.fromkeys(at, reason)


def _list(array: Any, shape: Items, written: Format) -> tuple[Any, Problems]:
    if not pa.types.is_list(array.type):
        array = pc.cast(array, pa.list_(array.type.value_field))
    offsets = array.offsets.to_numpy()
    child = array.values.slice(int(offsets[0]), int(offsets[-1] - offsets[0]))
    found, inner = values(child, shape.element, written)
    if not shape.kind.nullable:
        for at in np.flatnonzero(child.is_null().to_numpy(zero_copy_only=False)).tolist():
            inner.setdefault(at, reasons.NULL)
    offsets = offsets - offsets[0]
    positions = sorted(inner)
    outer = (np.searchsorted(offsets, positions, side="right") - 1).tolist()
    problems: Problems = {}
    for row, position in zip(outer, positions, strict=True):
        problems.setdefault(row, inner[position])
    mask = array.is_null() if array.null_count else None
    moved = pa.array(offsets, pa.int32())
    return pa.ListArray.from_arrays(moved, found, type=arrow_type(shape.kind), mask=mask), problems


def _struct(array: Any, shape: Fields, written: Format) -> tuple[Any, Problems]:
    there = array.is_valid().to_numpy(zero_copy_only=False)
    problems: Problems = {}
    children = []
    for each, inner in zip(shape.kind.fields, shape.shapes, strict=True):
        missing = array.type.get_field_index(each.name) < 0
        child = pa.nulls(len(array)) if missing else pc.struct_field(array, each.name)
        found, wrong = values(child, inner, written)
        if not each.nullable:
            for at in np.flatnonzero(child.is_null().to_numpy(zero_copy_only=False)).tolist():
                wrong.setdefault(at, reasons.NULL)
        for at, reason in wrong.items():
            if there[at]:
                problems.setdefault(at, reason)
        children.append(found)
    mask = array.is_null() if array.null_count else None
    fields = list(arrow_type(shape.kind))
    return pa.StructArray.from_arrays(children, fields=fields, mask=mask), problems
