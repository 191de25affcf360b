"""What the expressions of JSONata states use: does it exist in that place?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from data_pipeline.core.problems import Path, did_you_mean, one_of, quoted

from . import expressions
from .context import context_finding
from .evaluated_texts import Text, texts
from .findings import Finding
from .intrinsics import was_meant
from .values import is_expression
from .variables import Use
from .walk import JSONATA, Scope

_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|`[^`]*`")
_LATER_OPERATOR = re.compile(r"\?[?:]")
#: a plain text that was surely meant as an expression.
_WITHOUT_BRACES = re.compile(r"\$states\.(input|context|result|errorOutput)\b.*")
#: where another rule finds such a text.
_CHECKED_ELSEWHERE = frozenset(["Condition", "Variable", "Parameters", "ResultSelector"])
_MEMBERS = ("input", "context", "result", "errorOutput")
_OF_ERRORS = ("Error", "Cause")
_WHERE = {
    "result": "it exists in Assign and Output of Task, Map and Parallel states",
    "errorOutput": "it exists in Assign and Output of a Catch",
}


def check(scope: Scope, name: str, state: dict[str, Any]) -> Iterator[Finding | Use]:
    """Findings about the expressions of one JSONata state, and the variables that they use."""
    for text in texts(state):
        path = (*scope.at(name), *text.path)
        if isinstance(path[-1], str) and path[-1].endswith(".$") and not is_expression(text.text):
            message = f"the key {quoted(path[-1])} belongs to JSONPath, and this is JSONata"
            yield Finding("field-language", path, message, "drop '.$' and write '{% … %}'")
        elif not is_expression(text.text):
            stripped = text.text.strip()
            half = stripped.startswith("{%") or stripped.endswith("%}")
            meant = _WITHOUT_BRACES.fullmatch(stripped) or was_meant(text.path, stripped)
            if half or (meant and not {text.path[0], path[-1]} & _CHECKED_ELSEWHERE):
                message = "this is plain text: an expression begins with '{%' and ends with '%}'"
                yield Finding("jsonata-braces", path, message)
        else:
            yield from _expression(scope, state, path, text)


def evaluated_nowhere(scope: Scope, name: str, state: dict[str, Any]) -> Iterator[Finding]:
    """Expressions in a JSONPath state."""
    for text in texts(state):
        known_as_wrong = text.path[0] in ("Arguments", "Output", "Items") or text.path[-1] == "Condition"
        if is_expression(text.text) and not known_as_wrong:
            message = "an expression is plain text in a JSONPath state"
            advice = f"set the state's QueryLanguage to {JSONATA}"
            yield Finding("jsonata-in-jsonpath", (*scope.at(name), *text.path), message, advice)


def _expression(scope: Scope, state: dict[str, Any], path: Path, text: Text) -> Iterator[Finding | Use]:
    try:
        used = expressions.used(text.text)
    except expressions.BrokenExpressionError as error:
        yield Finding("jsonata-syntax", path, str(error))
        return
    bare = _QUOTED.sub("", expressions.code(text.text))
    if "/" not in bare and (operator := _LATER_OPERATOR.search(bare)):
        message = f"the operator {quoted(operator[0])} is not in JSONata 2.0.6"
        yield Finding("jsonata-operator", path, message, "write it with ? and :")
        return
    for sign, word in used.texts:
        message = f"{quoted(sign)} takes numbers, and {quoted(word)} is a text"
        yield Finding("jsonata-type", path, message, "join texts with '&'" if sign == "+" else "")
    for function, given in used.functions:
        yield from _function(path, function, given)
    for name in used.names:
        message = f"{quoted(name)} is a field of nothing"
        advice = f"write $states.input.{name}, or {quoted(name)} in quotes for the text"
        yield Finding("jsonata-name", path, message, advice)
    for root in used.roots:
        yield Finding(
            "jsonata-name", path, f"{root} is nothing at the top of an expression", "write $states.input"
        )
    for fields in used.states:
        yield from _states(path, fields, text.states)
        if fields[:1] == ("context",) and (
            finding := context_finding(scope, state, path, fields[1:], "$states.context")
        ):
            yield finding
    for variable in used.variables:
        if variable not in expressions.FUNCTIONS:
            yield Use(variable, path)


def _function(path: Path, function: str, given: int) -> Iterator[Finding]:
    if function.startswith("!"):
        message = f"a call needs a '$': no function is called {quoted(function[1:])}"
        known = function[1:] in expressions.FUNCTIONS
        yield Finding("jsonata-function", path, message, f"write ${function[1:]}" if known else "")
    elif function == "eval":
        yield Finding("jsonata-function", path, "Step Functions has no $eval", "write $parse for JSON")
    elif function not in expressions.FUNCTIONS:
        near = did_you_mean(f"${function}", [f"${each}" for each in expressions.FUNCTIONS])
        yield Finding("jsonata-function", path, f"no function is called ${function}", near)
    elif (most := expressions.FUNCTIONS[function]) is not None and given > most:
        message = f"${function} takes at most {most} {'argument' if most == 1 else 'arguments'}, not {given}"
        yield Finding("jsonata-arguments", path, message)


def _states(path: Path, fields: tuple[str, ...], present: tuple[str, ...]) -> Iterator[Finding]:
    if not fields:
        return
    first = fields[0]
    if first not in _MEMBERS:
        advice = did_you_mean(first, present) or f"write {one_of(present)}"
        yield Finding("states-path", path, f"$states has no member {quoted(first)}", advice)
    elif first not in present:
        yield Finding("states-path", path, f"$states.{first} does not exist here", _WHERE[first])
    elif first == "errorOutput" and len(fields) > 1 and fields[1] not in _OF_ERRORS:
        near = did_you_mean(fields[1], _OF_ERRORS) or f"write {one_of(_OF_ERRORS)}"
        yield Finding("states-path", path, f"$states.errorOutput has no member {quoted(fields[1])}", near)
