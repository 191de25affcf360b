"""A customer's key: whether each writer and reader of what it encrypts may use it. Nothing that is free shows this.

A use is allowed as KMS does it: by the key's policy for a service, and for a role by the key's policy for its account
and by the role's own policy as well. What the uses are, is AWS's documentation: S3 "SSE-KMS permissions", SQS "KMS
permissions", CloudWatch Logs "Encrypt log data", SNS "Key management", SageMaker
"execution roles" (a volume's key is lent by a grant).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from data_pipeline.core.deployment.policies import text
from data_pipeline.core.problems import Path

from .findings import Finding

Resources = Mapping[str, Any]

_KEY, _ROLE = "AWS::KMS::Key", "AWS::IAM::Role"
_MACHINE = "AWS::StepFunctions::StateMachine"
_READ, _WRITE = ("kms:Decrypt",), ("kms:GenerateDataKey", "kms:Decrypt")
#: what carries the group's ARN as its encryption context, which kms:DescribeKey of AWS's example cannot.
_LOGS = ("kms:Encrypt", "kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo", "kms:GenerateDataKey")
_ROOT = "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"


@dataclass(frozen=True)
class Use:
    """Somebody who needs actions on a key: a role of the template, or (``role`` is empty) a service."""

    path: Path
    what: str
    actions: tuple[str, ...]
    context: Mapping[str, str]
    role: str = ""
    service: str = ""


@dataclass(frozen=True)
class Brought:
    """The key of a bucket that the user brings: how ARNs name the bucket, and the statements of the key's policy."""

    bucket: tuple[str, ...]
    policy: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Stack:
    """Resources by type, and what they mean of each other."""

    resources: Resources
    roles: Mapping[str, list[Any]] = field(default_factory=dict)

    def of(self, kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for name, resource in self.resources.items():
            if resource.get("Type") == kind:
                yield name, resource.get("Properties", {})


def check(resources: Resources, brought: Mapping[str, Brought] | None = None) -> list[Finding]:
    """The uses of keys that are denied; resources of several templates may stand together.

    ``brought``: the keys that the resources do not have themselves, by the parameter that names each.
    """
    roles = {
        name: [
            s for policy in r["Properties"].get("Policies", []) for s in policy["PolicyDocument"]["Statement"]
        ]
        for name, r in resources.items()
        if r.get("Type") == _ROLE
    }
    stack = Stack(resources, roles)
    policies = {key: properties["KeyPolicy"]["Statement"] for key, properties in stack.of(_KEY)}
    asked = [(key, use) for key in policies for use in uses(stack, key)]
    for key, one in (brought or {}).items():
        policies[key] = list(one.policy)
        asked += [(key, use) for use in _of_objects(stack, one.bucket)]
    return [
        Finding("key-use", use.path, f"{use.what} needs {action} of the key {key}, which {refusal}")
        for key, use in asked
        for action in use.actions
        if (refusal := _refusal(stack, key, policies[key], use, action))
    ]


def uses(stack: Stack, key: str) -> Iterator[Use]:
    """Every use of a key that the resources bring about."""
    for name, properties in stack.of("AWS::S3::Bucket"):
        if _names(_bucket_key(properties), key):
            yield from _of_objects(stack, (f"${{{name}}}",))
    for name, properties in stack.of("AWS::SQS::Queue"):
        if _names(properties.get("KmsMasterKeyId"), key):
            yield from _of_roles(stack, (f"${{{name}",), "sqs:SendMessage", _WRITE, "sqs")
    for name, properties in stack.of("AWS::SNS::Topic"):
        if _names(properties.get("KmsMasterKeyId"), key):
            yield from _of_roles(stack, (f"${{{name}",), "sns:Publish", _WRITE, "sns")
            yield from _of_alarms(stack, name)
    for name, properties in stack.of("AWS::Logs::LogGroup"):
        if _names(properties.get("KmsKeyId"), key):
            group = f"log-group:{text(properties['LogGroupName'])}"
            arn = f"arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:{group}"
            context = {"kms:EncryptionContext:aws:logs:arn": arn}
            service = "logs.${AWS::Region}.amazonaws.com"
            yield Use(("Resources", name), f"CloudWatch Logs for {name}", _LOGS, context, service=service)
    yield from _volumes(stack, key)


def _of_objects(stack: Stack, bucket: tuple[str, ...]) -> Iterator[Use]:
    """The roles that read or write a bucket's objects."""
    for actions, asked in ((_READ, "s3:GetObject"), (_WRITE, "s3:PutObject")):
        yield from _of_roles(stack, bucket, asked, actions, "s3")


def _of_roles(
    stack: Stack, names: tuple[str, ...], asked: str, actions: tuple[str, ...], service: str
) -> Iterator[Use]:
    """The roles that may do ``asked`` on the resource that ARNs name so; by its first name in messages."""
    context = {"kms:ViaService": f"{service}.${{AWS::Region}}.amazonaws.com"}
    for role, statements in stack.roles.items():
        if any(
            s["Effect"] == "Allow"
            and any(fnmatchcase(asked, action) for action in _list(s["Action"]))
            and any(name in text(resource) for resource in _list(s["Resource"]) for name in names)
            for s in statements
        ):
            on = names[0].strip("${}")
            yield Use(("Resources", role), f"{asked} on {on}", actions, context, role=role)


def _of_alarms(stack: Stack, topic: str) -> Iterator[Use]:
    """CloudWatch, where an alarm is published to the topic."""
    for name, properties in stack.of("AWS::CloudWatch::Alarm"):
        if any(_names(action, topic) for action in _list(properties.get("AlarmActions", []))):
            context = {"aws:SourceAccount": "${AWS::AccountId}"}
            service = "cloudwatch.amazonaws.com"
            yield Use(("Resources", name), f"CloudWatch for {name}", _WRITE, context, service=service)


def _volumes(stack: Stack, key: str) -> Iterator[Use]:
    """The roles of processing jobs whose machines have encrypted disks."""
    for name, properties in stack.of(_MACHINE):
        given = properties.get("DefinitionSubstitutions", {})
        for state, body in (properties.get("Definition") or {}).get("States", {}).items():
            arguments = body.get("Arguments") or {}
            cluster = (arguments.get("ProcessingResources") or {}).get("ClusterConfig") or {}
            if not _names(_substituted(cluster.get("VolumeKmsKeyId"), given), key):
                continue
            role = text(_substituted(arguments["RoleArn"], given)).removeprefix("${").partition(".")[0]
            path: Path = ("Resources", name, "Properties", "Definition", "States", state)
            yield Use(
                path,
                f"{role} for its disks",
                ("kms:CreateGrant",),
                {"kms:GrantIsForAWSResource": "true"},
                role=role,
            )


def _refusal(stack: Stack, key: str, policy: list[Any], use: Use, action: str) -> str:
    """Which policy does not allow an action; empty when it is allowed."""
    who = use.service or _ROOT
    if not any(_principal(s, who) and _matches(s, action, use.context) for s in policy):
        return "the key's policy does not allow"
    if any(s["Effect"] == "Deny" and _acts(s, action) for s in policy):
        return "the key's policy denies"
    own = [s for s in stack.roles.get(use.role, []) if any(_names(r, key) for r in _list(s["Resource"]))]
    if use.role and not any(_matches(s, action, use.context) for s in own):
        return f"the policy of {use.role} does not allow"
    return ""


def _matches(statement: Mapping[str, Any], action: str, context: Mapping[str, str]) -> bool:
    return statement["Effect"] == "Allow" and _acts(statement, action) and _holds(statement, context)


def _acts(statement: Mapping[str, Any], action: str) -> bool:
    return any(fnmatchcase(action, pattern) for pattern in _list(statement["Action"]))


def _principal(statement: Mapping[str, Any], who: str) -> bool:
    principal = statement.get("Principal", {})
    named = (
        [principal]
        if isinstance(principal, str)
        else [p for group in principal.values() for p in _list(group)]
    )
    return any(_plain(value) in (who, "*") for value in named)


def _holds(statement: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    """Whether each condition holds; an operator that is not known here holds never."""
    asked = {"kms:CallerAccount": "${AWS::AccountId}", **context}
    return all(
        operator in ("StringEquals", "StringLike", "ArnEquals", "ArnLike", "Bool")
        and key in asked
        and any(fnmatchcase(asked[key], _plain(value)) for value in _list(values))
        for operator, pairs in statement.get("Condition", {}).items()
        for key, values in pairs.items()
    )


def _bucket_key(properties: Mapping[str, Any]) -> Any:
    for rule in properties.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", []):
        return rule.get("ServerSideEncryptionByDefault", {}).get("KMSMasterKeyID")
    return None


def _names(value: Any, key: str) -> bool:
    """Whether a value is the key: its reference, its ARN, or a parameter of the same name."""
    return value is not None and text(value) in (f"${{{key}}}", f"${{{key}.Arn}}")


def _substituted(value: Any, given: Mapping[str, Any]) -> Any:
    """What a definition's ``${Name}`` stands for."""
    return given.get(value[2:-1], value) if isinstance(value, str) and value.startswith("${") else value


def _plain(value: Any) -> str:
    return text(value).replace("${AWS::URLSuffix}", "amazonaws.com")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
