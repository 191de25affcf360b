"""How far a path is from a pattern that does not claim it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional

from .pattern_tokens import Literal, Part, Time, Token, Wild

#: no likeness: more than half of what the pattern says literally, or of the path, would have to change.
FAR = 1.0
#: another folder counts as this share of what may change.
_FOLDER = 0.25
_DIGITS = frozenset("0123456789")

#: characters that fit (None: any but ``/``), whether they may be left out, whether they may be repeated.
_Step = tuple[Optional[frozenset[str]], bool, bool]


def distance(path: str, tokens: Sequence[Token]) -> float:
    """0 where ``path`` fits, ``FAR`` or more where they have little in common. Shape: edits over half of what is
    written, where a folder too much or too few before the file's name is cheap.
    """
    steps = _steps(tokens)
    name = path.rpartition("/")[2]
    by_name = _edits(name, _last_level(steps)) / _allowed(name, _last_level(steps)) + _FOLDER
    return min(_edits(path, steps) / _allowed(path, steps), by_name)


def _allowed(path: str, steps: Sequence[_Step]) -> float:
    said = sum(1 for fits, optional, _ in steps if fits is not None and not optional)
    return max(1, min(said, len(path))) / 2


def _steps(tokens: Sequence[Token]) -> list[_Step]:
    steps: list[_Step] = []
    for token in tokens:
        if isinstance(token, Literal):
            steps.extend((frozenset(character), False, False) for character in token.text)
        elif isinstance(token, Wild):
            steps.append((None, not token.one, not token.one))
        elif isinstance(token, Time):
            least = 4 if token.name == "year" else 2 if token.fixed else 1
            most = 4 if token.name == "year" else 2
            steps.extend((_DIGITS, place >= least, False) for place in range(most))
        elif isinstance(token, Part) and token.width:
            steps.extend([(_DIGITS, False, False)] * token.width)
        else:
            steps.append((None, False, True))
    return steps


def _last_level(steps: Sequence[_Step]) -> Sequence[_Step]:
    levels = [place for place, (fits, _, _) in enumerate(steps) if fits and "/" in fits]
    return steps[levels[-1] + 1 :] if levels else steps


def _edits(path: str, steps: Sequence[_Step]) -> int:
    """The least number of characters that are added, left out or exchanged until ``path`` fits (Levenshtein)."""
    before = list(range(len(path) + 1))
    for fits, optional, repeated in steps:
        row = [before[0] + (not optional)]
        for place, character in enumerate(path, 1):
            fitting = character in fits if fits is not None else character != "/"
            costs = [
                before[place] + (not optional),
                row[place - 1] + (not (fitting and repeated)),
                before[place - 1] + (not fitting),
            ]
            row.append(min(costs))
        before = row
    return before[-1]
