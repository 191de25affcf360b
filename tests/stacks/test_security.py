"""What a security reviewer asks of every resource, by type: a resource added tomorrow is asked, too."""

from __future__ import annotations

import json
from typing import Any

import pytest
from environments import ALL_ON_GLUE, KMS, NOTIFY, SWAPPED, environment

import templates
from data_pipeline.stacks import render

VARIANTS: dict[str, dict[str, Any]] = {
    "as configured": {},
    "swapped": SWAPPED,
    "all on glue": ALL_ON_GLUE,
    "key": KMS,
    "told": NOTIFY,
    "told with a key": {**NOTIFY, **KMS},
}


@pytest.fixture(params=VARIANTS.values(), ids=VARIANTS, name="resources")
def _resources(request: pytest.FixtureRequest) -> dict[str, dict[str, Any]]:
    """Logical id → resource of both stacks."""
    rendered = (templates.parse(text) for text in render(environment(request.param)).values())
    return {name: resource for template in rendered for name, resource in template["Resources"].items()}


def _of(resources: dict[str, dict[str, Any]], kind: str) -> dict[str, dict[str, Any]]:
    return {name: r["Properties"] for name, r in resources.items() if r["Type"] == kind}


def _refuses_plain_http(
    resources: dict[str, dict[str, Any]], policy: str, guarded: str, name: str, action: str
) -> bool:
    """Whether a policy of the type denies the action over plain HTTP to everybody on the resource ``name``."""
    return any(
        statement["Effect"] == "Deny"
        and statement["Principal"] == "*"
        and statement["Action"] == [action]
        and statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        and name in json.dumps(statement["Resource"])
        for properties in _of(resources, policy).values()
        if {"Ref": name} in [properties[guarded], *properties[guarded]]
        for statement in properties["PolicyDocument"]["Statement"]
    )


def test_buckets(resources: dict[str, dict[str, Any]]) -> None:
    """Never public, encrypted at rest and on the way, with the versions that were overwritten."""
    buckets = _of(resources, "AWS::S3::Bucket")
    assert buckets
    for name, bucket in buckets.items():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert len(bucket["PublicAccessBlockConfiguration"]) == 4
        assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
        assert bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        assert _refuses_plain_http(resources, "AWS::S3::BucketPolicy", "Bucket", name, "s3:*")


def test_queues(resources: dict[str, dict[str, Any]]) -> None:
    """Encrypted at rest and on the way."""
    queues = _of(resources, "AWS::SQS::Queue")
    assert queues
    for name, queue in queues.items():
        assert queue.get("SqsManagedSseEnabled") is True or "KmsMasterKeyId" in queue
        assert _refuses_plain_http(resources, "AWS::SQS::QueuePolicy", "Queues", name, "sqs:*")


@pytest.mark.parametrize("resources", [VARIANTS["told"], VARIANTS["told with a key"]], indirect=True)
def test_topics(resources: dict[str, dict[str, Any]]) -> None:
    """Encrypted on the way, and at rest by the customer's key where there is one: SNS's own refuses alarms."""
    topics = _of(resources, "AWS::SNS::Topic")
    assert topics
    for name, topic in topics.items():
        assert topic.get("KmsMasterKeyId") == ({"Ref": "DataKey"} if "DataKey" in resources else None)
        assert _refuses_plain_http(resources, "AWS::SNS::TopicPolicy", "Topics", name, "sns:Publish")


def test_log_groups_forget(resources: dict[str, dict[str, Any]]) -> None:
    """After the configured time; CloudWatch Logs encrypts every group, under the customer's key where there is one."""
    groups = _of(resources, "AWS::Logs::LogGroup")
    assert groups
    assert all(group["RetentionInDays"] == 14 for group in groups.values())
    key = {"Ref": "DataKey"} if "DataKey" in resources else None
    assert all(group.get("KmsKeyId") == key for group in groups.values())


def test_nobody_but_one_named_service_takes_a_role(resources: dict[str, dict[str, Any]]) -> None:
    """No wildcard and no account in a trust; one service of AWS by its full name."""
    roles = _of(resources, "AWS::IAM::Role")
    assert roles
    for role in roles.values():
        for statement in role["AssumeRolePolicyDocument"]["Statement"]:
            assert statement["Action"] == ["sts:AssumeRole"]
            assert statement["Principal"].keys() == {"Service"}
            assert statement["Principal"]["Service"].endswith(".amazonaws.com")
            assert "*" not in statement["Principal"]["Service"]


def test_no_role_has_a_wildcard_action_or_a_policy_of_aws(resources: dict[str, dict[str, Any]]) -> None:
    """Every action is spelt out; AWS's managed policies change without our diff."""
    for role in _of(resources, "AWS::IAM::Role").values():
        assert "ManagedPolicyArns" not in role
        for policy in role["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                assert not [action for action in statement["Action"] if "*" in action]
