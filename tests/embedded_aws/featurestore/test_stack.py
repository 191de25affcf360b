"""AWS::SageMaker::FeatureGroup: made, given features, and replaced by whatever AWS replaces it for."""

from __future__ import annotations

from typing import Any

import pytest
from embedded_aws.cloudformation import test_cloudformation as stacks
from embedded_aws.cloudformation.test_cloudformation import ended, template
from embedded_aws.conftest import allow
from embedded_aws.featurestore.conftest import FEATURES, definitions, request

create = stacks.create


def resources(group: dict[str, Any]) -> dict[str, Any]:
    return {"Group": {"Type": "AWS::SageMaker::FeatureGroup", "Properties": group}}


@pytest.fixture
def stack(create: Any, name: str, bucket: str, writer: str) -> dict[str, Any]:
    found: dict[str, Any] = create(resources(request(name, bucket, writer)))
    assert found["StackStatus"] == "CREATE_COMPLETE", found["reasons"]
    return found


def changes(aws: Any, name: str, group: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    """What a change set says of the group."""
    cloudformation = aws("cloudformation")
    named = {"StackName": name, "ChangeSetName": "c" + str(abs(hash(str(group) + str(more))))}
    cloudformation.create_change_set(**named, TemplateBody=template(resources(group)), **more)
    cloudformation.get_waiter("change_set_create_complete").wait(**named, WaiterConfig={"Delay": 1})
    found = cloudformation.describe_change_set(**named)["Changes"]
    return [change["ResourceChange"] for change in found]


def update(aws: Any, name: str, group: dict[str, Any]) -> dict[str, Any]:
    aws("cloudformation").update_stack(StackName=name, TemplateBody=template(resources(group)))
    return ended(aws("cloudformation"), name)


def test_features_are_added_in_place(
    aws: Any, stack: dict[str, Any], name: str, bucket: str, writer: str
) -> None:
    more = request(name, bucket, writer, FeatureDefinitions=definitions({**FEATURES, "y": "String"}))
    (change,) = changes(aws, name, more)
    assert change["Replacement"] == "False"
    assert update(aws, name, more)["StackStatus"] == "UPDATE_COMPLETE"
    told = aws("sagemaker").describe_feature_group(FeatureGroupName=name)
    assert told["FeatureDefinitions"][-1] == {"FeatureName": "y", "FeatureType": "String"}


def test_removing_a_feature_fails(
    aws: Any, stack: dict[str, Any], name: str, bucket: str, writer: str
) -> None:
    fewer = {feature: kind for feature, kind in FEATURES.items() if feature != "n"}
    found = update(aws, name, request(name, bucket, writer, FeatureDefinitions=definitions(fewer)))
    assert found["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "Feature n cannot be removed or given another type" in found["reasons"]["Group"]


def test_what_is_create_only_replaces(
    aws: Any, stack: dict[str, Any], name: str, bucket: str, writer: str
) -> None:
    """Tags of the stack too; the same name is taken, so that the replacement itself fails, as on AWS."""
    other = request(name, bucket, writer, Description="another")
    (change,) = changes(aws, name, other)
    assert change["Replacement"] == "True"
    aws("cloudformation").update_stack(
        StackName=name, UsePreviousTemplate=True, Tags=[{"Key": "team", "Value": "b"}]
    )
    found = ended(aws("cloudformation"), name)
    assert found["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "already exists" in found["reasons"]["Group"]


def test_the_deployer_needs_each_permission(
    aws: Any,
    create: Any,
    name: str,
    bucket: str,
    writer: str,
    user: Any,
) -> None:
    allowed = [
        "cloudformation:*",
        "sagemaker:CreateFeatureGroup",
        "sagemaker:DescribeFeatureGroup",
        "iam:PassRole",
    ]
    found = create(resources(request(name, bucket, writer)), user(allow(allowed)))
    assert found["StackStatus"].endswith("ROLLBACK_COMPLETE")
    assert "glue:GetDatabase" in found["reasons"]["Group"]
