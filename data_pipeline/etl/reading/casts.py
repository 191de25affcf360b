"""A column of texts becomes a column of its type, exactly: what Arrow is proved to cast as ``numbers``, ``times``
and ``formats`` would judge is cast at once, and every other text is judged by them, one by one.

A cast is proved right where a text has none of the bytes by which Arrow's reading is wider than ours (``0x1F``,
``inf``), and its value is none of those that Arrow alters (1e400). A text that Arrow refuses may still be one of
ours (``1.0`` as int).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_pipeline.etl.documents import formats, numbers, types
from data_pipeline.etl.documents.datasets import Format
from data_pipeline.etl.documents.reasons import WrongValueError
from data_pipeline.etl.documents.values import judge_of
from data_pipeline.etl.reading import many_times
from data_pipeline.etl.reading.schemas import arrow_type

BLANKS = " \t"
Problems = dict[int, str]
"""Position in a column → why its value is refused."""


class Quick(NamedTuple):
    """A cast of many texts. ``lowest`` and ``highest`` are the only bytes that ``cast`` may be given: it returns the
    values, and where they have to be judged again, or None. It raises ArrowInvalid if one text is none. Texts that
    match the last of ``grammars`` never make it raise, those that match one before seldom do.
    """

    cast: Callable[[Any], tuple[Any, Any]]
    lowest: str
    highest: str
    grammars: tuple[str, ...]


@dataclass(frozen=True)
class Cast:
    """``judge`` gives the value of one text as Python has it (a time as microseconds, a date as days), or raises
    WrongValueError. ``point``: what stands between whole and fraction of a number.
    """

    type: pa.DataType
    judge: Callable[[str], Any]
    quick: Quick
    point: str = "."


def cast_of(kind: types.Primitive, written: Format) -> Cast | None:
    """How texts of a file in the format ``written`` become ``kind``; None for a string, which stays as it is."""
    if kind.name == "string":
        return None
    maker = _MAKERS.get(kind.name, _number)
    return maker(kind, written)


def convert(texts: Any, cast: Cast) -> tuple[Any, Problems]:
    """The values of an Arrow array of strings (null stays null), null where a text has none, and why it has none."""
    values, doubtful = _quick(texts, cast)
    if doubtful is None:
        return values, {}
    at = np.flatnonzero(doubtful)
    return _judged(texts, values, at, cast) if len(at) else (values, {})


def _quick(texts: Any, cast: Cast) -> tuple[Any, Any]:
    """The values that are proved, and a NumPy array of where others are to be judged, or None if nowhere."""
    quick = cast.quick
    plain, pointed = (texts, None) if cast.point == "." else _with_points(texts, cast.point)
    doubtful = _either(pointed, _outside(plain, quick))
    attempt = _attempt(_without(plain, doubtful), cast)
    if (attempt is None and doubtful is None) or (doubtful is not None and _blank(plain, doubtful, quick)):
        plain = pc.utf8_trim(plain, BLANKS)
        doubtful = _either(pointed, _outside(plain, quick))
        attempt = _attempt(_without(plain, doubtful), cast)
    for grammar in quick.grammars:
        if attempt is not None:
            break
        fits = pc.match_substring_regex(plain, grammar)
        doubtful = _either(doubtful, _mask(pc.invert(fits)))
        attempt = _attempt(_without(plain, doubtful), cast)
    if attempt is None:
        return pa.nulls(len(texts), cast.type), texts.is_valid().to_numpy(zero_copy_only=False)
    values, odd = attempt
    return values, _either(doubtful, None if odd is None else _mask(odd))


def _attempt(texts: Any, cast: Cast) -> tuple[Any, Any] | None:
    try:
        return cast.quick.cast(texts)
    except pa.ArrowInvalid:
        return None


def _judged(texts: Any, values: Any, at: Any, cast: Cast) -> tuple[Any, Problems]:
    """``values`` with those of the texts at the positions ``at`` put in."""
    known: dict[str, Any] = {}
    problems: Problems = {}
    found: list[Any] = []
    for position, text in zip(at.tolist(), texts.take(pa.array(at)).to_pylist(), strict=True):
        if text not in known:
            known[text] = _one(text, cast)
            if len(known) > 1 << 16:
                known.clear()
                known[text] = _one(text, cast)
        value = known[text]
        if isinstance(value, WrongValueError):
            problems[position] = value.reason
            found.append(None)
        else:
            found.append(value)
    mask = np.zeros(len(values), bool)
    mask[at] = True
    return pc.replace_with_mask(values, pa.array(mask), _array(found, cast.type)), problems


def _one(text: str, cast: Cast) -> Any:
    """The value, or a refusal that was never raised: one that was would keep all that its callers hold."""
    try:
        return cast.judge(text)
    except WrongValueError as refusal:
        return WrongValueError(refusal.reason)


def _array(values: list[Any], kind: pa.DataType) -> Any:
    """Times from microseconds, dates from days, the rest from Python's values."""
    if pa.types.is_timestamp(kind):
        return pa.array(values, pa.int64()).view(kind)
    if pa.types.is_date32(kind):
        return pa.array(values, pa.int32()).view(kind)
    return pa.array(values, kind)


