"""Dates and times in a format of strftime, exactly: ``%d.%m.%Y %H:%M`` takes ``31.1.2024 05:06``.

``%Y`` is four digits, ``%y`` two (69 to 99 are 19..). ``%m %d %H %I %M %S`` are two digits, of which a leading 0
may be left out where no other digits stand beside; ``%f`` any number of digits, ``%b %B %a %A`` English names and
``%p`` AM or PM in any case; ``%j`` is the day of the year, ``%z`` an offset as in ``times``. ``%F %T %D %R`` stand
for what they do in C, ``%-d`` for ``%d``. Everything else stands for itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from data_pipeline.etl.errors import JobError
from data_pipeline.etl.reading import reasons, times
from data_pipeline.etl.reading.times import BLANKS, DAY, Moment

_SHORT = {"F": "%Y-%m-%d", "T": "%H:%M:%S", "D": "%m/%d/%y", "R": "%H:%M"}
_MONTHS = (
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ONE_OR_TWO, _DIGITS = frozenset("mdHIMS"), frozenset("YymdHIMSfj")
_PATTERNS = {
    "Y": "[0-9]{4}",
    "y": "[0-9]{2}",
    "j": "[0-9]{3}",
    "f": "[0-9]+",
    "p": "[AaPp][Mm]",
    "z": "Z|[+-][0-9]{2}(?::?[0-9]{2})?",
    "b": "|".join(name[:3] for name in _MONTHS),
    "B": "|".join(_MONTHS),
    "a": "|".join(name[:3] for name in _WEEKDAYS),
    "A": "|".join(_WEEKDAYS),
}
_DAYS = (frozenset("Ymd"), frozenset("Yj"))
#: formats of these directives alone are read by NumPy; others text by text
_QUICK = frozenset("YmdHMSf")


@dataclass(frozen=True)
class Format:
    """``pattern`` has a group for each of ``directives``, in their order."""

    text: str
    pattern: str
    directives: tuple[str, ...]

    def moment(self, text: str, name: str) -> Moment:
        """The time that ``text`` writes; ``name`` is the type that is wanted. WrongValueError if it is none."""
        found = re.fullmatch(self.pattern, text.strip(BLANKS))
        if not found:
            raise reasons.not_a(name)
        parts = dict(zip(self.directives, found.groups(), strict=True))
        days = _day(parts, name)
        clock = times.time_of_day(
            _hour(parts, name), int(parts.get("M", 0)), int(parts.get("S", 0)), parts.get("f", ""), name
        )
        return Moment(days * DAY + clock, times.offset_of(parts["z"], name) if "z" in parts else None)

    def quick(self, texts: Any) -> Any | None:
        """Microseconds on the texts' own clocks, null where ``moment`` has to say what a text is; None if this format
        is read text by text alone.
        """
        if not set(self.directives) <= _QUICK:
            return None
        found = pc.extract_regex(texts, f"^{self.pattern}$")
        there = found.is_valid().to_numpy(zero_copy_only=False)
        parts = {name: pc.struct_field(found, [at]) for at, name in enumerate(self.directives)}
        fraction = _fraction(parts.pop("f", None), there)
        numbers = {name: _integers(column) for name, column in parts.items()}
        micros, real = _clock(numbers, fraction)
        return pa.array(micros, pa.int64(), mask=~(there & real))


@lru_cache(maxsize=256)
def compiled(text: str, name: str) -> Format:
    """The format of a column of the type ``name``. JobError if it cannot say what a text is."""
    pieces = _pieces(text)
    directives = tuple(piece[1] for piece in pieces if len(piece) == 2)
    known = _DIGITS | set(_PATTERNS)
    wrong = [each for each in directives if each not in known or directives.count(each) > 1]
    if wrong:
        raise JobError(f"format {text}: %{wrong[0]} is not known, or stands twice")
    plain = {"y": "Y", "b": "m", "B": "m"}
    if not any(day <= {plain.get(each, each) for each in directives} for day in _DAYS):
        raise JobError(f"format {text}: it has to say year, month and day of a {name}")
    if ("I" in directives) != ("p" in directives):
        raise JobError(f"format {text}: %I and %p stand together")
    pattern = "".join(_pattern(pieces, at) for at in range(len(pieces)))
    return Format(text, pattern, directives)


def _pieces(text: str) -> list[str]:
    """Directives as ``%d`` and the characters between them."""
    text = re.sub(r"%([FTDR])", lambda found: _SHORT[found[1]], text.replace("%-", "%"))
    return ["%" if piece == "%%" else piece for piece in re.findall(r"%.|[^%]|%", text, re.DOTALL)]


def _pattern(pieces: list[str], at: int) -> str:
    piece = pieces[at]
    if len(piece) == 1:
        return re.escape(piece)
    beside = [pieces[other] for other in (at - 1, at + 1) if 0 <= other < len(pieces)]
    digits = any(each[-1] in (_DIGITS if len(each) == 2 else "0123456789") for each in beside)
    if piece[1] in _ONE_OR_TWO:
        return "([0-9]{2})" if digits else "([0-9]{1,2})"
    return f"({'(?i:' if piece[1] in 'bBaA' else '(?:'}{_PATTERNS[piece[1]]}))"


def _day(parts: dict[str, str], name: str) -> int:
    """Days since 1970-01-01."""
    year = int(parts["Y"]) if "Y" in parts else (int(parts["y"]) + 31) % 100 + 1969
    if "j" in parts:
        day = times.day_number(year, 1, 1, name=name) + int(parts["j"]) - 1
        if not 1 <= int(parts["j"]) <= 366 or date.fromordinal(day + 719_163).year != year:
            raise reasons.not_a(name)
    else:
        word = parts.get("b", parts.get("B", ""))
        months = [each[:3] for each in _MONTHS]
        month = months.index(word[:3].lower()) + 1 if word else int(parts["m"])
        day = times.day_number(year, month, int(parts["d"]), name=name)
    weekday = parts.get("a", parts.get("A", "")).lower()
    if weekday and not _WEEKDAYS[(day + 3) % 7].startswith(weekday):
        raise reasons.not_a(name)
    return day


def _hour(parts: dict[str, str], name: str) -> int:
    if "I" not in parts:
        return int(parts.get("H", 0))
    hour = int(parts["I"])
    if not 1 <= hour <= 12:
        raise reasons.not_a(name)
    return hour % 12 + (12 if parts["p"].lower() == "pm" else 0)


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
