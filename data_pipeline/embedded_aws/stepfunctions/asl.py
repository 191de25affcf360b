"""What Step Functions refuses when a state machine is created, and what this embedded AWS does not run:
pure checks.

Every finding is (code, message, location) as ValidateStateMachineDefinition returns it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from .expressions import is_expression, syntax_error


class Diagnostic(NamedTuple):
    """One reason why a definition is refused."""

    code: str
    message: str
    location: str

    def __str__(self) -> str:
        return f"{self.code}: {self.message} at {self.location}"


SCHEMA = "SCHEMA_VALIDATION_FAILED"
#: Bytes of a definition.
SIZE_LIMIT = 1024 * 1024
_MACHINE = {"Comment", "QueryLanguage", "StartAt", "States", "TimeoutSeconds", "Version"}
_STATE = {"Type", "Comment", "QueryLanguage"}
_FLOW = {"Next", "End", "Output", "Assign"}
#: Type of a state → the fields it may have beside Type, Comment and QueryLanguage, and those it must have.
FIELDS: dict[str, tuple[set[str], set[str]]] = {
    "Task": (_FLOW | {"Resource", "Arguments", "TimeoutSeconds", "Retry", "Catch"}, {"Resource"}),
    "Pass": (_FLOW, set()),
    "Wait": (_FLOW | {"Seconds", "Timestamp"}, set()),
    "Choice": ({"Choices", "Default", "Output", "Assign"}, {"Choices"}),
    "Succeed": ({"Output"}, set()),
    "Fail": ({"Error", "Cause"}, set()),
}
#: Retrier's field → (least, most) value.
_BOUNDS = {
    "IntervalSeconds": (1, 99_999_999),
    "MaxAttempts": (0, 99_999_999),
    "BackoffRate": (1.0, float("inf")),
    "MaxDelaySeconds": (1, 31_622_400),
}
_RULES = {
    "Choices": ({"Condition", "Next", "Output", "Assign", "Comment"}, {"Condition", "Next"}),
    "Catch": ({"ErrorEquals", "Next", "Output", "Assign", "Comment"}, {"ErrorEquals", "Next"}),
    "Retry": (
        {"ErrorEquals", "JitterStrategy", "Comment"} | set(_BOUNDS),
        {"ErrorEquals"},
    ),
}
#: What Amazon States Language has and this interpreter does not run.
_NOT_RUN = {
    "Map": "Map states",
    "Parallel": "Parallel states",
    "Credentials": "Credentials of a Task (cross-account calls)",
    "HeartbeatSeconds": "HeartbeatSeconds",
}
_JSONPATH = frozenset(
    ["InputPath", "Parameters", "ResultSelector", "ResultPath", "OutputPath", "SecondsPath", "Result"]
)


def findings(definition: str, resources: Iterable[str], services: Iterable[str]) -> list[Diagnostic]:
    """Everything that is wrong with a definition; ``resources`` and ``services`` are the integrations that
    exist.
    """
    if len(definition.encode()) > SIZE_LIMIT:
        return [Diagnostic("DEFINITION_TOO_LARGE", f"The definition exceeds {SIZE_LIMIT} bytes", "/")]
    try:
        machine = json.loads(definition)
    except ValueError as error:
        return [Diagnostic("INVALID_JSON_DESCRIPTION", f"The definition is not JSON: {error}", "/")]
    if not isinstance(machine, dict):
        return [Diagnostic(SCHEMA, "The definition is not an object", "/")]
    return list(_machine(machine, frozenset(resources), frozenset(services)))


Names = frozenset[str]


def _machine(machine: dict[str, Any], resources: Names, services: Names) -> Iterator[Diagnostic]:
    yield from _unknown(machine, _MACHINE, "/")
    if machine.get("QueryLanguage", "JSONPath") != "JSONata":
        message = "The embedded AWS runs machines with QueryLanguage JSONata only"
        yield Diagnostic("NOT_EMULATED", message, "/QueryLanguage")
        return
    timeout = machine.get("TimeoutSeconds")
    if timeout is not None and (not isinstance(timeout, int) or isinstance(timeout, bool) or timeout < 1):
        yield Diagnostic(SCHEMA, "TimeoutSeconds must be a positive integer", "/TimeoutSeconds")
    states = machine.get("States")
    if not isinstance(states, dict) or not states:
        yield Diagnostic(SCHEMA, "States must be an object with at least one state", "/States")
        return
    start = machine.get("StartAt")
    if start not in states:
        yield Diagnostic("MISSING_TRANSITION_TARGET", f"Missing 'StartAt' target: {start}", "/StartAt")
    for name, state in states.items():
        where = f"/States/{name}"
        if not isinstance(state, dict):
            yield Diagnostic(SCHEMA, "A state must be an object", where)
            continue
        if not 1 <= len(name) <= 80:
            yield Diagnostic(SCHEMA, "The name of a state must have 1 to 80 characters", where)
        yield from _state(state, states, where, resources, services)
    if (
        isinstance(start, str)
        and start in states
        and all(isinstance(state, dict) for state in states.values())
    ):
        yield from _paths(states, start)


def _state(
    state: dict[str, Any],
    states: dict[str, Any],
    where: str,
    resources: frozenset[str],
    services: frozenset[str],
) -> Iterator[Diagnostic]:
    kind = state.get("Type")
    if kind in _NOT_RUN:
        yield Diagnostic("NOT_EMULATED", f"The embedded AWS does not run {_NOT_RUN[kind]}", f"{where}/Type")
        return
    if not isinstance(kind, str) or kind not in FIELDS:
        types = ", ".join(sorted({*FIELDS, "Map", "Parallel"}))
        yield Diagnostic(SCHEMA, f"Type must be one of {types}; found {kind}", where)
        return
    allowed, required = FIELDS[kind]
    yield from _unknown(state, _STATE | allowed, where)
    yield from _missing(state, required, where)
    if state.get("QueryLanguage", "JSONata") != "JSONata":
        yield Diagnostic("NOT_EMULATED", "The embedded AWS runs JSONata only", f"{where}/QueryLanguage")
    if "Next" in allowed:
        if ("Next" in state) == (state.get("End") is True):
            yield Diagnostic(SCHEMA, "A state needs either Next or End: true", where)
        yield from _target(state, "Next", states, where)
    if kind == "Choice":
        yield from _target(state, "Default", states, where)
        if not isinstance(state.get("Choices"), list) or not state["Choices"]:
            yield Diagnostic(SCHEMA, "Choices must be a list with at least one rule", f"{where}/Choices")
    if kind == "Wait" and ("Seconds" in state) == ("Timestamp" in state):
        yield Diagnostic(SCHEMA, "A Wait state needs either Seconds or Timestamp", where)
    if kind == "Task":
        yield from _resource(state.get("Resource"), f"{where}/Resource", resources, services)
    for field, (known, needed) in _RULES.items():
        yield from _rules(state.get(field), known, needed, states, f"{where}/{field}")
    yield from _expressions(state, where)


def _resource(resource: Any, where: str, resources: Names, services: Names) -> Iterator[Diagnostic]:
    if not isinstance(resource, str) or not resource.startswith("arn:aws:states:::"):
        message = f"The resource {resource} is not the ARN of a service integration that is emulated"
        yield Diagnostic(SCHEMA, message, where)
    elif resource.startswith("arn:aws:states:::aws-sdk:"):
        service = resource.split(":")[6]
        if service not in services or resource.count(":") != 7:
            yield Diagnostic("NOT_EMULATED", f"The embedded AWS has no integration {resource}", where)
    elif resource not in resources:
        yield Diagnostic("NOT_EMULATED", f"The embedded AWS has no integration {resource}", where)


def _rules(
    rules: Any, known: set[str], needed: set[str], states: dict[str, Any], where: str
) -> Iterator[Diagnostic]:
    if rules is None:
        return
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        yield Diagnostic(SCHEMA, "This must be a list of objects", where)
        return
    for index, rule in enumerate(rules):
        here = f"{where}[{index}]"
        yield from _unknown(rule, known, here)
        yield from _missing(rule, needed, here)
        yield from _target(rule, "Next", states, here)
        errors = rule.get("ErrorEquals", ["-"])
        if not isinstance(errors, list) or not errors or not all(isinstance(error, str) for error in errors):
            yield Diagnostic(SCHEMA, "ErrorEquals must be a list of error names", here)
        elif "States.ALL" in errors and (len(errors) > 1 or index < len(rules) - 1):
            yield Diagnostic(SCHEMA, "States.ALL must stand alone, in the last rule", here)
        for field, (least, most) in _BOUNDS.items():
            value = rule.get(field, least)
            if not isinstance(value, (int, float)) or isinstance(value, bool) or not least <= value <= most:
                yield Diagnostic(SCHEMA, f"{field} must be a number from {least}", here)
        if rule.get("JitterStrategy", "NONE") not in ("FULL", "NONE"):
            yield Diagnostic(SCHEMA, "JitterStrategy must be FULL or NONE", here)


def _paths(states: dict[str, Any], start: str) -> Iterator[Diagnostic]:
    """States that no path reaches, and a machine whose paths have no end."""
    reached: set[str] = set()
    todo = [start]
    while todo:
        name = todo.pop()
        if name in reached or name not in states:
            continue
        reached.add(name)
        todo.extend(_targets(states[name]))
    for name in states:
        if name not in reached:
            yield Diagnostic("UNREACHABLE_STATE", f"The state {name} cannot be reached", f"/States/{name}")
    ends = [
        states[name].get("End") is True or states[name].get("Type") in ("Succeed", "Fail") for name in reached
    ]
    if not any(ends):
        yield Diagnostic("NO_TERMINAL_STATE", "No path from StartAt reaches an end", "/States")


def _targets(state: Mapping[str, Any]) -> list[str]:
    rules = [*(state.get("Choices") or []), *(state.get("Catch") or [])]
    rules = [rule for rule in rules if isinstance(rule, dict)]
    named = [state.get("Next"), state.get("Default"), *(rule.get("Next") for rule in rules)]
    return [name for name in named if isinstance(name, str)]


def _target(
    holder: Mapping[str, Any], field: str, states: dict[str, Any], where: str
) -> Iterator[Diagnostic]:
    if field in holder and holder[field] not in states:
        code, message = "MISSING_TRANSITION_TARGET", f"Missing '{field}' target: {holder[field]}"
        yield Diagnostic(code, message, f"{where}/{field}")


def _unknown(holder: Mapping[str, Any], known: set[str], where: str) -> Iterator[Diagnostic]:
    for field in holder:
        if field in known:
            continue
        if field in _NOT_RUN:
            yield Diagnostic("NOT_EMULATED", f"The embedded AWS does not run {_NOT_RUN[field]}", where)
        elif field in _JSONPATH:
            yield Diagnostic(SCHEMA, f"Field '{field}' is not supported with QueryLanguage JSONata", where)
        else:
            yield Diagnostic(SCHEMA, f"Field '{field}' is not supported", where)


def _missing(holder: Mapping[str, Any], needed: set[str], where: str) -> Iterator[Diagnostic]:
    for field in sorted(needed - set(holder)):
        yield Diagnostic(SCHEMA, f"Field '{field}' is missing", where)


def _expressions(value: Any, where: str) -> Iterator[Diagnostic]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _expressions(item, f"{where}/{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _expressions(item, f"{where}[{index}]")
    elif is_expression(value):
        error = syntax_error(value)
        if error is not None:
            yield Diagnostic("INVALID_JSONATA_EXPRESSION", error, where)