def scalar(text: str, cast: Cast | None) -> Any:
    """The one value that ``text`` is. WrongValueError if it is none."""
    return pa.scalar(text) if cast is None else _array([cast.judge(text)], cast.type)[0]


def _outside(texts: Any, quick: Quick) -> Any:
    """Where a text has a byte below ``lowest`` or above ``highest``: a NumPy array, or None if nowhere."""
    offsets = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1]
    if not len(texts) or offsets[0] == offsets[-1]:
        return None
    data = np.frombuffer(texts.buffers()[2], np.uint8)[offsets[0] : offsets[-1]]
    lowest, highest = ord(quick.lowest), ord(quick.highest)
    if data.min() >= lowest and data.max() <= highest:
        return None
    at = np.flatnonzero((data < lowest) | (data > highest)) + offsets[0]
    found = np.zeros(len(texts), bool)
    found[np.searchsorted(offsets, at, side="right") - 1] = True
    if texts.null_count:
        found &= texts.is_valid().to_numpy(zero_copy_only=False)
    return found if found.any() else None


def _with_points(texts: Any, point: str) -> tuple[Any, Any]:
    """Texts whose decimal comma is a point, and where one had a point already."""
    had = _mask(pc.match_substring(texts, "."))
    return pc.replace_substring(texts, point, "."), had


def _blank(texts: Any, doubtful: Any, quick: Quick) -> bool:
    """Whether a text has blanks around it; such a text is doubtful, unless a blank may stand within."""
    if quick.lowest > " ":
        texts = texts.filter(pa.array(doubtful))
    return bool(pc.any(pc.match_substring_regex(texts, "^[ \t]|[ \t]$")).as_py())


def _without(texts: Any, doubtful: Any) -> Any:
    """``texts`` with null where they are doubtful; their bytes stay where they are."""
    if doubtful is None:
        return texts
    there = ~doubtful
    if texts.null_count:
        there &= texts.is_valid().to_numpy(zero_copy_only=False)
    offsets = texts.buffers()[1].slice(4 * texts.offset)
    valid = pa.py_buffer(np.packbits(there, bitorder="little"))
    return pa.StringArray.from_buffers(len(texts), offsets, texts.buffers()[2], valid)


def _mask(values: Any) -> Any:
    """A NumPy array of an Arrow array of booleans, false for null; None if there is no true one."""
    if not pc.any(values).as_py():
        return None
    return pc.fill_null(values, False).to_numpy(zero_copy_only=False)


def _either(one: Any, other: Any) -> Any:
    if one is None or other is None:
        return other if one is None else one
    return one | other


def _boolean(kind: types.Primitive, written: Format) -> Cast:
    quick = Quick(lambda texts: (pc.cast(texts, pa.bool_()), None), "A", "z", ("^(?i:true|false)$",))
    return Cast(pa.bool_(), judge_of(kind, written), quick)


def _number(kind: types.Primitive, written: Format) -> Cast:
    arrow, point = arrow_type(kind), written.decimal
    if kind.name == "decimal":
        precision, scale = kind.precision, kind.scale
        whole, fraction = f"[0-9]{{1,{max(precision - scale, 1)}}}", f"[0-9]{{0,{scale}}}"
        if precision == scale:
            whole = "0"
        grammar = rf"^[+-]?{whole}(\.{fraction})?$"

        def cast(texts: Any) -> tuple[Any, Any]:
            return pc.cast(texts, arrow), _beyond_decimals(texts, scale, grammar)

        return Cast(
            arrow,
            judge_of(kind, written),
            Quick(cast, "+", "9", (grammar,)),
            point,
        )
    digits = 9 if kind.name == "int" else 18
    return Cast(
        arrow,
        judge_of(kind, written),
        Quick(lambda texts: (pc.cast(texts, arrow), None), "+", "9", (rf"^-?[0-9]{{1,{digits}}}$",)),
        point,
    )


