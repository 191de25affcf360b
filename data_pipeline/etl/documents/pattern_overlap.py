"""Paths that two patterns may both claim: the shortest words of the product of their automata.

An automaton is a list of states, each a list of edges ``(characters, target)``. ``characters`` is a text of those
that fit, liked ones first, or None for any but ``/``; an edge whose text is empty needs no character. The last state
accepts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Optional

from .pattern_tokens import Literal, Part, Time, Token, Wild, spellings

_DIGITS = "0123456789"
Edge = tuple[Optional[str], int]
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
    """Texts that fit both, but for what an automaton does not see: whoever asks tries them. None if none fits."""
    first = _shared(_automaton(one, _Dates()), _automaton(other, _Dates()))
    if first is None:
        return
    yield first
    for left, right in product(_CALENDAR, _CALENDAR):
        shared = _shared(_automaton(one, left), _automaton(other, right))
        if shared is not None:
            yield shared


def _automaton(tokens: Sequence[Token], dates: _Dates) -> Automaton:
    states: Automaton = [[]]
    for token in tokens:
        if isinstance(token, Literal):
            _words(states, [token.text])
        elif isinstance(token, Wild):
            _any(states, loop=not token.one, needed=token.one)
        elif isinstance(token, Time):
            _time(states, token, dates)
        elif isinstance(token, Part) and token.values:
            _words(states, token.values)
        elif token.width:
            _classes(states, [_DIGITS] * token.width)
        else:
            _any(states, loop=True, needed=True)
    return states


def _time(states: Automaton, token: Time, dates: _Dates) -> None:
    if token.name != "year":
        allowed = {"month": dates.months, "day": dates.days}.get(token.name, tuple(range(24)))
        _words(states, [text for text in spellings(token) if int(text) in allowed])
    elif dates.leap:
        _classes(states, ["20" + _DIGITS, "0" + _DIGITS])
        _words(states, [f"{last:02}" for last in range(4, 100, 4)])
    else:
        _classes(states, ["2" + _DIGITS, "0" + _DIGITS, "2" + _DIGITS, "4" + _DIGITS])


def _words(states: Automaton, words: Sequence[str]) -> None:
    """Append: one of the words."""
    start = len(states) - 1
    ends = []
    for word in words:
        at = start
        for character in word:
            states.append([])
            states[at].append((character, len(states) - 1))
            at = len(states) - 1
        ends.append(at)
    states.append([])
    for end in ends:
        states[end].append(("", len(states) - 1))


def _classes(states: Automaton, classes: Sequence[str]) -> None:
    """Append: a character of each class."""
    for each in classes:
        states.append([])
        states[-2].append((each, len(states) - 1))


def _any(states: Automaton, loop: bool, needed: bool) -> None:
    """Append: a character but ``/``, as often as one likes with ``loop``, at least once where it is needed."""
    states.append([])
    states[-2].append((None if needed else "", len(states) - 1))
    if loop:
        states[-1].append((None, len(states) - 1))


def _shared(one: Automaton, other: Automaton) -> str | None:
    """The shortest text that both read, or None."""
    came: dict[tuple[int, int], tuple[tuple[int, int], str]] = {}
    ahead = deque([((0, 0), (0, 0), "")])
    goal = (len(one) - 1, len(other) - 1)
    while ahead:
        here, before, read = ahead.popleft()
        if here in came:
            continue
        came[here] = (before, read)
        if here == goal:
            return _text(came, goal)
        for there, character in _steps(one, other, here):
            # what needs no character is as near as where one stands
            ahead.append((there, here, character)) if character else ahead.appendleft((there, here, ""))
    return None


def _steps(one: Automaton, other: Automaton, at: tuple[int, int]) -> Iterator[tuple[tuple[int, int], str]]:
    left, right = at
    for characters, target in one[left]:
        if characters == "":
            yield (target, right), ""
    for characters, target in other[right]:
        if characters == "":
            yield (left, target), ""
    for (ours, our_target), (theirs, their_target) in product(one[left], other[right]):
        character = _common(ours, theirs)
        if character:
            yield (our_target, their_target), character


def _common(ours: str | None, theirs: str | None) -> str:
    """A character that fits both, or nothing."""
    if ours is None and theirs is None:
        return "x"
    if ours is None or theirs is None:
        return next((each for each in (theirs if ours is None else ours) or "" if each != "/"), "")
    return next((each for each in ours if each in theirs), "")


def _text(came: dict[tuple[int, int], tuple[tuple[int, int], str]], goal: tuple[int, int]) -> str:
    letters = []
    at = goal
    while at != (0, 0):
        at, character = came[at]
        letters.append(character)
    return "".join(reversed(letters))
