"""What outlived a stack, and the template that takes it over."""

from __future__ import annotations

import yaml

from data_pipeline.core.deployment.adoption import (
    GROUP,
    Adoption,
    Leftover,
    fixed_name,
    import_template,
    role_of,
    shown,
)
from data_pipeline.core.deployment.changes import Change, StackChanges, describe, summary
from data_pipeline.core.deployment.stack_states import Treatment
from data_pipeline.core.deployment.templates import read

TEMPLATE = read(
    """
Resources:
  DataBucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketEncryption: {Rules: [{Key: !GetAtt DataKey.Arn, Type: kms}]}
      Tag: !Sub "${AWS::Region}"
  Database:
    Type: AWS::Glue::Database
    DependsOn: DataBucket
    Properties:
      CatalogId: !Ref AWS::AccountId
      DatabaseInput: {Name: nyc_tlc_dev, LocationUri: !Sub "s3://${DataBucket}/warehouse"}
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies: [{Resource: [!GetAtt DataBucket.Arn, !GetAtt Queue.Arn]}]
  Logs:
    Type: AWS::Logs::LogGroup
    DeletionPolicy: Delete
    Properties: {LogGroupName: /dev, KmsKeyId: !Ref DataKey}
  Group:
    Type: AWS::SageMaker::FeatureGroup
    Properties: {FeatureGroupName: nyc-tlc-dev-rides, RoleArn: !GetAtt Role.Arn}
"""
)
BUCKET = Leftover("DataBucket", "AWS::S3::Bucket", "made-up")
DATABASE = Leftover("Database", "AWS::Glue::Database", "nyc_tlc_dev")
LOGS = Leftover("Logs", "AWS::Logs::LogGroup", "/dev")


def test_the_import_holds_the_resources_alone_and_retains_them() -> None:
    """What refers to the rest of the template is left to the update that follows."""
    made = import_template(TEMPLATE, [BUCKET, DATABASE, LOGS])["Resources"]
    assert made.keys() == {"DataBucket", "Database", "Logs"}
    assert {(each["DeletionPolicy"], each["UpdateReplacePolicy"]) for each in made.values()} == {
        ("Retain", "Retain")
    }
    assert made["DataBucket"]["Properties"] == {
        "BucketEncryption": {"Rules": [{"Type": "kms"}]},
        "Tag": {"Fn::Sub": "${AWS::Region}"},
    }
    assert made["Database"]["Properties"]["DatabaseInput"]["LocationUri"] == {
        "Fn::Sub": "s3://${DataBucket}/warehouse"
    }
    assert made["Database"]["Properties"]["CatalogId"] == {"Ref": "AWS::AccountId"}
    assert made["Logs"]["Properties"] == {"LogGroupName": "/dev"}


def test_a_database_whose_bucket_is_gone_is_imported_without_its_place() -> None:
    made = import_template(TEMPLATE, [DATABASE])["Resources"]
    assert made["Database"]["Properties"]["DatabaseInput"] == {"Name": "nyc_tlc_dev"}


def test_references_in_lists_are_kept_where_they_are_known() -> None:
    role = Leftover("Role", "AWS::IAM::Role", "r")
    (policy,) = import_template(TEMPLATE, [BUCKET, role])["Resources"]["Role"]["Properties"]["Policies"]
    assert policy == {"Resource": [{"Fn::GetAtt": ["DataBucket", "Arn"]}]}


def test_resources_are_named_as_their_schemas_want() -> None:
    assert DATABASE.resource == {
        "LogicalResourceId": "Database",
        "ResourceType": "AWS::Glue::Database",
        "ResourceIdentifier": {"DatabaseName": "nyc_tlc_dev"},
    }


def test_names_and_roles_are_read_from_the_template() -> None:
    names = {logical: fixed_name(resource) for logical, resource in TEMPLATE["Resources"].items()}
    fixed = {"Database": "nyc_tlc_dev", "Logs": "/dev", "Group": "nyc-tlc-dev-rides"}
    assert names == {"DataBucket": None, "Role": None, **fixed}
    assert role_of(TEMPLATE["Resources"]["Group"]) == "Role"
    long_form = yaml.safe_load("Properties: {RoleArn: {'Fn::GetAtt': [Role, Arn]}}")
    assert role_of(long_form) == "Role"


def test_a_group_is_not_imported_without_the_stack_s_tags() -> None:
    """They are create-only: the update that sets them would replace it, and lose its records."""
    group = Leftover("Group", GROUP, "g")
    assert Adoption((BUCKET, group)).imported == (BUCKET,)


def test_the_user_sees_what_is_taken_over_and_what_has_gone() -> None:
    changes = shown(
        [Change("Add", "A", "AWS::SQS::Queue"), Change("Add", "DataBucket", "AWS::S3::Bucket")], [BUCKET]
    )
    plan = StackChanges("s", Treatment.CREATE, changes, warnings=("DataKey k has gone",))
    assert describe(plan) == [
        "s: create it",
        "  ! DataKey k has gone",
        "  < Import   AWS::S3::Bucket  DataBucket (made-up)",
        "  + Add      AWS::SQS::Queue  A",
    ]
    assert summary([plan]) == "1 to take over, 1 to add"


def test_what_is_taken_over_may_then_be_changed_in_its_place_and_not_replaced() -> None:
    """The update after the import was shown as the import; a replacement was not, and is asked about."""
    plan = StackChanges(
        "s", Treatment.CREATE, shown([Change("Add", "DataBucket", "AWS::S3::Bucket")], [BUCKET])
    )
    tagged = Change("Modify", "DataBucket", "AWS::S3::Bucket", because=("Tags",))
    assert StackChanges("s", Treatment.CREATE, (tagged,)).agrees_with(plan)
    replaced = Change("Modify", "DataBucket", "AWS::S3::Bucket", "True")
    assert not StackChanges("s", Treatment.CREATE, (replaced,)).agrees_with(plan)
