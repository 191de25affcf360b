"""The section Parameters, and the values that a request gives them.

Source: "Parameters" of the AWS CloudFormation User Guide. MiniStack holds each value against the constraints.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .known import Known, Template, Wrong

_MEMBERS = frozenset(
    [
        *("AllowedPattern", "AllowedValues", "ConstraintDescription", "Default", "Description", "MaxLength"),
        *("MaxValue", "MinLength", "MinValue", "NoEcho", "Type"),
    ]
)
_TYPES = frozenset({"CommaDelimitedList", "List<Number>", "List<String>", "Number", "String"})
#: Types whose values AWS looks up in the account; nothing of them is here.
_OF_ACCOUNT = re.compile(r"(List<)?AWS::(EC2|Route53|SSM)::[A-Za-z0-9:<>]+")
_NUMBERS = ("MaxLength", "MaxValue", "MinLength", "MinValue")


def check_parameters(known: Known) -> None:
    """Wrong for a parameter without a type, with an unknown member, or a constraint of the wrong kind."""
    for name, parameter in known.section("Parameters").items():
        if not isinstance(parameter, Mapping) or "Type" not in parameter:
            raise Wrong(
                f"Template format error: Every Parameters object must contain a Type member: [/Parameters/{name}]"
            )
        wrong = sorted(set(map(str, parameter)) - _MEMBERS)
        if wrong:
            raise Wrong(f"Invalid template parameter property '{wrong[0]}'")
        _check_type(parameter["Type"])
        _check_members(name, parameter)


def _check_type(given: Any) -> None:
    if isinstance(given, str) and _OF_ACCOUNT.fullmatch(given):
        raise Wrong(f"The embedded AWS does not emulate parameters of type {given}.")
    if given not in _TYPES:
        raise Wrong(f"Template format error: Unrecognized parameter type: {given}")


def _check_members(name: str, parameter: Mapping[str, Any]) -> None:
    if not isinstance(parameter.get("Default", ""), (str, int, float)):
        raise Wrong(f"Template format error: Every Default member must be a string: [/Parameters/{name}]")
    values = parameter.get("AllowedValues", [])
    if not isinstance(values, list) or not all(isinstance(value, (str, int, float)) for value in values):
        raise Wrong(f"Template format error: AllowedValues of {name} must be a list of strings.")
    if str(parameter.get("NoEcho", "false")).lower() not in ("true", "false"):
        raise Wrong(f"Template format error: NoEcho of {name} must be true or false.")
    for member in _NUMBERS:
        if member in parameter and not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", str(parameter[member])):
            raise Wrong(f"Template format error: {member} of {name} must be a number.")
    for member in ("AllowedPattern", "ConstraintDescription", "Description"):
        if not isinstance(parameter.get(member, ""), str):
            raise Wrong(f"Template format error: {member} of {name} must be a string.")


def check_given(template: Template, given: list[str]) -> None:
    """Wrong for values of parameters that the template does not have, and for parameters without a value."""
    known = Known(template, {})
    check_parameters(known)
    parameters = known.section("Parameters")
    unknown = sorted(set(given) - set(parameters))
    if unknown:
        raise Wrong(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    missing = [
        name for name, parameter in parameters.items() if name not in given and "Default" not in parameter
    ]
    if missing:
        raise Wrong(f"Parameters: [{', '.join(missing)}] must have values")