def _beyond_decimals(texts: Any, scale: int, grammar: str) -> Any:
    """Where a text may have more digits than Arrow can hold, which it then cuts off in silence; None if nowhere."""
    many = pc.greater(pc.binary_length(texts), numbers.MOST_PRECISION - scale)
    if not pc.any(many).as_py():
        return None
    return pc.and_(many, pc.invert(pc.match_substring_regex(texts, grammar)))


def _float(kind: types.Primitive, written: Format) -> Cast:
    arrow, point = arrow_type(kind), written.decimal

    def cast(texts: Any) -> tuple[Any, Any]:
        found = pc.cast(texts, arrow)
        return found, _odd_floats(found, texts)

    grammar = r"^[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$"
    return Cast(
        arrow,
        judge_of(kind, written),
        Quick(cast, "+", "e", (grammar,)),
        point,
    )


def _odd_floats(found: Any, texts: Any) -> Any:
    """Where a cast has to be judged again: no finite number, or a 0 whose text has other digits. None if nowhere."""
    bounds = pc.min_max(found).as_py()
    odd = pc.invert(pc.is_finite(found))
    if bounds["min"] is not None and bounds["min"] <= 0 <= bounds["max"]:
        zero = pc.and_(pc.equal(found, 0), pc.match_substring_regex(texts, "[1-9]"))
        odd = pc.or_(odd, zero)
    return odd if pc.any(odd).as_py() else None


_DATE = "[0-9]{4}-[0-9]{2}-"
_CLOCK = r"([ T]([01][0-9]|2[0-3])(:[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?)?"
_OFFSET = "(Z|[+-]([01][0-9]|2[0-3])(:?[0-5][0-9])?)"


def _days(rest: str) -> tuple[str, str]:
    """Grammars of days that a calendar may have, and of those that each month has, with ``rest`` behind them."""
    sure = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])"
    return f"^{_DATE}[0-9]{{2}}{rest}$", f"^{sure}{rest}$"


def _date(kind: types.Primitive, written: Format) -> Cast:
    if written.date:
        return _formatted(kind, written, written.date)

    def cast(texts: Any) -> tuple[Any, Any]:
        found = pc.cast(texts, pa.date32())
        return found, many_times.odd_times(found)

    return Cast(pa.date32(), judge_of(kind, written), Quick(cast, "-", "9", _days("")))


def _timestamp(kind: types.Primitive, written: Format) -> Cast:
    if written.timestamp:
        return _formatted(kind, written, written.timestamp)
    zone = written.timezone
    with_zone = kind.name == "timestamptz"

    def cast(texts: Any) -> tuple[Any, Any]:
        if with_zone:
            found, odd = many_times.quick_timestamptz(texts, zone)
        else:
            found, odd = pc.cast(texts, arrow_type(kind)), None
        beyond = many_times.odd_times(found)
        return found, beyond if odd is None else odd if beyond is None else pc.or_(odd, beyond)

    rest = f"{_CLOCK}{_OFFSET})" if with_zone else f"{_CLOCK})?"
    return Cast(arrow_type(kind), judge_of(kind, written), Quick(cast, " ", "Z", _days(rest)))


def _formatted(kind: types.Primitive, written: Format, text: str) -> Cast:
    """A date or a time in a format of strftime."""
    form, arrow, zone = formats.compiled(text, kind.name), arrow_type(kind), written.timezone

    def cast(texts: Any) -> tuple[Any, Any]:
        clocks = many_times.formatted(form, texts)
        if clocks is None or (kind.name == "timestamptz" and not zone):
            return pa.nulls(len(texts), arrow), texts.is_valid()
        unread = pc.and_(texts.is_valid(), clocks.is_null())
        if kind.name == "date":
            days = pc.cast(pc.floor_temporal(clocks.view(pa.timestamp("us")), unit="day"), arrow)
            return days, unread
        stamps = clocks.view(pa.timestamp("us"))
        if kind.name == "timestamp":
            return stamps, unread
        instants, odd = many_times.assume_zone(stamps, zone)
        return instants, unread if odd is None else pc.or_(unread, pc.fill_null(odd, False))

    return Cast(arrow, judge_of(kind, written), Quick(cast, "\0", "\x7f", ()))


_MAKERS: dict[str, Callable[[types.Primitive, Format], Cast]] = {
    "boolean": _boolean,
    "float": _float,
    "double": _float,
    "date": _date,
    "timestamp": _timestamp,
    "timestamptz": _timestamp,
}
