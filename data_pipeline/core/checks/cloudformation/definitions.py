"""The definitions of a template's state machines, as they are when CloudFormation has put its values in.

A definition is an object, or a text (``DefinitionString``). ``Fn::If`` makes several of it, one for each combination of
conditions that can be. What is not known before the deployment stands in it as ``${AWS::Value}``, of whatever type; of
that, and of what follows from it, nothing is said. A substitution that stands between quotes is a text for certain:
``"Seconds": "${Secs}"`` is refused, ``"Seconds": ${Secs}`` is not.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-stepfunctions-statemachine.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from data_pipeline.core.checks.findings import Finding
from data_pipeline.core.problems import Path

from .conditions import Truth, UnknownError
from .functions import function

VALUE = "${AWS::Value}"
"""A value of which nothing is known."""
_FUNCTIONS = (
    "Ref",
    "GetAtt",
    "Join",
    "Select",
    "Split",
    "FindInMap",
    "ImportValue",
    "Base64",
    "ToJsonString",
    "Length",
)
_PLACEHOLDER = re.compile(r"\$\{([\w:.]+)\}")
_KNOWN_ONLY = re.compile(r"\$\{AWS::[\w:.]+\}")
#: findings that follow from all of a machine: not said where a part of it is not known
_OF_ALL = ("state-unreachable", "no-end", "target-unknown", "target-across-scopes", "start-unknown")
#: findings that are about a key, whatever its value is
_OF_KEYS = ("argument-unknown", "field-unknown", "field-language", "fields-exclusive", "option-unknown")
_STEERS = frozenset(
    (
        *(
            "StartAt",
            "States",
            "Next",
            "Default",
            "Choices",
            "Branches",
            "Iterator",
            "ItemProcessor",
            "Catch",
        ),
        *("End", "Type", "Assign", "QueryLanguage"),
    )
)
_ABSENT = object()


@dataclass(frozen=True)
class Variant:
    """A definition under one combination of conditions; None: a text that is no JSON."""

    path: Path
    definition: Any
    text: bool


def variants(path: Path, properties: Mapping[str, Any], truths: Iterable[Truth]) -> list[Variant]:
    """The definitions that the properties of a state machine can give, each once; none where one is not known."""
    found: dict[str, Variant] = {}
    for truth in truths:
        try:
            variant = _variant(path, properties, truth)
        except UnknownError:
            return []
        if variant is not None:
            found.setdefault(json.dumps(variant.definition, default=str, sort_keys=True), variant)
    return list(found.values())


def _variant(path: Path, properties: Mapping[str, Any], truth: Truth) -> Variant | None:
    if "Definition" in properties:
        value = _valued(properties["Definition"], truth)
        return None if value is _ABSENT else Variant((*path, "Definition"), value, False)
    if "DefinitionString" not in properties:
        return None
    text = _text(_chosen(properties["DefinitionString"], truth))
    given = properties.get("DefinitionSubstitutions")
    known = given if isinstance(given, dict) else {}
    try:
        definition = json.loads(_unquoted(text, known))
    except ValueError:
        definition = None
    return Variant((*path, "DefinitionString"), definition, True)


def _chosen(value: Any, truth: Truth) -> Any:
    """The value that ``Fn::If`` comes to."""
    branches = function(value, "If")
    if not isinstance(branches, list) or len(branches) != 3:
        return value
    if branches[0] not in truth:
        raise UnknownError
    return _chosen(branches[1] if truth[branches[0]] else branches[2], truth)


def _valued(value: Any, truth: Truth) -> Any:
    """The value with CloudFormation's functions carried out, or ``VALUE`` in their place."""
    value = _chosen(value, truth)
    if function(value, "Ref") == "AWS::NoValue":
        return _ABSENT
    if isinstance(value, list):
        return [each for each in (_valued(each, truth) for each in value) if each is not _ABSENT]
    if not isinstance(value, dict):
        return value
    if any(str(key).startswith(("Fn::Transform", "Fn::ForEach")) or key == "Transform" for key in value):
        raise UnknownError
    if isinstance(text := function(value, "Sub"), str):
        return text.replace("${", "${AWS::")
    if any(function(value, name) is not None for name in (*_FUNCTIONS, "Sub")):
        return VALUE
    valued = {key: _valued(each, truth) for key, each in value.items()}
    return {key: each for key, each in valued.items() if each is not _ABSENT}


def _text(value: Any) -> str:
    """The text of a definition; UnknownError where it is not to be had."""
    if isinstance(value, str):
        return value
    sub = function(value, "Sub")
    text = sub[0] if isinstance(sub, list) and sub else sub
    if isinstance(text, str):
        return text
    joined = function(value, "Join")
    if isinstance(joined, list) and len(joined) == 2 and isinstance(joined[1], list):
        return str(joined[0]).join(each if isinstance(each, str) else VALUE for each in joined[1])
    raise UnknownError


def _unquoted(text: str, given: Mapping[str, Any]) -> str:
    """The JSON with a value for each substitution that does not stand within a text."""
    out, at, quoted = [], 0, False
    while at < len(text):
        found = None if quoted else _PLACEHOLDER.match(text, at)
        if found:
            out.append(_literal(given.get(found[1])))
            at = found.end()
            continue
        length = 2 if quoted and text[at] == "\\" else 1
        quoted ^= text[at] == '"'
        out.append(text[at : at + length])
        at += length
    return "".join(out)


def _literal(value: Any) -> str:
    """What a substitution puts into the JSON: a literal's text as it is."""
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    return value if isinstance(value, str) and "{{" not in value else json.dumps(VALUE)


def said(found: Iterable[Finding], variant: Variant) -> Iterator[Finding]:
    """The findings about what is known."""
    steered = _is_steered(variant.definition)
    for finding in found:
        if steered and finding.code in (*_OF_ALL, "variable-unassigned"):
            continue
        if not _is_unknown(variant, finding.path, finding.code in _OF_KEYS):
            yield finding


def _is_steered(value: Any, key: str = "") -> bool:
    """Whether what is not known stands where it decides what states there are and how they follow each other."""
    if isinstance(value, str):
        return bool(_KNOWN_ONLY.fullmatch(value)) and key in _STEERS
    if isinstance(value, list):
        return any(_is_steered(each, key) for each in value)
    if not isinstance(value, dict):
        return False
    if key == "States":
        return any(_is_steered(each, "States" if isinstance(each, str) else "") for each in value.values())
    return any(_is_steered(each, name) for name, each in value.items())


def _is_unknown(variant: Variant, path: Path, of_key: bool) -> bool:
    """Whether the value at the path, or one above it, is not known; ``of_key``: only one above matters."""
    value, keys = variant.definition, path[len(variant.path) :]
    for key in keys[:-1] if of_key else keys:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            return False
        if isinstance(value, str) and _KNOWN_ONLY.fullmatch(value):
            return True
    return False
