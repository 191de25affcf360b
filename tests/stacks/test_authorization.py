"""Every statement of every policy against a dated slice of AWS's Service Authorization Reference."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import authorization
import pytest
from deployer import additions, policy
from environments import (
    BROUGHT_KEYS,
    CLUSTER,
    MIXES,
    NOTIFY,
    ROOT,
    SECURITY_WITH_KEY,
    STORES,
    SWAPPED,
    VPC,
    environment,
)

import templates
from data_pipeline.core.deployment.policies import text
from data_pipeline.stacks import render

VARIANTS: dict[str, dict[str, Any]] = {
    **MIXES,
    "prepare on spark": {"steps": {"prepare": {"glue": {"runtime": "glue-spark", "workers": 3}}}},
    "a cluster in a VPC": {**CLUSTER, **VPC},
    "everything": {**STORES, **VPC, **SECURITY_WITH_KEY, **NOTIFY},
    "everything, swapped": {**SWAPPED, **STORES, **VPC, **SECURITY_WITH_KEY, **NOTIFY},
    "keys of buckets, and a lake": {**STORES, **BROUGHT_KEYS, "lake_formation": True},
    "files of S3": {"sources": {"copies": {"s3": "s3://their-bucket/trips/"}}},
}
#: what a reference to a resource or a parameter stands for in the policies.
ARNS = {
    "AWS::IAM::Role": "arn:x:iam::x:role/x",
    "AWS::StepFunctions::StateMachine": "arn:x:states:x:x:stateMachine:x",
    "AWS::StepFunctions::StateMachineAlias": "arn:x:states:x:x:stateMachine:x:x",
    "AWS::StepFunctions::StateMachineVersion": "arn:x:states:x:x:stateMachine:x:x",
    "AWS::SQS::Queue": "arn:x:sqs:x:x:x",
    "AWS::SNS::Topic": "arn:x:sns:x:x:x",
    "AWS::KMS::Key": "arn:x:kms:x:x:key/x",
}
PARAMETERS = {
    **dict.fromkeys(("DataKey", "DataBucketKey", "ArtifactBucketKey"), "AWS::KMS::Key"),
    "NotificationTopicArn": "AWS::SNS::Topic",
}
#: the actions that take a * although AWS lists a kind of resource for them, and what narrows or excuses it.
STARS = {
    "cloudwatch:PutMetricData": "Condition: the namespace",
    "kms:CreateKey": "Condition: the pipeline's tag",
    "kms:TagResource": "Condition: the pipeline's tag, and the key has no name yet",
    "sns:GetSubscriptionAttributes": "the type is optional: a subscription is asked about by an id of its own",
    "sns:Unsubscribe": "the type is optional: a subscription is removed by an id of its own",
}


def _statements(template: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any], str]]:
    """(place, statement as texts, what * means in it) of every policy of a template."""
    known = {name: ARNS.get(r["Type"], "x") for name, r in template["Resources"].items()}
    known |= {name: ARNS[kind] for name, kind in PARAMETERS.items()}
    for name, resource in template["Resources"].items():
        itself = ARNS["AWS::KMS::Key"] if resource["Type"] == "AWS::KMS::Key" else ""
        for statement in _found(resource.get("Properties", {})):
            yield f"{name}.{statement.get('Sid')}", _as_text(statement, known), itself


def _found(value: Any) -> Iterator[dict[str, Any]]:
    """Every statement below a value."""
    if isinstance(value, dict):
        if "Effect" in value:
            yield value
        else:
            for inner in value.values():
                yield from _found(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _found(inner)


def _as_text(statement: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    """References are the ARNs of what they refer to; other variables are a name."""

    def filled(value: Any) -> str:
        whole = text(value)
        reference = re.fullmatch(r"\$\{(\w+)(\.Arn)?\}", whole)
        return known.get(reference[1], "x") if reference else re.sub(r"\$\{[^}]+\}", "x", whole)

    resources = statement.get("Resource", [])
    listed = resources if isinstance(resources, list) else [resources]
    return {**statement, "Resource": [filled(resource) for resource in listed]}


@pytest.mark.parametrize("changes", VARIANTS.values(), ids=VARIANTS)
def test_no_statement_of_a_template_is_dead(changes: dict[str, Any]) -> None:
    """Roles, their trusts, and the policies of key, bucket, queue and topic; in a role, a * stands only where AWS
    knows no resource, or the list above says what narrows it.
    """
    for rendered in render(environment(changes)).values():
        for place, statement, itself in _statements(templates.parse(rendered)):
            assert (place, authorization.faults(statement, itself)) == (place, [])
            if "*" in statement["Resource"] and not itself:
                wide = {action for action in statement["Action"] if authorization.has_resources(action)}
                assert (place, wide - STARS.keys()) == (place, set())
                assert bool(wide) == ("Condition" in statement)


def _documents() -> dict[str, dict[str, Any]]:
    """Sid → statement of the policies for people, with what docs/reference/deployer-policy.md adds for options."""
    reader, operator = (
        json.loads(Path(ROOT, "docs", "reference", f"{who}-policy.json").read_text(encoding="utf-8"))
        for who in ("reader", "operator")
    )
    page = Path(ROOT, "docs", "reference", "reader-policy.md").read_text(encoding="utf-8")
    blocks = [json.loads(block.partition("```")[0]) for block in page.split("```json\n")[1:]]
    found = {f"deployer {s['Sid']}": s for s in policy(added=frozenset(additions()))["Statement"]}
    found |= {f"operator {s['Sid']}": s for s in operator["Statement"]}
    found |= {f"reader {s['Sid']}": s for s in [*reader["Statement"], *blocks]}
    return found


@pytest.mark.parametrize("name", _documents())
def test_no_statement_of_a_documented_policy_is_dead(name: str) -> None:
    """The deployer's, reader's and operator's, with every addition; and a * stands where no resource is known."""
    given = _documents()[name]
    one_or_more = given["Resource"]
    resources = [one_or_more] if isinstance(one_or_more, str) else one_or_more
    resources = [re.sub("DATA_KEY|BUCKET_KEY", ARNS["AWS::KMS::Key"], resource) for resource in resources]
    itself = ARNS["AWS::KMS::Key"] if "Principal" in given else ""  # the policy of a key
    assert authorization.faults({**given, "Resource": resources}, itself) == []
    if "*" in resources and not itself:
        actions = [given["Action"]] if isinstance(given["Action"], str) else given["Action"]
        assert {a for a in actions if authorization.has_resources(a)} <= STARS.keys()


