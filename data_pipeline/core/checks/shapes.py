"""A value against a shape of a service's API, as botocore describes it.

What is computed when the machine runs is a wildcard: expressions, paths (``x.$``) and substitutions. Step
Functions spells members in PascalCase and takes JSON where an API wants JSON as text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from data_pipeline.core.problems import Path, did_you_mean, nearest, one_of, quoted

from .findings import Finding
from .values import is_expression, is_substituted

#: members that are JSON as text for the API, and that Step Functions takes as objects.
_JSON = frozenset(["Body", "Detail", "Input", "Message", "MessageBody", "Payload", "Cause", "Output"])
_MOST_CHOICES = 8
_FEW_MEMBERS = 4


def check(shapes: dict[str, Any], name: str, value: Any, path: Path) -> Iterator[Finding]:
    """Findings about ``value``, which is to have the shape ``name``."""
    if is_expression(value) or is_substituted(value):
        return
    shape = shapes[name]
    kind = shape["type"]
    if kind in ("blob", "timestamp") or shape.get("document"):
        return
    if kind == "structure":
        yield from _structure(shapes, shape, value, path)
    elif kind == "list":
        yield from _list(shapes, shape, value, path)
    elif kind == "map":
        yield from _map(shapes, shape, value, path)
    elif kind == "string":
        yield from _text(shape, value, path)
    elif kind == "boolean":
        if not isinstance(value, bool):
            yield _wrong(path, "true or false", value)
        elif value not in shape.get("enum", (True, False)):
            yield Finding("argument-enum", path, f"this can only be {str(not value).lower()}")
    else:
        yield from _number(shape, value, path)


def structure(members: dict[str, str], required: str = "") -> dict[str, Any]:
    """A shape of our own: ``members``: name → its shape; ``required``: names of members."""
    shapes = {member: {"shape": shape} for member, shape in members.items()}
    return {"type": "structure", "members": shapes, "required": required.split()}


def pascal(member: str) -> str:
    """A member as Step Functions spells it."""
    return member[:1].upper() + member[1:]


def _structure(shapes: dict[str, Any], shape: dict[str, Any], value: Any, path: Path) -> Iterator[Finding]:
    if not isinstance(value, dict):
        yield _wrong(path, "an object", value)
        return
    members = {pascal(member): (member, of) for member, of in shape.get("members", {}).items()}
    given: set[str] = set()
    for key, each in value.items():
        plain = key.removesuffix(".$")
        found = plain if plain in members else _same_but_for_case(plain, members)
        if found is None:
            few = f"write {one_of(members)}" if 0 < len(members) <= _FEW_MEMBERS else ""
            near = did_you_mean(plain, members) or few
            given.update(members[meant][0] for meant in nearest(plain, members))
            yield Finding("argument-unknown", (*path, key), f"no argument is called {quoted(plain)}", near)
            continue
        given.add(members[found][0])
        if not key.endswith(".$") and not (
            isinstance(each, (dict, list)) and _takes_json(shapes, found, members)
        ):
            yield from check(shapes, members[found][1]["shape"], each, (*path, key))
    for member in shape.get("required", ()):
        if member not in given and not shape["members"][member].get("idempotencyToken"):
            yield Finding("argument-missing", path, f"{pascal(member)} is missing")
    if shape.get("union") and len(value) != 1:
        found = " and ".join(quoted(key) for key in value) or "nothing"
        yield Finding("argument-union", path, f"expected one of {one_of(members)}, not {found}")


def _same_but_for_case(key: str, members: dict[str, Any]) -> str | None:
    """The SDK for Java writes some abbreviations in its own way; a small first letter is no such case."""
    if key[:1].islower():
        return None
    return next((member for member in members if member.lower() == key.lower()), None)


def _takes_json(shapes: dict[str, Any], name: str, members: dict[str, Any]) -> bool:
    return name in _JSON and shapes[members[name][1]["shape"]]["type"] in ("string", "blob")


def _list(shapes: dict[str, Any], shape: dict[str, Any], value: Any, path: Path) -> Iterator[Finding]:
    if not isinstance(value, list):
        yield _wrong(path, "a list", value)
        return
    yield from _length(shape, len(value), "members", path)
    for index, each in enumerate(value):
        yield from check(shapes, shape["member"]["shape"], each, (*path, index))


def _map(shapes: dict[str, Any], shape: dict[str, Any], value: Any, path: Path) -> Iterator[Finding]:
    if not isinstance(value, dict):
        yield _wrong(path, "an object", value)
        return
    yield from _length(shape, len(value), "keys", path)
    for key, each in value.items():
        yield from check(shapes, shape["key"]["shape"], key.removesuffix(".$"), (*path, key))
        if not key.endswith(".$"):
            yield from check(shapes, shape["value"]["shape"], each, (*path, key))


def _text(shape: dict[str, Any], value: Any, path: Path) -> Iterator[Finding]:
    if not isinstance(value, str):
        yield _wrong(path, "a text", value)
        return
    if choices := shape.get("enum"):
        if value not in choices:
            near = did_you_mean(value, choices)
            few = f"write {one_of(choices)}" if len(choices) <= _MOST_CHOICES else ""
            yield Finding("argument-enum", path, f"{quoted(value)} is no value of this argument", near or few)
        return
    too_long = list(_length(shape, len(value), "characters", path))
    yield from too_long
    pattern = _compiled(shape["pattern"]) if "pattern" in shape else None
    if pattern and not too_long and not pattern.fullmatch(value):
        yield Finding("argument-pattern", path, f"{quoted(value)} does not have the form {shape['pattern']}")


def _number(shape: dict[str, Any], value: Any, path: Path) -> Iterator[Finding]:
    whole = shape["type"] in ("integer", "long", "bigInteger")
    if isinstance(value, bool) or not isinstance(value, (int, float)) or (whole and value != int(value)):
        yield _wrong(path, "a whole number" if whole else "a number", value)
        return
    if "min" in shape and value < shape["min"]:
        yield Finding("argument-range", path, f"{value} is less than {shape['min']}")
    if "max" in shape and value > shape["max"]:
        yield Finding("argument-range", path, f"{value} is more than {shape['max']}")


def _length(shape: dict[str, Any], length: int, what: str, path: Path) -> Iterator[Finding]:
    if length < shape.get("min", 0):
        yield Finding("argument-length", path, f"at least {shape['min']} {what} are needed, not {length}")
    if "max" in shape and length > shape["max"]:
        yield Finding("argument-length", path, f"at most {shape['max']} {what} are allowed, not {length}")


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """``None`` for a pattern that Python's ``re`` cannot read: it is not checked."""
    try:
        return re.compile(pattern)
    except re.error:
        return None


def _wrong(path: Path, expected: str, value: Any) -> Finding:
    found = quoted(value) if isinstance(value, str) else "null" if value is None else str(value)
    if isinstance(value, (dict, list)):
        found = "an object" if isinstance(value, dict) else "a list"
    elif isinstance(value, bool):
        found = "true" if value else "false"
    return Finding("argument-type", path, f"expected {expected}, not {found}")
