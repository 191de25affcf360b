"""The whole check of one state machine."""

from __future__ import annotations

from typing import Any

from ..problems import Path
from . import choices, fields, graph, values
from .findings import Finding
from .walk import Scope, scopes


def check(definition: Any, path: Path = ()) -> list[Finding]:
    """What is wrong with a state machine; ``path`` is where it stands in its document."""
    if not isinstance(definition, dict):
        return [Finding("shape", path, "expected a state machine: an object")]
    every = scopes(definition, path)
    found = list(values.check_top(path, definition))
    for scope in every:
        found += fields.check_scope(scope)
        for name, state in scope.states.items():
            found += _state(scope, name, state)
    found += graph.check(every)
    return found


def _state(scope: Scope, name: str, state: dict[str, Any]) -> list[Finding]:
    found = list(fields.check_state(scope, name, state))
    if state.get("Type") not in fields.TYPES:
        return found
    found += values.check(scope, name, state)
    if state["Type"] == "Choice":
        found += choices.check(scope, name, state)
    return found
