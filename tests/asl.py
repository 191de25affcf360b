"""Walking a definition in the Amazon States Language, and JSONata as far as it can be evaluated offline."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from jsonata import Jsonata


def targets(state: dict[str, Any]) -> list[str]:
    """Every state that a state may go on to."""
    found = [state[key] for key in ("Next", "Default") if key in state]
    return found + [branch["Next"] for key in ("Choices", "Catch") for branch in state.get(key, [])]


def reachable(definition: dict[str, Any]) -> set[str]:
    """States that can be entered from the start."""
    waiting, seen = [definition["StartAt"]], set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += targets(definition["States"][name])
    return seen


def expressions(value: Any) -> Iterator[str]:
    """The code of every ``{% … %}`` in a value."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from expressions(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from expressions(inner)
    elif isinstance(value, str) and value.startswith("{%"):
        assert value.endswith("%}"), value
        yield value[2:-2].strip()


def evaluate(expression: str, states: dict[str, Any], **variables: Any) -> Any:
    """The value of ``{% … %}`` with ``$states`` and variables, and Step Functions' ``$hash``, ``$parse``."""
    (code,) = expressions(expression)
    parsed = Jsonata(code)
    for name, value in {"states": states, **variables}.items():
        parsed.assign(name, value)
    parsed.register_lambda("hash", lambda text, _algorithm: _sha256(text))
    parsed.register_lambda("parse", json.loads)
    return parsed.evaluate(None)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
