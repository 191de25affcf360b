"""Who may do what, on what, under which condition, and why: read from the rendered templates; pure.

The templates are the one source: what stands here is what CloudFormation is given. Functions become text: a
parameter or a resource stands as ``${Name}``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Template = Mapping[str, Any]

_ROLE = "AWS::IAM::Role"
#: resource policies: type → (property with the document, property that names what it guards).
_RESOURCE_POLICIES = {
    "AWS::S3::BucketPolicy": ("PolicyDocument", "Bucket"),
    "AWS::SQS::QueuePolicy": ("PolicyDocument", "Queues"),
    "AWS::SNS::TopicPolicy": ("PolicyDocument", "Topics"),
    "AWS::KMS::Key": ("KeyPolicy", "Description"),
}


@dataclass(frozen=True)
class Statement:
    """One statement of a policy; ``principals`` is empty in a role's own, which speaks of the role."""

    sid: str
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[str, ...]
    why: str
    why_everything: str = ""
    principals: tuple[str, ...] = ()


@dataclass(frozen=True)
class Policy:
    """A role with what it may do, or the policy of a resource; ``trusts``: who may take the role."""

    name: str
    kind: str
    description: str
    statements: tuple[Statement, ...]
    trusts: tuple[Statement, ...] = ()
    boundary: str = ""


def policies(templates: Mapping[str, Template]) -> list[Policy]:
    """Every policy of the templates (file name → content): roles first, in the order of the templates."""
    found = [_policy(name, resource) for name, resource in _resources(templates)]
    known = [policy for policy in found if policy]
    return sorted(known, key=lambda policy: policy.kind != "role")


def unexplained(found: list[Policy]) -> list[str]:
    """``role.Sid`` of the statements without a reason, and of those that say ``*`` without one for that."""
    return [
        f"{policy.name}.{statement.sid or '(no Sid)'}"
        for policy in found
        for statement in policy.statements
        if not statement.why
        or (policy.kind == "role" and "*" in statement.resources and not statement.why_everything)
    ]


def text(value: Any) -> str:
    """A value of a template as one text, its functions written out."""
    if not isinstance(value, Mapping):
        return str(value)
    ((name, argument),) = value.items()
    name = name.removeprefix("Fn::")
    if name == "Sub":
        return text(argument[0]) if isinstance(argument, list) else str(argument)
    if name == "GetAtt":
        argument = argument if isinstance(argument, str) else ".".join(argument)
    if name in ("Ref", "GetAtt"):
        return f"${{{argument}}}"
    return f"{name}({argument})"


def _resources(templates: Mapping[str, Template]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for template in templates.values():
        yield from template["Resources"].items()


def _policy(name: str, resource: Mapping[str, Any]) -> Policy | None:
    properties, metadata = resource.get("Properties", {}), resource.get("Metadata", {})
    if resource["Type"] == _ROLE:
        documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        return Policy(
            name,
            "role",
            text(properties.get("Description", "")),
            tuple(_statement(s, metadata) for document in documents for s in document["Statement"]),
            tuple(_statement(s, {}) for s in properties["AssumeRolePolicyDocument"]["Statement"]),
            text(properties.get("PermissionsBoundary", "")),
        )
    if resource["Type"] in _RESOURCE_POLICIES:
        document, guarded = _RESOURCE_POLICIES[resource["Type"]]
        statements = tuple(_statement(s, metadata) for s in properties[document]["Statement"])
        return Policy(name, "resource", ", ".join(_texts(properties.get(guarded, ""))), statements)
    return None


def _statement(statement: Mapping[str, Any], metadata: Mapping[str, Any]) -> Statement:
    sid = statement.get("Sid", "")
    return Statement(
        sid,
        statement["Effect"],
        tuple(_texts(statement["Action"])),
        tuple(_texts(statement.get("Resource", []))),
        tuple(_conditions(statement.get("Condition", {}))),
        metadata.get("Why", {}).get(sid, ""),
        metadata.get("ReasonForWildcard", {}).get(sid, ""),
        tuple(_principals(statement.get("Principal", {}))),
    )


def _conditions(condition: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for operator, pairs in condition.items():
        for key, values in pairs.items():
            yield f"{key} {operator} {', '.join(_texts(values))}"


def _principals(principal: Any) -> Iterator[str]:
    if isinstance(principal, str):
        yield principal
        return
    for values in principal.values():
        yield from _texts(values)


def _texts(value: Any) -> list[str]:
    return [text(item) for item in value] if isinstance(value, list | tuple) else [text(value)]
