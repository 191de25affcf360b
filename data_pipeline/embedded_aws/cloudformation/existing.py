"""Resources that exist before a stack has them: change sets import them, or early validation refuses to make them.

CloudFormation looks at both while a change set is made (``early``). MiniStack does so on its event loop, where no
service can be called: what is asked here is read from the services' own tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ministack.services import cloudwatch_logs, glue, s3
from ministack.services import iam as iam_service
from ministack.services.cloudformation import changesets, provisioners

from data_pipeline.embedded_aws.featurestore.register import GROUPS
from data_pipeline.embedded_aws.identity import caller, iam

from .kinds import Kind, Properties, explained
from .storage import bucket_attributes


@dataclass(frozen=True)
class Lookup:
    """How a resource of one type is found: ``key`` is its schema's primary identifier."""

    key: str
    #: the name that a template fixes; None for one that CloudFormation makes up
    name: Callable[[Properties], Any]
    table: Callable[[], Mapping[str, Any]]
    #: for GetAtt, from the name and its entry of ``table``
    attributes: Callable[[str, Any], dict[str, Any]] = lambda *_: {}
    #: a name as the service keeps it
    stored: Callable[[str], str] = str


LOOKUPS = {
    "AWS::S3::Bucket": Lookup(
        "BucketName",
        lambda given: given.get("BucketName"),
        lambda: s3._buckets,
        lambda name, _: bucket_attributes(name, {}),
    ),
    # Its creation does not fail where there is another policy: it can be imported, and is never in the way.
    "AWS::S3::BucketPolicy": Lookup("Bucket", lambda _: None, lambda: s3._bucket_policies),
    "AWS::Glue::Database": Lookup(
        "DatabaseName",
        lambda given: given.get("DatabaseName") or given.get("DatabaseInput", {}).get("Name"),
        lambda: glue._databases,
        stored=str.lower,
    ),
    "AWS::SageMaker::FeatureGroup": Lookup(
        "FeatureGroupName",
        lambda given: given.get("FeatureGroupName"),
        lambda: GROUPS,
        lambda _, group: {"FeatureGroupStatus": group["FeatureGroupStatus"]},
    ),
    "AWS::IAM::Role": Lookup(
        "RoleName",
        lambda given: given.get("RoleName"),
        lambda: iam_service._roles,
        lambda _, role: {"Arn": role["Arn"], "RoleId": role["RoleId"]},
    ),
    "AWS::Logs::LogGroup": Lookup(
        "LogGroupName",
        lambda given: given.get("LogGroupName"),
        lambda: cloudwatch_logs._log_groups,
        lambda _, group: {"Arn": group["arn"]},
    ),
}


def install(kinds: Mapping[str, Kind]) -> None:
    """Put imports of our types into MiniStack's place."""
    changesets._IMPORT_LOOKUPS.clear()
    for type_, lookup in LOOKUPS.items():
        changesets._IMPORT_LOOKUPS[type_] = ((lookup.key,), _problem(type_, lookup))
        provisioners._RESOURCE_HANDLERS[type_]["import"] = _importer(kinds[type_], lookup)


def _problem(type_: str, lookup: Lookup) -> Callable[[str], str | None]:
    """Why a resource of this name cannot be imported: in AWS's words where it is known, None where it can."""
    return lambda name: (
        None
        if lookup.stored(name) in lookup.table()
        else f"Resource of type '{type_}' with identifier '{name}' was not found."
    )


def _importer(kind: Kind, lookup: Lookup) -> Callable[[Mapping[str, str]], tuple[str, dict[str, Any]]]:
    """Takes a resource over as it is; its caller must be allowed to read it."""

    def take(identifier: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
        name = identifier[lookup.key]
        if kind.arn is not None:
            with explained(kind.type):
                arn = kind.arn(name, {})
                iam.hold_caller(f"{kind.type} read", caller.ACCESS_KEY.get(), arn=arn)
        return name, lookup.attributes(name, lookup.table()[lookup.stored(name)])

    return take


def taken(made: Mapping[str, Any], change: Mapping[str, Any]) -> str | None:
    """The name that the template of a change set gives a resource, if one of that name exists."""
    lookup = LOOKUPS.get(change["ResourceType"])
    name = lookup.name(_properties(made, change["LogicalResourceId"])) if lookup else None
    return name if lookup and isinstance(name, str) and lookup.stored(name) in lookup.table() else None


def _properties(made: Mapping[str, Any], logical: str) -> Mapping[str, Any]:
    """A resource's properties as far as they are known before anything is made."""
    resolved = changesets._resolve_props_for_diff(
        made["_template"], made["_resolved_params"], made["StackName"], made["StackId"]
    )
    return resolved["Resources"][logical].get("Properties") or {}
