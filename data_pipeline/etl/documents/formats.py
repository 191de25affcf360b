"""Dates and times in a format of strftime, exactly: ``%d.%m.%Y %H:%M`` takes ``31.1.2024 05:06``.

``%Y`` is four digits, ``%y`` two (69 to 99 are 19..). ``%m %d %H %I %M %S`` are two digits, of which a leading 0
may be left out where no other digits stand beside; ``%f`` any number of digits, ``%b %B %a %A`` English names and
``%p`` AM or PM in any case; ``%j`` is the day of the year, ``%z`` an offset as in ``times``. ``%F %T %D %R`` stand
for what they do in C, ``%-d`` for ``%d``. Everything else stands for itself.
"""

from __future__ import annotations

import re
from calendar import isleap
from dataclasses import dataclass
from functools import lru_cache

from data_pipeline.etl.errors import JobError

from . import reasons, times
from .times import BLANKS, DAY, Moment

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
        parts = dict(zip(self.directives, found.groups()))
        days = _day(parts, name)
        clock = times.time_of_day(
            _hour(parts, name), int(parts.get("M", 0)), int(parts.get("S", 0)), parts.get("f", ""), name
        )
        return Moment(days * DAY + clock, times.offset_of(parts["z"], name) if "z" in parts else None)


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
        if not 1 <= int(parts["j"]) <= 365 + isleap(year):
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
