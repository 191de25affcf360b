"""The sections of a template and the shape of their members.

Sources: "Template sections" and "Resource attribute reference" of the AWS CloudFormation User Guide. The wording is
AWS's where it is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from . import functions
from .known import Known, Wrong, function_of, unresolved, unresolved_condition

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
_OF_OUTPUT = frozenset({"Condition", "Description", "Export", "Value"})
_POLICIES = {
    "DeletionPolicy": ("Delete", "Retain", "RetainExceptOnCreate", "Snapshot"),
    "UpdateReplacePolicy": ("Delete", "Retain", "Snapshot"),
}
_LOGICAL = re.compile(r"[A-Za-z0-9]{1,255}")
#: "Mappings" of the User Guide: names of a mapping are alphanumeric, its keys have . and - too.
_KEY = re.compile(r"[A-Za-z0-9_.-]{1,255}")


def check_sections(known: Known) -> None:
    """Wrong for a section that there is not, or one of another shape."""
    unknown = sorted(set(map(str, known.template)) - SECTIONS)
    if unknown:
        raise Wrong(f"Invalid template property or properties [{', '.join(unknown)}]")
    version = known.template.get("AWSTemplateFormatVersion", "2010-09-09")
    if str(version) != "2010-09-09":
        raise Wrong(f"Template format error: unsupported value for AWSTemplateFormatVersion: {version}.")
    if not isinstance(known.template.get("Description", ""), str):
        raise Wrong("Template format error: Description must be a string.")
    if known.section("Hooks"):
        raise Wrong("The embedded AWS does not emulate the section Hooks.")
    if not known.section("Resources"):
        raise Wrong("Template format error: At least one Resources member must be defined.")
    for section in ("Parameters", "Resources", "Outputs", "Conditions", "Mappings", "Metadata"):
        for name in known.section(section):
            if section != "Metadata" and not _LOGICAL.fullmatch(str(name)):
                raise Wrong(f"Template format error: {section} name {name} is non alphanumeric.")
    both = sorted(set(known.section("Parameters")) & set(known.section("Resources")))
    if both:
        raise Wrong(f"Template format error: {both[0]} is the name of a parameter and of a resource.")
    _check_nulls(known)
    for name, mapping in known.section("Mappings").items():
        _check_mapping(name, mapping)


def _check_nulls(known: Known) -> None:
    for section in ("Parameters", "Mappings", "Conditions", "Resources", "Outputs"):
        for path in _nulls(known.section(section), f"/{section}"):
            raise Wrong(f"Template format error: [{path}] 'null' values are not allowed in templates")


def _nulls(value: Any, path: str) -> Iterator[str]:
    if value is None:
        yield path
    elif isinstance(value, (list, Mapping)):
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, item in items:
            yield from _nulls(item, f"{path}/{key}")


def _check_mapping(name: str, mapping: Any) -> None:
    if not isinstance(mapping, Mapping) or not all(isinstance(value, Mapping) for value in mapping.values()):
        raise Wrong(
            f"Template format error: Every Mappings member must be a map of maps; found another in {name}"
        )
    for key, values in mapping.items():
        for second, value in values.items():
            for named in (key, second):
                if not _KEY.fullmatch(str(named)):
                    raise Wrong(
                        f"Template format error: Mappings key {named!r} of {name} is not alphanumeric."
                    )
            items = value if isinstance(value, list) else [value]
            if not all(isinstance(item, (str, int, float)) for item in items):
                raise Wrong(
                    f"Template format error: Every Mappings attribute must be a String or a List; found another in "
                    f"{name}::{key}::{second}"
                )


def check_resource(known: Known, name: str, resource: Any) -> None:
    """Wrong for a resource with attributes that there are not, or of values that they cannot have."""
    if not isinstance(resource, Mapping) or not isinstance(resource.get("Type"), str):
        raise Wrong(
            f"Template format error: [/Resources/{name}] Every Resources object must contain a Type member."
        )
    if resource["Type"].startswith("Custom::"):
        raise Wrong(
            f"The embedded AWS does not emulate custom resources: {name} is of type {resource['Type']}."
        )
    wrong = sorted(set(map(str, resource)) - _OF_RESOURCE)
    if wrong:
        raise Wrong(f"Invalid template resource property '{wrong[0]}'")
    properties = resource.get("Properties") or {}
    if not isinstance(properties, Mapping):
        raise Wrong(f"Template format error: [/Resources/{name}/Properties] must be an object.")
    if function_of(properties) not in ("", "Condition"):
        raise Wrong(f"The embedded AWS does not emulate a function in the place of the Properties of {name}.")
    if not isinstance(resource.get("Metadata", {}), Mapping):
        raise Wrong(f"Template format error: [/Resources/{name}/Metadata] must be an object.")
    _check_policies(name, resource)
    check_condition(known, resource, "Resources")
    _check_depends_on(known, name, resource)


def _check_policies(name: str, resource: Mapping[str, Any]) -> None:
    for policy, values in _POLICIES.items():
        given = resource.get(policy, "Delete")
        if not isinstance(given, str) or given not in values:
            raise Wrong(f"Template format error: Unrecognized {policy} {given} for resource {name}")
        if given == "Snapshot":  # none of the types that are emulated has snapshots
            kind = {"DeletionPolicy": "deletion", "UpdateReplacePolicy": "update replace"}[policy]
            raise Wrong(
                f"Template error: resource type {resource['Type']} does not support {kind} policy Snapshot"
            )
    for attribute in ("CreationPolicy", "UpdatePolicy"):
        if attribute in resource:
            raise Wrong(f"The embedded AWS does not emulate {attribute}: none of its resource types has one.")


def _check_depends_on(known: Known, name: str, resource: Mapping[str, Any]) -> None:
    others = depends_on(resource)
    if not all(isinstance(other, str) for other in others):
        raise Wrong(f"Template format error: DependsOn of {name} must be a string or a list of strings.")
    missing = [other for other in others if other not in known.section("Resources")]
    if known.is_made(name):
        missing += [other for other in others if other not in missing and not known.is_made(other)]
    if missing:
        raise unresolved(missing, "Resources")


def depends_on(resource: Mapping[str, Any]) -> list[Any]:
    """The logical ids of a resource's ``DependsOn``."""
    given = resource.get("DependsOn", [])
    return given if isinstance(given, list) else [given]


