"""AWS::IAM::Role with its inline and attached policies."""

from __future__ import annotations

import json
from typing import Any

from .kinds import Kind, Properties, Resource, arn_of, call


def _make(resource: Resource) -> str:
    name = resource.name("RoleName", 64)
    tags = [{"Key": key, "Value": value} for key, value in resource.tags().items()]
    call(
        "iam",
        "CreateRole",
        {
            "RoleName": name,
            "AssumeRolePolicyDocument": json.dumps(resource.properties["AssumeRolePolicyDocument"]),
            **resource.given("Path", "Description", "MaxSessionDuration", "PermissionsBoundary"),
            **({"Tags": tags} if tags else {}),
        },
    )
    return name


def _configure(name: str, resource: Resource, old: Resource | None) -> None:
    new = resource.properties
    before = old.properties if old else {}
    role = {"RoleName": name}
    if old and new["AssumeRolePolicyDocument"] != before["AssumeRolePolicyDocument"]:
        document = json.dumps(new["AssumeRolePolicyDocument"])
        call("iam", "UpdateAssumeRolePolicy", {**role, "PolicyDocument": document})
    if old and resource.given("Description", "MaxSessionDuration") != old.given(
        "Description", "MaxSessionDuration"
    ):
        call("iam", "UpdateRole", {**role, **resource.given("Description", "MaxSessionDuration")})
    if old and new.get("PermissionsBoundary") != before.get("PermissionsBoundary"):
        if "PermissionsBoundary" in new:
            call("iam", "PutRolePermissionsBoundary", {**role, **resource.given("PermissionsBoundary")})
        else:
            call("iam", "DeleteRolePermissionsBoundary", role)
    _inline(role, _policies(new), _policies(before))
    for arn in sorted(set(before.get("ManagedPolicyArns", [])) - set(new.get("ManagedPolicyArns", []))):
        call("iam", "DetachRolePolicy", {**role, "PolicyArn": arn})
    for arn in sorted(set(new.get("ManagedPolicyArns", [])) - set(before.get("ManagedPolicyArns", []))):
        call("iam", "AttachRolePolicy", {**role, "PolicyArn": arn})
    if old:
        _retag(role, resource.tags(), old.tags())


def _inline(role: dict[str, str], new: dict[str, Any], old: dict[str, Any]) -> None:
    for policy in sorted(set(old) - set(new)):
        call("iam", "DeleteRolePolicy", {**role, "PolicyName": policy})
    for policy, document in new.items():
        if old.get(policy) != document:
            call(
                "iam", "PutRolePolicy", {**role, "PolicyName": policy, "PolicyDocument": json.dumps(document)}
            )


def _retag(role: dict[str, str], new: dict[str, str], old: dict[str, str]) -> None:
    if set(old) - set(new):
        call("iam", "UntagRole", {**role, "TagKeys": sorted(set(old) - set(new))})
    changed = [{"Key": key, "Value": value} for key, value in new.items() if old.get(key) != value]
    if changed:
        call("iam", "TagRole", {**role, "Tags": changed})


def _policies(properties: Any) -> dict[str, Any]:
    return {policy["PolicyName"]: policy["PolicyDocument"] for policy in properties.get("Policies", [])}


def _attributes(name: str, _properties: Properties) -> dict[str, Any]:
    role = call("iam", "GetRole", {"RoleName": name})["Role"]
    return {"Arn": role["Arn"], "RoleId": role["RoleId"]}


def _remove(name: str, _properties: Properties) -> None:
    role = {"RoleName": name}
    for policy in call("iam", "ListRolePolicies", role)["PolicyNames"]:
        call("iam", "DeleteRolePolicy", {**role, "PolicyName": policy})
    for policy in call("iam", "ListAttachedRolePolicies", role)["AttachedPolicies"]:
        call("iam", "DetachRolePolicy", {**role, "PolicyArn": policy["PolicyArn"]})
    call("iam", "DeleteRole", role)


ROLE = Kind(
    "AWS::IAM::Role",
    frozenset(
        [
            "AssumeRolePolicyDocument",
            "Description",
            "ManagedPolicyArns",
            "MaxSessionDuration",
            "Path",
            "PermissionsBoundary",
            "Policies",
            "RoleName",
        ]
    ),
    _make,
    _configure,
    _attributes,
    _remove,
    create_only=("Path", "RoleName"),
    arn=lambda name, given: arn_of("iam", f"role{given.get('Path', '/')}{name}", region=False),
    returns=frozenset({"Arn", "RoleId"}),
)
KINDS = (ROLE,)
