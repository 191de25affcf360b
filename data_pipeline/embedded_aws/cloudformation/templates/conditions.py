"""The section Conditions: what it may say, and whether each condition holds.

Source: "Condition functions" of the AWS CloudFormation User Guide. Values are compared as text, as CloudFormation keeps
parameters. The functions that make a value there are those that cfn-lint knows too (its rule E8003).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from . import functions
from .known import (
    CONDITION_FUNCTIONS,
    FUNCTIONS,
    PSEUDO,
    RULE_FUNCTIONS,
    Known,
    Template,
    Use,
    Wrong,
    circle,
    function_of,
    unresolved_condition,
)

_VALUES = frozenset({"Fn::FindInMap", "Fn::Join", "Fn::Select", "Fn::Split", "Fn::Sub", "Ref"})
#: What a condition does not know: no stack is named where MiniStack works conditions out.
_UNKNOWN = frozenset({"AWS::NoValue", "AWS::NotificationARNs", "AWS::StackId", "AWS::StackName"})


def check_conditions(template: Template) -> None:
    """Wrong for a condition that names what is no parameter or condition, itself, or no function of conditions."""
    known = Known(template, {})
    graph: dict[str, set[str]] = {}
    for name, condition in known.section("Conditions").items():
        graph[name] = set()
        if not isinstance(condition, Mapping) or not (_is_condition(condition) or _is_foreign(condition)):
            raise Wrong(
                f"Template format error: Every Conditions member must be a condition; found {condition!r} in {name}"
            )
        for use in _uses(condition):
            if use.by == "Condition":
                graph[name].add(use.name)
            else:
                _check_use(known, use)
        missing = sorted(graph[name] - set(known.section("Conditions")))
        if missing:
            raise unresolved_condition(missing[0], "Conditions")
    found = circle(graph)
    if found:
        raise Wrong(f"Template format error: Circular dependency between conditions: [{', '.join(found)}]")


def evaluate(template: Template, value_of: Callable[[Any], Any]) -> dict[str, bool]:
    """Whether each condition holds. ``value_of``: what a value that is no condition comes to; ValueError for none."""
    named = template.get("Conditions") or {}
    held: dict[str, bool] = {}

    def holds(condition: Mapping[str, Any]) -> bool:
        function = next(iter(condition))
        argument = condition[function]
        if function == "Condition":
            if argument not in held:
                held[argument] = holds(named[argument])
            return held[argument]
        if function == "Fn::Equals":
            left, right = (_text(value_of(item)) for item in argument)
            return left == right
        found = [holds(item) for item in argument]
        return all(found) if function == "Fn::And" else any(found) if function == "Fn::Or" else not found[0]

    for name, condition in named.items():
        held[name] = holds(condition)
    return held


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _is_condition(value: Any) -> bool:
    return isinstance(value, Mapping) and function_of(value) in {"Condition", *CONDITION_FUNCTIONS}


def _is_foreign(value: Mapping[str, Any]) -> bool:
    """Whether this is another function, which is refused by its name."""
    return function_of(value) not in ("", "Condition", "Ref", *CONDITION_FUNCTIONS)


def _uses(value: Any) -> Iterator[Use]:
    """What a condition names; Wrong for what is no function of conditions."""
    function = function_of(value) if isinstance(value, Mapping) else ""
    if function == "Condition":
        yield Use("Condition", value["Condition"])
        return
    if function not in CONDITION_FUNCTIONS:
        raise _refusal(function, value)
    argument = value[function]
    _check_operands(function, argument)
    for item in argument:
        if function != "Fn::Equals":
            yield from _uses(item)
        elif isinstance(item, Mapping):
            yield from _of_value(item)


def _of_value(value: Mapping[str, Any]) -> Iterator[Use]:
    """What an operand of Fn::Equals names."""
    for function in _functions(value):
        if function == "Fn::GetAtt":
            raise _no_resource(function)
        if function not in _VALUES:
            raise _refusal(function, value)
    yield from functions.uses(value, {})


def _functions(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _functions(item)
    elif isinstance(value, Mapping):
        function = function_of(value)
        if function:
            yield function
        inner = value[function] if function else list(value.values())
        # of Fn::Sub, the object of its values is no function
        yield from _functions(
            list(inner[1].values()) if function == "Fn::Sub" and isinstance(inner, list) else inner
        )


def _check_use(known: Known, use: Use) -> None:
    if use.by == "Fn::FindInMap":
        if use.name not in known.section("Mappings"):
            raise Wrong(f"Template error: Mapping named '{use.name}' is not present in the template.")
    elif use.by == "Fn::GetAtt":
        raise _no_resource(f"{use.name}.{use.attribute}")
    elif use.name in _UNKNOWN:
        raise Wrong(f"The embedded AWS does not emulate {use.name} in a condition.")
    elif use.name not in known.section("Parameters") and use.name not in PSEUDO:
        raise _no_resource(use.name)


def _check_operands(function: str, argument: Any) -> None:
    """How many operands a function takes, and of what kind."""
    least, most = {"Fn::Equals": (2, 2), "Fn::Not": (1, 1)}.get(function, (2, 10))
    if not isinstance(argument, list) or not least <= len(argument) <= most:
        number = str(least) if least == most else f"{least} to {most}"
        raise Wrong(f"Template error: every {function} object requires a list of {number} parameters.")
    for item in argument:
        if function == "Fn::Equals":
            if not functions.is_text(item):
                raise Wrong(
                    f"Template error: every {function} object requires a list of 2 string parameters."
                )
        elif not isinstance(item, Mapping):
            raise Wrong(f"Template error: every operand of {function} must be a condition; found {item!r}.")


def _refusal(function: str, value: Any) -> Wrong:
    if function in RULE_FUNCTIONS:
        return Wrong(f"Template format error: {function} is only for the Rules section, not for Conditions.")
    if function in FUNCTIONS - {"Fn::If"} - _VALUES:
        return Wrong(f"The embedded AWS does not emulate {function} in a condition.")
    found = function or (sorted(map(str, value)) if isinstance(value, Mapping) else repr(value))
    return Wrong(
        "Template format error: Conditions can only be boolean operations on parameters and other conditions; "
        f"found {found}"
    )


def _no_resource(name: str) -> Wrong:
    return Wrong(
        f"Template format error: Unresolved dependencies [{name}]. "
        "Cannot reference resources in the Conditions block of the template"
    )