def check_outputs(known: Known) -> None:
    """Wrong for an output without a value, with one that is no text, or with a name that another exports too."""
    exported: list[Any] = []
    for name, output in known.section("Outputs").items():
        if not isinstance(output, Mapping) or "Value" not in output:
            raise Wrong(
                f"Template format error: Output {name} is malformed. Every Outputs member must contain a Value object"
            )
        wrong = sorted(set(map(str, output)) - _OF_OUTPUT)
        if wrong:
            raise Wrong(f"Invalid template output property '{wrong[0]}'")
        check_condition(known, output, "Outputs")
        _check_value(known, output)
        if "Export" in output:
            exported.append(_export(name, output["Export"]))
    twice = [name for name in exported if exported.count(name) > 1]
    if twice:
        raise Wrong(f"Template format error: Duplicate Export names {twice[0]!r}")


def _check_value(known: Known, output: Mapping[str, Any]) -> None:
    value = output["Value"]
    a_list = isinstance(value, Mapping) and "Ref" in value and known.is_list(str(value["Ref"]))
    if a_list or not functions.is_text(value):
        raise Wrong(
            "Template format error: The Value field of every Outputs member must evaluate to a String."
        )
    if not isinstance(output.get("Description", ""), str):
        raise Wrong("Template format error: Every Description member must be a string.")


def _export(name: str, export: Any) -> Any:
    if not isinstance(export, Mapping) or list(export) != ["Name"] or not functions.is_text(export["Name"]):
        raise Wrong(f"Template format error: Export of output {name} must be an object with a Name alone.")
    return export["Name"]


def check_condition(known: Known, owner: Mapping[str, Any], block: str) -> None:
    """Wrong for an attribute ``Condition`` that names none."""
    if "Condition" not in owner:
        return
    if not isinstance(owner["Condition"], str):
        raise Wrong(f"Template format error: Every Condition member of {block} must be a string.")
    if owner["Condition"] not in known.section("Conditions"):
        raise unresolved_condition(owner["Condition"], block)
