"""A state machine as a diff of its states and their fields."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from .entries import ADDED, CHANGED, REMOVED, Entry
from .values import differences, entry

_STATES = "States"


def definition(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The definition of a state machine's properties; empty where it cannot be read."""
    found = properties.get("Definition", properties.get("DefinitionString", {}))
    if isinstance(found, str):
        try:
            found = json.loads(found)
        except ValueError:
            return {}
    return found if isinstance(found, dict) else {}


def entries(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Entry]:
    """States that are new, gone and changed, those that change alike in one; then what else of the machine differs."""
    old, new = before.get(_STATES, {}), after.get(_STATES, {})
    for name in new:
        if name not in old:
            yield Entry(ADDED, f"state {name} ({_kind(new[name])})")
    for name in old:
        if name not in new:
            yield Entry(REMOVED, f"state {name} ({_kind(old[name])})")
    by_details: dict[tuple[Entry, ...], list[str]] = {}
    for name in new:
        if name in old and old[name] != new[name]:
            by_details.setdefault(tuple(map(entry, differences(old[name], new[name]))), []).append(name)
    for details, names in by_details.items():
        yield Entry(CHANGED, f"state{'s' * (len(names) > 1)} {', '.join(names)}", details)
    yield from map(entry, differences(_rest(before), _rest(after)))


def _rest(machine: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in machine.items() if key != _STATES}


def _kind(state: Mapping[str, Any]) -> str:
    """What a state does: the call of a task, else its type."""
    resource = str(state.get("Resource", "")).removeprefix("arn:aws:states:::")
    return resource or str(state.get("Type", "state"))
