"""Intrinsic functions: what their arguments must be, and what a value names by them.

Source: "Intrinsic function reference" of the AWS CloudFormation User Guide, a page for each function.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .known import FUNCTIONS, Use, Wrong, function_of

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_NAME = re.compile(r"[A-Za-z0-9_.:]+")
#: Functions whose value is a list, and those whose value may be one.
_LISTS = frozenset({"Fn::Cidr", "Fn::GetAZs", "Fn::Split"})
_MAY_BE_LISTS = frozenset({"Fn::FindInMap", "Fn::GetAtt", "Fn::If", "Fn::ImportValue", "Fn::Select", "Ref"})


def uses(value: Any, conditions: Mapping[str, bool]) -> Iterator[Use]:
    """Everything that a value names; of an ``Fn::If`` whose condition is known, the branch that is taken."""
    if isinstance(value, list):
        for item in value:
            yield from uses(item, conditions)
    elif isinstance(value, Mapping):
        function = function_of(value)
        if function not in ("", "Condition"):
            yield from _of_function(function, value[function], conditions)
        else:
            for item in value.values():
                yield from uses(item, conditions)


def _of_function(function: str, argument: Any, conditions: Mapping[str, bool]) -> Iterator[Use]:
    if function == "Ref":
        if not isinstance(argument, str):
            raise Wrong("Template format error: All Ref references must be of type string")
        yield Use("Ref", argument)
    elif function == "Fn::GetAtt":
        yield _attribute(argument)
    elif function == "Fn::Sub":
        yield from _of_sub(argument, conditions)
    elif function == "Fn::If":
        yield from _of_if(argument, conditions)
    elif function == "Fn::FindInMap":
        check_find_in_map(argument)
        if isinstance(argument[0], str):
            yield Use("Fn::FindInMap", argument[0])
        yield from uses(argument, conditions)
    elif function in FUNCTIONS:
        if function in _CHECKS:
            _CHECKS[function](argument)
        if (
            function in ("Fn::Join", "Fn::Select")
            and isinstance(argument[1], Mapping)
            and "Ref" in argument[1]
        ):
            yield Use("list", str(argument[1]["Ref"]))
        yield from uses(argument, conditions)
    else:
        raise Wrong(f"Template format error: Unrecognized function {function}")


def _attribute(argument: Any) -> Use:
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    if not isinstance(parts, list) or len(parts) != 2 or not all(part for part in parts):
        raise Wrong(
            "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the "
            "resource attribute"
        )
    name, attribute = parts
    if not isinstance(name, str) or not isinstance(attribute, str):
        raise Wrong(
            "Template error: every Fn::GetAtt object names a resource and an attribute by strings "
            "(a function in their place needs the transform AWS::LanguageExtensions)"
        )
    return Use("Fn::GetAtt", name, attribute)


def _of_if(argument: Any, conditions: Mapping[str, bool]) -> Iterator[Use]:
    if not isinstance(argument, list) or len(argument) != 3 or not isinstance(argument[0], str):
        raise Wrong(
            "Template error: Fn::If requires a list argument with three elements, the first a condition"
        )
    yield Use("Fn::If", argument[0])
    taken = conditions.get(argument[0])
    branches = argument[1:] if taken is None else [argument[1 if taken else 2]]
    yield from uses(branches, conditions)


def _of_sub(argument: Any, conditions: Mapping[str, bool]) -> Iterator[Use]:
    text, given = argument if isinstance(argument, list) and len(argument) == 2 else (argument, {})
    if not isinstance(text, str) or not isinstance(given, Mapping):
        raise Wrong(
            "Template error: Fn::Sub requires a string, or a list of a string and an object of values"
        )
    for name, value in given.items():
        if not is_text(value):
            raise Wrong(f"Template error: every value of Fn::Sub must be a string; found another for {name}")
    yield from uses(list(given.values()), conditions)
    for variable in _VARIABLE.findall(text):
        if variable.startswith("!") or variable in given:
            continue
        if not _NAME.fullmatch(variable):
            raise Wrong(
                "Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, "
                "underscores, periods, and colons"
            )
        resource, dot, attribute = variable.partition(".")
        yield Use("Fn::GetAtt" if dot else "Fn::Sub", resource, attribute)


def is_text(value: Any) -> bool:
    """Whether a value is text, or a function that may give one; a number or truth value is turned into text."""
    if isinstance(value, Mapping):
        return function_of(value) not in ("", "Condition", *_LISTS)
    return isinstance(value, (str, int, float))


def _is_texts(value: Any) -> bool:
    if isinstance(value, Mapping):
        return function_of(value) in _LISTS | _MAY_BE_LISTS
    return isinstance(value, list) and all(is_text(item) for item in value)


def check_find_in_map(argument: Any) -> None:
    """Wrong for arguments that are no names, no ``Ref`` and no other ``Fn::FindInMap``."""
    if not isinstance(argument, list) or len(argument) < 3:
        raise Wrong("Template error: every Fn::FindInMap object requires three parameters")
    if len(argument) > 3:
        raise Wrong(
            "Template error: a default of Fn::FindInMap needs the transform AWS::LanguageExtensions, and keys that it "
            "knows before the stack is made"
        )
    for item in argument:
        nested = isinstance(item, Mapping) and function_of(item) in ("Ref", "Fn::FindInMap")
        if not nested and (isinstance(item, Mapping) or not is_text(item)):
            raise Wrong(
                "Template error: every parameter of Fn::FindInMap is a string, a Ref or an Fn::FindInMap "
                "(others need the transform AWS::LanguageExtensions)"
            )


def _check_join(argument: Any) -> None:
    if not isinstance(argument, list) or len(argument) != 2:
        raise Wrong(
            "Template error: every Fn::Join object requires two parameters, a string delimiter and a list of strings "
            "to be joined or a function that returns a list of strings"
        )
    if not isinstance(argument[0], str) or not _is_texts(argument[1]):
        raise Wrong(
            "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) a list of "
            "strings to be joined or a function that returns a list of strings (such as Fn::GetAZs) to be joined."
        )


def _check_select(argument: Any) -> None:
    if not isinstance(argument, list) or len(argument) != 2:
        raise Wrong(
            "Template error: every Fn::Select object requires two parameters, an integer index and a list"
        )
    index, items = argument
    literal = not isinstance(index, Mapping)
    if literal and not re.fullmatch(r"[0-9]+", str(index)):
        raise Wrong(f"Template error: every Fn::Select object requires an integer index; found {index!r}")
    if isinstance(items, Mapping) and function_of(items) not in _LISTS | _MAY_BE_LISTS - {"Fn::Select"}:
        raise Wrong("Template error: every Fn::Select object requires a list to select from")
    if not isinstance(items, (list, Mapping)):
        raise Wrong("Template error: every Fn::Select object requires a list to select from")
    if literal and isinstance(items, list) and int(index) >= len(items):
        raise Wrong(f"Template error: Fn::Select cannot select nonexistent value at index {index}")


def _check_split(argument: Any) -> None:
    if not isinstance(argument, list) or len(argument) != 2:
        raise Wrong(
            "Template error: every Fn::Split object requires two parameters, a delimiter and a string"
        )
    if not isinstance(argument[0], str) or not argument[0]:
        raise Wrong("Template error: every Fn::Split object requires a string delimiter")
    if not is_text(argument[1]):
        raise Wrong("Template error: every Fn::Split object requires a string to be split")


def _check_cidr(argument: Any) -> None:
    if not isinstance(argument, list) or len(argument) != 3 or not is_text(argument[0]):
        raise Wrong(
            "Template error: every Fn::Cidr object requires three parameters, a block, a count and bits"
        )


def _textual(function: str) -> Callable[[Any], None]:
    def check(argument: Any) -> None:
        if not is_text(argument):
            raise Wrong(f"Template error: every {function} object must have a String-typed value.")

    return check


_CHECKS: dict[str, Callable[[Any], None]] = {
    "Fn::Base64": _textual("Fn::Base64"),
    "Fn::Cidr": _check_cidr,
    "Fn::GetAZs": _textual("Fn::GetAZs"),
    "Fn::ImportValue": _textual("Fn::ImportValue"),
    "Fn::Join": _check_join,
    "Fn::Select": _check_select,
    "Fn::Split": _check_split,
}


def imported(value: Any, conditions: Mapping[str, bool]) -> Iterator[Any]:
    """The argument of each ``Fn::ImportValue`` within a value; of an ``Fn::If`` whose condition is known, in the branch
    that is taken.
    """
    if isinstance(value, list):
        for item in value:
            yield from imported(item, conditions)
    elif isinstance(value, Mapping):
        if "Fn::ImportValue" in value:
            yield value["Fn::ImportValue"]
        if "Fn::If" in value and value["Fn::If"][0] in conditions:
            yield from imported(value["Fn::If"][1 if conditions[value["Fn::If"][0]] else 2], conditions)
        else:
            yield from imported(list(value.values()), conditions)


def lookups(value: Any, conditions: Mapping[str, bool]) -> Iterator[Any]:
    """Each ``Fn::FindInMap`` within a value; of an ``Fn::If`` whose condition is known, in the branch that is taken."""
    if isinstance(value, list):
        for item in value:
            yield from lookups(item, conditions)
    elif isinstance(value, Mapping):
        if "Fn::FindInMap" in value:
            yield value
        elif "Fn::If" in value and value["Fn::If"][0] in conditions:
            yield from lookups(value["Fn::If"][1 if conditions[value["Fn::If"][0]] else 2], conditions)
        else:
            yield from lookups(list(value.values()), conditions)
