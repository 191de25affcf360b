"""The paths and intrinsic functions of JSONPath states, read.

After the Amazon States Language, "Paths" and "Intrinsic Functions", and the Step Functions developer guide,
"Intrinsic functions for JSONPath states".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from data_pipeline.core.problems import Path

#: function → fewest and most arguments; ``None`` for any number.
INTRINSICS: dict[str, tuple[int, int | None]] = {
    "States.Array": (0, None),
    "States.ArrayContains": (2, 2),
    "States.ArrayGetItem": (2, 2),
    "States.ArrayLength": (1, 1),
    "States.ArrayPartition": (2, 2),
    "States.ArrayRange": (3, 3),
    "States.ArrayUnique": (1, 1),
    "States.Base64Decode": (1, 1),
    "States.Base64Encode": (1, 1),
    "States.Format": (1, None),
    "States.Hash": (2, 2),
    "States.JsonMerge": (3, 3),
    "States.JsonToString": (1, 1),
    "States.MathAdd": (2, 2),
    "States.MathRandom": (2, 3),
    "States.StringSplit": (2, 2),
    "States.StringToJson": (1, 1),
    "States.UUID": (0, 0),
}
HASHES = ("MD5", "SHA-1", "SHA-256", "SHA-384", "SHA-512")

_NAME = re.compile(r"States\.\w+")
_TEXT = re.compile(r"'(?:[^'\\]|\\.)*'")
_LITERAL = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null")
_ROOT = re.compile(r"\$[A-Za-z_]\w*|\$\$?")
_STEP = re.compile(r"\.\.?(?:\*|[^\s.\[\](),'\"]+(?:\(\))?)|\.\.?(?=\[)")
_REFERENCE = re.compile(r"\$(?:\.[^\s.\[\](),'\"*@?:]+|\['(?:[^'\\]|\\.)*'\]|\[\d+\])*")
_PLACEHOLDER = re.compile(r"\\.|(\{\})")
#: a text that can hardly be anything but a path or a call.
_MEANT = re.compile(r"\$\$?(?:\.[A-Za-z_]\w*(?:\[\d+\])*)+|(States\.\w+)\(.*\)")


class BrokenPathError(ValueError):
    """The text is no path and no call of a function; says what is wrong, and where."""


@dataclass(frozen=True)
class Call:
    """A call of an intrinsic function; an argument that is a text in quotes stands without them, others as ``None``."""

    name: str
    arguments: tuple[str | None, ...]


def is_reference(path: str) -> bool:
    """Whether a path names one place, as ``ResultPath`` must."""
    return _REFERENCE.fullmatch(path) is not None


def was_meant(place: Path, text: str) -> bool:
    """Whether a plain text was meant as a path or a call; below a key that speaks of paths it is what it is."""
    meant = _MEANT.fullmatch(text)
    if meant is None or (meant[1] and meant[1] not in INTRINSICS):
        return False
    return not any("path" in str(key).lower() for key in place)


def placeholders(text: str) -> int:
    """How many ``{}`` a text of ``States.Format`` has; with a backslash before it, a brace is none."""
    return sum(bool(found[1]) for found in _PLACEHOLDER.finditer(text))


def calls(text: str) -> list[Call]:
    """The calls in a path or a function's call, the inner ones first. Raises BrokenPathError."""
    found: list[Call] = []
    end = _expression(text, 0, found)
    if end != len(text):
        raise BrokenPathError(f"{text[end]!r} is not expected at character {end + 1}")
    return found


def _expression(text: str, at: int, found: list[Call]) -> int:
    """Where a path or a call that begins at ``at`` ends."""
    if root := _ROOT.match(text, at):
        return _steps(text, root.end())
    name = _NAME.match(text, at)
    if not name or text[name.end() : name.end() + 1] != "(":
        raise BrokenPathError(f"a path or a call of a function is expected at character {at + 1}")
    arguments: list[str | None] = []
    at = _blank(text, name.end() + 1)
    while text[at : at + 1] != ")":
        if arguments:
            if text[at : at + 1] != ",":
                raise BrokenPathError(f"',' or ')' is expected at character {at + 1}")
            at = _blank(text, at + 1)
        given = _TEXT.match(text, at)
        literal = given or _LITERAL.match(text, at)
        at = _blank(text, literal.end() if literal else _expression(text, at, found))
        arguments.append(given[0][1:-1] if given else None)
    found.append(Call(name[0], tuple(arguments)))
    return at + 1


def _steps(text: str, at: int) -> int:
    while at < len(text):
        if step := _STEP.match(text, at):
            at = step.end()
        elif text[at] == "[":
            at = _bracket(text, at)
        elif text[at] == ".":
            raise BrokenPathError(f"a name is expected after the '.' at character {at + 1}")
        else:
            return at
    return at


def _bracket(text: str, start: int) -> int:
    """Where the bracket that opens at ``start`` is closed: within it a filter may have others."""
    depth, at = 0, start
    while at < len(text):
        if quoted := _TEXT.match(text, at):
            at = quoted.end()
            continue
        depth += {"[": 1, "]": -1}.get(text[at], 0)
        at += 1
        if not depth:
            return at
    raise BrokenPathError(f"the '[' at character {start + 1} is not closed")


def _blank(text: str, at: int) -> int:
    while text[at : at + 1] == " ":
        at += 1
    return at
