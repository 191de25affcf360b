"""What CloudFormation says of a template before it makes anything: sections, and whatever names something else.

Pure. Sources: "Template sections", "Resource attribute reference", "Intrinsic function reference" and "Pseudo
parameters reference" of the AWS CloudFormation User Guide. The wording is AWS's where it is known. A template
that declares a transform is looked at after it was transformed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Template = Mapping[str, Any]

SECTIONS = frozenset(
    [
        *(
            "AWSTemplateFormatVersion",
            "Conditions",
            "Description",
            "Hooks",
            "Mappings",
            "Metadata",
            "Outputs",
        ),
        *("Parameters", "Resources", "Rules", "Transform"),
    ]
)
_OF_RESOURCE = frozenset(
    [
        *("Condition", "CreationPolicy", "DeletionPolicy", "DependsOn", "Metadata", "Properties", "Type"),
        *("UpdatePolicy", "UpdateReplacePolicy"),
    ]
)
_OF_PARAMETER = frozenset(
    [
        *("AllowedPattern", "AllowedValues", "ConstraintDescription", "Default", "Description", "MaxLength"),
        *("MaxValue", "MinLength", "MinValue", "NoEcho", "Type"),
    ]
)
_OF_OUTPUT = frozenset({"Condition", "Description", "Export", "Value"})
_POLICIES = {
    "DeletionPolicy": ("Delete", "Retain", "RetainExceptOnCreate", "Snapshot"),
    "UpdateReplacePolicy": ("Delete", "Retain", "Snapshot"),
}
PSEUDO = frozenset(
    f"AWS::{name}"
    for name in (
        *("AccountId", "NotificationARNs", "NoValue", "Partition", "Region", "StackId", "StackName"),
        "URLSuffix",
    )
)
#: Functions that make a value; those of a transform are gone when a template comes here.
FUNCTIONS = frozenset(
    f"Fn::{name}"
    for name in (
        *("Base64", "Cidr", "FindInMap", "GetAtt", "GetAZs", "If", "ImportValue", "Join", "Length", "Select"),
        *("Split", "Sub", "ToJsonString", "Transform"),
    )
)
_CONDITION_FUNCTIONS = frozenset(f"Fn::{name}" for name in ("And", "Equals", "Not", "Or"))
#: What MiniStack works out within a condition, beside the functions of conditions.
_IN_CONDITIONS = frozenset({"Condition", "Ref", "Fn::Select", *_CONDITION_FUNCTIONS})
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_NAME = re.compile(r"[A-Za-z0-9_.:]+")
_LOGICAL = re.compile(r"[A-Za-z0-9]{1,255}")


class Use(NamedTuple):
    """Something that is named: by ``Ref``, ``Fn::GetAtt``, ``Fn::If``, ``Fn::FindInMap`` or ``DependsOn``."""

    by: str
    name: str
    attribute: str = ""


class Wrong(ValueError):  # noqa: N818 - what it is, not an error of ours
    """A template that CloudFormation refuses."""


@dataclass(frozen=True)
class Known:
    """What the names of a template may mean. ``conditions``: whether they hold, as far as that is known;
    ``attributes``: type → what Fn::GetAtt gives.
    """

    template: Template
    attributes: Mapping[str, frozenset[str]]
    conditions: Mapping[str, bool] = field(default_factory=dict)

    def section(self, name: str) -> Mapping[str, Any]:
        """A section; empty when it is not there."""
        found = self.template.get(name)
        if found is None:
            return {}
        if not isinstance(found, Mapping):
            raise Wrong(f"Template format error: {name} must be an object.")
        return found

    def is_made(self, resource: str) -> bool:
        """Whether a resource is made, as far as its condition is known."""
        condition = self.section("Resources")[resource].get("Condition")
        return self.conditions.get(condition, True)


def check(
    template: Template, attributes: Mapping[str, frozenset[str]], conditions: Mapping[str, bool] | None = None
) -> None:
    """Wrong, with AWS's reason, where CloudFormation would refuse the template."""
    known = Known(template, attributes, conditions or {})
    _check_sections(known)
    check_conditions(template)
    for name, resource in known.section("Resources").items():
        _check_resource(known, name, resource)
    _check_uses(known, "Resources", known.section("Resources"))
    for name, output in known.section("Outputs").items():
        _check_output(known, name, output)
    _check_uses(known, "Outputs", known.section("Outputs"))
    _check_circles(known)


def check_conditions(template: Template) -> None:
    """Wrong for a condition that names what is no parameter or condition, itself, or no function of conditions."""
    known = Known(template, {})
    named = known.section("Conditions")
    graph: dict[str, set[str]] = {}
    for name, condition in named.items():
        graph[name] = set()
        for use in _condition_uses(condition):
            if use.by == "Condition":
                graph[name].add(use.name)
            elif use.name not in known.section("Parameters") and use.name not in PSEUDO:
                raise Wrong(
                    f"Template format error: Unresolved dependencies [{use.name}]. "
                    "Cannot reference resources in the Conditions block of the template"
                )
        missing = sorted(graph[name] - set(named))
        if missing:
            raise _unresolved_condition(missing[0], "Conditions")
    circle = _circle(graph)
    if circle:
        raise Wrong(f"Template format error: Circular dependency between conditions: [{', '.join(circle)}]")


