"""What Task states call and pass, against the models of the services."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from data_pipeline.core.problems import Path, did_you_mean, quoted

from . import integrations, own_apis, shapes
from .evaluated_texts import Text, texts
from .expressions import BrokenExpressionError, used
from .findings import Finding
from .values import is_expression
from .walk import JSONATA, Scope


@dataclass(frozen=True)
class Services:
    """Botocore's models: name → model (``operations``, ``shapes``), and the names of all there are."""

    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    names: frozenset[str] = frozenset()


_SHAPES = {
    "role": {"type": "string", "pattern": r"arn:aws[\w-]*:iam::\d{12}:role/.+"},
    "credentials": shapes.structure({"RoleArn": "role"}, "RoleArn"),
}
#: a path of JSONPath that only follows names, and takes members of lists.
_NAMES = re.compile(r"\$((?:\.[A-Za-z]\w*|\[\d+\])*)")
#: what Step Functions adds to the answers of SDK calls and optimised ones.
_ADDED = ("SdkHttpMetadata", "SdkResponseMetadata")


def check(scope: Scope, name: str, state: dict[str, Any], services: Services) -> Iterator[Finding]:
    """Findings about what one Task state calls, what it passes and what it reads of the answer."""
    if "Credentials" in state:
        yield from shapes.check(
            _SHAPES, "credentials", state["Credentials"], (*scope.at(name), "Credentials")
        )
    found = list(integrations.check(scope.at(name), state, services.models, services.names))
    yield from found
    call = integrations.call_of(state)
    if found or call is None:
        return
    field_name = "Arguments" if scope.language_of(state) == JSONATA else "Parameters"
    given = state.get(field_name, {})
    if token := integrations.token_finding(scope, name, state, given):
        yield token
    model = own_apis.model(call, services.models)
    operation = model["operations"].get(call.operation) if model else None
    if model is None or operation is None:
        return
    path = (*scope.at(name), field_name) if field_name in state else scope.at(name)
    if "input" in operation:
        wrong = shapes.check(model["shapes"], operation["input"]["shape"], given, path)
        yield from (each for each in wrong if not (call.sdk and _is_boolean_text(each, path, given)))
    yield from own_apis.check(call, given, path)
    known, shape = _answer(call, model)
    if known:
        yield from _results(scope, name, state, model["shapes"], shape)


def _is_boolean_text(found: Finding, path: Path, given: Any) -> bool:
    """Whether a finding is about a text that the SDK takes for a boolean, as AWS's own collection of workflows has it
    (docs/records/published-documents.md)."""
    value = given
    for key in found.path[len(path) :]:
        value = value[key]
    return found.code == "argument-type" and "true or false" in found.message and value in ("true", "false")


def _answer(call: integrations.Call, model: dict[str, Any]) -> tuple[bool, str | None]:
    """Whether the result of a call is known, and its shape; none for an answer without members."""
    if not call.pattern:
        output = model["operations"][call.operation].get("output", {}).get("shape")
        return not _is_streamed(model, output), output
    asked = integrations.ANSWERS.get(call.service, {}).get(call.action)
    if not call.pattern.startswith(".sync") or asked is None:
        return False, None
    operation, member = asked
    shape: str = model["operations"][operation]["output"]["shape"]
    return True, model["shapes"][shape]["members"][member]["shape"] if member else shape


def _is_streamed(model: dict[str, Any], shape: str | None) -> bool:
    """Whether the API answers with a stream of events, of which Step Functions makes an answer of its own."""
    members = model["shapes"][shape].get("members", {}) if shape else {}
    return any(model["shapes"][of["shape"]].get("eventstream") for of in members.values())


def _results(
    scope: Scope, name: str, state: dict[str, Any], all_shapes: dict[str, Any], shape: str | None
) -> Iterator[Finding]:
    jsonata = scope.language_of(state) == JSONATA
    here = "$states.result" if jsonata else "$"
    for text in texts(state):
        for fields in _read(text) if jsonata else _selected(text):
            if finding := _result(all_shapes, shape, fields, here):
                yield Finding("result-unknown", (*scope.at(name), *text.path), *finding)


def _read(text: Text) -> Iterator[tuple[str, ...]]:
    """The paths into the result that an expression reads."""
    if "result" not in text.states or not is_expression(text.text):
        return
    try:
        paths = used(text.text).states
    except BrokenExpressionError:
        return  # found as such
    yield from (fields[1:] for fields in paths if fields[:1] == ("result",))


def _selected(text: Text) -> Iterator[tuple[str, ...]]:
    """The path into the result that a ``ResultSelector`` has in one place."""
    path = _NAMES.fullmatch(text.text)
    if path and text.path[0] == "ResultSelector" and str(text.path[-1]).endswith(".$"):
        yield tuple(re.findall(r"[A-Za-z]\w*", path[1]))


def _result(
    all_shapes: dict[str, Any], shape: str | None, fields: tuple[str, ...], here: str
) -> tuple[str, str] | None:
    """Message and advice about a path into an answer, which is called ``here``; ``None`` while it exists, or where
    that is unknown.
    """
    for index, each in enumerate(fields):
        kind = all_shapes[shape]["type"] if shape else "structure"
        while shape and kind == "list":
            shape = all_shapes[shape]["member"]["shape"]
            kind = all_shapes[shape]["type"]
        if kind != "structure" or (shape and all_shapes[shape].get("document")):
            return None
        members = (
            {shapes.pascal(m): of["shape"] for m, of in all_shapes[shape].get("members", {}).items()}
            if shape
            else {}
        )
        if index == 0 and each in _ADDED:
            return None
        same = next((m for m in members if m.lower() == each.lower() and each[:1].isupper()), None)
        if same is None:
            return f"{here} has no member {quoted(each)}", did_you_mean(each, members)
        here, shape = f"{here}.{each}", members[same]
    return None
