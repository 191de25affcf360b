"""Which fields each type of state has, in either query language. After the Amazon States Language and the
Step Functions developer guide, "State types".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from data_pipeline.core.problems import Path, did_you_mean, one_of, quoted

from .findings import Finding
from .walk import JSONATA, JSONPATH, Scope, items

_FLOW = "Next End Assign"
_ERRORS = "Retry Catch"
_LIMITS = "MaxConcurrency ToleratedFailureCount ToleratedFailurePercentage"
_MAP = f"ItemProcessor ItemSelector ItemReader ItemBatcher ResultWriter Label {_LIMITS} {_FLOW} {_ERRORS}"
_MAP_PATHS = " ".join(f"{name}Path" for name in f"{_LIMITS} Items".split())
_DATA = "InputPath OutputPath Parameters ResultSelector ResultPath"

#: language → type → its fields.
FIELDS: dict[str, dict[str, frozenset[str]]] = {
    language: {
        kind: frozenset(f"Type Comment QueryLanguage {names}".split()) for kind, names in kinds.items()
    }
    for language, kinds in {
        JSONATA: {
            "Task": f"Resource Arguments Output TimeoutSeconds HeartbeatSeconds Credentials {_FLOW} {_ERRORS}",
            "Pass": f"Output {_FLOW}",
            "Wait": f"Seconds Timestamp Output {_FLOW}",
            "Choice": "Choices Default Output Assign",
            "Succeed": "Output",
            "Fail": "Error Cause",
            "Parallel": f"Branches Arguments Output {_FLOW} {_ERRORS}",
            "Map": f"Items Output {_MAP}",
        },
        JSONPATH: {
            "Task": "Resource TimeoutSeconds TimeoutSecondsPath HeartbeatSeconds HeartbeatSecondsPath Credentials "
            f"{_DATA} {_FLOW} {_ERRORS}",
            "Pass": f"InputPath OutputPath Parameters Result ResultPath {_FLOW}",
            "Wait": f"Seconds SecondsPath Timestamp TimestampPath InputPath OutputPath {_FLOW}",
            "Choice": "Choices Default InputPath OutputPath Assign",
            "Succeed": "InputPath OutputPath",
            "Fail": "Error ErrorPath Cause CausePath",
            "Parallel": f"Branches {_DATA} {_FLOW} {_ERRORS}",
            "Map": f"Iterator {_DATA} {_MAP} {_MAP_PATHS}",
        },
    }.items()
}

TYPES = tuple(FIELDS[JSONATA])

#: language → list in a state → the fields of its members.
_MEMBERS = {
    "Retry": dict.fromkeys(
        (JSONATA, JSONPATH),
        "ErrorEquals IntervalSeconds MaxAttempts BackoffRate MaxDelaySeconds JitterStrategy Comment",
    ),
    "Catch": {
        JSONATA: "ErrorEquals Next Output Assign Comment",
        JSONPATH: "ErrorEquals Next ResultPath Assign Comment",
    },
}
_TOP = frozenset(["Comment", "StartAt", "States", "Version", "TimeoutSeconds", "QueryLanguage"])
_PROCESSOR = frozenset(["Comment", "StartAt", "States", "ProcessorConfig"])
_BRANCH = frozenset(["Comment", "StartAt", "States"])

_REQUIRED = {
    "Task": ("Resource",),
    "Choice": ("Choices",),
    "Parallel": ("Branches",),
}


def check_scope(scope: Scope) -> Iterator[Finding]:
    """Findings about a scope's own fields: not those of its states."""
    kind = scope.path[-1] if scope.parent else ""
    known = _TOP if not scope.parent else _BRANCH if isinstance(kind, int) else _PROCESSOR
    yield from _unknown(scope.path, scope.body, known, "a state machine" if not scope.parent else "a scope")
    if not isinstance(scope.body.get("StartAt"), str):
        yield Finding("shape", (*scope.path, "StartAt"), "expected the name of the first state")
    states = scope.body.get("States")
    if not isinstance(states, dict) or not states:
        yield Finding("shape", (*scope.path, "States"), "expected an object with at least one state")
        return
    for name, state in states.items():
        if not isinstance(state, dict):
            yield Finding("shape", scope.at(name), "expected a state: an object")
    language = scope.body.get("QueryLanguage")
    if not scope.parent and language not in (None, JSONATA, JSONPATH):
        yield _no_language((*scope.path, "QueryLanguage"), language)


