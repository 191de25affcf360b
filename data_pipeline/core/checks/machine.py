"""The whole check of one state machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from data_pipeline.core.problems import Path

from . import choices, express, fields, graph, jsonata, jsonpath, maps, tasks, values, variables
from .findings import Finding
from .tasks import Services
from .variables import Use
from .walk import JSONATA, Scope, scopes


def check(definition: Any, services: Services, path: Path = (), *, is_express: bool = False) -> list[Finding]:
    """What is wrong with a state machine; ``path`` is where it stands in its document, ``is_express`` whether it is an
    Express workflow.

    ``services`` are the models of ``integrations.services(definition)``.
    """
    if not isinstance(definition, dict):
        return [Finding("shape", path, "expected a state machine: an object")]
    every = scopes(definition, path)
    found = list(values.check_top(path, definition))
    uses: dict[tuple[Path, str], list[Use]] = {}
    for scope in every:
        found += fields.check_scope(scope)
        for name, state in scope.states.items():
            found += express.check(scope, name, state, is_express)
            for each in _state(scope, name, state, services):
                if isinstance(each, Use):
                    uses.setdefault((scope.path, name), []).append(each)
                else:
                    found.append(each)
    found += graph.check(every)
    found += variables.check(every, uses)
    return found


def _state(scope: Scope, name: str, state: dict[str, Any], services: Services) -> Iterator[Finding | Use]:
    yield from fields.check_state(scope, name, state)
    if state.get("Type") not in fields.TYPES:
        return
    yield from values.check(scope, name, state)
    if state["Type"] == "Choice":
        yield from choices.check(scope, name, state)
    if state["Type"] == "Task":
        yield from tasks.check(scope, name, state, services)
    if state["Type"] == "Map":
        yield from maps.check(scope, name, state, services)
    if scope.language_of(state) == JSONATA:
        yield from jsonata.check(scope, name, state)
    else:
        yield from jsonpath.check(scope, name, state)
        yield from jsonata.evaluated_nowhere(scope, name, state)
