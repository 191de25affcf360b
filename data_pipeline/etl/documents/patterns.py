"""Patterns of paths: which file is of a data set, and of which period and series.

    orders/{year}/{month}/{day}/part-*.json.gz
    {dataset:new|old}_{year}-{month:02}.csv

``{year}``, ``{month}``, ``{day}`` and ``{hour}`` are the period. Any other name is a part that tells series apart; it
holds one or more characters but ``/``. After a colon digits are a width and anything else the values that the part may
have. Without a width ``{month}`` reads 4 and 04 and writes 4. ``*`` stands for any characters within a folder level,
``?`` for one. Of two neighbours that could share characters, the first takes as few as it can. A pattern is anchored:
it speaks of the whole path below the input.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from . import pattern_distance, pattern_overlap
from .pattern_tokens import TIMES, Literal, Part, PatternError, Time, Token, Wild, loose, tokens

__all__ = ["UNITS", "Match", "Pattern", "PatternError", "nearest", "overlap", "parse"]

#: what a period may be, coarse to fine; the empty unit is that of a pattern without time.
UNITS = ("", *TIMES)

_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_TWO_DIGITS = {"month": "1[0-2]|0[1-9]", "day": "[12][0-9]|3[01]|0[1-9]", "hour": "1[0-9]|2[0-3]|0[0-9]"}
_ONE_DIGIT = {"month": "[1-9]", "day": "[1-9]", "hour": "[0-9]"}
_PERIOD = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d))?)?)?")


@dataclass(frozen=True)
class Match:
    """What a path says of its file. ``period``: ``2024``, ``2024-01``, ``2024-01-31``, ``2024-01-31T05``, or empty;
    ``parts``: the value of each other name.
    """

    period: str
    parts: Mapping[str, str]


@dataclass(frozen=True)
class Pattern:
    """``unit``: the finest word of time in it, or empty; ``names``: the other names, in order; ``values``: those that
    a name may have, where they are listed.
    """

    text: str
    unit: str = field(compare=False)
    names: tuple[str, ...] = field(compare=False)
    values: Mapping[str, tuple[str, ...]] = field(compare=False)
    tokens: tuple[Token, ...] = field(compare=False, repr=False)
    regex: re.Pattern[str] = field(compare=False, repr=False)

    def __str__(self) -> str:
        return self.text

    def match(self, path: str) -> Match | None:
        """What ``path`` (below the input, without ``/`` first) says; None if it is not of this pattern, or its date
        is none of the calendar.
        """
        found = self.regex.fullmatch(path)
        if found is None:
            return None
        period = _period(found, self.unit) if self.unit else ""
        return None if period is None else Match(period, {name: found[name] for name in self.names})

    def fill(self, period: str = "", parts: Mapping[str, str] | None = None) -> str:
        """The path of a period and parts. PatternError if they are not this pattern's, or it has wildcards."""
        given = dict(parts or {})
        written = "".join(self._written(token, period, given) for token in self.tokens)
        if self.match(written) != Match(period, given):
            found = f"period {period or 'none'} and parts {given or 'none'}"
            raise PatternError(found, f"what '{self.text}' tells apart")
        return written

    def _written(self, token: Token, period: str, parts: Mapping[str, str]) -> str:
        if isinstance(token, Literal):
            return token.text
        if isinstance(token, Wild):
            raise PatternError(f"a wildcard in '{self.text}'", "a pattern of one path")
        if isinstance(token, Part):
            return parts.get(token.name, "")
        found = _PERIOD.fullmatch(period)
        value = found[UNITS.index(token.name)] if found else None
        if value is None:
            raise PatternError(f"the period '{period}'", f"a {self.unit}, as '{self.text}' has it")
        return value if token.fixed else str(int(value))


def parse(text: str) -> Pattern:
    """The pattern that ``text`` is. PatternError if it is none."""
    found = tokens(text)
    times = [token.name for token in found if isinstance(token, Time)]
    parts = [token for token in found if isinstance(token, Part)]
    return Pattern(
        text,
        max(times, key=UNITS.index, default=""),
        tuple(part.name for part in parts),
        {part.name: part.values for part in parts if part.values},
        found,
        re.compile("".join(map(_expression, (None, *found), found)), re.DOTALL),
    )


def overlap(one: Pattern, other: Pattern) -> str | None:
    """A path that both claim, or None if there is none."""
    both = pattern_overlap.candidates(one.tokens, other.tokens)
    return next((path for path in both if one.match(path) and other.match(path)), None)


def nearest(path: str, patterns: Iterable[Pattern]) -> Pattern | None:
    """The pattern that ``path`` is probably meant for: it lies in another folder, or is spelt nearly so."""
    costs = {pattern: pattern_distance.distance(path, pattern.tokens) for pattern in patterns}
    best = min(costs, key=lambda pattern: costs[pattern], default=None)
    return best if best is not None and costs[best] < pattern_distance.FAR else None


def _period(found: re.Match[str], unit: str) -> str | None:
    year = found["year"]
    if unit == "year":
        return year
    month = found["month"].zfill(2)
    if unit == "month":
        return f"{year}-{month}"
    day = found["day"].zfill(2)
    if int(day) > _DAYS[int(month) - 1] or (month == "02" and day == "29" and not _leap(int(year))):
        return None
    return f"{year}-{month}-{day}" + (f"T{found['hour'].zfill(2)}" if unit == "hour" else "")


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _expression(before: Token | None, token: Token) -> str:
    """The regular expression of a token, as it stands behind ``before``."""
    if isinstance(token, Literal):
        return re.escape(token.text)
    if isinstance(token, Wild):
        return "[^/]" if token.one else "[^/]*?"
    if isinstance(token, Time):
        return _time_expression(before, token)
    if token.values:
        longest_first = sorted(token.values, key=len, reverse=True)
        return f"(?P<{token.name}>{'|'.join(map(re.escape, longest_first))})"
    return f"(?P<{token.name}>[0-9]{{{token.width}}})" if token.width else f"(?P<{token.name}>[^/]+?)"


def _time_expression(before: Token | None, token: Time) -> str:
    if token.name == "year":
        return "(?P<year>(?!0000)[0-9]{4})"
    if token.fixed:
        return f"(?P<{token.name}>{_TWO_DIGITS[token.name]})"
    group = f"(?P<{token.name}>{_TWO_DIGITS[token.name]}|{_ONE_DIGIT[token.name]})"
    return f"{'(?<![0-9])' if loose(before, token) else ''}{group}(?![0-9])"
