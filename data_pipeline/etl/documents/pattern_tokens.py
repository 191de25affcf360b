"""What a pattern of paths consists of: text → tokens, or what is wrong with the text.

The grammar is in ``patterns``, which is what others import.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Union

#: the words of time, coarse to fine, with the digits that each has.
TIMES = {"year": 4, "month": 2, "day": 2, "hour": 2}
MOST_DIGITS = 18
LONGEST = 1024

_PIECE = re.compile(r"\{(?P<braced>[^{}]*)\}|(?P<wild>[*?])|(?P<text>[^{}*?]+)|(?P<stray>[{}])")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_FORMATS = {"yyyy": "year", "yy": "year", "mm": "month", "dd": "day", "hh": "hour", "mon": "month"}


class PatternError(ValueError):
    """A text is no pattern, or a pattern is used otherwise than it can be. ``found`` and ``expected`` are words for a
    message; ``advice`` says what to write instead, where that is known.
    """

    def __init__(self, found: str, expected: str, advice: str = "") -> None:
        super().__init__(f"found {found}, expected {expected}" + (f"; {advice}" if advice else ""))
        self.found = found
        self.expected = expected
        self.advice = advice


@dataclass(frozen=True)
class Literal:
    text: str


@dataclass(frozen=True)
class Wild:
    """``*``, any characters but ``/``, or with ``one`` exactly one of them."""

    one: bool


@dataclass(frozen=True)
class Time:
    """A word of time. With ``fixed`` it has all its digits; without, leading zeros may be left out."""

    name: str
    fixed: bool


@dataclass(frozen=True)
class Part:
    """Any other name: one of ``values`` where they are listed, ``width`` digits where that is given, or free."""

    name: str
    width: int = 0
    values: tuple[str, ...] = ()

    @property
    def free(self) -> bool:
        return not self.width and not self.values


Token = Union[Literal, Wild, Time, Part]


def tokens(text: str) -> tuple[Token, ...]:
    """The tokens of ``text``; neighbours fit. PatternError if it is no pattern."""
    _check_path(text)
    found = tuple(_token(piece, text) for piece in _PIECE.finditer(text))
    _check_names([each.name for each in found if isinstance(each, (Time, Part))])
    for before, after in zip(found, found[1:]):
        _check_neighbours(before, after)
    return found


def _check_path(text: str) -> None:
    place = "a path below the input"
    if not text or not text.isprintable() or len(text) > LONGEST:
        raise PatternError(_quoted(text), f"{place}, of 1 to {LONGEST} printable characters")
    if "://" in text:
        raise PatternError(_quoted(text), place, "leave out the scheme and the bucket")
    if text.startswith("/"):
        raise PatternError(_quoted(text), f"{place}, without '/' first", f"write {_quoted(text.lstrip('/'))}")
    if text.endswith("/"):
        raise PatternError(_quoted(text), "a pattern of files", f"write {_quoted(text + '*')}")
    if {"", ".", ".."} & set(text.split("/")):
        raise PatternError(_quoted(text), f"{place}, without '.', '..' or '//'")
    if "\\" in text:
        raise PatternError("a '\\'", "'/' between folders", f"write {_quoted(text.replace(chr(92), '/'))}")
    if "**" in text:
        raise PatternError("'**'", "'*', which stays inside a folder", "write one pattern for each depth")
    if re.search(r"[\[\]]", text):
        raise PatternError(
            "brackets", "'?', '*' or a part with its values", "write '?', or as in {kind:new|old}"
        )


def _token(piece: re.Match[str], text: str) -> Token:
    if piece["text"]:
        return Literal(piece["text"])
    if piece["wild"]:
        return Wild(piece["wild"] == "?")
    if piece["stray"]:
        raise PatternError(
            f"a single '{piece['stray']}' in {_quoted(text)}", "braces in pairs, around a name"
        )
    name, colon, rest = piece["braced"].partition(":")
    _check_name(name, piece[0])
    if colon and not rest:
        raise PatternError(_quoted(piece[0]), "a width or values after ':'", f"write {{{name}}}")
    if name in TIMES:
        return _time(name, rest, piece[0])
    if rest.isascii() and rest.isdigit():
        width = int(rest)
        if not 1 <= width <= MOST_DIGITS:
            raise PatternError(_quoted(piece[0]), f"a width of 1 to {MOST_DIGITS} digits")
        return Part(name, width)
    return Part(name, values=_values(name, rest, piece[0]) if rest else ())


def _time(name: str, rest: str, braced: str) -> Time:
    if rest and not (rest.isascii() and rest.isdigit()):
        raise PatternError(_quoted(braced), f"{{{name}}}: a time has no values", f"write {{{name}}}")
    if rest and int(rest) != TIMES[name]:
        raise PatternError(
            _quoted(braced), f"{_a(name)} of {TIMES[name]} digits", f"write {{{name}:0{TIMES[name]}}}"
        )
    return Time(name, bool(rest) or name == "year")


def _values(name: str, rest: str, braced: str) -> tuple[str, ...]:
    values = tuple(rest.split("|"))
    if "" in values:
        raise PatternError(f"an empty value in {_quoted(braced)}", "values between single '|'")
    if "," in rest and "|" not in rest:
        raise PatternError(
            _quoted(braced), "values between '|'", f"write {{{name}:{rest.replace(',', '|')}}}"
        )
    if any("/" in value for value in values):
        raise PatternError(f"a '/' in a value of {_quoted(braced)}", "values inside one folder's name")
    if any(sign in rest for sign in "*?"):
        raise PatternError(f"a wildcard in a value of {_quoted(braced)}", "plain values")
    if twice := _twice(values):
        raise PatternError(f"the value {_quoted(twice)} twice in {_quoted(braced)}", "each value once")
    return values


def _check_name(name: str, braced: str) -> None:
    if name in TIMES:
        return
    if name == "date":
        raise PatternError(
            "'{date}'", "year, month and day", "write {year}-{month}-{day}, as the files are named"
        )
    near = _FORMATS.get(name.lower()) or next(
        iter(difflib.get_close_matches(name.lower(), TIMES, n=1, cutoff=0.82)), None
    )
    if near:
        raise PatternError(_quoted(braced), "{year}, {month}, {day} or {hour}", f"did you mean {{{near}}}?")
    if "," in name or "|" in name:
        listed = "|".join(re.split(r"[,|]", name))
        raise PatternError(
            _quoted(braced), "values behind a name", f"write {{kind:{listed}}}, with a better name"
        )
    if not _NAME.fullmatch(name):
        raise PatternError(
            _quoted(braced), "a name of lower-case letters, digits and '_', a letter first", _mended(name)
        )


def _mended(name: str) -> str:
    near = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return f"did you mean {{{near}}}?" if _NAME.fullmatch(near) else ""


def _check_names(names: list[str]) -> None:
    if twice := _twice(names):
        raise PatternError(f"{{{twice}}} twice", "each name once", "write '*' the second time")
    words = list(TIMES)
    for coarser, finer in zip(words, words[1:]):
        if finer in names and coarser not in names:
            raise PatternError(f"{{{finer}}} without {{{coarser}}}", f"{_a(finer)} with its {coarser}")


def _check_neighbours(before: Token, after: Token) -> None:
    """Refuse what leaves open where one ends and the next begins."""
    if isinstance(before, Time) and not before.fixed and _begins_with_digit(after):
        name = before.name
        raise PatternError(
            f"{{{name}}} directly before {_word(after)}",
            f"{_a(name)} of two digits there",
            f"write {{{name}:02}}",
        )
    free = [isinstance(each, Part) and each.free for each in (before, after)]
    loose = [isinstance(each, Wild) and not each.one for each in (before, after)]
    if (free[0] and (free[1] or loose[1])) or (free[1] and loose[0]):
        raise PatternError(
            f"{_word(before)} directly before {_word(after)}", "something between them that tells them apart"
        )


def _a(time: str) -> str:
    return f"{'an' if time == 'hour' else 'a'} {time}"


def _begins_with_digit(token: Token) -> bool:
    if isinstance(token, Literal):
        return token.text[0].isdigit()
    digits = isinstance(token, Part) and (token.width or any(value[0].isdigit() for value in token.values))
    return isinstance(token, Time) or bool(digits)


def _word(token: Token) -> str:
    if isinstance(token, Literal):
        return _quoted(token.text)
    return ("'?'" if token.one else "'*'") if isinstance(token, Wild) else f"{{{token.name}}}"


def _twice(words: list[str] | tuple[str, ...]) -> str | None:
    return next((word for word in words if words.count(word) > 1), None)


def _quoted(text: str) -> str:
    line = text if text.isprintable() else text.encode("unicode_escape").decode("ascii")
    return f"'{line[:60]}…'" if len(line) > 60 else f"'{line}'"


def loose(before: Token | None, token: Time) -> bool:
    """Whether a time without all its digits stands where characters before it could be digits of it."""
    free = isinstance(before, Wild) or (isinstance(before, Part) and before.free)
    return free and not token.fixed


def spellings(token: Time) -> Iterator[str]:
    """Every text of a month, day or hour that the token reads, the one that it writes among them."""
    first, last = {"month": (1, 12), "day": (1, 31), "hour": (0, 23)}[token.name]
    for number in range(first, last + 1):
        yield f"{number:02}"
        if not token.fixed and number < 10:
            yield str(number)