def check_given(template: Template, given: list[str]) -> None:
    """Wrong for values of parameters that the template does not have, and for parameters without a value."""
    known = Known(template, {})
    _check_parameters(known)
    parameters = known.section("Parameters")
    unknown = sorted(set(given) - set(parameters))
    if unknown:
        raise Wrong(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    missing = [
        name for name, parameter in parameters.items() if name not in given and "Default" not in parameter
    ]
    if missing:
        raise Wrong(f"Parameters: [{', '.join(missing)}] must have values")


def uses(value: Any, conditions: Mapping[str, bool]) -> Iterator[Use]:
    """Everything that a value names; of an ``Fn::If`` whose condition is known, the branch that is taken."""
    if isinstance(value, list):
        for item in value:
            yield from uses(item, conditions)
    elif isinstance(value, Mapping):
        function = next(iter(value)) if len(value) == 1 else ""
        if function == "Ref" or function.startswith("Fn::"):
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
        if not isinstance(argument, list) or len(argument) != 3 or not isinstance(argument[0], str):
            raise Wrong(
                "Template error: Fn::If requires a list argument with three elements, the first a condition"
            )
        yield Use("Fn::If", argument[0])
        taken = conditions.get(argument[0])
        branches = argument[1:] if taken is None else [argument[1 if taken else 2]]
        yield from uses(branches, conditions)
    elif function == "Fn::FindInMap":
        if not isinstance(argument, list) or len(argument) < 3:
            raise Wrong("Template error: every Fn::FindInMap object requires three parameters")
        if isinstance(argument[0], str):
            yield Use("Fn::FindInMap", argument[0])
        yield from uses(argument, conditions)
    elif function in FUNCTIONS:
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
    if not isinstance(name, str) or not isinstance(attribute, (str, Mapping)):
        raise Wrong("Template error: every Fn::GetAtt object names a resource by a string")
    return Use("Fn::GetAtt", name, attribute if isinstance(attribute, str) else "")


def _of_sub(argument: Any, conditions: Mapping[str, bool]) -> Iterator[Use]:
    text, given = argument if isinstance(argument, list) and len(argument) == 2 else (argument, {})
    if not isinstance(text, str) or not isinstance(given, Mapping):
        raise Wrong(
            "Template error: Fn::Sub requires a string, or a list of a string and an object of values"
        )
    yield from uses(list(given.values()), conditions)
    for variable in _VARIABLE.findall(text):
        name = variable.strip()
        if variable.startswith("!") or name in given:
            continue
        if not _NAME.fullmatch(name):
            raise Wrong(
                "Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, "
                "underscores, periods, and colons"
            )
        resource, dot, attribute = name.partition(".")
        yield Use("Fn::GetAtt" if dot else "Ref", resource, attribute)


def _condition_uses(value: Any) -> Iterator[Use]:
    if isinstance(value, list):
        for item in value:
            yield from _condition_uses(item)
    elif isinstance(value, Mapping):
        function, argument = next(iter(value.items())) if len(value) == 1 else ("", None)
        if function not in _IN_CONDITIONS:
            if function in FUNCTIONS:
                raise Wrong(f"The embedded AWS does not emulate {function} in a condition.")
            raise Wrong(
                f"Template format error: Conditions can only be boolean operations on parameters and other "
                f"conditions; found {function or sorted(value)}"
            )
        if function in ("Condition", "Ref") and isinstance(argument, str):
            yield Use(function, argument)
        else:
            _check_operands(function, argument)
            yield from _condition_uses(argument)


def _check_operands(function: str, argument: Any) -> None:
    """How many operands a function takes: "Condition functions" of the User Guide."""
    least, most = {"Fn::Equals": (2, 2), "Fn::Not": (1, 1), "Fn::Select": (2, 2)}.get(function, (2, 10))
    if not isinstance(argument, list) or not least <= len(argument) <= most:
        number = str(least) if least == most else f"{least} to {most}"
        raise Wrong(f"Template error: every {function} object requires a list of {number} parameters.")


def _check_sections(known: Known) -> None:
    unknown = sorted(set(known.template) - SECTIONS)
    if unknown:
        raise Wrong(f"Invalid template property or properties [{', '.join(unknown)}]")
    version = known.template.get("AWSTemplateFormatVersion", "2010-09-09")
    if str(version) != "2010-09-09":
        raise Wrong(f"Template format error: unsupported value for AWSTemplateFormatVersion: {version}.")
    if not known.section("Resources"):
        raise Wrong("Template format error: At least one Resources member must be defined.")
    _check_parameters(known)
    for section in ("Parameters", "Resources", "Outputs", "Conditions", "Mappings"):
        for name in known.section(section):
            if not _LOGICAL.fullmatch(str(name)):
                raise Wrong(f"Template format error: {section} name {name} is non alphanumeric.")


def _check_parameters(known: Known) -> None:
    for name, parameter in known.section("Parameters").items():
        if not isinstance(parameter, Mapping) or "Type" not in parameter:
            raise Wrong(
                f"Template format error: Every Parameters object must contain a Type member: [/Parameters/{name}]"
            )
        wrong = sorted(set(parameter) - _OF_PARAMETER)
        if wrong:
            raise Wrong(f"Invalid template parameter property '{wrong[0]}'")


def _check_resource(known: Known, name: str, resource: Any) -> None:
    if not isinstance(resource, Mapping) or not isinstance(resource.get("Type"), str):
        raise Wrong(
            f"Template format error: [/Resources/{name}] Every Resources object must contain a Type member."
        )
    wrong = sorted(set(resource) - _OF_RESOURCE)
    if wrong:
        raise Wrong(f"Invalid template resource property '{wrong[0]}'")
    if not isinstance(resource.get("Properties") or {}, Mapping):
        raise Wrong(f"Template format error: [/Resources/{name}/Properties] must be an object.")
    for policy, values in _POLICIES.items():
        if policy in resource and resource[policy] not in values:
            raise Wrong(
                f"Template format error: Unrecognized {policy} {resource[policy]} for resource {name}"
            )
    _check_condition(known, resource, "Resources")
    missing = [other for other in depends_on(resource) if other not in known.section("Resources")]
    if known.is_made(name):
        missing += [
            other for other in depends_on(resource) if other not in missing and not known.is_made(other)
        ]
    if missing:
        raise _unresolved(missing, "Resources")


def _check_output(known: Known, name: str, output: Any) -> None:
    if not isinstance(output, Mapping) or "Value" not in output:
        raise Wrong(
            f"Template format error: Output {name} is malformed. Every Outputs member must contain a Value object"
        )
    wrong = sorted(set(output) - _OF_OUTPUT)
    if wrong:
        raise Wrong(f"Invalid template output property '{wrong[0]}'")
    _check_condition(known, output, "Outputs")


def depends_on(resource: Mapping[str, Any]) -> list[Any]:
    """The logical ids of a resource's ``DependsOn``."""
    given = resource.get("DependsOn", [])
    return given if isinstance(given, list) else [given]


def _check_condition(known: Known, owner: Mapping[str, Any], block: str) -> None:
    if "Condition" in owner and owner["Condition"] not in known.section("Conditions"):
        raise _unresolved_condition(owner["Condition"], block)


def _check_uses(known: Known, block: str, members: Mapping[str, Any]) -> None:
    """Every name that a section uses is there, its attribute too, and is made when its user is."""
    resources, parameters = known.section("Resources"), known.section("Parameters")
    missing = []
    for member in members.values():
        value = {key: item for key, item in member.items() if key in ("Properties", "Value", "Export")}
        made = known.conditions.get(member.get("Condition", ""), True)
        taken = set(uses(value, known.conditions)) if made else set()
        for use in uses(value, {}):
            if use.by == "Fn::If":
                if use.name not in known.section("Conditions"):
                    raise _unresolved_condition(use.name, block)
            elif use.by == "Fn::FindInMap":
                if use.name not in known.section("Mappings"):
                    raise Wrong(f"Template error: Mapping named '{use.name}' is not present in the template.")
            elif use.by == "Ref" and (use.name in PSEUDO or use.name in parameters):
                continue
            elif use.name not in resources or (use in taken and not known.is_made(use.name)):
                missing.append(use.name)
            elif use.attribute:
                _check_attribute(known, use)
    if missing:
        raise _unresolved(missing, block)


def _check_attribute(known: Known, use: Use) -> None:
    type_ = known.section("Resources")[use.name]["Type"]
    if type_ in known.attributes and use.attribute not in known.attributes[type_]:
        raise Wrong(
            f"Template error: resource {use.name} does not support attribute type {use.attribute} in Fn::GetAtt"
        )


def _check_circles(known: Known) -> None:
    resources = known.section("Resources")
    graph = {
        name: {
            *depends_on(resource),
            *(use.name for use in uses(resource.get("Properties"), {}) if use.by in ("Ref", "Fn::GetAtt")),
        }
        & set(resources)
        for name, resource in resources.items()
    }
    circle = _circle(graph)
    if circle:
        raise Wrong(f"Circular dependency between resources: [{', '.join(circle)}]")


def _circle(graph: Mapping[str, set[str]]) -> list[str]:
    """The names that lead back to themselves or to such; empty when none does."""
    left = {name: set(others) for name, others in graph.items()}
    while free := [name for name, others in left.items() if not others & set(left)]:
        for name in free:
            del left[name]
    return sorted(left)


def _unresolved(names: list[Any], block: str) -> Wrong:
    found = ", ".join(dict.fromkeys(str(name) for name in names))
    return Wrong(
        f"Template format error: Unresolved resource dependencies [{found}] in the {block} block of the template"
    )


def _unresolved_condition(name: Any, block: str) -> Wrong:
    return Wrong(
        f"Template format error: Unresolved condition dependency {name} in the {block} block of the template"
    )
