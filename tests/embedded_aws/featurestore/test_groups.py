"""Feature groups: made, described, changed and deleted; wrong ones are refused, what is not emulated by name."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from botocore.exceptions import ClientError
from clients import client
from embedded_aws.conftest import allow
from embedded_aws.featurestore.conftest import FEATURES, definitions, plain, record, request, statements
from waiting import until

from data_pipeline.embedded_aws.server import lifecycle


def test_a_group_is_described_listed_and_deleted(aws: Any, group: str, bucket: str, writer: str) -> None:
    sagemaker = aws("sagemaker")
    told = sagemaker.describe_feature_group(FeatureGroupName=group)
    assert told["FeatureGroupStatus"] == "Created"
    assert told["FeatureDefinitions"] == definitions(FEATURES)
    config = told["OfflineStoreConfig"]
    table = f"{group.replace('-', '_')}_{int(told['CreationTime'].timestamp())}"
    assert config["DataCatalogConfig"] == {
        "TableName": table,
        "Catalog": "AwsDataCatalog",
        "Database": "sagemaker_featurestore",
    }
    assert config["S3StorageConfig"]["ResolvedOutputS3Uri"].startswith(f"s3://{bucket}/offline/")
    (listed,) = sagemaker.list_feature_groups(NameContains=group)["FeatureGroupSummaries"]
    assert listed["OfflineStoreStatus"] == {"Status": "Active"}
    with pytest.raises(sagemaker.exceptions.ResourceInUse, match="already exists"):
        sagemaker.create_feature_group(**request(group, bucket, writer))
    sagemaker.delete_feature_group(FeatureGroupName=group)
    with pytest.raises(sagemaker.exceptions.ResourceNotFound):
        sagemaker.describe_feature_group(FeatureGroupName=group)
    assert aws("glue").get_table(DatabaseName="sagemaker_featurestore", Name=table)  # stays, as on AWS


def test_features_are_added_and_the_time_to_live_changed(
    aws: Any, group: str, offline: Callable[[str], pa.Table]
) -> None:
    sagemaker, runtime = aws("sagemaker"), aws("sagemaker-featurestore-runtime")
    runtime.put_record(FeatureGroupName=group, Record=record(id="a", at="2024-01-01T00:00:00Z", n=1))
    until(lambda: offline(group).num_rows == 1)
    sagemaker.update_feature_group(FeatureGroupName=group, FeatureAdditions=definitions({"y": "Integral"}))
    with pytest.raises(ClientError, match="more than once"):
        sagemaker.update_feature_group(FeatureGroupName=group, FeatureAdditions=definitions({"n": "String"}))
    ttl = {"TtlDuration": {"Unit": "Weeks", "Value": 1}}
    sagemaker.update_feature_group(FeatureGroupName=group, OnlineStoreConfig=ttl)
    told = sagemaker.describe_feature_group(FeatureGroupName=group)
    assert told["FeatureDefinitions"] == definitions({**FEATURES, "y": "Integral"})
    assert told["OnlineStoreConfig"] == {"EnableOnlineStore": True, **ttl}
    runtime.put_record(FeatureGroupName=group, Record=record(id="a", at="2024-01-02T00:00:00Z", y=7))
    rows = until(lambda: (found := offline(group)).num_rows == 2 and found)
    assert rows["y"].to_pylist() == [None, 7]


WRONG: list[tuple[dict[str, Any], str]] = [
    (
        {"RecordIdentifierFeatureName": "no"},
        "RecordIdentifierFeatureName no is not in FeatureDefinitions",
    ),
    ({"EventTimeFeatureName": "n"}, "must be of type String or Fractional"),
    (
        {"FeatureDefinitions": definitions({**FEATURES, "write_time": "String"})},
        "write_time are reserved",
    ),
    ({"FeatureDefinitions": definitions({**FEATURES, "N": "String"})}, "more than once"),
    ({"FeatureGroupName": "a_"}, "regular expression pattern"),
    (
        {"OnlineStoreConfig": None, "OfflineStoreConfig": None},
        "needs an online store or an offline store",
    ),
    (
        {"OnlineStoreConfig": {"EnableOnlineStore": True, "StorageType": "InMemory"}},
        "StorageType InMemory",
    ),
    (
        {"OfflineStoreConfig": {"S3StorageConfig": {"S3Uri": "s3://b/x"}}},
        "another TableFormat than Iceberg",
    ),
]


def test_a_wrong_group_is_refused(aws: Any, bucket: str, writer: str, name: str) -> None:
    for changes, said in WRONG:
        with pytest.raises(ClientError, match=said):
            aws("sagemaker").create_feature_group(**request(name, bucket, writer, **changes))


def test_the_role_must_trust_and_be_passed(
    aws: Any,
    role: Callable[..., str],
    user: Callable[..., dict[str, str]],
    bucket: str,
    writer: str,
    name: str,
) -> None:
    stranger = role("glue.amazonaws.com", *statements(bucket))
    with pytest.raises(ClientError, match="cannot be assumed by sagemaker"):
        aws("sagemaker").create_feature_group(**request(name, bucket, stranger))
    weak = role("sagemaker.amazonaws.com")
    with pytest.raises(ClientError, match="s3:GetBucketAcl"):
        aws("sagemaker").create_feature_group(**request(name, bucket, weak))
    restricted = aws("sagemaker", **user(allow("sagemaker:CreateFeatureGroup")))
    with pytest.raises(ClientError, match="iam:PassRole"):
        restricted.create_feature_group(**request(name, bucket, writer))


def test_a_killed_server_loses_no_record(tmp_path: Path) -> None:
    """Killed between the answer and the commit: the online store has the record, and the table gets it once."""
    state = tmp_path / "aws"
    at = lifecycle.ensure_up(state, 0)
    try:
        _make(at)
        runtime = client(at, "sagemaker-featurestore-runtime")
        for day in ("01", "02"):
            given = record(id="a", at=f"2024-01-{day}T00:00:00Z", n=day)
            runtime.put_record(FeatureGroupName="killed", Record=given)
        os.kill(at.pid, signal.SIGKILL)
        at = lifecycle.ensure_up(state, 0)
        runtime = client(at, "sagemaker-featurestore-runtime")
        found = runtime.get_record(FeatureGroupName="killed", RecordIdentifierValueAsString="a")
        assert plain(found)["n"] == "02"
        until(lambda: _files(at) == 2)
        time.sleep(0.1)
        assert _files(at) == 2
    finally:
        lifecycle.down(state)


def _make(at: Any) -> None:
    client(at, "s3").create_bucket(Bucket="killed")
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "sagemaker.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    iam = client(at, "iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = iam.create_role(RoleName="killed", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements("killed")})
    iam.put_role_policy(RoleName="killed", PolicyName="p", PolicyDocument=document)
    client(at, "sagemaker").create_feature_group(**request("killed", "killed", arn))


def _files(at: Any) -> int:
    found = client(at, "s3").list_objects_v2(Bucket="killed").get("Contents", [])
    return sum(item["Key"].endswith(".parquet") for item in found)