def check_state(scope: Scope, name: str, state: dict[str, Any]) -> Iterator[Finding]:
    """Findings about the fields of one state."""
    path, kind, own = scope.at(name), state.get("Type"), state.get("QueryLanguage")
    if kind not in TYPES:
        near = did_you_mean(kind, TYPES) if isinstance(kind, str) else ""
        found = f"no type is called {quoted(kind)}" if isinstance(kind, str) else "the state has no type"
        yield Finding("state-type", (*path, "Type"), found, near or f"write {one_of(TYPES)}")
        return
    if own not in (None, JSONATA, JSONPATH):
        yield _no_language((*path, "QueryLanguage"), own)
    elif own == JSONPATH and scope.language == JSONATA:
        message = "a state of a JSONata machine cannot return to JSONPath"
        yield Finding(
            "query-language", (*path, "QueryLanguage"), message, "set JSONata state by state instead"
        )
    language = scope.language_of(state)
    yield from _languages(path, state, FIELDS[language][kind], language, FIELDS[_other(language)][kind], kind)
    for key, by_language in _MEMBERS.items():
        known, other = (frozenset(by_language[each].split()) for each in (language, _other(language)))
        for below, member in items(state, key):
            what = "a retrier" if key == "Retry" else "a catcher"
            yield from _languages((*path, *below), member, known, language, other, what)
            if key == "Catch" and "Next" not in member:
                yield Finding("field-missing", (*path, *below), "a catcher needs Next")
    yield from _present(path, kind, state)


def _present(path: Path, kind: str, state: dict[str, Any]) -> Iterator[Finding]:
    for field in _REQUIRED.get(kind, ()):
        if field not in state:
            yield Finding("field-missing", path, f"a {kind} state needs {field}")
    if kind == "Map" and "ItemProcessor" not in state and "Iterator" not in state:
        yield Finding("field-missing", path, "a Map state needs ItemProcessor")
    for field in ("ItemProcessor", "Iterator"):
        if kind == "Map" and not isinstance(state.get(field, {}), dict):
            yield Finding("shape", (*path, field), "expected an object with StartAt and States")
    branches = state.get("Branches", [{}])
    if kind == "Parallel" and (not isinstance(branches, list) or not branches):
        yield Finding("shape", (*path, "Branches"), "expected a list with at least one branch")
    elif kind == "Parallel":
        for index, branch in enumerate(branches):
            if not isinstance(branch, dict):
                yield Finding(
                    "shape", (*path, "Branches", index), "expected an object with StartAt and States"
                )
    if not isinstance(state.get("Comment", ""), str):
        yield Finding("shape", (*path, "Comment"), "expected a text")
    if kind in ("Choice", "Succeed", "Fail"):
        return  # Next and End are unknown fields there
    if "Next" in state and "End" in state:
        yield Finding("next-or-end", path, "the state has both Next and End", "keep one")
    elif "Next" not in state and "End" not in state:
        yield Finding("next-or-end", path, "the state has neither Next nor End")
    elif "End" in state and state["End"] is not True:
        yield Finding("next-or-end", (*path, "End"), "End can only be true", "delete it, and name the Next")


def _languages(
    path: Path, body: dict[str, Any], known: frozenset[str], language: str, other: frozenset[str], kind: str
) -> Iterator[Finding]:
    for field in body:
        if field in other - known:
            message = f"{field} belongs to {_other(language)}, and this is {language}"
            yield Finding("field-language", (*path, field), message, _INSTEAD.get((language, field), ""))
    yield from _unknown(path, {k: v for k, v in body.items() if k not in other}, known, kind)


#: (language, field of the other one) → what to write.
_INSTEAD = {
    (JSONATA, "Parameters"): "write Arguments",
    (JSONATA, "ResultPath"): "write Output or Assign",
    (JSONATA, "ResultSelector"): "write Output",
    (JSONATA, "OutputPath"): "write Output",
    (JSONATA, "InputPath"): "write $states.input in an expression",
    (JSONATA, "Result"): "write Output",
    (JSONATA, "ItemsPath"): "write Items",
    (JSONATA, "Iterator"): "write ItemProcessor",
    (JSONPATH, "Arguments"): "write Parameters",
    (JSONPATH, "Output"): "write ResultSelector and ResultPath, or set QueryLanguage to JSONata",
    (JSONPATH, "Items"): "write ItemsPath",
}


def _unknown(path: Path, body: dict[str, Any], known: frozenset[str], kind: str) -> Iterator[Finding]:
    for field in body:
        if field not in known:
            what = kind if " " in kind else f"a {kind} state"
            near = did_you_mean(field, known - set(body)) or did_you_mean(field, known)
            yield Finding("field-unknown", (*path, field), f"{what} has no field {quoted(field)}", near)


def _other(language: str) -> str:
    return JSONPATH if language == JSONATA else JSONATA


def _no_language(path: Path, value: Any) -> Finding:
    near = did_you_mean(value, (JSONATA, JSONPATH)) if isinstance(value, str) else ""
    return Finding(
        "query-language", path, "no query language is called so", near or "write JSONata or JSONPath"
    )
