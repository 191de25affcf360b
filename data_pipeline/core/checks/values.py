"""Numbers, error names and other values whose limits the language fixes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any, TypeGuard

from data_pipeline.core.problems import Path, did_you_mean, quoted

from .findings import Finding
from .walk import JSONATA, Scope, items, scopes

#: a time after RFC 3339, in the form that the States Language wants.
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_MOST_SECONDS = 99_999_999
_LONGEST_DELAY = 31_622_400

#: field → (least, most, whole numbers only)
_OF_STATES: dict[str, tuple[float, float, bool]] = {
    "TimeoutSeconds": (1, _MOST_SECONDS, True),
    "HeartbeatSeconds": (1, _MOST_SECONDS, True),
    "Seconds": (0, _MOST_SECONDS, True),
    "MaxConcurrency": (0, float("inf"), True),
    "ToleratedFailureCount": (0, float("inf"), True),
    "ToleratedFailurePercentage": (0, 100, False),
}
_OF_RETRIERS: dict[str, tuple[float, float, bool]] = {
    "IntervalSeconds": (1, _MOST_SECONDS, True),
    "MaxAttempts": (0, _MOST_SECONDS, True),
    "BackoffRate": (1, float("inf"), False),
    "MaxDelaySeconds": (1, _LONGEST_DELAY - 1, True),
}
_CODES = (
    "ALL BranchFailed DataLimitExceeded ExceedToleratedFailureThreshold HeartbeatTimeout Http.Socket "
    "IntrinsicFailure ItemReaderFailed NoChoiceMatched ParameterPathFailure Permissions "
    "QueryEvaluationError ResultPathMatchFailure ResultWriterFailed Runtime TaskFailed Timeout"
)
#: the errors that the language itself names.
ERRORS = tuple(f"States.{name}" for name in _CODES.split())


def check(scope: Scope, name: str, state: dict[str, Any]) -> Iterator[Finding]:
    """Findings about the values of one state."""
    path, evaluated = scope.at(name), scope.language_of(state) == JSONATA
    yield from _numbers(path, state, _OF_STATES, evaluated)
    timeout, heartbeat = state.get("TimeoutSeconds"), state.get("HeartbeatSeconds")
    if _is_number(timeout) and _is_number(heartbeat) and heartbeat >= timeout:
        message = f"a heartbeat of {heartbeat} s is never missed within a timeout of {timeout} s"
        yield Finding(
            "heartbeat", (*path, "HeartbeatSeconds"), message, "make it shorter than TimeoutSeconds"
        )
    waits = [f for f in ("Seconds", "SecondsPath", "Timestamp", "TimestampPath") if f in state]
    if state.get("Type") == "Wait" and len(waits) != 1:
        yield Finding(
            "fields-exclusive" if waits else "field-missing",
            path,
            f"a Wait state has one of Seconds and Timestamp, not {' and '.join(waits) or 'none'}",
        )
    if state.get("Type") == "Wait" and "Timestamp" in state:
        yield from check_timestamp((*path, "Timestamp"), state["Timestamp"], evaluated)
    for field in (
        "Timeout",
        "Heartbeat",
        "MaxConcurrency",
        "ToleratedFailureCount",
        "ToleratedFailurePercentage",
    ):
        plain = f"{field}Seconds" if field in ("Timeout", "Heartbeat") else field
        if plain in state and f"{plain}Path" in state:
            yield Finding("fields-exclusive", (*path, f"{plain}Path"), f"there is {plain} too", "keep one")
    for field in ("Error", "Cause"):
        if state.get("Type") == "Fail" and field in state and f"{field}Path" in state:
            yield Finding("fields-exclusive", (*path, f"{field}Path"), f"there is {field} too", "keep one")
    for below, retrier in items(state, "Retry"):
        yield from _retrier((*path, *below), retrier)
    for key in ("Retry", "Catch"):
        yield from _errors(scope, path, state, key)


def check_top(path: Path, definition: dict[str, Any]) -> Iterator[Finding]:
    """Findings about the values of the machine itself."""
    if definition.get("Version", "1.0") != "1.0":
        yield Finding(
            "value",
            (*path, "Version"),
            f"no version is called {_shown(definition['Version'])}",
            "write '1.0'",
        )
    yield from _numbers(path, definition, {"TimeoutSeconds": _OF_STATES["TimeoutSeconds"]}, False)


def _numbers(
    path: Path, body: dict[str, Any], limits: dict[str, tuple[float, float, bool]], evaluated: bool
) -> Iterator[Finding]:
    for field, (least, most, whole) in limits.items():
        if field not in body or is_substituted(body[field]) or (evaluated and is_expression(body[field])):
            continue
        value = body[field]
        if _is_number(value) and least <= value <= most and (not whole or value == int(value)):
            continue
        kind = "a whole number" if whole else "a number"
        limit = f"of at least {least:g}" if most == float("inf") else f"from {least:g} to {int(most)}"
        yield Finding("number", (*path, field), f"expected {kind} {limit}, not {_shown(value)}")


def check_quoted(scope: Scope, names: Collection[str]) -> Iterator[Finding]:
    """Findings where a substitution of these names stands for a number: between quotes it gives a text."""
    for name, state in scope.states.items():
        bodies: list[tuple[Path, dict[str, Any], dict[str, tuple[float, float, bool]]]]
        bodies = [((), state, _OF_STATES)]
        bodies += [(below, retrier, _OF_RETRIERS) for below, retrier in items(state, "Retry")]
        for below, body, limits in bodies:
            for field in limits:
                found = re.fullmatch(r"\$\{(\w+)\}", str(body.get(field)))
                if found and found[1] in names:
                    path = (*scope.at(name), *below, field)
                    message = f"expected a number: between quotes, {body[field]} gives a text"
                    yield Finding("number", path, message, "write it without quotes, in a DefinitionString")


def _retrier(path: Path, retrier: dict[str, Any]) -> Iterator[Finding]:
    yield from _numbers(path, retrier, _OF_RETRIERS, False)
    interval, longest = retrier.get("IntervalSeconds", 1), retrier.get("MaxDelaySeconds")
    if _is_number(interval) and _is_number(longest) and longest <= interval:
        message = f"the longest delay must exceed the first one, {interval} s"
        yield Finding("number", (*path, "MaxDelaySeconds"), message)
    jitter = retrier.get("JitterStrategy", "NONE")
    if jitter not in ("FULL", "NONE") and not is_substituted(jitter):
        near = did_you_mean(jitter, ("FULL", "NONE")) if isinstance(jitter, str) else ""
        yield Finding(
            "value", (*path, "JitterStrategy"), f"expected FULL or NONE, not {_shown(jitter)}", near
        )


def _errors(scope: Scope, path: Path, state: dict[str, Any], key: str) -> Iterator[Finding]:
    if key in state and not isinstance(state[key], list):
        yield Finding("shape", (*path, key), "expected a list")
    seen: set[str] = set()
    for below, member in items(state, key):
        names, where = member.get("ErrorEquals"), (*path, *below, "ErrorEquals")
        if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
            yield Finding("error-names", where, "expected a list of error names")
            continue
        if "States.ALL" in seen:
            message = "this is never used: an earlier one takes States.ALL"
            yield Finding("after-all", (*path, *below), message, "put States.ALL last")
            continue
        if "States.ALL" in names and len(names) > 1:
            yield Finding("all-alone", where, "States.ALL must stand alone", "it takes the others too")
        for index, error in enumerate(names):
            if _is_no_error(error) and error not in _raised(scope):
                near = did_you_mean(error, ERRORS)
                yield Finding("value", (*where, index), f"the language names no error {quoted(error)}", near)
            if error in seen:
                message = f"an earlier one takes {quoted(error)}"
                yield Finding("error-repeated", (*where, index), message, "delete it here or there")
        seen.update(names)


def _is_no_error(error: str) -> bool:
    return error.startswith("States.") and not error.startswith("States.Http.") and error not in ERRORS


def _raised(scope: Scope) -> set[str]:
    """The errors of the machine's own Fail states, of whatever name."""
    while scope.parent is not None:
        scope = scope.parent[0]
    states = [state for each in scopes(scope.body) for state in each.states.values()]
    return {str(state.get("Error")) for state in states if state.get("Type") == "Fail"}


def check_timestamp(path: Path, value: Any, evaluated: bool) -> Iterator[Finding]:
    """A finding where a value is no time, and nothing computes it."""
    if is_substituted(value) or (evaluated and is_expression(value)):
        return
    if not isinstance(value, str) or not TIMESTAMP.fullmatch(value):
        advice = "write it as in '2030-01-31T06:00:00Z'"
        yield Finding("value", path, f"{_shown(value)} is no time", advice)


def is_expression(value: Any) -> bool:
    """Whether a string is evaluated as JSONata."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


def is_substituted(value: Any) -> bool:
    """Whether CloudFormation puts something into the value: it is not known yet, nor is its type."""
    return isinstance(value, str) and "${" in value


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    return quoted(value) if isinstance(value, str) else str(value)
