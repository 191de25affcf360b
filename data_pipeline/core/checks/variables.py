"""Is every variable assigned on every way that leads to its use?

A variable is missing where a way leads from a scope's start to the state on which no transition assigns it;
within a Parallel or Map state, where that holds in the inner scope and, unless its items are executions of
their own, in the outer one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from data_pipeline.core.problems import Path, did_you_mean, quoted

from .findings import Finding
from .walk import Scope, edges, items

_NAME = re.compile(r"[^\W\d]\w*")
_NAME_LIMIT = 80


@dataclass(frozen=True)
class Use:
    """A variable and where it is used."""

    name: str
    path: Path


def check(scopes: list[Scope], uses: dict[tuple[Path, str], list[Use]]) -> Iterator[Finding]:
    """Findings about variables; ``uses``: (path of a scope, state) → its uses."""
    for scope in scopes:
        known = _visible(scope)
        for state in scope.states:
            yield from _names(scope, state)
            reported: set[str] = set()
            for use in uses.get((scope.path, state), ()):
                way = _way_without(scope, state, use.name)
                if way is not None and use.name not in reported:
                    reported.add(use.name)
                    yield _unassigned(scope, use, way, known)


def _unassigned(scope: Scope, use: Use, way: list[str], known: set[str]) -> Finding:
    code = "variable-unassigned"
    if use.name in known:
        message = f"${use.name} is not assigned on the way {' → '.join(way)}"
        return Finding(code, use.path, message, "assign it on every way that leads here")
    if _beyond_distribution(scope, use.name):
        message = f"${use.name} is outside: each item of a distributed Map is an execution of its own"
        return Finding(code, use.path, message, "pass it in the Map's ItemSelector")
    near = did_you_mean(f"${use.name}", [f"${name}" for name in known])
    return Finding(code, use.path, f"nothing assigns ${use.name}", near)


def _way_without(scope: Scope, state: str, variable: str) -> list[str] | None:
    """The shortest way to a state on which nothing assigns the variable; ``None`` where there is none."""
    before: list[str] = []
    if scope.parent and not scope.distributed:
        outer, holder = scope.parent
        way = _way_without(outer, holder, variable)
        if way is None:
            return None
        before = way
    start = scope.body.get("StartAt")
    ways: dict[str, list[str]] = {start: [start]} if isinstance(start, str) and start in scope.states else {}
    todo = list(ways)
    while todo:
        here = todo.pop(0)
        if here == state:
            return before + ways[here]
        for edge in edges(scope.states[here]):
            target = edge.target
            if (
                isinstance(target, str)
                and target in scope.states
                and target not in ways
                and variable not in edge.assigns
            ):
                ways[target] = [*ways[here], target]
                todo.append(target)
    return None


def _own(scope: Scope) -> set[str]:
    states = scope.states.values()
    holders = [h for s in states for h in (s, *(m for k in ("Catch", "Choices") for _, m in items(s, k)))]
    assigned = [h["Assign"] for h in holders if isinstance(h.get("Assign"), dict)]
    return {name.removesuffix(".$") for each in assigned for name in each}


def _visible(scope: Scope) -> set[str]:
    """What is assigned somewhere in the scope, or in those around it that it can see."""
    outer = _visible(scope.parent[0]) if scope.parent and not scope.distributed else set()
    return _own(scope) | outer


def _beyond_distribution(scope: Scope, name: str) -> bool:
    while scope.parent:
        scope = scope.parent[0]
        if name in _own(scope):
            return True
    return False


def _names(scope: Scope, name: str) -> Iterator[Finding]:
    state = scope.states[name]
    holders = [((), state), *items(state, "Catch"), *items(state, "Choices")]
    for below, holder in holders:
        assign = holder.get("Assign", {})
        path = (*scope.at(name), *below, "Assign")
        if not isinstance(assign, dict):
            if not isinstance(assign, str):
                yield Finding("shape", path, "expected an object: variable → value")
            continue
        for key in assign:
            variable = key.removesuffix(".$")
            if variable == "states":
                yield Finding("variable-name", (*path, key), "$states is reserved", "choose another name")
            elif not _NAME.fullmatch(variable) or len(variable) > _NAME_LIMIT:
                message = f"{quoted(variable)} is no name of a variable"
                advice = f"letters, digits and '_', not a digit first, at most {_NAME_LIMIT}; without '$'"
                yield Finding("variable-name", (*path, key), message, advice)
            elif scope.parent and not scope.distributed and _way_without(*scope.parent, variable) is None:
                message = f"${variable} is a variable of the outer scope"
                yield Finding("variable-of-outer-scope", (*path, key), message, "choose another name here")
