"""Resources that exist before a stack has them: what is imported, and what early validation refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from embedded_aws.cloudformation.test_cloudformation import ended, template
from embedded_aws.conftest import allow
from embedded_aws.featurestore.conftest import request
from waiting import until

RETAINED = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
NOBODY = {"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}]}


def closed(bucket: str) -> dict[str, Any]:
    """The policy of a bucket whose objects nobody may read."""
    objects = f"arn:aws:s3:::{bucket}/*"
    return {
        "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": objects}]
    }


def change_set(client: Any, name: str, resources: dict[str, Any], kind: str, **more: Any) -> dict[str, Any]:
    """A change set's description, once it is settled."""
    made = client.create_change_set(
        StackName=name, ChangeSetName="c1", ChangeSetType=kind, TemplateBody=template(resources), **more
    )

    def look() -> Any:
        found = client.describe_change_set(ChangeSetName=made["Id"])
        return None if found["Status"].endswith(("PENDING", "IN_PROGRESS")) else found

    found: dict[str, Any] = until(look)
    return found


def left_over(aws: Any, name: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """One of each kind, made outside of any stack: resources of a template, and what names them for an import."""
    aws("s3").create_bucket(Bucket=name)
    aws("s3").put_bucket_policy(Bucket=name, Policy=json.dumps(closed(name)))
    aws("glue").create_database(DatabaseInput={"Name": name})
    aws("logs").create_log_group(logGroupName=f"/t/{name}")
    aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(NOBODY))
    group = request(name, name, "", OfflineStoreConfig=None, RoleArn=None)
    aws("sagemaker").create_feature_group(**group)
    database = {"CatalogId": {"Ref": "AWS::AccountId"}, "DatabaseInput": {"Name": name}}
    kinds: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
        "B": ("AWS::S3::Bucket", {}, {"BucketName": name}),
        "P": (
            "AWS::S3::BucketPolicy",
            {"Bucket": {"Ref": "B"}, "PolicyDocument": closed(name)},
            {"Bucket": name},
        ),
        "D": ("AWS::Glue::Database", database, {"DatabaseName": name}),
        "L": ("AWS::Logs::LogGroup", {"LogGroupName": f"/t/{name}"}, {"LogGroupName": f"/t/{name}"}),
        "R": ("AWS::IAM::Role", {"AssumeRolePolicyDocument": NOBODY}, {"RoleName": name}),
        "G": ("AWS::SageMaker::FeatureGroup", group, {"FeatureGroupName": name}),
    }
    resources = {
        key: {"Type": kind, **RETAINED, "Properties": given} for key, (kind, given, _) in kinds.items()
    }
    named = [
        {"LogicalResourceId": key, "ResourceType": kind, "ResourceIdentifier": identifier}
        for key, (kind, _, identifier) in kinds.items()
    ]
    return resources, named


def test_resources_are_imported_as_they_are_and_then_updated(aws: Any, name: str) -> None:
    """The import changes nothing of them; the update that follows knows them by name, attribute and property."""
    resources, named = left_over(aws, name)
    client, capable = aws("cloudformation"), {"Capabilities": ["CAPABILITY_IAM"]}
    found = change_set(client, name, resources, "IMPORT", ResourcesToImport=named, **capable)
    assert found["Status"] == "CREATE_COMPLETE", found["StatusReason"]
    actions = {change["ResourceChange"]["Action"] for change in found["Changes"]}
    assert (actions, len(found["Changes"])) == ({"Import"}, 6)
    client.execute_change_set(ChangeSetName=found["ChangeSetId"])
    assert ended(client, name)["StackStatus"] == "IMPORT_COMPLETE"
    assert "BucketEncryption" not in str(aws("s3").get_bucket_versioning(Bucket=name))

    resources["B"]["Properties"] = {"VersioningConfiguration": {"Status": "Enabled"}}
    outputs = {"N": {"Value": {"Ref": "B"}}, "L": {"Value": {"Fn::GetAtt": ["L", "Arn"]}}}
    outputs["R"] = {"Value": {"Fn::GetAtt": ["R", "Arn"]}}
    client.update_stack(StackName=name, TemplateBody=template(resources, Outputs=outputs), **capable)
    updated = ended(client, name)
    assert updated["StackStatus"] == "UPDATE_COMPLETE", updated["reasons"]
    assert updated["outputs"]["N"] == name
    assert updated["outputs"]["R"].endswith(f":role/{name}")
    assert updated["outputs"]["L"].startswith(f"arn:aws:logs:us-east-1:000000000000:log-group:/t/{name}")
    assert aws("s3").get_bucket_versioning(Bucket=name)["Status"] == "Enabled"


