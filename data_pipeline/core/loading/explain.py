"""What pydantic found → findings in the product's own words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from data_pipeline.core.problems import Path, RefusedError, Violation, did_you_mean, nearest, one_of, quoted

from . import gone_keys
from .shape import ModelField, field_at, fields
from .yaml_lines import Node


def findings(error: ValidationError, root: Node, whole: bool = True) -> Iterator[Violation]:
    """One finding for each of pydantic's errors about ``root``; unless it is whole, keys may be missing."""
    items = error.errors(include_url=False)
    wrong_keys = {item["loc"][:-1] for item in items if item["loc"][-1:] == ("[key]",)}
    for item in items:
        path: Path = tuple(item["loc"])
        of_key = bool(path) and path[-1] == "[key]"
        if of_key:
            path = path[:-1]
        elif any(path[: len(key)] == key for key in wrong_keys):
            continue  # what a key means that is none cannot be told
        kind = item["type"]
        if kind == "missing":
            if whole:
                yield _missing(path)
        elif kind == "extra_forbidden":
            yield unknown_key(path)
        elif kind == "value_error":
            yield _refused(path, item["ctx"]["error"], root, of_key)
        elif kind in ("too_short", "too_long"):
            if kind == "too_long" or not root.at(path).value:  # pydantic counts the items that are right
                yield _length(path, item["ctx"], root)
        else:
            yield _wrong(path, root, str(item["msg"]))


def describe(node: Node) -> str:
    """A value in a few words."""
    value = node.value
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | tuple):
        return "a map" if isinstance(value, dict) else "a list"
    return f"the number {node.source}"


def unknown_key(path: Path) -> Violation:
    """A key that no model has, with the nearest that one has, here or further down."""
    if gone := gone_keys.violation(path):
        return gone
    key = str(path[-1])
    above = field_at(path[:-1])
    model = above.model if above else None
    known = [name for name in fields(model) if path[:-1] or name != "name"] if model else []
    if key == "<<":
        return Violation(
            path, "a merge key", "keys that are written out", "an alias may stand as a value only"
        )
    if model and (home := _home(key, model)):
        return Violation(path, "an unknown key", "", f"{quoted(key)} belongs under {quoted(home)}")
    if near := did_you_mean(key, known):
        return Violation(path, "an unknown key", "", near)
    return Violation(path, "an unknown key", one_of(known))


def _home(key: str, model: type[BaseModel]) -> str | None:
    """The field of ``model`` whose own model has the key."""
    for name in fields(model):
        below = ModelField(model).below(name)
        if below and below.model and key in fields(below.model):
            return name
    return None


def _missing(path: Path) -> Violation:
    key = str(path[-1])
    model_field = field_at(path)
    expected = (
        (one_of(model_field.choices) if model_field.choices else model_field.expected) if model_field else ""
    )
    return Violation(path[:-1], f"no key {quoted(key)}", expected, f"add '{key}: …'")


def _refused(path: Path, error: Any, root: Node, of_key: bool) -> Violation:
    if not isinstance(error, RefusedError):
        raise TypeError(f"a check raised {error!r} instead of RefusedError")
    value = quoted(str(path[-1])) if of_key else describe(root.at(path))
    return Violation(path, error.found or value, error.expected, error.advice)


def _length(path: Path, context: dict[str, Any], root: Node) -> Violation:
    node = root.at(path)
    if "min_length" in context:
        return Violation(path, f"an empty {describe(node).removeprefix('a ')}", "at least one entry")
    entries = len(node.value) if isinstance(node.value, dict | tuple) else 0
    return Violation(path, f"{entries} entries", f"at most {context['max_length']}")


def _wrong(path: Path, root: Node, message: str) -> Violation:
    node = root.at(path)
    model_field = field_at(path)
    if model_field is None:
        return Violation(path, describe(node), message)
    if model_field.choices:
        advice = did_you_mean(node.value, model_field.choices) if isinstance(node.value, str) else ""
        return Violation(path, describe(node), one_of(model_field.choices), advice)
    text = isinstance(node.value, str) and model_field.type in (int, float, bool)
    return Violation(
        path, describe(node) + (" (text)" if text else ""), model_field.expected, _advice(model_field, node)
    )


def _advice(model_field: ModelField, node: Node) -> str:
    """How to turn what was written into what was meant, where that can be guessed."""
    value, source = node.value, node.source
    if value is None:
        word = source.lower() == "null" and model_field.type is str
        return f'put it in quotes: "{source}"' if word else "give it a value or remove the line"
    if model_field.type is str:
        if isinstance(value, dict) and len(value) == 1 and all(v.value is None for v in value.values()):
            return f'put quotes around it: "{{{next(iter(value))}}}"'
        return f'put it in quotes: "{source}"' if source else ""
    if model_field.type is bool and isinstance(value, str):
        words = nearest(value, ("true", "false"))
        meant = {"on": ["true"], "yes": ["true"], "off": ["false"], "no": ["false"]}.get(value.lower(), words)
        return f"write {meant[0]}" if meant else ""
    if model_field.type in (int, float) and isinstance(value, str):
        return "take off the quotes" if re.fullmatch(r"[0-9]+(\.[0-9]+)?", value) else ""
    if model_field.origin is tuple:
        return f"write a list of one: [{json.dumps(value)}]" if isinstance(value, str) else ""
    return "leave out the '-' before its keys" if isinstance(value, tuple) else ""
