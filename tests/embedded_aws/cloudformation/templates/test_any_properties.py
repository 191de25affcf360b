"""Random properties of each resource type against cfn-lint's own validator of JSON Schema: both refuse, or neither."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

import pytest
from cfnlint.jsonschema import StandardValidator
from randomness import SEED, times

from data_pipeline.embedded_aws.cloudformation.templates import schemas

Schema = dict[str, Any]
TEXTS = (
    *(
        "a",
        "name-1",
        "alias/a",
        "arn:aws:iam::000000000000:role/r",
        "arn:aws:kms:us-east-1:000000000000:key/k",
    ),
    *(
        "arn:aws:logs:us-east-1:000000000000:log-group:g",
        "rate(1 day)",
        "7",
        "true",
        "",
        "a b",
        "é",
        "x" * 300,
    ),
)
DEEPEST = 4


def resolved(schema: Schema, named: Schema) -> Schema:
    """The schema that a reference means."""
    if "$ref" not in schema:
        return schema
    return {
        **named[schema["$ref"].rpartition("/")[2]],
        **{key: item for key, item in schema.items() if key != "$ref"},
    }


def any_value(chance: random.Random, schema: Schema, named: Schema, depth: int = 0) -> Any:
    """A value that is often right by its schema."""
    schema = resolved(schema, named)
    if "enum" in schema or "const" in schema:
        return chance.choice([*schema.get("enum", []), *([schema["const"]] if "const" in schema else [])])
    kinds = schema.get("type", "string")
    kind = chance.choice(kinds) if isinstance(kinds, list) else kinds
    if kind == "object":
        return any_object(chance, schema, named, depth)
    if kind == "array":
        count = chance.randint(schema.get("minItems", 0), schema.get("minItems", 0) + 2)
        return [any_value(chance, schema.get("items", {}), named, depth + 1) for _ in range(count)]
    if kind == "boolean":
        return chance.random() < 0.5
    if kind in ("integer", "number"):
        least = int(schema.get("minimum", 0))
        return chance.randint(least, int(schema.get("maximum", least + 5)))
    right = [
        text
        for text in TEXTS
        if "pattern" not in schema or schemas.expression(schema["pattern"]).search(text)
    ]
    return chance.choice(right or list(TEXTS))


def any_object(chance: random.Random, schema: Schema, named: Schema, depth: int) -> dict[str, Any]:
    known, required = schema.get("properties", {}), schema.get("required", [])
    most = 0 if depth > DEEPEST else 3
    chosen = {*required, *chance.sample(sorted(known), min(len(known), chance.randint(0, most)))}
    found = {name: any_value(chance, known.get(name, {}), named, depth + 1) for name in sorted(chosen)}
    if schema.get("patternProperties"):
        (pattern,) = schema["patternProperties"]
        found["key"] = any_value(chance, schema["patternProperties"][pattern], named, depth + 1)
    return found


def positions(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (owner, key or index) below a value."""
    pairs = (
        list(value.items())
        if isinstance(value, dict)
        else list(enumerate(value))
        if isinstance(value, list)
        else []
    )
    for key, item in pairs:
        yield value, key
        yield from positions(item)


def changed(chance: random.Random, properties: dict[str, Any]) -> None:
    """One thing of the properties made another."""
    found = list(positions(properties))
    if not found or chance.random() < 0.2:
        properties["Nope"] = "a"
        return
    owner, key = chance.choice(found)
    if chance.random() < 0.3:
        del owner[key]
    else:
        owner[key] = chance.choice([["a"], {"a": "b"}, "x" * 3000, "a b", -1, 10**9, 1.5, True, "", [], {}])


def turned(value: Any, kind: Any) -> Any:
    """A scalar as CloudFormation turns it into another type; None where it does not."""
    if isinstance(value, (dict, list)):
        return None
    text = str(value).lower() if isinstance(value, bool) else str(value)
    kinds = kind if isinstance(kind, list) else [kind]
    if "string" in kinds:
        return text
    if "boolean" in kinds and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if {"integer", "number"} & set(kinds) and not isinstance(value, bool) and text.lstrip("-").isdecimal():
        return int(text)
    return None


def is_text_of_several(error: Any) -> bool:
    """The one difference that is left: DefinitionSubstitutions of a state machine are text, a whole number or a truth
    value, so cfn-lint refuses 1.5, which CloudFormation turns into text: they become strings (AWS::StepFunctions::
    StateMachine, DefinitionSubstitutions, in the Template Reference).
    """
    is_scalar = not isinstance(error.instance, (dict, list))
    return error.validator == "anyOf" and is_scalar and {"type": "string"} in error.validator_value


def is_right(type_: str, properties: dict[str, Any]) -> bool:
    """What cfn-lint's validator says, once scalars are turned into the types that the schema wants."""
    schema = {key: item for key, item in schemas.types()[type_].items() if key != "readOnlyProperties"}
    properties = copy.deepcopy(properties)
    for _ in range(100):
        errors = list(StandardValidator(schema).iter_errors(properties))
        wrong = [
            (each, turned(each.instance, each.validator_value)) for each in errors if each.validator == "type"
        ]
        pair = next(((error, value) for error, value in wrong if value is not None and error.path), None)
        if pair is None:
            return all(is_text_of_several(each) for each in errors)
        *above, last = pair[0].path
        owner: Any = properties
        for key in above:
            owner = owner[key]
        owner[last] = pair[1]
    raise AssertionError("no end")


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("properties")))
def test_any_properties(attempt: int) -> None:
    """Properties that are read-only are left out: that rule is no JSON Schema."""
    chance = random.Random(f"{SEED}-properties-{attempt}")
    type_ = chance.choice(sorted(schemas.types()))
    schema = dict(schemas.types()[type_])
    properties = any_value(chance, {**schema, "type": "object"}, schema.get("definitions", {}))
    if chance.random() < 0.7:
        properties = copy.deepcopy(properties)
        changed(chance, properties)
    found = [each for each in schemas.problems(type_, properties) if "read-only" not in each]
    assert bool(found) != is_right(type_, properties), (type_, properties, found)
