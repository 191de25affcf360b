"""Resources that outlived their stack, and the template by which a new stack takes them over; pure.

An IMPORT change set may hold nothing but imports: no other resource, no output, no tag. So the stack first takes
them over with a template of its own, in which each is retained, and is then updated to what it shall be.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .changes import Change

#: type → the property that names it for an import (its schema's primary identifier).
IDENTIFIERS = {
    "AWS::S3::Bucket": "BucketName",
    "AWS::S3::BucketPolicy": "Bucket",
    "AWS::KMS::Key": "KeyId",
    "AWS::Glue::Database": "DatabaseName",
    "AWS::IAM::Role": "RoleName",
    "AWS::Logs::LogGroup": "LogGroupName",
}
#: its tags are create-only: imported without the stack's tags, the update that sets them would replace it. The
#: change set that gives the stack its tags imports it instead.
GROUP = "AWS::SageMaker::FeatureGroup"
#: functions that a template may write as a tag, and JSON only as ``Fn::``.
_SHORT = frozenset({"Base64", "Join", "Select", "Split", "Sub"})
_REFERENCE = re.compile(r"\$\{([^!}][^}]*)\}")


@dataclass(frozen=True)
class Leftover:
    """A resource that exists and that the template names: logical id, type, physical id."""

    logical_id: str
    type: str
    name: str

    @property
    def resource(self) -> dict[str, Any]:
        """As an entry of ``ResourcesToImport``."""
        identifier = {IDENTIFIERS[self.type]: self.name}
        return {
            "LogicalResourceId": self.logical_id,
            "ResourceType": self.type,
            "ResourceIdentifier": identifier,
        }


@dataclass(frozen=True)
class Adoption:
    """What a new stack takes over, and what the user should know before."""

    leftovers: tuple[Leftover, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def imported(self) -> tuple[Leftover, ...]:
        """Those of the first change set: all but the feature groups."""
        return tuple(each for each in self.leftovers if each.type != GROUP)


def fixed_name(resource: Mapping[str, Any]) -> str | None:
    """The name that the template gives a resource which may be left over; None where it gives none."""
    given = resource.get("Properties", {})
    names = {
        "AWS::Glue::Database": given.get("DatabaseInput", {}).get("Name"),
        "AWS::Logs::LogGroup": given.get("LogGroupName"),
        GROUP: given.get("FeatureGroupName"),
    }
    name = names.get(resource["Type"])
    return name if isinstance(name, str) else None


def import_template(template: Mapping[str, Any], leftovers: Sequence[Leftover]) -> dict[str, Any]:
    """The template that imports them: retained, and without what refers to anything else."""
    known = {each.logical_id for each in leftovers}
    resources = {}
    for each in leftovers:
        resource = template["Resources"][each.logical_id]
        resources[each.logical_id] = {
            "Type": each.type,
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": _without(resource.get("Properties", {}), known),
        }
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}


def shown(changes: Iterable[Change], leftovers: Iterable[Leftover]) -> tuple[Change, ...]:
    """The changes with what is taken over as imports, in their place among the others."""
    names = {each.logical_id: each.name for each in leftovers}
    found = [
        Change("Import", each.logical_id, each.type, because=(names[each.logical_id],))
        if each.logical_id in names
        else each
        for each in changes
    ]
    return tuple(sorted(found, key=lambda change: change.action != "Import"))


def role_of(group: Mapping[str, Any]) -> str | None:
    """The logical id of the role that a template's feature group names."""
    arn = group.get("Properties", {}).get("RoleArn")
    if not isinstance(arn, Mapping):
        return None
    target = arn.get("Fn::GetAtt", arn.get("GetAtt"))
    return str(target).partition(".")[0] if isinstance(target, str) else (str(target[0]) if target else None)


def _without(value: Any, known: set[str]) -> Any:
    """A value without the entries that refer to a resource, parameter or condition outside of ``known``; functions in
    the long form, which JSON wants.
    """
    if isinstance(value, list):
        return [_without(item, known) for item in value if not _refers(item, known)]
    if not isinstance(value, Mapping):
        return value
    if set(value) == {"GetAtt"} and isinstance(value["GetAtt"], str):
        return {"Fn::GetAtt": value["GetAtt"].split(".", 1)}
    kept = {key: _without(item, known) for key, item in value.items() if not _refers(item, known)}
    ((only, given),) = kept.items() if len(kept) == 1 else ((None, None),)
    return {f"Fn::{only}": given} if only in _SHORT else kept


def _refers(value: Any, known: set[str]) -> bool:
    """Whether a value is itself a function of something outside of ``known``."""
    if not isinstance(value, Mapping) or len(value) != 1:
        return False
    ((function, given),) = value.items()
    function = function.removeprefix("Fn::")
    first = given[0] if isinstance(given, list) and given else given
    if function in ("FindInMap", "If", "ImportValue"):
        return True
    if function in ("Ref", "GetAtt"):
        return not _is_known(str(first).partition(".")[0], known)
    if function == "Sub":
        return not all(_is_known(name.partition(".")[0], known) for name in _REFERENCE.findall(str(first)))
    return False


def _is_known(name: str, known: set[str]) -> bool:
    return name in known or name.startswith("AWS::")
