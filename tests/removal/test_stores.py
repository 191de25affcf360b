"""Each action of the roles of stores is needed, as those of the shipped roles: taken away, its absence is told.

No shipped environment has a store, so the policies are those of the shipped pipeline with both of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from clients import client
from embedded_aws.featurestore.conftest import record
from environments import STORES, environment
from features import conftest as tables
from features.conftest import rides
from features.stores import Stores
from randomness import times
from removal import cases
from removal.cases import Case
from waiting import until

import templates
from data_pipeline.etl.errors import JobError
from data_pipeline.stacks import render

#: fixtures of theirs
stores, published = tables.stores, tables.published

GROUP_ROLE, JOB_ROLE = "RidesFeatureGroupRole", "IngestJobRole"
#: the statements of the job's role that only a step which ingests has.
OF_INGESTION = ("ReadTables", "WriteRecords", "DeleteRecords", "ReadNewestRecords")


def policies() -> dict[str, dict[str, Any]]:
    """Role → its policy, of the shipped pipeline with stores."""
    found = {}
    for text in render(environment(STORES)).values():
        roles = templates.of_type(templates.parse(text), "AWS::IAM::Role")
        found |= {name: properties["Policies"][0]["PolicyDocument"] for name, properties in roles.items()}
    return found


def every() -> list[Case]:
    of_group = cases.of_policy("featurestore", GROUP_ROLE, policies()[GROUP_ROLE])
    of_job = cases.of_policy("processing", JOB_ROLE, policies()[JOB_ROLE])
    return [*of_group, *(case for case in of_job if case.sid in OF_INGESTION)]


def chosen() -> list[Case]:
    return every()[:: max(1, len(every()) // min(times("removals"), len(every())))]


def filled(document: dict[str, Any], at: Stores) -> dict[str, Any]:
    """The policy for the bucket, the database and the group of a test."""
    text = json.dumps(document)
    for found, put in {
        "nyc-tlc-dev-rides": at.group,
        "nyc?tlc?dev?rides?": at.group.replace("-", "?") + "?",
        "${AWS::Partition}": "aws",
        "${AWS::Region}": at.endpoint.region,
        "${AWS::AccountId}": at.endpoint.account,
        "${DataBucket}": at.bucket,
        "${Database}": at.published.jobs.database,
        "/output/offline/rides/": "/offline/",
        "/output/": "/",
    }.items():
        text = text.replace(found, put)
    filled_: dict[str, Any] = json.loads(text, object_hook=lambda found: found.get("Fn::Sub", found))
    for statement in filled_["Statement"]:
        kept = [resource for resource in statement["Resource"] if "${" not in str(resource)]
        statement["Resource"] = kept or ["arn:aws:s3:::none"]
    return filled_


def test_every_action_is_demanded() -> None:
    assert {case.role for case in every()} == {GROUP_ROLE, JOB_ROLE}
    assert [str(case) for case in every() if not case.moments] == []


@pytest.fixture
def acting(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> Callable[[dict[str, Any]], None]:
    """``acting(policy)``: from now on the job acts as a user who has this policy."""
    iam, user = client(stores.endpoint, "iam"), f"u-{stores.names.environment}"
    iam.create_user(UserName=user)
    key = iam.create_access_key(UserName=user)["AccessKey"]

    def act(policy: dict[str, Any]) -> None:
        made = iam.create_policy(
            PolicyName=f"{user}-{len(json.dumps(policy))}", PolicyDocument=json.dumps(policy)
        )
        iam.attach_user_policy(UserName=user, PolicyArn=made["Policy"]["Arn"])
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it keeps the credentials that it has found
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])

    return act


@pytest.mark.soak
@pytest.mark.parametrize("case", [case for case in chosen() if case.role == JOB_ROLE], ids=str)
def test_an_action_of_the_job_is_missed(
    case: Case,
    stores: Stores,
    acting: Callable[[dict[str, Any]], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Records are new, newer, and gone: the job needs all of its actions."""
    stores.published.publish("one", rides(1, hours=20))
    stores.ingest()
    stores.published.publish("two", rides(2, hours=10))
    whole = filled(policies()[JOB_ROLE], stores)
    less = cases.without(whole, case)
    if case.action == "sagemaker:BatchWriteRecord":  # it is felt, and PutRecord takes its place
        acting(less)
        assert stores.ingest()
        assert case.action in capsys.readouterr().out
        return
    if case.action == "sagemaker:PutRecord":
        batches = next(other for other in every() if other.action == "sagemaker:BatchWriteRecord")
        less = cases.without(less, batches)
    acting(less)
    with pytest.raises((JobError, ClientError), match=case.action):
        stores.ingest()
    acting(whole)
    assert stores.ingest()


@pytest.mark.soak
@pytest.mark.parametrize("case", [case for case in chosen() if case.role == GROUP_ROLE], ids=str)
def test_an_action_of_the_group_is_missed(case: Case, stores: Stores) -> None:
    """The offline store is blocked without it, or cannot even be made; and goes on with it."""
    iam, sagemaker = client(stores.endpoint, "iam"), client(stores.endpoint, "sagemaker")
    told = sagemaker.describe_feature_group(FeatureGroupName=stores.group)
    named = told["RoleArn"].rpartition("/")[2]
    whole = filled(policies()[GROUP_ROLE], stores)

    def give(policy: dict[str, Any]) -> None:
        iam.put_role_policy(RoleName=named, PolicyName="store", PolicyDocument=json.dumps(policy))

    def status() -> dict[str, str]:
        found = sagemaker.describe_feature_group(FeatureGroupName=stores.group)
        return dict(found["OfflineStoreStatus"])

    def write(day: int) -> None:
        given = record(dataset="all", window_end=f"2019-01-{day:02}T00:00:00Z")
        runtime = client(stores.endpoint, "sagemaker-featurestore-runtime")
        runtime.put_record(FeatureGroupName=stores.group, Record=given)

    give(cases.without(whole, case))
    if case.action == "s3:GetBucketAcl":
        kept = ("RecordIdentifierFeatureName", "EventTimeFeatureName", "FeatureDefinitions", "RoleArn")
        again = {member: told[member] for member in kept}
        store = {"S3StorageConfig": {"S3Uri": f"s3://{stores.bucket}/offline"}, "TableFormat": "Iceberg"}
        with pytest.raises(ClientError, match=case.action):
            sagemaker.create_feature_group(
                FeatureGroupName=f"{stores.group}-2", OfflineStoreConfig=store, **again
            )
        return
    write(1)
    reason = until(lambda: (found := status())["Status"] == "Blocked" and found)["BlockedReason"]
    denied = case.action in reason or "ACCESS_DENIED" in reason.upper().replace(" ", "_")
    assert denied, reason
    give(whole)
    write(2)
    assert stores.appended(2).num_rows == 2
