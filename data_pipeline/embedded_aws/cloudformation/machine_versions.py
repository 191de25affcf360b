"""AWS::StepFunctions::StateMachineVersion and AWS::StepFunctions::StateMachineAlias.

As in AWS's own handlers: a version is never changed, and not made where the newest version of its machine is of the
same revision already; an alias that exists is not taken over; what is changed or deleted is described before. Gradual
deployments need alarms, which are not here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from botocore.exceptions import ClientError
from ministack.services import stepfunctions

from data_pipeline.embedded_aws.stepfunctions import arns
from data_pipeline.embedded_aws.stepfunctions.versions import INITIAL

from .kinds import Kind, Properties, Resource, call

_AT_ONCE = "ALL_AT_ONCE"


def _publish(resource: Resource) -> str:
    given = resource.properties
    machine = given["StateMachineArn"]
    newest = call("stepfunctions", "ListStateMachineVersions", {"stateMachineArn": machine, "maxResults": 1})
    for version in newest["stateMachineVersions"]:
        arn = version["stateMachineVersionArn"]
        if revision_of(arn) == revision_of(machine):
            raise ValueError(
                f"Resource of type 'AWS::StepFunctions::StateMachineVersion' with identifier '{arn}' already exists. "
                "(HandlerErrorCode: AlreadyExists)"
            )
    values = {"stateMachineArn": machine}
    if "StateMachineRevisionId" in given:
        values["revisionId"] = given["StateMachineRevisionId"]
    if "Description" in given:
        values["description"] = given["Description"]
    return str(call("stepfunctions", "PublishStateMachineVersion", values)["stateMachineVersionArn"])


def revision_of(arn: str) -> str:
    """The identifier of the revision of a state machine or a version, as CloudFormation says it."""
    found = call("stepfunctions", "DescribeStateMachine", {"stateMachineArn": arn})
    return str(found.get("revisionId") or INITIAL)


def complete(resources: Iterable[dict[str, Any]]) -> None:
    """Give machines of stacks that were made before there were revisions the attribute that names theirs."""
    revisions = {
        machine["stateMachineArn"]: machine.get("revisionId") or INITIAL
        for machine in stepfunctions._state_machines._data.values()
    }
    for resource in resources:
        revision = revisions.get(resource.get("PhysicalResourceId", ""))
        if revision is not None:
            resource.setdefault("Attributes", {}).setdefault("StateMachineRevisionId", revision)


def _version_attributes(arn: str, _properties: Properties) -> dict[str, Any]:
    found = call("stepfunctions", "DescribeStateMachine", {"stateMachineArn": arn})
    return {"Arn": found["stateMachineArn"]}


def _delete_version(arn: str, properties: Properties) -> None:
    _version_attributes(arn, properties)
    call("stepfunctions", "DeleteStateMachineVersion", {"stateMachineVersionArn": arn})


def _routes(given: Properties) -> list[dict[str, Any]]:
    """The routing configuration that either property of an alias asks for."""
    preference = given.get("DeploymentPreference")
    if (preference is None) == ("RoutingConfiguration" not in given):
        raise ValueError("Define exactly one of RoutingConfiguration and DeploymentPreference.")
    if preference is None:
        return [
            {"stateMachineVersionArn": route["StateMachineVersionArn"], "weight": route["Weight"]}
            for route in given["RoutingConfiguration"]
        ]
    if preference["Type"] != _AT_ONCE or "Alarms" in preference:
        what = "Alarms" if "Alarms" in preference else preference["Type"]
        raise ValueError(
            f"The embedded AWS does not emulate a DeploymentPreference with {what}, only {_AT_ONCE}."
        )
    return [{"stateMachineVersionArn": preference["StateMachineVersionArn"], "weight": 100}]


def _make_alias(resource: Resource) -> str:
    routes, name = _routes(resource.properties), resource.name("Name", 80)
    arn = f"{arns.split(routes[0]['stateMachineVersionArn'])[0]}:{name}"
    if _described(arn) is not None:
        raise ValueError(
            f"Resource of type 'AWS::StepFunctions::StateMachineAlias' with identifier '{arn}' already exists. "
            "(HandlerErrorCode: AlreadyExists)"
        )
    values: dict[str, Any] = {"name": name, "routingConfiguration": routes}
    if "Description" in resource.properties:
        values["description"] = resource.properties["Description"]
    return str(call("stepfunctions", "CreateStateMachineAlias", values)["stateMachineAliasArn"])


def _described(arn: str) -> Any:
    try:
        return call("stepfunctions", "DescribeStateMachineAlias", {"stateMachineAliasArn": arn})
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFound":
            raise
        return None


def _update_alias(arn: str, resource: Resource, old: Resource | None) -> None:
    if old is not None:
        description = resource.properties.get("Description", "")
        values = {"routingConfiguration": _routes(resource.properties), "description": description}
        _alias_attributes(arn, resource.properties)
        call("stepfunctions", "UpdateStateMachineAlias", {"stateMachineAliasArn": arn, **values})


def _alias_attributes(arn: str, _properties: Properties) -> dict[str, Any]:
    found = call("stepfunctions", "DescribeStateMachineAlias", {"stateMachineAliasArn": arn})
    return {"Arn": found["stateMachineAliasArn"]}


def _delete_alias(arn: str, properties: Properties) -> None:
    _alias_attributes(arn, properties)
    call("stepfunctions", "DeleteStateMachineAlias", {"stateMachineAliasArn": arn})


def _machine_of(arn: str, _properties: Properties) -> str:
    """The ARN by which policies name a version or an alias."""
    return arns.split(arn)[0]


KINDS = (
    Kind(
        "AWS::StepFunctions::StateMachineVersion",
        frozenset({"Description", "StateMachineArn", "StateMachineRevisionId"}),
        _publish,
        lambda *_: None,
        _version_attributes,
        _delete_version,
        tags=None,
        create_only=("Description", "StateMachineArn", "StateMachineRevisionId"),
        arn=_machine_of,
        returns=frozenset({"Arn"}),
    ),
    Kind(
        "AWS::StepFunctions::StateMachineAlias",
        frozenset({"DeploymentPreference", "Description", "Name", "RoutingConfiguration"}),
        _make_alias,
        _update_alias,
        _alias_attributes,
        _delete_alias,
        tags=None,
        create_only=("Name",),
        arn=_machine_of,
        returns=frozenset({"Arn"}),
    ),
)
