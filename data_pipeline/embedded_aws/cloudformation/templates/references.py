"""Whether whatever a template names is there: parameters, resources and their attributes, conditions, mappings.

Sources: "Intrinsic function reference" and "Pseudo parameters reference" of the AWS CloudFormation User Guide. The
wording is AWS's where it is known. A template that declares a transform is looked at after it was transformed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .conditions import check_conditions
from .functions import imported, uses
from .known import (
    PSEUDO,
    Known,
    Template,
    Use,
    Wrong,
    circle,
    unresolved,
    unresolved_condition,
)
from .parameters import check_parameters
from .sections import check_outputs, check_resource, check_sections, depends_on

_OF_ACCOUNT = ("Fn::RefAll", "Fn::ValueOf", "Fn::ValueOfAll")


def check(
    template: Template, attributes: Mapping[str, frozenset[str]], conditions: Mapping[str, bool] | None = None
) -> None:
    """Wrong, with AWS's reason, where CloudFormation would refuse the template."""
    known = Known(template, attributes, conditions or {})
    check_sections(known)
    check_parameters(known)
    check_conditions(template)
    for name, resource in known.section("Resources").items():
        check_resource(known, name, resource)
    _check_uses(known, "Resources", known.section("Resources"))
    check_outputs(known)
    _check_uses(known, "Outputs", known.section("Outputs"))
    _check_rules(known.section("Rules"))
    _check_circles(known)


def _check_uses(known: Known, block: str, members: Mapping[str, Any]) -> None:
    """Every name that a section uses is there, its attribute too, and is made when its user is."""
    missing = []
    for member in members.values():
        value = {key: item for key, item in member.items() if key in ("Properties", "Value", "Export")}
        made = known.conditions.get(member.get("Condition", ""), True)
        taken = set(uses(value, known.conditions)) if made else set()
        for use in uses(value, {}):
            if not _is_there(known, block, use) or (
                _of_resource(known, use) and use in taken and not known.is_made(use.name)
            ):
                missing.append(use.name)
        for argument in imported(value, {}):
            _check_import(known, argument)
    if missing:
        raise unresolved(missing, block)


def _is_there(known: Known, block: str, use: Use) -> bool:
    """Whether a resource or parameter of the name is there; Wrong, with the reason, for other names."""
    if use.by == "Fn::If":
        if use.name not in known.section("Conditions"):
            raise unresolved_condition(use.name, block)
        return True
    if use.by == "Fn::FindInMap":
        if use.name not in known.section("Mappings"):
            raise Wrong(f"Template error: Mapping named '{use.name}' is not present in the template.")
        return True
    if not use.attribute and (use.name in PSEUDO or use.name in known.section("Parameters")):
        _check_list(known, use)
        return True
    if use.name not in known.section("Resources"):
        return False
    if use.attribute:
        _check_attribute(known, use)
    return True


def _of_resource(known: Known, use: Use) -> bool:
    return use.by in ("Ref", "Fn::GetAtt", "Fn::Sub") and use.name in known.section("Resources")


def _check_list(known: Known, use: Use) -> None:
    """A list is no text, and text no list: "Fn::Sub" and "Fn::Join" of the User Guide."""
    a_list = use.name == "AWS::NotificationARNs" or known.is_list(use.name)
    if use.by == "Fn::Sub" and a_list:
        raise Wrong(f"Template error: {use.name} in Fn::Sub does not resolve to a string")
    if use.by == "list" and not a_list:
        raise Wrong(f"Template error: Fn::Join and Fn::Select require a list; {use.name} is none")


def _check_attribute(known: Known, use: Use) -> None:
    type_ = known.section("Resources")[use.name]["Type"]
    if type_ in known.attributes and use.attribute not in known.attributes[type_]:
        raise Wrong(
            f"Template error: resource {use.name} does not support attribute type {use.attribute} in Fn::GetAtt"
        )


def _check_import(known: Known, argument: Any) -> None:
    of_resources = any(_of_resource(known, use) for use in uses(argument, {}))
    if of_resources or list(imported(argument, {})) or "Fn::GetAZs" in str(argument):
        raise Wrong(
            "Template error: the attribute in Fn::ImportValue must not depend on any resources, imported values, or "
            "Fn::GetAZs"
        )


def _check_rules(rules: Any) -> None:
    """Rules that look something up in the account are refused: MiniStack would pass them over."""
    if isinstance(rules, list):
        for item in rules:
            _check_rules(item)
    elif isinstance(rules, Mapping):
        for name, item in rules.items():
            if name in _OF_ACCOUNT:
                raise Wrong(f"The embedded AWS does not emulate {name}: it looks up what is in the account.")
            _check_rules(item)


def _check_circles(known: Known) -> None:
    resources = known.section("Resources")
    graph = {
        name: {
            *depends_on(resource),
            *(use.name for use in uses(resource.get("Properties"), {}) if _of_resource(known, use)),
        }
        & set(resources)
        for name, resource in resources.items()
    }
    found = circle(graph)
    if found:
        raise Wrong(f"Circular dependency between resources: [{', '.join(found)}]")
