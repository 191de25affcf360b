"""Properties of a resource against the schema of its type in the CloudFormation registry.

``schemas.json`` is written by ``tests/make_schemas.py``. What those schemas use of JSON Schema is held against a
value. CloudFormation turns text into numbers and truth values, and those into text. The wording is that of its
validator.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from importlib import resources
from typing import Any

Schema = Mapping[str, Any]
#: A check: the value, its schema, the definitions of the type, the path.
Check = Callable[[Any, Schema, Schema, str], Iterator[str]]

_NAMES = {
    "array": "JSONArray",
    "boolean": "Boolean",
    "integer": "Integer",
    "number": "Number",
    "object": "JSONObject",
}
_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


@functools.cache
def types() -> Mapping[str, Schema]:
    """Resource type → its schema."""
    text = resources.files(__package__).joinpath("schemas.json").read_text(encoding="utf-8")
    found: Mapping[str, Schema] = json.loads(text)["types"]
    return found


def problems(type_: str, properties: Mapping[str, Any]) -> list[str]:
    """What the schema of a type says against properties, each ``#/path: reason``; a function's value is not known yet.

    Nothing is said of a type without a schema.
    """
    schema = types().get(type_)
    if schema is None:
        return []
    found = list(_problems(properties, schema, schema.get("definitions", {}), "#"))
    read_only = {
        path.rpartition("/")[2] for path in schema.get("readOnlyProperties", []) if path.count("/") == 2
    }
    given = sorted(read_only & set(properties))
    return [*found, *(f"#: extraneous key [{name}] is not permitted: it is read-only" for name in given)]


def _problems(value: Any, schema: Schema, named: Schema, path: str) -> Iterator[str]:
    if _is_unknown(value):
        return
    if "$ref" in schema:
        schema = {
            **named[schema["$ref"].rpartition("/")[2]],
            **{k: v for k, v in schema.items() if k != "$ref"},
        }
    kinds = schema.get("type", [])
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if kinds and not any(_fits(value, kind) for kind in kinds):
        yield f"{path}: expected type: {_NAMES.get(kinds[0], 'String')}, found: {_found(value)}"
        return
    if kinds == ["string"]:
        value = _text(value)
    for check in dict.fromkeys(_CHECKS[key] for key in schema if key in _CHECKS):
        yield from check(value, schema, named, path)
    if isinstance(value, Mapping):
        yield from _members(value, schema, named, path)


def _is_unknown(value: Any) -> bool:
    """Whether a value is a function, which is worked out when the resource is made."""
    return isinstance(value, Mapping) and any(key == "Ref" or str(key).startswith("Fn::") for key in value)


def _fits(value: Any, kind: str) -> bool:
    if kind == "object":
        return isinstance(value, Mapping)
    if kind == "array":
        return isinstance(value, list)
    if isinstance(value, (list, Mapping)):
        return False
    text = str(value)
    if kind == "boolean":
        return text.lower() in ("true", "false")
    if kind in ("integer", "number"):
        return not isinstance(value, bool) and bool(
            (_INTEGER if kind == "integer" else _NUMBER).fullmatch(text)
        )
    return True


def _found(value: Any) -> str:
    if isinstance(value, (list, Mapping)):
        return "JSONArray" if isinstance(value, list) else "JSONObject"
    return {bool: "Boolean", int: "Integer", float: "Number"}.get(type(value), "String")


def _members(value: Mapping[str, Any], schema: Schema, named: Schema, path: str) -> Iterator[str]:
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for name, item in value.items():
        matching = [each for pattern, each in patterns.items() if expression(pattern).search(str(name))]
        if name in known:
            yield from _problems(item, known[name], named, f"{path}/{name}")
        elif matching:
            yield from _problems(item, matching[0], named, f"{path}/{name}")
        elif schema.get("additionalProperties") is False and (known or patterns):
            yield f"{path}: extraneous key [{name}] is not permitted"
    yield from (
        f"{path}: required key [{name}] not found" for name in schema.get("required", []) if name not in value
    )


@functools.cache
def expression(pattern: str) -> re.Pattern[str]:
    """A pattern of a schema. Python has no classes of Unicode: ``\\w`` and ``\\s`` are a little wider than they."""
    for theirs, ours in ((r"\p{L}", r"\w"), (r"\p{N}", r"\d"), (r"\p{Z}", r"\s")):
        pattern = pattern.replace(theirs, ours)
    return re.compile(pattern)


def _items(value: Any, schema: Schema, named: Schema, path: str) -> Iterator[str]:
    for number, item in enumerate(value if isinstance(value, list) else []):
        yield from _problems(item, schema["items"], named, f"{path}/{number}")


def _enum(value: Any, schema: Schema, _named: Schema, path: str) -> Iterator[str]:
    if _text(value) not in [_text(each) for each in schema["enum"]]:
        yield f"{path}: {_text(value)} is not a valid enum value"


def _const(value: Any, schema: Schema, named: Schema, path: str) -> Iterator[str]:
    return _enum(value, {"enum": [schema["const"]]}, named, path)


def _pattern(value: Any, schema: Schema, _named: Schema, path: str) -> Iterator[str]:
    if isinstance(value, str) and not expression(schema["pattern"]).search(value):
        yield f"{path}: string [{value}] does not match pattern {schema['pattern']}"


def _bounds(value: Any, schema: Schema, _named: Schema, path: str) -> Iterator[str]:
    number = float(value)
    if number < schema.get("minimum", number):
        yield f"{path}: {value} is not greater or equal to {schema['minimum']}"
    if number > schema.get("maximum", number):
        yield f"{path}: {value} is not less or equal to {schema['maximum']}"


def _lengths(value: Any, schema: Schema, _named: Schema, path: str) -> Iterator[str]:
    if isinstance(value, str):
        if len(value) < schema.get("minLength", 0):
            yield f"{path}: expected minLength: {schema['minLength']}, actual: {len(value)}"
        if len(value) > schema.get("maxLength", len(value)):
            yield f"{path}: expected maxLength: {schema['maxLength']}, actual: {len(value)}"


def _counts(value: Any, schema: Schema, _named: Schema, path: str) -> Iterator[str]:
    if not isinstance(value, list) or any(_is_unknown(item) for item in value):
        return
    if len(value) < schema.get("minItems", 0):
        yield f"{path}: expected minimum item count: {schema['minItems']}, found: {len(value)}"
    if len(value) > schema.get("maxItems", len(value)):
        yield f"{path}: expected maximum item count: {schema['maxItems']}, found: {len(value)}"
    texts = [json.dumps(item, sort_keys=True, default=str) for item in value]
    if schema.get("uniqueItems") and len(set(texts)) < len(texts):
        yield f"{path}: array items are not unique"


def _any_of(value: Any, schema: Schema, named: Schema, path: str) -> Iterator[str]:
    if all(list(_problems(value, each, named, path)) for each in schema["anyOf"]):
        yield f"{path}: #: no subschema matched out of the total {len(schema['anyOf'])} subschemas"


def _one_of(value: Any, schema: Schema, named: Schema, path: str) -> Iterator[str]:
    matching = sum(not list(_problems(value, each, named, path)) for each in schema["oneOf"])
    if matching != 1:
        yield f"{path}: #: {matching} subschemas matched instead of one"


def _sizes(value: Any, schema: Schema, _named: Schema, path: str) -> Iterator[str]:
    if isinstance(value, Mapping) and len(value) < schema["minProperties"]:
        yield f"{path}: minimum size: [{schema['minProperties']}], found: [{len(value)}]"


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_CHECKS: dict[str, Check] = {
    "anyOf": _any_of,
    "const": _const,
    "enum": _enum,
    "items": _items,
    "maxItems": _counts,
    "maxLength": _lengths,
    "maximum": _bounds,
    "minItems": _counts,
    "minLength": _lengths,
    "minProperties": _sizes,
    "minimum": _bounds,
    "oneOf": _one_of,
    "pattern": _pattern,
    "uniqueItems": _counts,
}
