"""Change sets described with ``IncludePropertyValues``."""

from __future__ import annotations

import json
from typing import Any

import pytest
from embedded_aws.cloudformation.test_cloudformation import template
from waiting import until

LATER = "{{changeSet:KNOWN_AFTER_APPLY}}"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


def _values(aws: Any, name: str, resources: dict[str, Any], **more: Any) -> dict[str, tuple[Any, Any]]:
    """Logical id → before and after, of a change set that is deleted again."""
    client = aws("cloudformation")
    body = json.loads(template(resources))
    body |= more.pop("sections", {})
    made = client.create_change_set(
        StackName=name,
        ChangeSetName="c",
        TemplateBody=json.dumps(body),
        Capabilities=["CAPABILITY_IAM"],
        **more,
    )
    found = client.describe_change_set(ChangeSetName=made["Id"], IncludePropertyValues=True)
    bare = client.describe_change_set(ChangeSetName=made["Id"])
    client.delete_change_set(ChangeSetName=made["Id"])
    assert not any("AfterContext" in change["ResourceChange"] for change in bare["Changes"])
    changes = [change["ResourceChange"] for change in found["Changes"]]
    return {
        change["LogicalResourceId"]: tuple(
            json.loads(change[f"{which}Context"]) if f"{which}Context" in change else None
            for which in ("Before", "After")
        )
        for change in changes
    }


@pytest.fixture
def made(aws: Any, create: Any, name: str) -> Any:
    """A stack with a group of logs, whose name a parameter gives, and a role."""
    group = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": {"Ref": "Name"}}}
    role = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}}
    body = json.loads(template({"L": group, "R": role}))
    body["Parameters"] = {"Name": {"Type": "String"}, "Secret": {"Type": "String", "NoEcho": True}}
    client = aws("cloudformation")
    given = [
        {"ParameterKey": "Name", "ParameterValue": f"/t/{name}"},
        {"ParameterKey": "Secret", "ParameterValue": "s3cr3t"},
    ]
    client.create_stack(
        StackName=name, TemplateBody=json.dumps(body), Parameters=given, Capabilities=["CAPABILITY_IAM"]
    )
    until(lambda: client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE")
    return {"group": group, "role": role, "parameters": body["Parameters"], "given": given}


def test_both_sides_are_shown_resolved(aws: Any, name: str, made: Any) -> None:
    """What is there already by its name, what is not as known later, what is secret masked; Metadata, too."""
    arn = aws("iam").get_role(RoleName=_physical(aws, name, "R"))["Role"]["Arn"]
    changed = {**made["group"], "Properties": {**made["group"]["Properties"], "RetentionInDays": 7}}
    queue = {"Type": "AWS::SQS::Queue", "Properties": {}}
    policy = {
        "Type": "AWS::SQS::QueuePolicy",
        "Metadata": {"Why": {"Send": "a & b <c>"}},
        "Properties": {
            "Queues": [{"Ref": "Q"}],
            "PolicyDocument": {
                "Version": "2012-10-17",
                "Statement": [
                    {
                        "Sid": {"Ref": "Secret"},
                        "Effect": "Allow",
                        "Principal": {"AWS": {"Fn::GetAtt": ["R", "Arn"]}},
                        "Action": "sqs:SendMessage",
                        "Resource": {"Fn::GetAtt": ["Q", "Arn"]},
                    }
                ],
            },
        },
    }
    resources = {"L": changed, "R": made["role"], "Q": queue, "P": policy}
    values = _values(
        aws, name, resources, sections={"Parameters": made["parameters"]}, Parameters=made["given"]
    )
    assert values.keys() == {"L", "P", "Q"}
    assert values["L"] == (
        {"Properties": {"LogGroupName": f"/t/{name}"}},
        {"Properties": {"LogGroupName": f"/t/{name}", "RetentionInDays": 7}},
    )
    before, after = values["P"]
    assert before is None
    assert after["Metadata"] == {"Why": {"Send": "a & b <c>"}}
    assert after["Properties"]["Queues"] == [LATER]
    (statement,) = after["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Sid"], statement["Principal"]["AWS"], statement["Resource"]) == ("****", arn, LATER)


def test_what_is_removed_has_no_after(aws: Any, name: str, made: Any) -> None:
    """Only what it had."""
    parameters = {"Parameters": made["parameters"]}
    values = _values(aws, name, {"L": made["group"]}, sections=parameters, Parameters=made["given"])
    assert values == {"R": ({"Properties": {"AssumeRolePolicyDocument": TRUST}}, None)}


def _physical(aws: Any, stack: str, logical: str) -> str:
    found = aws("cloudformation").describe_stack_resource(StackName=stack, LogicalResourceId=logical)
    physical: str = found["StackResourceDetail"]["PhysicalResourceId"]
    return physical
