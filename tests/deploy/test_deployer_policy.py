"""docs/reference/deployer-policy.json against what AWS's own resource schemas say that CloudFormation calls."""

from __future__ import annotations

import fnmatch
import json
from functools import cache
from pathlib import Path
from typing import Any

import cfnlint
import pytest
from clients import client
from deployer import additions, deployer, policy

from data_pipeline.core import bucket_keys
from data_pipeline.core.deployment import templates
from data_pipeline.embedded_aws.server.endpoint import Endpoint

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = Path(cfnlint.__file__).parent / "data" / "schemas" / "resources"
HANDLERS = ("create", "read", "update", "delete")
#: what a handler may call for properties that no template of ours has, by type.
UNUSED = {
    "AWS::S3::Bucket": "Replication MetadataTable MetadataInventory MetadataJournal MetadataAnnotation "
    "Analytics Cors CORS Metrics Website Accelerate Abac Acl Logging Notification ObjectLock IntelligentTiering "
    "Inventory DeleteBucketTagging s3tables: DeleteBucketEncryption DeleteBucketLifecycle",
    # what a workgroup needs whose queries run as a role, or in sessions of Spark
    "AWS::Athena::WorkGroup": "s3: kms:",
    # of a database that another catalogue holds
    "AWS::Glue::Database": "Connection",
    "AWS::IAM::Role": "AttachRolePolicy DetachRolePolicy PermissionsBoundary",
    "AWS::Logs::LogGroup": "firehose: Kms LogDelivery PutDataProtection DeleteDataProtection PutIndexPolic "
    "DeleteIndexPolic PutResourcePolic DeleteResourcePolic BearerToken DeletionProtection REST.PUT.OBJECT",
    # of a definition in a bucket, and of one under a key
    "AWS::StepFunctions::StateMachine": "kms: GetObject",
    "AWS::StepFunctions::StateMachineAlias": "DescribeAlarms",
}


@cache
def needed() -> dict[str, set[str]]:
    """Resource type → every action that it may need to be created, read, updated, deleted and tagged."""
    found: dict[str, set[str]] = {}
    for path in SCHEMAS.glob("*.json"):
        schema = json.loads(path.read_text())
        handlers = schema.get("handlers", {})
        actions = {a for name in HANDLERS for a in handlers.get(name, {}).get("permissions", [])}
        tagging = schema.get("tagging")
        tags = tagging.get("permissions", []) if isinstance(tagging, dict) else []
        found.setdefault(schema["typeName"], set()).update(actions, tags)
    return found


def used_types() -> set[str]:
    """Every resource type of the rendered templates."""
    rendered = [templates.read(path.read_text()) for path in (ROOT / "templates").glob("*.yaml")]
    return {resource["Type"] for template in rendered for resource in template["Resources"].values()}


def statements() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = policy()["Statement"]
    return found


def listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


@pytest.mark.parametrize("kind", sorted(used_types()))
def test_the_policy_has_what_cloudformation_calls(kind: str) -> None:
    """Each action of AWS's schema is allowed, or is for a property that no template of ours has."""
    patterns = [action for statement in statements() for action in listed(statement["Action"])]
    unused = UNUSED.get(kind, "").split()
    assert needed()[kind], f"cfn-lint has no permissions for {kind}"
    missing = {
        action
        for action in needed()[kind]
        if not any(fnmatch.fnmatch(action, pattern) for pattern in patterns)
        and not any(part in action for part in unused)
    }
    assert missing == set()


def test_what_is_left_out_is_something() -> None:
    """Each word above leaves an action out that AWS's schema has and the policy has not."""
    patterns = [action for statement in statements() for action in listed(statement["Action"])]
    for kind, parts in UNUSED.items():
        absent = [a for a in needed()[kind] if not any(fnmatch.fnmatch(a, p) for p in patterns)]
        assert [part for part in parts.split() if not any(part in action for action in absent)] == [], kind


def test_the_policy_allows_nothing_that_no_resource_needs() -> None:
    """The least: every action is of a handler in use, or of deploy itself."""
    itself = {"s3:GetObject", "s3:PutObject", "s3:DeleteObject", "logs:DescribeLogGroups", "iam:PassRole"}
    itself.add("states:ListExecutions")
    known = {action for kind in used_types() for action in needed()[kind]}
    for statement in statements():
        for action in listed(statement["Action"]):
            deploys = action.startswith("cloudformation:") or action in itself
            assert deploys or fnmatch.filter(known, action), f"{statement['Sid']}: {action} is not needed"


def test_everything_is_scoped_to_the_pipeline_but_what_knows_no_resource() -> None:
    """Each * has its reason in docs/reference/deployer-policy.md. Others begin with the pipeline, but for the role
    that Athena may make for itself.
    """
    stars = [s for s in statements() if "*" in listed(s["Resource"])]
    assert {action for s in stars for action in listed(s["Action"])} == {
        "cloudformation:ValidateTemplate",
        "lakeformation:DescribeLakeFormationIdentityCenterConfiguration",
        "lakeformation:DescribeResource",
        "lakeformation:ListResources",
        "logs:DescribeIndexPolicies",
        "logs:DescribeLogGroups",
        "logs:DescribeResourcePolicies",
    }
    reasons = (ROOT / "docs" / "reference" / "deployer-policy.md").read_text()
    assert all(action in reasons for s in stars for action in listed(s["Action"]))
    for statement in policy(bucket="my-artifacts")["Statement"]:
        for resource in listed(statement["Resource"]):
            named = ("nyc-tlc-", "nyc-tlc/", "nyc_tlc_", "my-artifacts", ":catalog", "/athena.amazonaws.com/")
            assert resource == "*" or any(part in resource for part in named), resource


