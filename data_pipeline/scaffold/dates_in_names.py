"""The date that a path has: which of its digits are the year, the month, the day and the hour."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

WORDS = ("year", "month", "day", "hour")
_FIRST_YEAR, _LAST_YEAR = 1900, 2099
_DIGITS = re.compile("[0-9]+")
_HIGHEST = {"month": 12, "day": 31, "hour": 23}
_LABELS = {"month": "month|mon|mm|m", "day": "day|dd|d", "hour": "hour|hh|hr|h"}
#: what may stand between a word of time and the next one.
_GAP = {word: re.compile(rf"[-_./ ]|[-_./ ]?(?:{label})=?", re.I) for word, label in _LABELS.items()}
_HOUR_AFTER = re.compile(r"T|/|[-_./ T]?(?:hour|hh|hr|h)=?", re.I)
_COMMON = 0.9
"""Share of the paths that have a word of time, from which on it is taken for one."""


class Span(NamedTuple):
    """Where the digits of a word of time are in a path."""

    start: int
    end: int
    word: str


@dataclass(frozen=True)
class Dates:
    """``words`` of time that the paths have; path → where they are, of those paths that have them all.
    ``either``: day and month could be the other way round.
    """

    words: tuple[str, ...]
    spans: Mapping[str, tuple[Span, ...]]
    either: bool = False


def dates(paths: Sequence[str]) -> Dates:
    """The words of time that most of the ``paths`` have, coarse to fine."""
    sorted_words = {path: _year_first(path) for path in paths}
    days_first, either = _year_last(paths)
    found = {path: max(sorted_words[path], days_first.get(path, ()), key=len) for path in paths}
    words = _common(found)
    if not words:
        return Dates((), dict.fromkeys(paths, ()))
    kept = {
        path: tuple(span for span in spans if span.word in words)
        for path, spans in found.items()
        if set(words) <= {span.word for span in spans}
    }
    return Dates(
        words,
        kept,
        either and "day" in words and not any(len(sorted_words[path]) == len(words) for path in kept),
    )


def _common(found: Mapping[str, tuple[Span, ...]]) -> tuple[str, ...]:
    """The finest words that nearly all paths with a date have; none where few have a date."""
    counts = Counter(word for spans in found.values() for word in {span.word for span in spans})
    dated = counts["year"]
    if dated * 2 < len(found):
        return ()
    return tuple(word for word in WORDS if counts[word] >= _COMMON * dated)


def _year_first(path: str) -> tuple[Span, ...]:
    """``2024-01-31``, ``2024/01``, ``20240131T05``, ``year=2024/month=1``: the first such date."""
    runs = [*_DIGITS.finditer(path)]
    for at, run in enumerate(runs):
        found = _compact(run)
        if not found:
            continue
        for following in runs[at + 1 :]:
            word = WORDS[len(found)] if len(found) < len(WORDS) else ""
            gap = path[found[-1].end : following.start()]
            if word == "hour" and _is_clock(gap, following[0]):
                found = (*found, Span(following.start(), following.start() + 2, word))
            if not word or not _follows(word, gap, following[0], path[following.end() :]):
                break
            found = (*found, Span(*following.span(), word))
        if len(found) > 2 and not _a_day(path, found):
            found = found[:2]
        if len(found) > 1 or len(run[0]) == 4:
            return found
    return ()


def _compact(run: re.Match[str]) -> tuple[Span, ...]:
    """A year, and what follows it without a sign between: ``2024``, ``202401``, ``20240131``, ``2024013105``."""
    digits, start = run[0], run.start()
    if len(digits) not in (4, 6, 8, 10, 12, 14) or not _FIRST_YEAR <= int(digits[:4]) <= _LAST_YEAR:
        return ()
    found = [Span(start, start + 4, "year")]
    for word, at in zip(WORDS[1:], range(4, min(len(digits), 10), 2), strict=False):
        if not _fits(word, digits[at : at + 2]):
            return ()
        found.append(Span(start + at, start + at + 2, word))
    return tuple(found)


def _follows(word: str, gap: str, digits: str, rest: str) -> bool:
    if not _fits(word, digits):
        return False
    if word != "hour":
        return bool(_GAP[word].fullmatch(gap))
    minutes = re.match(r"[-_:.h]?[0-9]{2}(?![0-9])", rest)
    return bool(_HOUR_AFTER.fullmatch(gap)) or (gap in "-_ " and minutes is not None)


def _is_clock(gap: str, digits: str) -> bool:
    """``T0530``, ``_053000``: hour, minute and second without a sign between."""
    if gap not in ("T", "_", "-", "") or len(digits) not in (4, 6) or (len(digits) == 4 and gap != "T"):
        return False
    return int(digits[:2]) < 24 and int(digits[2:4]) < 60 and int(digits[4:] or 0) < 60


def _fits(word: str, digits: str) -> bool:
    lowest = 0 if word == "hour" else 1
    return len(digits) <= 2 and lowest <= int(digits) <= _HIGHEST[word]


def _a_day(path: str, spans: Sequence[Span]) -> bool:
    year, month, day = (int(path[span.start : span.end]) for span in spans[:3])
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


_LAST = re.compile(r"(?<![0-9])([0-9]{1,2})([-_.])([0-9]{1,2})\2((?:19|20)[0-9]{2})(?![0-9])")


def _year_last(paths: Sequence[str]) -> tuple[dict[str, tuple[Span, ...]], bool]:
    """``31-01-2024`` or ``01-31-2024``, whichever all paths can be; and whether both could be."""
    matches = {path: found for path in paths if (found := _LAST.search(path))}
    for order in (("day", "month", "year"), ("month", "day", "year")):
        spans = {
            path: tuple(Span(*found.span(group), word) for group, word in zip((1, 3, 4), order, strict=True))
            for path, found in matches.items()
        }
        if all(
            _a_day(path, sorted(each, key=lambda span: WORDS.index(span.word)))
            for path, each in spans.items()
        ):
            other = all(int(found[1]) <= 12 and int(found[3]) <= 12 for found in matches.values())
            return spans, other and bool(matches)
    return {}, False
