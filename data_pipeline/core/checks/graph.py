"""Where transitions lead: to nowhere, across scopes, round in circles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from data_pipeline.core.problems import did_you_mean, nearest, one_of, quoted

from .findings import Finding
from .walk import Scope, edges

_NAME_LIMIT = 80


def check(scopes: list[Scope]) -> Iterator[Finding]:
    """Findings about the targets and the reachability of all scopes' states."""
    scopes_of: dict[str, list[Scope]] = {}
    for scope in scopes:
        for name in scope.states:
            if len(name) > _NAME_LIMIT:
                message = f"a state's name may have {_NAME_LIMIT} characters, not {len(name)}"
                yield Finding("name-too-long", scope.at(name), message)
            if name in scopes_of:
                message = f"the machine has another state called {quoted(name)}"
                yield Finding(
                    "name-duplicate", scope.at(name), message, "state names are unique in the machine"
                )
            scopes_of.setdefault(name, []).append(scope)
    for scope in scopes:
        if scope.states:
            yield from _targets(scope, scopes_of)
            yield from _reach(scope)


def _targets(scope: Scope, scopes_of: dict[str, list[Scope]]) -> Iterator[Finding]:
    start = scope.body.get("StartAt")
    if isinstance(start, str) and start not in scope.states:
        message = f"no state here is called {quoted(start)}"
        yield Finding("start-unknown", (*scope.path, "StartAt"), message, did_you_mean(start, scope.states))
    for name, state in scope.states.items():
        for edge in edges(state):
            path = (*scope.at(name), *edge.path)
            if not isinstance(edge.target, str):
                yield Finding("shape", path, "expected the name of a state")
            elif edge.target in scope.states:
                continue
            elif edge.target in scopes_of:
                message = f"the state {quoted(edge.target)} is in another scope"
                yield Finding(
                    "target-across-scopes", path, message, "end this scope and go on from the outer state"
                )
            else:
                message = f"no state is called {quoted(edge.target)}"
                yield Finding("target-unknown", path, message, did_you_mean(edge.target, scope.states))


def following(scope: Scope, state: dict[str, Any]) -> set[str]:
    """The states that may come next. A target that does not exist stands for what it was meant to be."""
    names: set[str] = set()
    for edge in edges(state):
        if isinstance(edge.target, str):
            known = edge.target in scope.states
            names.update([edge.target] if known else nearest(edge.target, scope.states))
    return names


def _reach(scope: Scope) -> Iterator[Finding]:
    start = scope.body.get("StartAt")
    if not isinstance(start, str) or start not in scope.states:
        return
    reached = reachable(scope, start)
    for name in scope.states:
        if name not in reached:
            yield Finding(
                "state-unreachable",
                scope.at(name),
                "no way leads here from StartAt",
                "delete it, or name it in a Next",
            )
    ending = {name for name in reached if _may_end(scope, scope.states[name])}
    grown = True
    while grown:
        more = {n for n in reached - ending if following(scope, scope.states[n]) & ending}
        grown, ending = bool(more), ending | more
    if stuck := [name for name in scope.states if name in reached - ending]:
        message = f"no way leads from {one_of(stuck)} to an end"
        yield Finding("no-end", scope.at(stuck[0]), message, "add a state with End, a Succeed or a Fail")


def reachable(scope: Scope, start: str) -> set[str]:
    """The states that can be entered, beginning with ``start``."""
    reached, todo = {start}, [start]
    while todo:
        new = following(scope, scope.states[todo.pop()]) - reached
        reached |= new
        todo += new
    return reached


def _may_end(scope: Scope, state: dict[str, Any]) -> bool:
    """Whether the scope may end here, or where this leads is not known because it is wrong."""
    kind = state.get("Type")
    if kind in ("Succeed", "Fail") or state.get("End") is True:
        return True
    targets = [edge.target for edge in edges(state)]
    return not targets or any(not isinstance(t, str) or t not in scope.states for t in targets)
