"""Feature groups in the storage stack: only where a group asks for a store, retained, with a role of their own."""

from __future__ import annotations

from typing import Any

from environments import KMS, STORES, environment

import templates
from data_pipeline.core.deployment.policies import policies, unexplained
from data_pipeline.stacks import render

TYPE = "AWS::SageMaker::FeatureGroup"


def storage(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    rendered = render(environment(changes))
    (text,) = [text for name, text in rendered.items() if "storage" in name]
    return templates.parse(text)


def test_a_group_without_a_store_is_no_resource() -> None:
    assert templates.of_type(storage(), TYPE) == {}
    assert len(storage(STORES)["Resources"]) == len(storage()["Resources"]) + 2


def test_the_group_is_what_the_configuration_says() -> None:
    group = templates.of_type(storage(STORES), TYPE)["RidesFeatureGroup"]
    features = {f["FeatureName"]: f["FeatureType"] for f in group["FeatureDefinitions"]}
    assert list(features)[-2:] == ["available_at", "available_by"]
    assert features["window_end"] == "String"
    assert features["rides"] == "Integral"
    assert group["FeatureGroupName"] == "nyc-tlc-dev-rides"
    assert group["OnlineStoreConfig"] == {
        "EnableOnlineStore": True,
        "TtlDuration": {"Unit": "Days", "Value": 400},
    }
    assert group["OfflineStoreConfig"]["TableFormat"] == "Iceberg"


def test_groups_and_their_roles_are_retained() -> None:
    resources = storage(STORES)["Resources"]
    for name in ("RidesFeatureGroup", "RidesFeatureGroupRole"):
        assert resources[name]["DeletionPolicy"] == resources[name]["UpdateReplacePolicy"] == "Retain"


def test_an_online_store_alone_needs_no_role() -> None:
    template = storage({"features": {"rides": {"online": True}}})
    assert list(templates.of_type(template, TYPE)) == ["RidesFeatureGroup"]
    assert templates.of_type(template, "AWS::IAM::Role") == {}
    assert "OfflineStoreConfig" not in templates.of_type(template, TYPE)["RidesFeatureGroup"]


def test_the_customers_key_encrypts_the_offline_store() -> None:
    template = storage({**STORES, **KMS})
    group = templates.of_type(template, TYPE)["RidesFeatureGroup"]
    assert "KmsKeyId" in group["OfflineStoreConfig"]["S3StorageConfig"]
    (found,) = [p for p in policies({"storage": template}) if p.name == "RidesFeatureGroupRole"]
    assert "UseDataKey" in [statement.sid for statement in found.statements]


def test_a_bucket_of_the_users_own_is_named() -> None:
    template = storage({**STORES, "data": {"bucket": "my-trips"}})
    group = templates.of_type(template, TYPE)["RidesFeatureGroup"]
    assert group["OfflineStoreConfig"]["S3StorageConfig"]["S3Uri"] == {
        "Fn::Sub": "s3://my-trips/output/offline/rides"
    }


def test_the_role_reaches_its_own_group_alone_and_says_why() -> None:
    template = storage(STORES)
    assert unexplained(policies({"storage": template})) == []
    role = templates.of_type(template, "AWS::IAM::Role")["RidesFeatureGroupRole"]
    (policy,) = role["Policies"]
    actions = {
        action: statement["Sid"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in statement["Action"]
    }
    assert sorted(actions) == [
        "glue:GetTable",
        "glue:UpdateTable",
        "s3:GetBucketAcl",
        "s3:GetObject",
        "s3:PutObject",
        "s3:PutObjectAcl",
    ]
    told = str(policy)
    assert "output/offline/rides/*" in told
    assert "sagemaker_featurestore/nyc?tlc?dev?rides?*" in told
