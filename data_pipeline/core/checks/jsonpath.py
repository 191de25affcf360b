"""What the paths and intrinsic functions of JSONPath states use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from data_pipeline.core.problems import Path, did_you_mean, one_of, quoted

from . import intrinsics
from .context import context_finding
from .evaluated_texts import Text, texts
from .findings import Finding
from .values import is_substituted
from .variables import Use
from .walk import Scope

_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'")
_VARIABLE = re.compile(r"(?<![\w$])\$([A-Za-z_]\w*)")
_CONTEXT = re.compile(r"\$\$\.(\w+)(?:\.(\w+))?")
_CALL = re.compile(r"States\.\w+(?=\s*\()")
_TEMPLATES = (
    "Parameters",
    "ResultSelector",
    "ItemSelector",
    "ItemReader",
    "ItemBatcher",
    "ResultWriter",
    "Assign",
)


def check(scope: Scope, name: str, state: dict[str, Any]) -> Iterator[Finding | Use]:
    """Findings about the paths of one JSONPath state, and the variables that they use."""
    yield from _not_even_texts(scope.at(name), state)
    for text in texts(state):
        if is_substituted(text.text):
            continue
        path = (*scope.at(name), *text.path)
        if _is_path(text):
            yield from _path(scope, state, path, text.text)
        elif finding := _unevaluated(path, text):
            yield finding


def _path(scope: Scope, state: dict[str, Any], path: Path, text: str) -> Iterator[Finding | Use]:
    if not text.startswith(("$", "States.")):
        computed = str(path[-1]).endswith(".$")
        advice = (
            "drop '.$' from the key if the text itself is meant" if computed else "a path begins with '$'"
        )
        yield Finding("jsonpath", path, f"{quoted(text)} is no path and no intrinsic function", advice)
        return
    bare = _QUOTED.sub("''", text)
    unknown = [call for call in _CALL.findall(bare) if call not in intrinsics.INTRINSICS]
    for call in unknown:
        near = did_you_mean(call, intrinsics.INTRINSICS)
        yield Finding("intrinsic-unknown", path, f"no intrinsic function is called {call}", near)
    try:
        for each in intrinsics.calls(text):
            if each.name in intrinsics.INTRINSICS:
                yield from _arguments(path, each)
    except intrinsics.BrokenPathError as error:
        yield Finding("jsonpath", path, f"{quoted(text)} cannot be read: {error}")
    if path[-1] == "ResultPath" and not intrinsics.is_reference(text):
        advice = "a ResultPath names one place, as in '$.result' or '$.results[0]'"
        yield Finding("jsonpath", path, f"{quoted(text)} is not one place of the input", advice)
    for first, second in _CONTEXT.findall(bare):
        fields = (first, second) if second else (first,)
        if finding := context_finding(scope, state, path, fields, "$$"):
            yield finding
    for variable in _VARIABLE.findall(bare):
        yield Use(variable, path)


def _arguments(path: Path, call: intrinsics.Call) -> Iterator[Finding]:
    fewest, most = intrinsics.INTRINSICS[call.name]
    given, first = len(call.arguments), call.arguments[0] if call.arguments else None
    if given < fewest or (most is not None and given > most):
        expected = f"{fewest}" if fewest == most else f"{fewest} or {'more' if most is None else most}"
        message = f"{call.name} takes {expected} arguments, not {given}"
        yield Finding("intrinsic-arguments", path, message)
    elif call.name == "States.Format" and first is not None and intrinsics.placeholders(first) != given - 1:
        message = (
            f"expected a value for each of the {intrinsics.placeholders(first)} {{}}, not {given - 1} values"
        )
        yield Finding("intrinsic-arguments", path, message)
    elif call.name == "States.Hash" and call.arguments[1] not in (None, *intrinsics.HASHES):
        message = f"no hash is called {quoted(str(call.arguments[1]))}"
        near = did_you_mean(str(call.arguments[1]), intrinsics.HASHES)
        yield Finding("intrinsic-arguments", path, message, near or f"write {one_of(intrinsics.HASHES)}")


def _unevaluated(path: Path, text: Text) -> Finding | None:
    """A path or a call that is passed on as it stands."""
    first, last = text.path[0], text.path[-1]
    if first not in (*_TEMPLATES, "Error", "Cause") or not intrinsics.was_meant(text.path, text.text):
        return None
    if isinstance(last, int):
        advice = "end the list's key with '.$', and make the list by States.Array(…)"
    else:
        advice = f"call the key {quoted(f'{last}.$' if first in _TEMPLATES else f'{last}Path')}"
    return Finding("jsonpath-as-text", path, f"{quoted(text.text)} is passed on as a text", advice)


def _not_even_texts(path: Path, state: dict[str, Any]) -> Iterator[Finding]:
    """Where a path must be and something else is."""
    for field in ("InputPath", "OutputPath", "ResultPath"):
        if not isinstance(state.get(field), (str, type(None))):
            yield Finding("jsonpath", (*path, field), "expected a path or null")
    for field in _TEMPLATES:
        yield from _computed((*path, field), state.get(field))


def _computed(path: Path, value: Any) -> Iterator[Finding]:
    for key, each in value.items() if isinstance(value, dict) else ():
        if str(key).endswith(".$") and not isinstance(each, str):
            message = "expected a path or a call of an intrinsic function"
            yield Finding(
                "jsonpath", (*path, key), message, "drop '.$' from the key if the value itself is meant"
            )
        else:
            yield from _computed((*path, key), each)
    for index, each in enumerate(value if isinstance(value, list) else ()):
        yield from _computed((*path, index), each)


def _is_path(text: Text) -> bool:
    last = text.path[-1]
    if text.path[0] == "Result":
        return False  # what a Pass state puts out as it stands, whatever its keys are called
    return (
        isinstance(last, str)
        and (last.endswith(".$") or last == "Variable" or last.endswith("Path"))
        and (
            last.endswith(".$")
            or text.path[0] not in ("Parameters", "ResultSelector", "ItemSelector", "Assign")
        )
    )