@pytest.mark.parametrize("kind", ["AWS::S3::Bucket", "AWS::Glue::Database", "AWS::SageMaker::FeatureGroup"])
def test_what_is_not_there_or_in_another_stack_cannot_be_imported(aws: Any, name: str, kind: str) -> None:
    """The change set fails, and says which."""
    resources, named = left_over(aws, name)
    (entry,) = [each for each in named if each["ResourceType"] == kind]
    only = {entry["LogicalResourceId"]: resources[entry["LogicalResourceId"]]}
    client = aws("cloudformation")
    (key,) = entry["ResourceIdentifier"]
    none = {**entry, "ResourceIdentifier": {key: f"{name}-none"}}
    failed = change_set(client, f"{name}-1", only, "IMPORT", ResourcesToImport=[none])
    assert (failed["Status"], f"'{name}-none' was not found" in failed["StatusReason"]) == ("FAILED", True)
    made = change_set(client, f"{name}-2", only, "IMPORT", ResourcesToImport=[entry])
    client.execute_change_set(ChangeSetName=made["ChangeSetId"])
    assert ended(client, f"{name}-2")["StackStatus"] == "IMPORT_COMPLETE"
    failed = change_set(client, f"{name}-3", only, "IMPORT", ResourcesToImport=[entry])
    assert f"{name} already exists in stack" in failed["StatusReason"]


def test_a_database_is_found_by_capitals(aws: Any, name: str) -> None:
    """As Glue itself finds it: it is imported, changed, and in the way of a new one."""
    aws("glue").create_database(DatabaseInput={"Name": name})
    client, given = aws("cloudformation"), {"CatalogId": "000000000000"}
    shown = {**given, "DatabaseInput": {"Name": name.upper(), "Description": "A"}}
    resources = {"D": {"Type": "AWS::Glue::Database", **RETAINED, "Properties": shown}}
    failed = change_set(client, f"{name}-1", resources, "CREATE")
    assert "ResourceExistenceCheck" in failed["StatusReason"]
    entry = {
        "LogicalResourceId": "D",
        "ResourceType": "AWS::Glue::Database",
        "ResourceIdentifier": {"DatabaseName": name.upper()},
    }
    made = change_set(client, name, resources, "IMPORT", ResourcesToImport=[entry])
    client.execute_change_set(ChangeSetName=made["ChangeSetId"])
    assert ended(client, name)["StackStatus"] == "IMPORT_COMPLETE"


def test_a_kind_that_is_not_imported_is_refused_by_name(aws: Any, name: str) -> None:
    resources = {"Q": {"Type": "AWS::SQS::Queue", **RETAINED}}
    entry = {
        "LogicalResourceId": "Q",
        "ResourceType": "AWS::SQS::Queue",
        "ResourceIdentifier": {"QueueUrl": "q"},
    }
    found = change_set(aws("cloudformation"), name, resources, "IMPORT", ResourcesToImport=[entry])
    assert "not supported by this emulator for AWS::SQS::Queue" in found["StatusReason"]
    assert found["ExecutionStatus"] == "UNAVAILABLE"


def test_the_importer_must_be_allowed_to_read_it(aws: Any, user: Any, name: str) -> None:
    """Who may change stacks but not read a bucket's configuration imports no bucket."""
    aws("s3").create_bucket(Bucket=name)
    client = aws("cloudformation", **user(allow("cloudformation:*")))
    entry = {
        "LogicalResourceId": "B",
        "ResourceType": "AWS::S3::Bucket",
        "ResourceIdentifier": {"BucketName": name},
    }
    resources = {"B": {"Type": "AWS::S3::Bucket", **RETAINED}}
    made = change_set(client, name, resources, "IMPORT", ResourcesToImport=[entry])
    client.execute_change_set(ChangeSetName=made["ChangeSetId"])
    found = ended(aws("cloudformation"), name)
    assert "IMPORT_COMPLETE" not in found["StackStatus"]
    assert "not authorized to perform: s3:Get" in found["reasons"]["B"]


def test_early_validation_refuses_what_exists_and_describe_events_says_which(aws: Any, name: str) -> None:
    """As on AWS: one sentence in the change set, the resources in DescribeEvents, by the change set's ARN alone."""
    resources, _ = left_over(aws, name)
    client = aws("cloudformation")
    given = {key: resources[key] for key in ("D", "L", "G")}
    found = change_set(client, name, given, "CREATE")
    assert found["Status"] == "FAILED"
    assert "[AWS::EarlyValidation::ResourceExistenceCheck]" in found["StatusReason"]
    told = client.describe_events(ChangeSetName=found["ChangeSetId"], Filters={"FailedEvents": True})
    events = {each["LogicalResourceId"]: each for each in told["OperationEvents"]}
    assert events.keys() == {"D", "L", "G"}
    assert events["D"]["ValidationName"] == "NAME_CONFLICT_VALIDATION"
    assert (
        f"'AWS::Glue::Database' with identifier '{name}' already exists"
        in events["D"]["ValidationStatusReason"]
    )
    with pytest.raises(ClientError, match="must be specified"):
        client.describe_events(ChangeSetName="c1")
    with pytest.raises(ClientError, match="UNAVAILABLE"):
        client.execute_change_set(ChangeSetName=found["ChangeSetId"])


def test_a_change_set_of_what_a_stack_has_is_not_refused(aws: Any, name: str) -> None:
    """Its own resources are no conflict, and a change set that is fine has no events."""
    resources = {"L": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": f"/t/{name}"}}}
    client = aws("cloudformation")
    client.create_stack(StackName=name, TemplateBody=template(resources))
    assert ended(client, name)["StackStatus"] == "CREATE_COMPLETE"
    resources["L"]["Properties"]["RetentionInDays"] = 7  # type: ignore[index]
    found = change_set(client, name, resources, "UPDATE")
    assert found["Status"] == "CREATE_COMPLETE"
    assert client.describe_events(ChangeSetName=found["ChangeSetId"])["OperationEvents"] == []