def test_roles_are_handed_to_the_pipeline_s_services_alone() -> None:
    """PassRole names the services; the service that assumes a role in the templates is among them."""
    (statement,) = [s for s in statements() if "iam:PassRole" in listed(s["Action"])]
    services = statement["Condition"]["StringEquals"]["iam:PassedToService"]
    assert sorted(services) == ["glue.amazonaws.com", "scheduler.amazonaws.com", "states.amazonaws.com"]


def test_the_policy_fits_into_a_managed_policy() -> None:
    """AWS counts at most 6,144 characters without white space; the additions for options fit into a second one."""
    names = "a-pipeline-of-a-long-name", "a-bucket-of-sixty-three-characters-which-is-the-longest-there-is"
    first, both = policy(*names), policy(*names, added=frozenset(additions()))
    second = {**both, "Statement": both["Statement"][len(first["Statement"]) :]}
    assert len(second["Statement"]) == len(additions())
    for document in (first, second):
        assert len("".join(json.dumps(document).split())) < 6144


@pytest.mark.parametrize(
    ("service", "call", "arguments"),
    [
        ("cloudformation", "describe_stacks", {"StackName": "somebody-else"}),
        ("cloudformation", "delete_stack", {"StackName": "somebody-else"}),
        ("iam", "create_role", {"RoleName": "admin", "AssumeRolePolicyDocument": "{}"}),
        ("iam", "create_user", {"UserName": "nyc-tlc-me"}),
        ("stepfunctions", "list_state_machines", {}),
        ("glue", "delete_database", {"Name": "other"}),
        ("s3", "list_buckets", {}),
    ],
)
def test_the_deployer_can_do_nothing_else(
    embedded: Endpoint, service: str, call: str, arguments: dict[str, Any]
) -> None:
    """The user of the tests is held to the policy: other names and other actions are refused."""
    made = client(embedded, service, **deployer(embedded))
    with pytest.raises(made.exceptions.ClientError, match=r"AccessDenied|not authorized"):
        getattr(made, call)(**arguments)


def test_the_additions_for_options_are_what_cloudformation_calls() -> None:
    """For a VPC the connection, for a customer's key the key, for stores the groups; no action more, none less."""
    added = additions()
    assert set(added["Network"]["Action"]) == needed()["AWS::Glue::Connection"]
    assert set(added["GlueConfiguration"]["Action"]) == needed()["AWS::Glue::SecurityConfiguration"]
    assert {*added["MakeKey"]["Action"], *added["KeepKey"]["Action"]} == needed()["AWS::KMS::Key"]
    groups = {*added["FeatureGroups"]["Action"], *added["OfflineStores"]["Action"]}
    beside = {
        "iam:PassRole",
        "kms:CreateGrant",
        "kms:DescribeKey",
    }  # the page tells it apart; no store has a key of its own
    assert groups == needed()["AWS::SageMaker::FeatureGroup"] - beside
    assert added.keys() == {
        "Network",
        "MakeKey",
        "KeepKey",
        "GlueConfiguration",
        "FeatureGroups",
        "OfflineStores",
        "Topic",
        "Subscriptions",
        "Alarms",
        "DestroyObjects",
        "ReturnObjects",
        "ReturnTables",
        "DestroyTables",
        "ListVersions",
        "LookAtDataBucket",
        "UseBucketKey",
        "UseThroughS3",
        "Lake",
    }
    lake = {a for a in needed()["AWS::LakeFormation::PrincipalPermissions"] if a.startswith("lakeformation:")}
    assert set(added["Lake"]["Action"]) == lake


def test_the_page_shows_what_the_owner_of_a_key_adds() -> None:
    """The same statement that is checked together with the roles, and that doctor prints."""
    shown = additions()["UseThroughS3"]
    assert shown == bucket_keys.owners_statement("ACCOUNT_ID", "REGION", "aws", "amazonaws.com")


def test_the_additions_for_notifications_are_what_cloudformation_calls() -> None:
    """The topic with its policy and its subscribers, and the alarms, but for properties that none of ours has."""
    added, unused = additions(), {"sns:PutDataProtectionPolicy", "sns:SetSubscriptionAttributes"}
    kinds = ("AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "AWS::SNS::Subscription")
    called = {a for kind in kinds for a in needed()[kind] if a.startswith("sns:")} - unused
    assert {*added["Topic"]["Action"], *added["Subscriptions"]["Action"]} == called
    assert set(added["Alarms"]["Action"]) == needed()["AWS::CloudWatch::Alarm"]


def test_no_addition_reaches_beyond_the_pipeline() -> None:
    """A key has no name: what is made and kept carries the pipeline's tag."""
    added = additions()
    assert added["MakeKey"]["Condition"] == {"StringEquals": {"aws:RequestTag/pipeline": "PIPELINE"}}
    assert added["KeepKey"]["Condition"] == {"StringEquals": {"aws:ResourceTag/pipeline": "PIPELINE"}}
    assert added["FeatureGroups"]["Resource"].endswith(":feature-group/PIPELINE-*")
    assert added["OfflineStores"]["Resource"][-1].endswith(":table/sagemaker_featurestore/DATABASE_PREFIX_*")
    catalog, connection = added["Network"]["Resource"]
    assert catalog.endswith(":catalog")
    assert connection.endswith(":connection/PIPELINE-*")
