"""A bucket, and a role that may do exactly what AWS's own policy for the offline store allows, on this bucket."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from pyiceberg.catalog.glue import GlueCatalog

from data_pipeline.embedded_aws.server.endpoint import Endpoint

Group = dict[str, Any]
FEATURES = {"id": "String", "at": "String", "n": "Integral", "x": "Fractional"}


def allow(actions: list[str], resource: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resource}


def statements(bucket: str, prefix: str = "offline") -> list[dict[str, Any]]:
    objects = f"arn:aws:s3:::{bucket}/{prefix}/*"
    return [
        allow(["s3:PutObject", "s3:PutObjectAcl"], objects),
        allow(["s3:GetObject"], f"{objects}/metadata/*"),
        allow(["s3:GetBucketAcl"], f"arn:aws:s3:::{bucket}"),
        allow(["glue:GetTable", "glue:UpdateTable"], "arn:aws:glue:*:*:catalog"),
        allow(["glue:GetTable", "glue:UpdateTable"], "arn:aws:glue:*:*:database/sagemaker_featurestore"),
        allow(["glue:GetTable", "glue:UpdateTable"], "arn:aws:glue:*:*:table/sagemaker_featurestore/*"),
    ]


def writer_of(iam: Any, bucket: str, prefix: str = "offline") -> str:
    """The ARN of a new role with which a group writes its offline store."""
    name = f"store-{uuid.uuid4().hex[:12]}"
    service = {"Service": "sagemaker.amazonaws.com"}
    trust = {"Effect": "Allow", "Principal": service, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements(bucket, prefix)})
    iam.put_role_policy(RoleName=name, PolicyName="store", PolicyDocument=document)
    return str(arn)


def definitions(features: dict[str, str]) -> list[dict[str, str]]:
    return [{"FeatureName": name, "FeatureType": kind} for name, kind in features.items()]


def record(**values: Any) -> list[dict[str, str]]:
    return [{"FeatureName": name, "ValueAsString": str(value)} for name, value in values.items()]


def plain(found: dict[str, Any]) -> dict[str, str]:
    """An answered record as a dict."""
    return {value["FeatureName"]: value["ValueAsString"] for value in found.get("Record", [])}


@pytest.fixture
def bucket(aws: Any) -> str:
    made = f"store-{uuid.uuid4().hex[:12]}"
    aws("s3").create_bucket(Bucket=made)
    return made


@pytest.fixture
def writer(role: Callable[..., str], bucket: str) -> str:
    return role("sagemaker.amazonaws.com", *statements(bucket))


@pytest.fixture
def group(aws: Any, bucket: str, writer: str, name: str) -> str:
    """The name of a group with both stores."""
    aws("sagemaker").create_feature_group(**request(name, bucket, writer))
    return name


def request(name: str, bucket: str, role: str, **changes: Any) -> dict[str, Any]:
    """CreateFeatureGroup's request; a member that is None is left out."""
    made = {
        "FeatureGroupName": name,
        "RecordIdentifierFeatureName": "id",
        "EventTimeFeatureName": "at",
        "FeatureDefinitions": definitions(FEATURES),
        "OnlineStoreConfig": {"EnableOnlineStore": True},
        "OfflineStoreConfig": {
            "S3StorageConfig": {"S3Uri": f"s3://{bucket}/offline"},
            "TableFormat": "Iceberg",
        },
        "RoleArn": role,
        **changes,
    }
    return {member: value for member, value in made.items() if value is not None}


@pytest.fixture
def offline(aws: Any, embedded: Endpoint) -> Callable[[str], pa.Table]:
    """``offline(group)``: the rows of a group's table, in the order in which they were asked for."""
    access = {
        "s3.endpoint": embedded.url,
        "s3.region": embedded.region,
        "s3.access-key-id": embedded.access_key,
        "s3.secret-access-key": embedded.secret_key,
    }
    catalog = GlueCatalog("tests", client=aws("glue"), **access)

    def rows(group: str) -> pa.Table:
        told = aws("sagemaker").describe_feature_group(FeatureGroupName=group)["OfflineStoreConfig"]
        config = told["DataCatalogConfig"]
        found = catalog.load_table((config["Database"], config["TableName"])).scan().to_arrow()
        with duckdb.connect(":memory:") as db:
            db.register("found", found)
            return db.execute("FROM found ORDER BY api_invocation_time").to_arrow_table()

    return rows
