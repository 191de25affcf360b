"""The scopes of a state machine: the machine itself, the branches of Parallel states, the processors of Maps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from data_pipeline.core.problems import Path

JSONPATH = "JSONPath"
JSONATA = "JSONata"


@dataclass(frozen=True)
class Scope:
    """An object with ``StartAt`` and ``States``; ``parent`` is the scope and the state that it lies in."""

    path: Path
    body: dict[str, Any]
    language: str
    parent: tuple[Scope, str] | None = None

    @cached_property
    def states(self) -> dict[str, dict[str, Any]]:
        """The states that are objects; the others are reported once, by their shape."""
        states = self.body.get("States")
        if not isinstance(states, dict):
            return {}
        return {name: state for name, state in states.items() if isinstance(state, dict)}

    @property
    def distributed(self) -> bool:
        """Whether each item is an execution of its own, which knows nothing of the variables outside."""
        config = self.body.get("ProcessorConfig")
        return isinstance(config, dict) and config.get("Mode") == "DISTRIBUTED"

    def at(self, name: str) -> Path:
        return (*self.path, "States", name)

    def language_of(self, state: dict[str, Any]) -> str:
        own = state.get("QueryLanguage")
        return own if own in (JSONPATH, JSONATA) else self.language


def scopes(definition: dict[str, Any], path: Path = ()) -> list[Scope]:
    """All scopes, each before those within it."""
    language = definition.get("QueryLanguage")
    top = Scope(path, definition, JSONATA if language == JSONATA else JSONPATH)
    return list(_within(top))


def _within(scope: Scope) -> Iterator[Scope]:
    yield scope
    for name, state in scope.states.items():
        for path, body in inner(state):
            yield from _within(Scope((*scope.at(name), *path), body, scope.language, (scope, name)))


def inner(state: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Path within a state → scope that lies in it."""
    if state.get("Type") == "Parallel" and isinstance(state.get("Branches"), list):
        for index, branch in enumerate(state["Branches"]):
            if isinstance(branch, dict):
                yield ("Branches", index), branch
    if state.get("Type") == "Map":
        for key in ("ItemProcessor", "Iterator"):
            if isinstance(state.get(key), dict):
                yield (key,), state[key]


def items(state: dict[str, Any], key: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Path within a state → object in its list ``key``: rules, retriers or catchers."""
    values = state.get(key)
    for index, value in enumerate(values if isinstance(values, list) else ()):
        if isinstance(value, dict):
            yield (key, index), value


@dataclass(frozen=True)
class Edge:
    """A transition: where its target is written, and the variables that are assigned on it."""

    path: Path
    target: Any
    assigns: frozenset[str]


def edges(state: dict[str, Any]) -> Iterator[Edge]:
    """The transitions out of a state, whether their targets exist or not."""
    own = _names(state)
    if state.get("Type") == "Choice":
        for path, rule in items(state, "Choices"):
            if "Next" in rule:
                yield Edge((*path, "Next"), rule["Next"], _names(rule))
        if "Default" in state:
            yield Edge(("Default",), state["Default"], own)
    elif "Next" in state:
        yield Edge(("Next",), state["Next"], own)
    if state.get("Type") in ("Task", "Parallel", "Map"):
        for path, catcher in items(state, "Catch"):
            if "Next" in catcher:
                yield Edge((*path, "Next"), catcher["Next"], _names(catcher))


def _names(holder: dict[str, Any]) -> frozenset[str]:
    assign = holder.get("Assign")
    return frozenset(n.removesuffix(".$") for n in assign) if isinstance(assign, dict) else frozenset()
