"""Paths that two patterns may both claim: the shortest words of the product of their automata.

An automaton is a list of states, each a list of edges ``(characters, target, no_digit)``. ``characters`` is a text of
those that fit, liked ones first, or None for any but ``/``; an edge whose text is empty needs no character. Where
``no_digit`` says so, no digit may stand ``BEFORE`` the edge or ``AFTER`` it. The last state accepts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import NamedTuple, Optional

from .pattern_tokens import Literal, Part, Time, Token, Wild, loose, spellings

BEFORE, AFTER = "before", "after"
_DIGITS = "0123456789"
Edge = tuple[Optional[str], int, str]
Automaton = list[list[Edge]]


@dataclass(frozen=True)
class _Dates:
    """Which dates an automaton reads: all spellings, or those of a year's last two digits, months and days only."""

    leap: bool = False
    months: tuple[int, ...] = tuple(range(1, 13))
    days: tuple[int, ...] = tuple(range(1, 32))


#: together all dates of the calendar, and no other, but of the leap years those at the turn of a century.
_CALENDAR = (
    _Dates(days=tuple(range(1, 29))),
    _Dates(months=(1, 3, 5, 7, 8, 10, 12), days=(29, 30, 31)),
    _Dates(months=(4, 6, 9, 11), days=(29, 30)),
    _Dates(leap=True, months=(2,), days=(29,)),
)


def candidates(one: Sequence[Token], other: Sequence[Token]) -> Iterator[str]:
    """Texts that fit both, but for what is no date: whoever asks tries them. None if no text fits."""
    left, right = tuple(one), tuple(other)
    ours, theirs = _levels(left), _levels(right)
    if len(ours) != len(theirs) or not all(map(_meet, ours, theirs)):
        return  # no token but a literal holds a '/'
    first = _shared(_automaton(left, _Dates()), _automaton(right, _Dates()))
    if first is None:
        return
    yield first
    for mine, hers in product(_CALENDAR, _CALENDAR):
        shared = _shared(_automaton(left, mine), _automaton(right, hers))
        if shared is not None:
            yield shared


def _levels(tokens: tuple[Token, ...]) -> list[tuple[Token, ...]]:
    """The tokens of each level of folders."""
    found: list[list[Token]] = [[]]
    for token in tokens:
        if not isinstance(token, Literal):
            found[-1].append(token)
            continue
        first, *more = token.text.split("/")
        found[-1] += [Literal(first)] if first else []
        found += [[Literal(text)] if text else [] for text in more]
    return [tuple(level) for level in found]


@lru_cache(maxsize=4096)
def _meet(one: tuple[Token, ...], other: tuple[Token, ...]) -> bool:
    """Whether a text fits both levels; dates aside."""
    return one == other or _shared(_automaton(one, _Dates()), _automaton(other, _Dates())) is not None


@lru_cache(maxsize=1024)
def _automaton(tokens: tuple[Token, ...], dates: _Dates) -> Automaton:
    states: Automaton = [[]]
    for before, token in zip((None, *tokens), tokens):
        if isinstance(token, Literal):
            _words(states, [token.text])
        elif isinstance(token, Wild):
            _any(states, loop=not token.one, needed=token.one)
        elif isinstance(token, Time):
            _time(states, before, token, dates)
        elif isinstance(token, Part) and token.values:
            _words(states, token.values)
        elif token.width:
            _classes(states, [_DIGITS] * token.width)
        else:
            _any(states, loop=True, needed=True)
    return states


def _time(states: Automaton, before: Token | None, token: Time, dates: _Dates) -> None:
    if token.name != "year":
        allowed = {"month": dates.months, "day": dates.days}.get(token.name, tuple(range(24)))
        if loose(before, token):
            _pass(states, BEFORE)
        _words(states, [text for text in spellings(token) if int(text) in allowed])
        if not token.fixed:
            _pass(states, AFTER)
    elif dates.leap:
        _classes(states, ["20" + _DIGITS, "0" + _DIGITS])
        _words(states, [f"{last:02}" for last in range(4, 100, 4)])
    else:
        _classes(states, ["2" + _DIGITS, "0" + _DIGITS, "2" + _DIGITS, "4" + _DIGITS])


def _words(states: Automaton, words: Sequence[str]) -> None:
    """Append: one of the words, which share their beginnings."""
    reached = {"": len(states) - 1}
    for word in words:
        for length in range(1, len(word) + 1):
            if word[:length] not in reached:
                states.append([])
                states[reached[word[: length - 1]]].append((word[length - 1], len(states) - 1, ""))
                reached[word[:length]] = len(states) - 1
    states.append([])
    for word in words:
        states[reached[word]].append(("", len(states) - 1, ""))


def _classes(states: Automaton, classes: Sequence[str]) -> None:
    """Append: a character of each class."""
    for each in classes:
        states.append([])
        states[-2].append((each, len(states) - 1, ""))


def _any(states: Automaton, loop: bool, needed: bool) -> None:
    """Append: a character but ``/``, as often as one likes with ``loop``, at least once where it is needed."""
    states.append([])
    states[-2].append((None if needed else "", len(states) - 1, ""))
    if loop:
        states[-1].append((None, len(states) - 1, ""))


def _pass(states: Automaton, no_digit: str) -> None:
    """Append: nothing, where no digit is on that side of it."""
    states.append([])
    states[-2].append(("", len(states) - 1, no_digit))


class _State(NamedTuple):
    """Where two automata stand; ``digit``: whether a digit was read last; ``no_digit``: whether none may follow."""

    left: int
    right: int
    digit: bool = False
    no_digit: bool = False


def _shared(one: Automaton, other: Automaton) -> str | None:
    """The shortest text that both read, or None."""
    came: dict[_State, tuple[_State, str]] = {}
    ahead = deque([(_State(0, 0), _State(0, 0), "")])
    while ahead:
        here, before, read = ahead.popleft()
        if here in came:
            continue
        came[here] = (before, read)
        if (here.left, here.right) == (len(one) - 1, len(other) - 1):
            return _text(came, here)
        for there, character in _steps(one, other, here):
            # what needs no character is as near as where one stands
            ahead.append((there, here, character)) if character else ahead.appendleft((there, here, ""))
    return None


def _steps(one: Automaton, other: Automaton, at: _State) -> Iterator[tuple[_State, str]]:
    for characters, target, no_digit in one[at.left]:
        if characters == "" and not (no_digit == BEFORE and at.digit):
            yield at._replace(left=target, no_digit=at.no_digit or no_digit == AFTER), ""
    for characters, target, no_digit in other[at.right]:
        if characters == "" and not (no_digit == BEFORE and at.digit):
            yield at._replace(right=target, no_digit=at.no_digit or no_digit == AFTER), ""
    for (ours, left, _), (theirs, right, _) in product(one[at.left], other[at.right]):
        character = _common(ours, theirs)
        if character and not (at.no_digit and character in _DIGITS):
            yield _State(left, right, character in _DIGITS), character


def _common(ours: str | None, theirs: str | None) -> str:
    """A character that fits both, or nothing."""
    if ours is None and theirs is None:
        return "x"
    if ours is None or theirs is None:
        return next((each for each in (theirs if ours is None else ours) or "" if each != "/"), "")
    return next((each for each in ours if each in theirs), "")


def _text(came: dict[_State, tuple[_State, str]], goal: _State) -> str:
    letters = []
    at = goal
    while at != (0, 0, False, False):
        at, character = came[at]
        letters.append(character)
    return "".join(reversed(letters))
