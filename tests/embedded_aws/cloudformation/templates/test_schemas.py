"""Properties against the registry's schemas: what AWS refuses, type by type, each by the schema of its type."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from clients import client
from paths import ROOT
from randomness import SOAK

from data_pipeline.embedded_aws.cloudformation import engine
from data_pipeline.embedded_aws.cloudformation.templates import schemas
from data_pipeline.embedded_aws.server.endpoint import Endpoint

ROLE = "arn:aws:iam::000000000000:role/r"
POLICY: dict[str, Any] = {"Version": "2012-10-17", "Statement": []}
WINDOW = {"Mode": "OFF"}
TARGET = {"Arn": "arn:aws:sqs:us-east-1:000000000000:q", "RoleArn": ROLE}
SCHEDULE = {"ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": WINDOW, "Target": TARGET}
GROUP = {
    "FeatureGroupName": "g",
    "RecordIdentifierFeatureName": "id",
    "EventTimeFeatureName": "at",
    "FeatureDefinitions": [
        {"FeatureName": "id", "FeatureType": "String"},
        {"FeatureName": "at", "FeatureType": "String"},
    ],
}

#: (type, properties, what is said)
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("AWS::SQS::Queue", {"Nope": 1}, "#: extraneous key [Nope] is not permitted"),
    ("AWS::SQS::Queue", {"DelaySeconds": "soon"}, "#/DelaySeconds: expected type: Integer, found: String"),
    ("AWS::SQS::Queue", {"DelaySeconds": True}, "#/DelaySeconds: expected type: Integer, found: Boolean"),
    ("AWS::SQS::Queue", {"DelaySeconds": 1.5}, "#/DelaySeconds: expected type: Integer, found: Number"),
    ("AWS::SQS::Queue", {"QueueName": ["q"]}, "#/QueueName: expected type: String, found: JSONArray"),
    ("AWS::SQS::Queue", {"FifoQueue": "perhaps"}, "#/FifoQueue: expected type: Boolean, found: String"),
    ("AWS::SQS::Queue", {"Tags": [{"Key": "a"}]}, "#/Tags/0: required key [Value] not found"),
    ("AWS::SQS::Queue", {"Tags": {"a": "b"}}, "#/Tags: expected type: JSONArray, found: JSONObject"),
    ("AWS::SQS::Queue", {"Arn": "arn"}, "#: extraneous key [Arn] is not permitted: it is read-only"),
    ("AWS::SQS::Queue", {"RedrivePolicy": {"maxReceives": 3}}, "#/RedrivePolicy: extraneous key [maxReceives]"),
    ("AWS::SQS::QueuePolicy", {"PolicyDocument": POLICY}, "#: required key [Queues] not found"),
    ("AWS::SQS::QueuePolicy", {"PolicyDocument": [], "Queues": ["q"]}, "#/PolicyDocument: expected type: JSONObject"),
    ("AWS::SNS::Topic", {"FifoTopic": 3}, "#/FifoTopic: expected type: Boolean, found: Integer"),
    ("AWS::SNS::Subscription", {"Protocol": "sqs"}, "#: required key [TopicArn] not found"),
    ("AWS::SNS::TopicPolicy", {"PolicyDocument": POLICY, "Topics": "t"}, "#/Topics: expected type: JSONArray"),
    ("AWS::S3::Bucket", {"VersioningConfiguration": {"Status": "On"}},
     "#/VersioningConfiguration/Status: On is not a valid enum value"),
    ("AWS::S3::Bucket", {"VersioningConfiguration": {}}, "#/VersioningConfiguration: required key [Status] not found"),
    ("AWS::S3::Bucket", {"BucketEncryption": {"ServerSideEncryptionConfiguration": [
        {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES512"}}]}}, "AES512 is not a valid enum value"),
    ("AWS::S3::Bucket", {"LifecycleConfiguration": {"Rules": [{"ExpirationInDays": 1}]}},
     "#/LifecycleConfiguration/Rules/0: required key [Status] not found"),
    ("AWS::S3::Bucket", {"PublicAccessBlockConfiguration": {"BlockPublicAcl": True}},
     "#/PublicAccessBlockConfiguration: extraneous key [BlockPublicAcl]"),
    ("AWS::S3::Bucket", {"BucketName": "Upper_Case"}, "#/BucketName: string [Upper_Case] does not match pattern"),
    ("AWS::S3::BucketPolicy", {"Bucket": "b"}, "#: required key [PolicyDocument] not found"),
    ("AWS::IAM::Role", {"RoleName": "r"}, "#: required key [AssumeRolePolicyDocument] not found"),
    ("AWS::IAM::Role", {"AssumeRolePolicyDocument": POLICY, "ManagedPolicyArns": "arn"},
     "#/ManagedPolicyArns: expected type: JSONArray"),
    ("AWS::IAM::Role", {"AssumeRolePolicyDocument": POLICY, "Policies": [{"PolicyName": "p"}]},
     "#/Policies/0: required key [PolicyDocument] not found"),
    ("AWS::IAM::Role", {"AssumeRolePolicyDocument": POLICY, "MaxSessionDuration": 10},
     "#/MaxSessionDuration: 10 is not greater or equal to 3600"),
    ("AWS::Logs::LogGroup", {"RetentionInDays": 8}, "#/RetentionInDays: 8 is not a valid enum value"),
    ("AWS::Logs::LogGroup", {"LogGroupName": "a b"}, "#/LogGroupName: string [a b] does not match pattern"),
    ("AWS::Logs::LogGroup", {"LogGroupClass": "CHEAP"}, "#/LogGroupClass: CHEAP is not a valid enum value"),
    ("AWS::Logs::LogGroup", {"KmsKeyId": "key"}, "#/KmsKeyId: string [key] does not match pattern"),
    ("AWS::StepFunctions::StateMachine", {"DefinitionString": "{}"}, "#: required key [RoleArn] not found"),
    ("AWS::StepFunctions::StateMachine", {"RoleArn": ROLE, "StateMachineType": "FAST"},
     "FAST is not a valid enum value"),
    ("AWS::StepFunctions::StateMachine", {"RoleArn": ROLE, "LoggingConfiguration": {"Level": "SOME"}},
     "#/LoggingConfiguration/Level: SOME is not a valid enum value"),
    ("AWS::StepFunctions::StateMachine", {"RoleArn": ROLE, "DefinitionSubstitutions": {"A": ["b"]}},
     "#/DefinitionSubstitutions/A: #: no subschema matched"),
    ("AWS::Scheduler::Schedule", {"ScheduleExpression": "rate(1 day)", "Target": TARGET},
     "[FlexibleTimeWindow] not found"),
    ("AWS::Scheduler::Schedule", {**SCHEDULE, "State": "ON"}, "#/State: ON is not a valid enum value"),
    ("AWS::Scheduler::Schedule",
     {**SCHEDULE, "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 2000}},
     "#/FlexibleTimeWindow/MaximumWindowInMinutes: 2000 is not less or equal to 1440"),
    ("AWS::Scheduler::Schedule", {**SCHEDULE, "Name": "a b"}, "#/Name: string [a b] does not match pattern"),
    ("AWS::Scheduler::Schedule", {**SCHEDULE, "Target": {"Arn": "arn:aws:sqs:::q"}},
     "#/Target: required key [RoleArn]"),
    ("AWS::Scheduler::ScheduleGroup", {"Name": "g" * 65}, "#/Name: expected maxLength: 64, actual: 65"),
    ("AWS::Athena::WorkGroup", {"State": "ENABLED"}, "#: required key [Name] not found"),
    ("AWS::Athena::WorkGroup", {"Name": "w", "State": "ON"}, "#/State: ON is not a valid enum value"),
    ("AWS::Athena::NamedQuery", {"Database": "d"}, "#: required key [QueryString] not found"),
    ("AWS::Glue::Database", {"CatalogId": "1"}, "#: required key [DatabaseInput] not found"),
    ("AWS::Glue::Job", {"Role": ROLE}, "#: required key [Command] not found"),
    ("AWS::Glue::Job", {"Role": ROLE, "Command": {"Name": "glueetl"}, "NumberOfWorkers": "two"},
     "#/NumberOfWorkers: expected type: Integer, found: String"),
    ("AWS::SageMaker::FeatureGroup", {**GROUP, "FeatureDefinitions": [{"FeatureName": "id", "FeatureType": "Text"}]},
     "#/FeatureDefinitions/0/FeatureType: Text is not a valid enum value"),
    ("AWS::SageMaker::FeatureGroup", {**GROUP, "FeatureDefinitions": []}, "expected minimum item count: 1, found: 0"),
    ("AWS::SageMaker::FeatureGroup", {**GROUP, "FeatureGroupName": "-a"}, "#/FeatureGroupName: string [-a]"),
    ("AWS::KMS::Key", {"KeySpec": "RSA_1"}, "#/KeySpec: RSA_1 is not a valid enum value"),
    ("AWS::KMS::Alias", {"AliasName": "alias/a"}, "#: required key [TargetKeyId] not found"),
]  # fmt: skip

TAKEN: list[tuple[str, dict[str, Any]]] = [
    ("AWS::SQS::Queue", {"DelaySeconds": "5", "FifoQueue": "true", "QueueName": 7}),
    (
        "AWS::SQS::Queue",
        {"DelaySeconds": {"Ref": "A"}, "Tags": [{"Key": "a", "Value": True}, {"Fn::If": ["B", {}, {}]}]},
    ),
    ("AWS::Logs::LogGroup", {"RetentionInDays": "7"}),
    ("AWS::Scheduler::Schedule", SCHEDULE),
    ("AWS::SageMaker::FeatureGroup", GROUP),
    ("AWS::IAM::Role", {"AssumeRolePolicyDocument": POLICY, "Path": "/"}),
    ("AWS::StepFunctions::StateMachine", {"RoleArn": ROLE, "DefinitionSubstitutions": {"A": 1, "B": True}}),
    ("AWS::Unknown::Type", {"Anything": 1}),
]


@pytest.mark.parametrize(("type_", "properties", "words"), REFUSED)
def test_refused(type_: str, properties: dict[str, Any], words: str) -> None:
    found = schemas.problems(type_, properties)
    assert any(words in each for each in found), found


@pytest.mark.parametrize(("type_", "properties"), TAKEN)
def test_taken(type_: str, properties: dict[str, Any]) -> None:
    assert schemas.problems(type_, properties) == []


def patterns(schema: Any) -> Iterator[str]:
    """Every pattern within a schema."""
    for key, item in schema.items() if isinstance(schema, dict) else enumerate(schema):
        if key == "pattern" and isinstance(item, str):
            yield item
        elif isinstance(item, (dict, list)):
            yield from patterns(item)


def test_every_pattern_can_be_read_and_every_type_has_a_schema() -> None:
    assert all(schemas.expression(pattern) for pattern in patterns(schemas.types()))
    assert {kind.type for kind in engine.kinds()} <= set(schemas.types())


def test_a_change_set_of_wrong_properties_fails_early(embedded: Endpoint, name: str) -> None:
    """Its status names the validation, DescribeEvents the property; a stack fails when the resource is made."""
    made = client(embedded, "cloudformation")
    resources = {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": "soon"}}}
    given = {"StackName": name, "TemplateBody": json.dumps({"Resources": resources})}
    arn = made.create_change_set(**given, ChangeSetName="c", ChangeSetType="CREATE")["Id"]
    found = made.describe_change_set(ChangeSetName=arn)
    assert (found["Status"], found["ExecutionStatus"]) == ("FAILED", "UNAVAILABLE")
    assert "[AWS::EarlyValidation::PropertyValidation]" in found["StatusReason"]
    (event,) = made.describe_events(ChangeSetName=arn, Filters={"FailedEvents": True})["OperationEvents"]
    assert event["ValidationPath"] == "/Resources/Q/Properties/DelaySeconds"
    assert event["ValidationStatusReason"] == "#/DelaySeconds: expected type: Integer, found: String"


def test_a_value_that_is_known_late_fails_when_it_is_made(embedded: Endpoint, name: str) -> None:
    made = client(embedded, "cloudformation")
    resources = {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": {"Ref": "D"}}}}
    template = {"Resources": resources, "Parameters": {"D": {"Type": "String", "Default": "soon"}}}
    made.create_stack(StackName=name, TemplateBody=json.dumps(template))
    reasons: list[str] = []
    while not any("ROLLBACK_COMPLETE" in each for each in reasons):
        events = made.describe_stack_events(StackName=name)["StackEvents"]
        reasons = [event["ResourceStatus"] + event.get("ResourceStatusReason", "") for event in events]
    said = "Properties validation failed for resource Q with message: #/DelaySeconds: expected type: Integer"
    assert any(said in each for each in reasons)


def test_an_import_of_nothing_fails_the_change_set(embedded: Endpoint, name: str) -> None:
    made = client(embedded, "cloudformation")
    resources = {
        "Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::ImportValue": "nothing"}}}
    }
    given = {"StackName": name, "TemplateBody": json.dumps({"Resources": resources})}
    made.create_change_set(**given, ChangeSetName="c", ChangeSetType="CREATE")
    found = made.describe_change_set(StackName=name, ChangeSetName="c")
    assert (found["Status"], found["StatusReason"]) == ("FAILED", "No export named nothing found.")


@pytest.mark.parametrize("never", ["branch", "output", "resource"])
def test_an_import_that_is_not_made_needs_no_export(embedded: Endpoint, name: str, never: str) -> None:
    """In the branch that is not taken, in an output or a resource whose condition does not hold."""
    nothing: dict[str, Any] = {"Fn::ImportValue": "nothing"}
    properties: dict[str, dict[str, Any]] = {"Q": {}, "Other": {"QueueName": nothing}}
    resources = {each: {"Type": "AWS::SQS::Queue", "Properties": given} for each, given in properties.items()}
    resources["Other"]["Condition"] = "Never"
    template: dict[str, Any] = {"Conditions": {"Never": {"Fn::Equals": ["a", "b"]}}, "Resources": resources}
    if never != "resource":
        del resources["Other"]
    if never == "output":
        template["Outputs"] = {"O": {"Condition": "Never", "Value": nothing}}
    if never == "branch":
        properties["Q"]["QueueName"] = {"Fn::If": ["Never", nothing, name]}
    made = client(embedded, "cloudformation")
    given = {"StackName": name, "TemplateBody": json.dumps(template)}
    made.create_change_set(**given, ChangeSetName="c", ChangeSetType="CREATE")
    found = made.describe_change_set(StackName=name, ChangeSetName="c")
    assert (found["Status"], found.get("StatusReason")) == ("CREATE_COMPLETE", None)


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="cfn-lint reads all its schemas: `make soak` does")
def test_the_schemas_are_those_of_cfn_lint() -> None:
    sys.path.append(str(ROOT / "tests"))
    import make_schemas

    assert make_schemas.text() == make_schemas.TARGET.read_text(encoding="utf-8")
