"""Requests checked against botocore's service models: members, types, enums, patterns, lengths and ranges.

botocore's own validator, which runs in the client, leaves out enums and patterns. The messages are AWS's.
"""

from __future__ import annotations

import functools
import re
from typing import Any

import botocore.session
from botocore.model import ServiceModel, Shape

#: Kind of a shape → what json.loads makes of its values.
JSON_TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "map": (dict,),
    "list": (list,),
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "timestamp": (int, float, str),
    "blob": (str,),
}


class SerializationError(Exception):
    """A value has another JSON type than the service model gives it, or is no member of the model."""


@functools.cache
def service_model(service: str) -> ServiceModel:
    """The model that botocore ships for a service ('sagemaker', 'glue')."""
    return botocore.session.get_session().get_service_model(service)


def validate(service: str, operation: str, request: dict[str, Any]) -> str | None:
    """None for a valid request, else AWS's message of all violations; SerializationError for a wrong type."""
    shape = service_model(service).operation_model(operation).input_shape
    problems = _structure(request, shape, "") if shape is not None else []
    if not problems:
        return None
    noun = "error" if len(problems) == 1 else "errors"
    return f"{len(problems)} validation {noun} detected: " + "; ".join(problems)


def constraints(value: Any, shape: Shape) -> list[str]:
    """The constraints that a scalar or a container's size breaks, in AWS's words."""
    return [rule for rule, holds in _rules(value, shape) if not holds]


def _rules(value: Any, shape: Shape) -> list[tuple[str, bool]]:
    """Every constraint of the shape itself, each with whether the value keeps it."""
    rules = []
    metadata, kind = shape.metadata, shape.type_name
    sized = kind in ("string", "list", "map", "blob")
    size, noun = (len(value), "length") if sized else (value, "value")
    if kind != "timestamp" and kind != "boolean":
        if "max" in metadata:
            rules.append(
                (f"Member must have {noun} less than or equal to {metadata['max']}", size <= metadata["max"])
            )
        if "min" in metadata:
            rules.append(
                (
                    f"Member must have {noun} greater than or equal to {metadata['min']}",
                    size >= metadata["min"],
                )
            )
    if kind == "string":
        if "pattern" in metadata:
            pattern = metadata["pattern"]
            expression = _compiled(pattern)
            holds = expression is None or expression.fullmatch(value) is not None
            rules.append((f"Member must satisfy regular expression pattern: {pattern}", holds))
        names = getattr(shape, "enum", None)
        if names:
            rules.append((f"Member must satisfy enum value set: [{', '.join(names)}]", value in names))
    return rules


#: What Java's expressions say in another way than Python's: classes of characters, and pairs of surrogates.
_JAVA = {
    r"\p{L}\p{Z}\p{N}_": r"\w\s",
    r"\uD800\uDC00-\uDBFF\uDFFF": r"\U00010000-\U0010FFFF",
}


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """A pattern of the model for `re`; None where `re` has no words for it (most of them allow any letter)."""
    for theirs, ours in _JAVA.items():
        pattern = pattern.replace(theirs, ours)
    try:
        return re.compile(pattern)
    except re.error:
        return None


def _check(value: Any, shape: Shape, path: str) -> list[str]:
    """Problems of one value at `path`, those of its members included."""
    if not _has_type(value, shape):
        raise SerializationError(f"{path}: {type(value).__name__} can not be converted to {shape.type_name}")
    if shape.type_name == "structure":
        return _structure(value, shape, path)
    problems = [_violation(value, path, broken) for broken in constraints(value, shape)]
    if shape.type_name == "list":
        problems += _list(value, shape, path)
    elif shape.type_name == "map":
        problems += _map(value, shape, path)
    return problems


def _has_type(value: Any, shape: Shape) -> bool:
    if isinstance(value, bool):
        return bool(shape.type_name == "boolean")
    return isinstance(value, JSON_TYPES[shape.type_name])


def _structure(value: dict[str, Any], shape: Shape, path: str) -> list[str]:
    members: dict[str, Shape] = shape.members  # type: ignore[attr-defined]
    required = shape.metadata.get("required", [])
    unknown = [name for name in value if name not in members]
    if unknown:
        raise SerializationError(f"{path or 'request'}: no member is named {', '.join(sorted(unknown))}")
    problems = []
    for name, member in members.items():
        at = f"{path}.{_camel(name)}" if path else _camel(name)
        if value.get(name) is not None:
            problems += _check(value[name], member, at)
        elif name in required:
            problems.append(f"Value null at '{at}' failed to satisfy constraint: Member must not be null")
    return problems


def _list(value: list[Any], shape: Shape, path: str) -> list[str]:
    member: Shape = shape.member  # type: ignore[attr-defined]
    problems = []
    for number, item in enumerate(value, start=1):
        found = _check(item, member, f"{path}.{number}.member")
        if found and member.type_name == "string":  # AWS names the list and all rules of its members
            rules = ", ".join(rule for rule, _ in _rules(item, member))
            return [_violation(value, path, f"Member must satisfy constraint: [{rules}]")]
        problems += found
    return problems


def _map(value: dict[str, Any], shape: Shape, path: str) -> list[str]:
    key: Shape = shape.key  # type: ignore[attr-defined]
    item: Shape = shape.value  # type: ignore[attr-defined]
    for name, content in value.items():
        for part, part_shape, word in ((name, key, "keys"), (content, item, "value")):
            if _check(part, part_shape, f"{path}.{name}"):
                rules = ", ".join(rule for rule, _ in _rules(part, part_shape))
                return [_violation(value, path, f"Map {word} must satisfy constraint: [{rules}]")]
    return []


def _violation(value: Any, path: str, rule: str) -> str:
    return f"Value '{_printed(value)}' at '{path}' failed to satisfy constraint: {rule}"


def _printed(value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_printed(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_printed(item)}" for key, item in value.items()) + "}"
    return str(value)


def _camel(name: str) -> str:
    return name[0].lower() + name[1:]
