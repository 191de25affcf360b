"""Resources that exist before a stack has them: change sets import them, or early validation refuses to make them.

CloudFormation looks at both while a change set is made. MiniStack does so on its event loop, where no service can be
called: what is asked here is read from the services' own tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ministack.core.responses import new_uuid
from ministack.services import cloudformation, cloudwatch_logs, glue, s3
from ministack.services import iam as iam_service
from ministack.services.cloudformation import changesets, handlers, provisioners
from ministack.services.cloudformation.helpers import _error, _p
from ministack.services.cloudformation.stacks import _operation_event, _stack_region_context

from data_pipeline.embedded_aws.featurestore.register import GROUPS
from data_pipeline.embedded_aws.identity import caller, iam

from .kinds import Kind, Properties, explained
from .storage import bucket_attributes

_REFUSED = (
    "The following hook(s)/validation failed: [AWS::EarlyValidation::ResourceExistenceCheck]. To troubleshoot Early "
    "Validation errors, use the DescribeEvents API for detailed failure information."
)


@dataclass(frozen=True)
class Lookup:
    """How a resource of one type is found: ``key`` is its schema's primary identifier."""

    key: str
    #: the name that a template fixes; None for one that CloudFormation makes up
    name: Callable[[Properties], Any]
    table: Callable[[], Mapping[str, Any]]
    #: for GetAtt, from the name and its entry of ``table``
    attributes: Callable[[str, Any], dict[str, Any]] = lambda *_: {}


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
    """Put imports and early validation of our types into MiniStack's place."""
    changesets._IMPORT_LOOKUPS.clear()
    for type_, lookup in LOOKUPS.items():
        changesets._IMPORT_LOOKUPS[type_] = ((lookup.key,), _problem(type_, lookup))
        provisioners._RESOURCE_HANDLERS[type_]["import"] = _importer(kinds[type_], lookup)
    handlers._ACTION_HANDLERS["CreateChangeSet"] = _validated(handlers._ACTION_HANDLERS["CreateChangeSet"])
    handlers._ACTION_HANDLERS["DescribeEvents"] = _with_change_sets(
        handlers._ACTION_HANDLERS["DescribeEvents"]
    )


def _problem(type_: str, lookup: Lookup) -> Callable[[str], str | None]:
    """Why a resource of this name cannot be imported: in AWS's words where it is known, None where it can."""
    return lambda name: (
        None
        if name in lookup.table()
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
        return name, lookup.attributes(name, lookup.table()[name])

    return take


def _validated(create: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """CreateChangeSet, whose change set fails where it would add what exists."""

    def validated(params: Any) -> Any:
        answer = create(params)
        stack = _p(params, "StackName")
        _, made = changesets._find_change_set(
            _p(params, "ChangeSetName"), stack.split("/")[1] if "/" in stack else stack
        )
        if (
            answer[0] == 200
            and made
            and made["Status"] == "CREATE_COMPLETE"
            and made["ChangeSetType"] != "IMPORT"
        ):
            _validate(made)
        return answer

    return validated


def _validate(made: dict[str, Any]) -> None:
    """Refuse a change set that adds what exists; its stack keeps the events, for DescribeEvents."""
    stack = cloudformation._stacks[made["StackName"]]
    made["_operation"] = new_uuid()
    with _stack_region_context(stack, made["StackId"]):
        added = [entry["ResourceChange"] for entry in made["Changes"]]
        conflicts = [
            _conflict(made, change["ResourceType"], change["LogicalResourceId"], name)
            for change in added
            if change["Action"] == "Add" and (name := _taken(made, change))
        ]
    if conflicts:
        made.update(Status="FAILED", ExecutionStatus="UNAVAILABLE", StatusReason=_REFUSED, Changes=[])
        stack["_operation_events"] = conflicts


def _taken(made: Mapping[str, Any], change: Mapping[str, Any]) -> str | None:
    """The name that the template gives a resource, if one of that name exists."""
    lookup = LOOKUPS.get(change["ResourceType"])
    name = lookup.name(_properties(made, change["LogicalResourceId"])) if lookup else None
    return name if lookup and isinstance(name, str) and name in lookup.table() else None


def _conflict(made: Mapping[str, Any], type_: str, logical: str, name: str) -> dict[str, Any]:
    event: dict[str, Any] = _operation_event(
        made["StackId"],
        made["_operation"],
        "VALIDATION_ERROR",
        "CREATE_CHANGESET",
        LogicalResourceId=logical,
        ResourceType=type_,
        ValidationFailureMode="FAIL",
        ValidationName="NAME_CONFLICT_VALIDATION",
        ValidationStatus="FAILED",
        ValidationStatusReason=f"Resource of type '{type_}' with identifier '{name}' already exists.",
        ValidationPath=f"/Resources/{logical}",
    )
    return event


def _properties(made: Mapping[str, Any], logical: str) -> Mapping[str, Any]:
    """A resource's properties as far as they are known before anything is made."""
    resolved = changesets._resolve_props_for_diff(
        made["_template"], made["_resolved_params"], made["StackName"], made["StackId"]
    )
    return resolved["Resources"][logical].get("Properties") or {}


def _with_change_sets(describe: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """DescribeEvents, by the ARN of a change set too: a bare name is refused, as by AWS."""

    def described(params: Any) -> Any:
        named = _p(params, "ChangeSetName")
        if not named:
            return describe(params)
        _, made = changesets._find_change_set(named) if named.startswith("arn:") else (None, None)
        if made is None:
            return _error(
                "ValidationError", "One of ChangeSetName, OperationId or StackName must be specified"
            )
        asked = {key: value for key, value in params.items() if key != "ChangeSetName"}
        operation = made.get("_operation", "none")
        return describe({**asked, "StackName": made["StackName"], "OperationId": operation})

    return described
