"""AWS::Athena::WorkGroup and AWS::Athena::NamedQuery: made, changed and removed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .kinds import Kind, Properties, Resource, arn_of, call

#: What MiniStack keeps of a workgroup when it is changed, and CloudFormation's property for it.
_KEPT = (
    "BytesScannedCutoffPerQuery",
    "EnforceWorkGroupConfiguration",
    "EngineVersion",
    "PublishCloudWatchMetricsEnabled",
    "ResultConfiguration",
)


def _configuration(resource: Resource) -> dict[str, Any]:
    given: Mapping[str, Any] = resource.properties.get("WorkGroupConfiguration") or {}
    unknown = sorted(set(given) - set(_KEPT))
    if unknown:
        raise ValueError(
            f"The embedded AWS does not emulate AWS::Athena::WorkGroup with {', '.join(unknown)}."
        )
    encryption = given.get("ResultConfiguration", {}).get("EncryptionConfiguration", {})
    if encryption.get("EncryptionOption", "SSE_S3") != "SSE_S3":
        raise ValueError(
            "The embedded AWS does not encrypt: it does not emulate a workgroup with a key of KMS."
        )
    return dict(given)


def _make_workgroup(resource: Resource) -> str:
    name = str(resource.properties["Name"])
    values = {
        "Name": name,
        "Description": resource.properties.get("Description", ""),
        "Configuration": _configuration(resource),
        "Tags": [{"Key": key, "Value": value} for key, value in resource.tags().items()],
    }
    call("athena", "CreateWorkGroup", values)
    return name


def _configure_workgroup(name: str, resource: Resource, old: Resource | None) -> None:
    state = resource.properties.get("State", "ENABLED")
    if old is None:
        if state != "ENABLED":
            call("athena", "UpdateWorkGroup", {"WorkGroup": name, "State": state})
        return
    updates = _configuration(resource)
    if "ResultConfiguration" in updates:
        updates["ResultConfigurationUpdates"] = updates.pop("ResultConfiguration")
    values = {"Description": resource.properties.get("Description", ""), "State": state}
    call("athena", "UpdateWorkGroup", {"WorkGroup": name, **values, "ConfigurationUpdates": updates})
    tags, before = resource.tags(), old.tags()
    arn = arn_of("athena", f"workgroup/{name}")
    if set(before) - set(tags):
        call("athena", "UntagResource", {"ResourceARN": arn, "TagKeys": sorted(set(before) - set(tags))})
    if tags and tags != before:
        pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
        call("athena", "TagResource", {"ResourceARN": arn, "Tags": pairs})


def _remove_workgroup(name: str, properties: Properties) -> None:
    recursive = str(properties.get("RecursiveDeleteOption", False)).lower() == "true"
    call("athena", "DeleteWorkGroup", {"WorkGroup": name, "RecursiveDeleteOption": recursive})


def _make_query(resource: Resource) -> str:
    given = resource.given("Database", "Description", "QueryString", "WorkGroup")
    values = {"Name": resource.name("Name", 128), **given}
    return str(call("athena", "CreateNamedQuery", values)["NamedQueryId"])


def _query_is_new(_physical: str, _resource: Resource, old: Resource | None) -> None:
    """Every property is create-only: a query that changes is another one."""
    if old is not None:
        raise ValueError("AWS::Athena::NamedQuery is never changed in its place.")


WORKGROUP = Kind(
    "AWS::Athena::WorkGroup",
    frozenset({"Description", "Name", "RecursiveDeleteOption", "State", "WorkGroupConfiguration"}),
    _make_workgroup,
    _configure_workgroup,
    lambda *_: {},
    _remove_workgroup,
    tags="list",
    create_only=("Name",),
    arn=lambda name, _: arn_of("athena", f"workgroup/{name}"),
)
NAMED_QUERY = Kind(
    "AWS::Athena::NamedQuery",
    frozenset({"Database", "Description", "Name", "QueryString", "WorkGroup"}),
    _make_query,
    _query_is_new,
    lambda physical, _: {"NamedQueryId": physical},
    lambda physical, _: call("athena", "DeleteNamedQuery", {"NamedQueryId": physical}),
    tags=None,
    create_only=("Database", "Description", "Name", "QueryString", "WorkGroup"),
    arn=lambda _, properties: arn_of("athena", f"workgroup/{properties.get('WorkGroup', 'primary')}"),
    returns=frozenset({"NamedQueryId"}),
)
KINDS = (WORKGROUP, NAMED_QUERY)