ALLOW = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:x:s3:::b/k/*"]}
TABLE = "arn:x:glue:x:x:table/d/t"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, []),
        ({"Action": "s3:Get*Configuration", "Resource": "arn:x:s3:::b-*"}, []),
        ({"Action": ["s3:GetObjects"]}, ["AWS has no action s3:GetObjects"]),
        ({"Action": ["s4:*"]}, ["AWS has no action s4:*"]),
        ({"Resource": ["arn:x:s3:::b"]}, ["accesspointobject, object, and none is named"]),
        (
            {"Resource": [*ALLOW["Resource"], "arn:x:sqs:x:x:q"]},
            ["no action knows a resource like arn:x:sqs"],
        ),
        (
            {"Action": "logs:DescribeLogGroups", "Resource": "arn:x:logs:x:x:log-group:g"},
            ["only * allows it"],
        ),
        ({"Action": "glue:UpdateTable", "Resource": TABLE}, ["asks for database!, rootcatalog! besides"]),
        (
            {"Action": "logs:PutLogEvents", "Resource": "arn:x:logs:x:x:log-group:g"},
            ["logs:PutLogEvents knows log-stream!, and none is named"],
        ),
        (
            {
                "Action": ["kms:Decrypt", "kms:DescribeKey"],
                "Resource": "arn:x:kms:x:x:key/k",
                "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": "g"}},
            },
            ["no request of kms:DescribeKey carries kms:EncryptionContext:aws:logs:arn"],
        ),
        (
            {"Condition": {"StringLike": {"s3:prefix": "k/*"}}},
            ["no request of s3:GetObject carries s3:prefix"],
        ),
        ({"Condition": {"StringLikeIfExists": {"s3:prefix": "k/*"}}}, []),
    ],
)
def test_the_witness_tells_what_is_dead(changes: dict[str, Any], told: list[str]) -> None:
    """Each kind of fault; the last condition holds for a request without the key."""
    found = authorization.faults({**ALLOW, **changes})
    assert len(found) >= len(told)
    assert bool(found) == bool(told)
    for line in told:
        assert any(line in fault for fault in found), found


@pytest.mark.parametrize(
    ("resource", "arn", "meet"),
    [
        ("arn:x:s3:::b", "arn:${Partition}:s3:::${BucketName}", True),
        ("arn:x:s3:::b/k", "arn:${Partition}:s3:::${BucketName}", False),
        ("arn:x:s3:::b*", "arn:${Partition}:s3:::${BucketName}/${ObjectName}", True),
        ("arn:x:iam::1:role/a/b", "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}", True),
        ("arn:x:glue:r:1:job/j", "arn:${Partition}:glue:${Region}:${Account}:connection/${Name}", False),
    ],
)
def test_a_pattern_meets_a_type(resource: str, arn: str, meet: bool) -> None:
    """A * of a policy is any text, / and : too; a variable of a type's ARN is one name, but for paths."""
    assert authorization.meets(resource, arn) is meet
