"""What is wrong in the configuration: place, key, what was found, what was expected, what to do next."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches

from .errors import UserError

#: keys and list positions from the top of the configuration down to a value.
Path = tuple[str | int, ...]

LONGEST_QUOTE = 60


@dataclass(frozen=True, order=True)
class Place:
    """A line of a file; the file is relative to the project's root, lines count from 1."""

    file: str
    line: int


@dataclass(frozen=True)
class Violation:
    """A problem whose key is known and whose place is not yet."""

    path: Path
    found: str
    expected: str
    advice: str = ""


@dataclass(frozen=True)
class Problem:
    """One line of the report."""

    place: Place
    path: Path
    found: str
    expected: str
    advice: str = ""

    def __str__(self) -> str:
        key = f"{dotted(self.path)}: " if self.path else ""
        expected = f", expected {self.expected}" if self.expected else ""
        advice = f"; {self.advice}" if self.advice else ""
        return f"{self.place.file}:{self.place.line}: {key}found {self.found}{expected}{advice}"


class RefusedError(ValueError):
    """A check's answer about one value; what was found is the value unless ``found`` says it better."""

    def __init__(self, expected: str, advice: str = "", found: str = "") -> None:
        super().__init__(expected, advice, found)
        self.expected = expected
        self.advice = advice
        self.found = found


class ConfigurationError(UserError):
    """All problems of the configuration, in the order of files and lines."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems), key=lambda p: (p.place, dotted(p.path), p.found)))
        lines = [str(p) for p in self.problems]
        if len(lines) == 1:
            super().__init__(lines[0])
        else:
            super().__init__("\n  ".join([f"the configuration has {len(lines)} problems", *lines]))


def dotted(path: Path) -> str:
    """``("steps", "prepare", "reads", 0)`` → ``steps.prepare.reads[0]``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part and all(c.isalnum() or c in "_-" for c in part):
            text += f".{part}"
        else:
            text += f"[{quoted(part)}]"
    return text.removeprefix(".")


def quoted(text: str) -> str:
    """The text in single quotes, on one line, cut where it is long."""
    line = text if text.isprintable() else text.encode("unicode_escape").decode("ascii")
    return f"'{line[:LONGEST_QUOTE]}…'" if len(line) > LONGEST_QUOTE else f"'{line}'"


def one_of(choices: Iterable[str]) -> str:
    """``'a', 'b' or 'c'``."""
    words = [quoted(c) for c in choices]
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def nearest(word: str, choices: Iterable[str]) -> list[str]:
    """What ``word`` was probably meant to be: the same but for case, close to it, or its beginning."""
    known = sorted(choices)
    if same := [c for c in known if c.lower() == word.lower()]:
        return same
    close = get_close_matches(word, known, n=3, cutoff=0.6)
    if not close and len(word) >= 3:
        return [c for c in known if len(c) >= 3 and (c.startswith(word) or word.startswith(c))]
    ratios = {c: SequenceMatcher(None, c, word).ratio() for c in close}
    return sorted(c for c in close if ratios[c] == max(ratios.values()))


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """The advice that names the nearest choices; empty without one."""
    near = nearest(word, choices)
    return f"did you mean {one_of(near)}?" if near else ""
