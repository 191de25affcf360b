"""The context object: what an execution knows of itself."""

from __future__ import annotations

from typing import Any

from data_pipeline.core.problems import Path, did_you_mean, quoted

from .findings import Finding
from .walk import Scope

_CONTEXT = {
    "Execution": ("Id", "Input", "Name", "RoleArn", "StartTime", "RedriveCount", "RedriveTime"),
    "State": ("EnteredTime", "Name", "RetryCount"),
    "StateMachine": ("Id", "Name"),
    "Task": ("Token",),
    "Map": ("Item",),
}


def context_finding(
    scope: Scope, state: dict[str, Any], path: Path, fields: tuple[str, ...], prefix: str
) -> Finding | None:
    """What is wrong with a path of the context object; ``prefix`` is how its language writes the object."""
    if fields and fields[0] not in _CONTEXT:
        near = did_you_mean(fields[0], _CONTEXT)
        return Finding("states-path", path, f"{prefix} has no member {quoted(fields[0])}", near)
    if len(fields) > 1 and fields[1] not in _CONTEXT[fields[0]]:
        near = did_you_mean(fields[1], _CONTEXT[fields[0]])
        message = f"{prefix}.{fields[0]} has no member {quoted(fields[1])}"
        return Finding("states-path", path, message, near)
    if fields[:1] == ("Task",) and state.get("Type") != "Task":
        return Finding("states-path", path, f"{prefix}.Task does not exist here: this is no Task")
    if fields[:1] == ("Map",) and not _in_map(scope, state):
        return Finding("states-path", path, f"{prefix}.Map does not exist here: this is not within a Map")
    return None


def _in_map(scope: Scope, state: dict[str, Any]) -> bool:
    if state.get("Type") == "Map":
        return True
    if scope.parent is None:
        return False
    outer, holder = scope.parent
    return _in_map(outer, outer.states[holder])
