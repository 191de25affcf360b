"""CloudFormation: each emulated resource type is really made, changed and deleted, as who deploys."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from waiting import until

from tests.embedded_aws.conftest import allow

ACCOUNT = "000000000000"
Stack = Callable[..., dict[str, Any]]


def trust(service: str) -> dict[str, Any]:
    """A trust policy for one service."""
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def role(service: str, *statements: Any) -> dict[str, Any]:
    """An AWS::IAM::Role with an inline policy."""
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    policies = [{"PolicyName": "p", "PolicyDocument": document}] if statements else []
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": trust(service), "Policies": policies},
    }


def template(resources: dict[str, Any], **more: Any) -> str:
    """A template's text."""
    return json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources, **more})


def ended(cloudformation: Any, stack: str) -> dict[str, Any]:
    """The stack's description, once its operation has ended; with its ``outputs`` and ``reasons`` of
    failures.
    """

    def look() -> Any:
        found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        return None if found["StackStatus"].endswith("IN_PROGRESS") else found

    found: dict[str, Any] = until(look)
    found["outputs"] = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    found["reasons"] = {
        event["LogicalResourceId"]: event.get("ResourceStatusReason", "")
        for event in reversed(events)
        if event["ResourceStatus"].endswith("FAILED")
    }
    return found


@pytest.fixture
def create(aws: Any, name: str) -> Stack:
    """``create(resources, …)``: the ended creation of the stack ``name``."""

    def make(
        resources: dict[str, Any], credentials: dict[str, str] | None = None, **more: Any
    ) -> dict[str, Any]:
        as_template = {
            key: more.pop(key) for key in ("Outputs", "Parameters") if isinstance(more.get(key), dict)
        }
        stack = aws("cloudformation", **(credentials or {})).create_stack(
            StackName=name,
            TemplateBody=template(resources, **as_template),
            Capabilities=["CAPABILITY_IAM"],
            **more,
        )
        return ended(aws("cloudformation"), stack["StackId"])

    return make


@pytest.fixture
def update(aws: Any, name: str) -> Stack:
    """``update(resources)``: the ended update of the stack ``name``."""

    def make(resources: dict[str, Any], **more: Any) -> dict[str, Any]:
        cloudformation = aws("cloudformation")
        body = template(resources)
        cloudformation.update_stack(
            StackName=name, TemplateBody=body, Capabilities=["CAPABILITY_IAM"], **more
        )
        return ended(cloudformation, name)

    return make


@pytest.fixture
def delete(aws: Any, name: str) -> Callable[[], dict[str, Any]]:
    """``delete()``: the ended deletion of the stack ``name``."""

    def make() -> dict[str, Any]:
        cloudformation = aws("cloudformation")
        stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
        cloudformation.delete_stack(StackName=name)
        return ended(cloudformation, stack)

    return make


BUCKET = {
    "VersioningConfiguration": {"Status": "Enabled"},
    "BucketEncryption": {
        "ServerSideEncryptionConfiguration": [{"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
    },
    "PublicAccessBlockConfiguration": {"BlockPublicAcls": "true", "BlockPublicPolicy": True},
    "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
    "LifecycleConfiguration": {
        "Rules": [
            {"Id": "a", "Status": "Enabled", "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": "7"}}
        ]
    },
}


def test_bucket(aws: Any, create: Stack, update: Stack, delete: Stack) -> None:
    """Each property of a bucket reaches the bucket, with the stack's tags; an update changes it; deletion
    removes it.
    """
    resources = {"B": {"Type": "AWS::S3::Bucket", "Properties": BUCKET}}
    outputs = {"N": {"Value": {"Ref": "B"}}, "A": {"Value": {"Fn::GetAtt": ["B", "Arn"]}}}
    stack = create(resources, Outputs=outputs, Tags=[{"Key": "pipeline", "Value": "p"}])
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack
    bucket, s3 = stack["outputs"]["N"], aws("s3")
    assert stack["outputs"]["A"] == f"arn:aws:s3:::{bucket}"
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert (
        s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]["BlockPublicAcls"] is True
    )
    rule = s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"][0]
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == [{"Key": "pipeline", "Value": "p"}]
    changed = {**BUCKET, "VersioningConfiguration": {"Status": "Suspended"}}
    del changed["LifecycleConfiguration"]
    assert (
        update({"B": {"Type": "AWS::S3::Bucket", "Properties": changed}})["StackStatus"] == "UPDATE_COMPLETE"
    )
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Suspended"
    with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration"):
        s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    assert delete()["StackStatus"] == "DELETE_COMPLETE"
    with pytest.raises(ClientError, match="404"):
        s3.head_bucket(Bucket=bucket)


def test_bucket_that_is_not_empty_stays(aws: Any, create: Stack, delete: Stack) -> None:
    """A bucket with an object in it cannot be deleted: the stack is DELETE_FAILED and says why, the object
    is there.
    """
    stack = create({"B": {"Type": "AWS::S3::Bucket"}}, Outputs={"N": {"Value": {"Ref": "B"}}})
    bucket = stack["outputs"]["N"]
    aws("s3").put_object(Bucket=bucket, Key="k", Body=b"x")
    failed = delete()
    assert failed["StackStatus"] == "DELETE_FAILED"
    assert "not empty" in failed["reasons"]["B"]
    assert aws("s3").get_object(Bucket=bucket, Key="k")["Body"].read() == b"x"
    aws("s3").delete_object(Bucket=bucket, Key="k")
    assert delete()["StackStatus"] == "DELETE_COMPLETE"


def test_retained_bucket_stays_and_keeps_its_name(aws: Any, create: Stack, delete: Stack) -> None:
    """A retained bucket outlives its stack, and the next stack of that name makes another one."""
    resources = {
        "B": {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    }
    outputs = {"N": {"Value": {"Ref": "B"}}}
    first = create(resources, Outputs=outputs)["outputs"]["N"]
    assert delete()["StackStatus"] == "DELETE_COMPLETE"
    second = create(resources, Outputs=outputs)["outputs"]["N"]
    assert first != second
    assert aws("s3").head_bucket(Bucket=first)["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_bucket_policy(aws: Any, create: Stack, update: Stack, name: str) -> None:
    """A bucket policy is put, decides about others than root, and goes with its removal from the template."""
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": {"Fn::Sub": "${B.Arn}/secret"},
    }
    policy = {
        "Type": "AWS::S3::BucketPolicy",
        "Properties": {
            "Bucket": {"Ref": "B"},
            "PolicyDocument": {"Version": "2012-10-17", "Statement": [deny]},
        },
    }
    resources = {"B": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}}}
    assert create({**resources, "P": policy})["StackStatus"] == "CREATE_COMPLETE"
    found = json.loads(aws("s3").get_bucket_policy(Bucket=name)["Policy"])
    assert found["Statement"][0]["Resource"] == f"arn:aws:s3:::{name}/secret"
    assert update(resources)["StackStatus"] == "UPDATE_COMPLETE"
    with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        aws("s3").get_bucket_policy(Bucket=name)


def test_policy_against_plain_http_lets_loopback_in(aws: Any, user: Any, name: str) -> None:
    """A policy that refuses plain HTTP refuses nobody here: loopback stands for AWS's TLS."""
    aws("s3").create_bucket(Bucket=name)
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": f"arn:aws:s3:::{name}/*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    aws("s3").put_bucket_policy(
        Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    )
    someone = aws("s3", **user(allow("s3:PutObject", f"arn:aws:s3:::{name}/*")))
    assert someone.put_object(Bucket=name, Key="k", Body=b"x")["ETag"]


def test_role(aws: Any, create: Stack, update: Stack, delete: Stack) -> None:
    """A role has its trust and inline policy; an update replaces both in place; deletion takes the policies
    along.
    """
    outputs = {"N": {"Value": {"Ref": "R"}}, "A": {"Value": {"Fn::GetAtt": ["R", "Arn"]}}}
    stack = create({"R": role("glue.amazonaws.com", allow("s3:GetObject"))}, Outputs=outputs)
    named, iam = stack["outputs"]["N"], aws("iam")
    assert named.startswith(stack["StackName"])
    assert stack["outputs"]["A"] == f"arn:aws:iam::{ACCOUNT}:role/{named}"
    assert (
        iam.get_role_policy(RoleName=named, PolicyName="p")["PolicyDocument"]["Statement"][0]["Action"]
        == "s3:GetObject"
    )
    assert (
        update({"R": role("states.amazonaws.com", allow("s3:PutObject"))})["StackStatus"] == "UPDATE_COMPLETE"
    )
    found = iam.get_role(RoleName=named)["Role"]["AssumeRolePolicyDocument"]["Statement"][0]
    assert found["Principal"] == {"Service": "states.amazonaws.com"}
    assert (
        iam.get_role_policy(RoleName=named, PolicyName="p")["PolicyDocument"]["Statement"][0]["Action"]
        == "s3:PutObject"
    )
    assert update({"R": role("states.amazonaws.com")})["StackStatus"] == "UPDATE_COMPLETE"
    assert iam.list_role_policies(RoleName=named)["PolicyNames"] == []
    assert delete()["StackStatus"] == "DELETE_COMPLETE"
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.get_role(RoleName=named)


def glue_job(name: str, **properties: Any) -> dict[str, Any]:
    """An AWS::Glue::Job of the role R."""
    command = {"Name": "pythonshell", "PythonVersion": "3.9", "ScriptLocation": "s3://bucket/job.py"}
    given = {"Name": name, "Role": {"Fn::GetAtt": ["R", "Arn"]}, "Command": command, "MaxCapacity": "0.0625"}
    return {"Type": "AWS::Glue::Job", "Properties": {**given, **properties}}


def test_glue(aws: Any, create: Stack, update: Stack, delete: Stack, name: str) -> None:
    """A database and a job are made, changed and deleted; numbers in quotes are numbers."""
    database = {"CatalogId": {"Ref": "AWS::AccountId"}, "DatabaseInput": {"Name": name, "Description": "one"}}
    resources = {
        "D": {"Type": "AWS::Glue::Database", "Properties": database},
        "R": role("glue.amazonaws.com"),
        "J": glue_job(name, Timeout="5"),
    }
    stack = create(resources, Outputs={"D": {"Value": {"Ref": "D"}}, "J": {"Value": {"Ref": "J"}}})
    assert stack["outputs"] == {"D": name, "J": name}, stack["reasons"]
    glue = aws("glue")
    assert glue.get_job(JobName=name)["Job"]["Timeout"] == 5
    changed = {**database, "DatabaseInput": {"Name": name, "Description": "two"}}
    resources["D"] = {"Type": "AWS::Glue::Database", "Properties": changed}
    resources["J"] = glue_job(name, Timeout=7, DefaultArguments={"--a": "b"})
    assert update(resources)["StackStatus"] == "UPDATE_COMPLETE"
    assert glue.get_database(Name=name)["Database"]["Description"] == "two"
    assert glue.get_job(JobName=name)["Job"]["Timeout"] == 7
    assert glue.get_job(JobName=name)["Job"]["DefaultArguments"] == {"--a": "b"}
    assert delete()["StackStatus"] == "DELETE_COMPLETE"
    for call, arguments in ((glue.get_job, {"JobName": name}), (glue.get_database, {"Name": name})):
        with pytest.raises(ClientError, match="EntityNotFound"):
            call(**arguments)


def machine(name: str, **succeed: Any) -> dict[str, Any]:
    """A state machine of the role R with a substitution, that logs to the group L."""
    states = {
        "S": {
            "Type": "Succeed",
            "Output": {"bucket": "${Bucket}", "run": "{% $states.context.Execution.Name %}"},
        }
    }
    states["S"].update(succeed)
    destination = {"CloudWatchLogsLogGroup": {"LogGroupArn": {"Fn::GetAtt": ["L", "Arn"]}}}
    return {
        "Type": "AWS::StepFunctions::StateMachine",
        "Properties": {
            "StateMachineName": name,
            "RoleArn": {"Fn::GetAtt": ["R", "Arn"]},
            "Definition": {"QueryLanguage": "JSONata", "StartAt": "S", "States": states},
            "DefinitionSubstitutions": {"Bucket": {"Ref": "AWS::Region"}},
            "LoggingConfiguration": {
                "Level": "ALL",
                "IncludeExecutionData": True,
                "Destinations": [destination],
            },
        },
    }


DELIVERY = allow(
    [
        *(f"logs:{name}LogDelivery" for name in ("Create", "Get", "Update", "Delete")),
        *("logs:ListLogDeliveries", "logs:PutResourcePolicy"),
        *("logs:DescribeResourcePolicies", "logs:DescribeLogGroups"),
    ]
)


def orchestration(name: str, **schedule: Any) -> dict[str, Any]:
    """A machine with its role and log group, and a schedule of it with a dead-letter queue."""
    target = {
        "Arn": {"Ref": "M"},
        "RoleArn": {"Fn::GetAtt": ["S", "Arn"]},
        "Input": '{"version": 1}',
        "DeadLetterConfig": {"Arn": {"Fn::GetAtt": ["Q", "Arn"]}},
    }
    given = {
        "Name": "daily",
        "GroupName": {"Ref": "G"},
        "ScheduleExpression": "cron(0 6 * * ? *)",
        "ScheduleExpressionTimezone": "America/New_York",
        "State": "DISABLED",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": target,
    }
    group = {
        "Type": "AWS::Logs::LogGroup",
        "Properties": {"LogGroupName": f"/t/{name}", "RetentionInDays": "30"},
    }
    return {
        "L": group,
        "R": role("states.amazonaws.com", DELIVERY),
        "M": machine(name),
        "Q": {"Type": "AWS::SQS::Queue", "Properties": {"MessageRetentionPeriod": 1209600}},
        "G": {"Type": "AWS::Scheduler::ScheduleGroup", "Properties": {"Name": name}},
        "S": role("scheduler.amazonaws.com", allow("states:StartExecution")),
        "D": {"Type": "AWS::Scheduler::Schedule", "Properties": {**given, **schedule}},
    }


def test_orchestration(aws: Any, create: Stack, update: Stack, delete: Stack, name: str) -> None:
    """Machine, log group, queue, group and schedule: made as written, changed in place, deleted with the
    stack.
    """
    outputs = {key: {"Value": {"Ref": key}} for key in "LMQGD"}
    stack = create(orchestration(name), Outputs=outputs, Tags=[{"Key": "pipeline", "Value": "p"}])
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack["reasons"]
    ref = stack["outputs"]
    assert ref["M"] == f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:{name}"
    assert (ref["L"], ref["G"], ref["D"]) == (f"/t/{name}", name, "daily")
    states, scheduler, logs = aws("stepfunctions"), aws("scheduler"), aws("logs")
    execution = states.start_execution(stateMachineArn=ref["M"], name="run")["executionArn"]
    described = until(
        lambda: (d := states.describe_execution(executionArn=execution))["status"] != "RUNNING" and d
    )
    assert json.loads(described["output"]) == {"bucket": "us-east-1", "run": "run"}
    assert states.describe_state_machine(stateMachineArn=ref["M"])["loggingConfiguration"]["level"] == "ALL"
    assert states.list_tags_for_resource(resourceArn=ref["M"])["tags"] == [{"key": "pipeline", "value": "p"}]
    schedule = scheduler.get_schedule(Name="daily", GroupName=name)
    assert (schedule["ScheduleExpressionTimezone"], schedule["State"]) == ("America/New_York", "DISABLED")
    assert logs.describe_log_groups(logGroupNamePrefix=ref["L"])["logGroups"][0]["retentionInDays"] == 30
    changed = orchestration(name, State="ENABLED", ScheduleExpression="cron(30 7 * * ? *)")
    changed["M"] = machine(name, Output={"new": True})
    changed["L"]["Properties"]["RetentionInDays"] = 7
    updated = update(changed, Tags=[{"Key": "pipeline", "Value": "p"}])
    assert updated["StackStatus"] == "UPDATE_COMPLETE", updated["reasons"]
    definition = json.loads(states.describe_state_machine(stateMachineArn=ref["M"])["definition"])
    assert definition["States"]["S"]["Output"] == {"new": True}
    schedule = scheduler.get_schedule(Name="daily", GroupName=name)
    assert (schedule["ScheduleExpression"], schedule["State"]) == ("cron(30 7 * * ? *)", "ENABLED")
    assert logs.describe_log_groups(logGroupNamePrefix=ref["L"])["logGroups"][0]["retentionInDays"] == 7
    assert delete()["StackStatus"] == "DELETE_COMPLETE"
    with pytest.raises(ClientError, match="StateMachineDoesNotExist"):
        states.describe_state_machine(stateMachineArn=ref["M"])
    with pytest.raises(ClientError, match="ResourceNotFound"):
        scheduler.get_schedule_group(Name=name)
    assert logs.describe_log_groups(logGroupNamePrefix=ref["L"])["logGroups"] == []
    with pytest.raises(ClientError, match=r"NonExistentQueue|QueueDoesNotExist"):
        aws("sqs").get_queue_attributes(QueueUrl=ref["Q"], AttributeNames=["All"])


def test_failed_update_goes_back(aws: Any, create: Stack, update: Stack, name: str) -> None:
    """What an update changed before a resource failed is as it was, and what it made is gone."""
    create(orchestration(name))
    wrong = orchestration(name)
    wrong["L"]["Properties"]["RetentionInDays"] = 7
    wrong["M"] = machine(name, Next="Nowhere")
    wrong["B"] = {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": name}}
    failed = update(wrong)
    assert failed["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert "Invalid State Machine Definition" in failed["reasons"]["M"]
    assert (
        aws("logs").describe_log_groups(logGroupNamePrefix=f"/t/{name}")["logGroups"][0]["retentionInDays"]
        == 30
    )
    with pytest.raises(ClientError, match="404"):
        aws("s3").head_bucket(Bucket=name)


def test_half_made_resource_is_removed(aws: Any, create: Stack, name: str) -> None:
    """A bucket whose configuration is refused is not left behind."""
    properties = {
        "BucketName": name,
        "LifecycleConfiguration": {"Rules": [{"Status": "Enabled", "Transitions": []}]},
    }
    failed = create({"B": {"Type": "AWS::S3::Bucket", "Properties": properties}})
    assert failed["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "does not emulate lifecycle rules with Transitions" in failed["reasons"]["B"]
    with pytest.raises(ClientError, match="404"):
        aws("s3").head_bucket(Bucket=name)


def test_change_set_deletes_a_first_stack_that_failed(aws: Any, name: str) -> None:
    """OnStackFailure=DELETE leaves no stack behind, and the events say which resource failed and why."""
    cloudformation = aws("cloudformation")
    resources = {
        "L": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": f"/t/{name}"}},
        "P": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": f"{name}-none",
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [{**allow("s3:GetObject", f"arn:aws:s3:::{name}-none/*"), "Principal": "*"}],
                },
            },
        },
    }
    change_set = cloudformation.create_change_set(
        StackName=name,
        ChangeSetName="one",
        ChangeSetType="CREATE",
        TemplateBody=template(resources),
        OnStackFailure="DELETE",
    )
    described = cloudformation.describe_change_set(ChangeSetName=change_set["Id"])
    changes = {
        change["ResourceChange"]["LogicalResourceId"]: change["ResourceChange"]
        for change in described["Changes"]
    }
    assert {key: change["Action"] for key, change in changes.items()} == {"L": "Add", "P": "Add"}
    assert cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == "REVIEW_IN_PROGRESS"
    cloudformation.execute_change_set(ChangeSetName=change_set["Id"])
    failed = ended(cloudformation, change_set["StackId"])
    assert failed["StackStatus"] == "DELETE_COMPLETE"
    assert "NoSuchBucket" in failed["reasons"]["P"] or "does not exist" in failed["reasons"]["P"]
    with pytest.raises(ClientError, match="does not exist"):
        cloudformation.describe_stacks(StackName=name)
    assert aws("logs").describe_log_groups(logGroupNamePrefix=f"/t/{name}")["logGroups"] == []


def test_change_set_shows_modification_and_replacement(aws: Any, create: Stack, name: str) -> None:
    """A change set tells a change in place from a replacement, and one without changes has failed saying
    so.
    """
    create(
        {
            "L": {
                "Type": "AWS::Logs::LogGroup",
                "Properties": {"LogGroupName": f"/t/{name}", "RetentionInDays": 7},
            }
        }
    )
    cloudformation = aws("cloudformation")

    def change(label: str, **properties: Any) -> dict[str, Any]:
        body = template({"L": {"Type": "AWS::Logs::LogGroup", "Properties": properties}})
        made = cloudformation.create_change_set(StackName=name, ChangeSetName=label, TemplateBody=body)
        found: dict[str, Any] = cloudformation.describe_change_set(ChangeSetName=made["Id"])
        return found

    modified = change("modify", LogGroupName=f"/t/{name}", RetentionInDays=30)["Changes"][0]["ResourceChange"]
    assert (modified["Action"], modified["Replacement"]) == ("Modify", "False")
    replaced = change("replace", LogGroupName=f"/t/{name}-2", RetentionInDays=7)["Changes"][0][
        "ResourceChange"
    ]
    assert (replaced["Action"], replaced["Replacement"]) == ("Modify", "True")
    same = change("same", LogGroupName=f"/t/{name}", RetentionInDays=7)
    assert same["Status"] == "FAILED"
    assert "didn't contain changes" in same["StatusReason"]


def test_termination_protection(aws: Any, create: Stack, delete: Stack, name: str) -> None:
    """A protected stack cannot be deleted until the protection is lifted."""
    create({"L": {"Type": "AWS::Logs::LogGroup"}}, EnableTerminationProtection=True)
    with pytest.raises(ClientError, match="TerminationProtection is enabled"):
        delete()
    aws("cloudformation").update_termination_protection(StackName=name, EnableTerminationProtection=False)
    assert delete()["StackStatus"] == "DELETE_COMPLETE"


def test_capabilities_are_required(aws: Any, name: str) -> None:
    """A template with a role needs CAPABILITY_IAM."""
    with pytest.raises(ClientError, match="InsufficientCapabilities"):
        aws("cloudformation").create_stack(
            StackName=name, TemplateBody=template({"R": role("glue.amazonaws.com")})
        )


@pytest.mark.parametrize(
    "type_",
    [
        "AWS::EC2::Instance",
        "AWS::Lambda::Function",
        "AWS::CloudFormation::Stack",
        "AWS::KMS::Key",
        "AWS::Glue::Connection",
    ],
)
def test_unknown_type_is_refused_by_name(aws: Any, name: str, type_: str) -> None:
    """A type that is not emulated is refused before anything is made."""
    resources = {"L": {"Type": "AWS::Logs::LogGroup"}, "X": {"Type": type_}}
    said = rf"Unrecognized resource types: \[{type_}\]\. The embedded AWS emulates .* by a condition"
    with pytest.raises(ClientError, match=said):
        aws("cloudformation").create_stack(StackName=name, TemplateBody=template(resources))


@pytest.mark.parametrize(
    "transform",
    ["Macro", {"Name": "AWS::Include", "Parameters": {"Location": "s3://b/k"}}],
)
def test_a_transform_is_refused_by_name(aws: Any, name: str, transform: Any) -> None:
    """Nothing is made of a template that is to be made anew first: MiniStack would take it as it is.

    It carries out AWS::LanguageExtensions, whose template is then looked at as any other.
    """
    body = {"Transform": transform, "Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}
    with pytest.raises(ClientError, match="does not emulate transforms"):
        aws("cloudformation").create_stack(
            StackName=name, TemplateBody=json.dumps(body), Capabilities=["CAPABILITY_AUTO_EXPAND"]
        )


def test_unknown_property_is_refused_by_name(create: Stack) -> None:
    """A property that is not emulated fails its resource and is named."""
    resources = {
        "B": {"Type": "AWS::S3::Bucket", "Properties": {"WebsiteConfiguration": {"IndexDocument": "i"}}}
    }
    assert "AWS::S3::Bucket with WebsiteConfiguration" in create(resources)["reasons"]["B"]


def workgroup(name: str, most: int, **more: Any) -> dict[str, Any]:
    """A workgroup and a named query of it."""
    configuration = {
        "BytesScannedCutoffPerQuery": most,
        "EnforceWorkGroupConfiguration": "true",
        "ResultConfiguration": {"OutputLocation": f"s3://{name}/athena/"},
    }
    query = {"Name": "q", "Database": "d", "QueryString": "SELECT 1", "WorkGroup": {"Ref": "W"}, **more}
    return {
        "W": {
            "Type": "AWS::Athena::WorkGroup",
            "Properties": {"Name": name, "WorkGroupConfiguration": configuration},
        },
        "Q": {"Type": "AWS::Athena::NamedQuery", "Properties": query},
    }


def test_a_workgroup_and_its_queries(
    aws: Any, create: Stack, update: Stack, delete: Stack, name: str
) -> None:
    """Made as written; the workgroup is changed in place, a query by a new one; both go with the stack."""
    tags = [{"Key": "team", "Value": "t"}, {"Key": "old", "Value": "1"}]
    stack = create(workgroup(name, 10_000_000), Outputs={"Q": {"Value": {"Ref": "Q"}}}, Tags=tags)
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack["reasons"]
    athena, arn = aws("athena"), f"arn:aws:athena:us-east-1:{ACCOUNT}:workgroup/{name}"

    def limit() -> int:
        found = athena.get_work_group(WorkGroup=name)["WorkGroup"]["Configuration"]
        assert found["ResultConfiguration"] == {"OutputLocation": f"s3://{name}/athena/"}
        assert found["EnforceWorkGroupConfiguration"] is True
        return int(found["BytesScannedCutoffPerQuery"])

    assert limit() == 10_000_000
    first = athena.get_named_query(NamedQueryId=stack["outputs"]["Q"])["NamedQuery"]
    assert (first["Name"], first["QueryString"], first["WorkGroup"]) == ("q", "SELECT 1", name)
    updated = update(workgroup(name, 20_000_000, QueryString="SELECT 2"), Tags=tags[:1])
    assert updated["StackStatus"] == "UPDATE_COMPLETE", updated["reasons"]
    assert limit() == 20_000_000
    assert athena.list_tags_for_resource(ResourceARN=arn)["Tags"] == tags[:1]
    (query,) = athena.list_named_queries(WorkGroup=name)["NamedQueryIds"]
    assert query != first["NamedQueryId"]
    assert athena.get_named_query(NamedQueryId=query)["NamedQuery"]["QueryString"] == "SELECT 2"
    delete()
    assert name not in {found["Name"] for found in athena.list_work_groups()["WorkGroups"]}
    with pytest.raises(ClientError, match="was not found"):
        athena.get_named_query(NamedQueryId=query)


@pytest.mark.parametrize(
    ("type_", "properties", "said"),
    [
        (
            "AWS::S3::Bucket",
            {
                "BucketEncryption": {
                    "ServerSideEncryptionConfiguration": [
                        {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
                    ]
                }
            },
            "it does not emulate aws:kms, only AES256. Leave the key out here by a condition",
        ),
        (
            "AWS::Athena::WorkGroup",
            {
                "Name": "w",
                "WorkGroupConfiguration": {
                    "ResultConfiguration": {
                        "EncryptionConfiguration": {"EncryptionOption": "SSE_KMS", "KmsKey": "k"}
                    }
                },
            },
            "it does not emulate a workgroup with a key of KMS",
        ),
        ("AWS::SQS::Queue", {"KmsMasterKeyId": "k"}, "AWS::SQS::Queue with KmsMasterKeyId"),
        (
            "AWS::Logs::LogGroup",
            {"KmsKeyId": f"arn:aws:kms:us-east-1:{ACCOUNT}:key/k"},
            "AWS::Logs::LogGroup with KmsKeyId",
        ),
    ],
)
def test_a_customer_s_key_is_refused(
    create: Stack, type_: str, properties: dict[str, Any], said: str
) -> None:
    """Nothing is encrypted here, and nobody is told that it is."""
    assert said in create({"X": {"Type": type_, "Properties": properties}})["reasons"]["X"]


@pytest.mark.parametrize(
    "parameter",
    [
        {"RoleARN": f"arn:aws:iam::{ACCOUNT}:role/cloudformation"},
        {"NotificationARNs": [f"arn:aws:sns:us-east-1:{ACCOUNT}:topic"]},
        {"StackPolicyBody": "{}"},
    ],
)
def test_refused_parameters(aws: Any, name: str, parameter: dict[str, Any]) -> None:
    """A service role, notifications and a stack policy are not emulated, and refused by name."""
    body = template({"L": {"Type": "AWS::Logs::LogGroup"}})
    with pytest.raises(ClientError, match=f"does not emulate cloudformation.*{next(iter(parameter))}"):
        aws("cloudformation").create_stack(StackName=name, TemplateBody=body, **parameter)


def test_resources_are_made_as_the_deployer(aws: Any, create: Stack, user: Any, name: str) -> None:
    """Who may create stacks but no log groups creates none: the resource fails with the permission that is
    missing.
    """
    stack = allow("cloudformation:*", f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/{name}/*")
    resources = {"L": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": f"/t/{name}"}}}
    failed = create(resources, credentials=user(stack))
    assert failed["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "not authorized to perform: logs:CreateLogGroup on resource" in failed["reasons"]["L"]
    assert aws("logs").describe_log_groups(logGroupNamePrefix=f"/t/{name}")["logGroups"] == []


def test_deployer_must_pass_the_role(create: Stack, user: Any, name: str) -> None:
    """Who may make state machines but not pass their role fails at the machine, with iam:PassRole."""
    everything_else = {"Effect": "Allow", "NotAction": "iam:PassRole", "Resource": "*"}
    resources = {key: orchestration(name)[key] for key in ("L", "R", "M")}
    failed = create(resources, credentials=user(everything_else))
    assert "not authorized to perform: iam:PassRole" in failed["reasons"]["M"]


def test_stack_in_another_region(aws: Any, name: str) -> None:
    """A stack's resources are in the region of the request that made it."""
    there = aws("cloudformation", region="eu-west-1")
    resources = {"B": {"Type": "AWS::S3::Bucket"}, "L": {"Type": "AWS::Logs::LogGroup"}}
    outputs = {"B": {"Value": {"Ref": "B"}}, "L": {"Value": {"Fn::GetAtt": ["L", "Arn"]}}}
    there.create_stack(StackName=name, TemplateBody=template(resources, Outputs=outputs))
    found = ended(there, name)
    assert ":eu-west-1:" in found["outputs"]["L"]
    where = aws("s3").get_bucket_location(Bucket=found["outputs"]["B"])["LocationConstraint"]
    assert where == "eu-west-1"
    with pytest.raises(ClientError, match="does not exist"):
        aws("cloudformation").describe_stacks(StackName=name)


@pytest.mark.parametrize("resource", ["L", "M", "G", "D", "Q"])
def test_new_name_is_a_replacement(aws: Any, create: Stack, update: Stack, name: str, resource: str) -> None:
    """A resource that is given another name is made anew, and the old one is deleted afterwards."""
    field = {"L": "LogGroupName", "M": "StateMachineName", "G": "Name", "D": "Name", "Q": "QueueName"}[
        resource
    ]
    before = orchestration(name)
    before["Q"]["Properties"]["QueueName"] = name
    assert create(before)["StackStatus"] == "CREATE_COMPLETE"
    after = orchestration(name)
    after["Q"]["Properties"]["QueueName"] = name
    after[resource]["Properties"][field] += "-2"
    updated = update(after)
    assert updated["StackStatus"] == "UPDATE_COMPLETE", updated["reasons"]
    cloudformation = aws("cloudformation")
    found = cloudformation.describe_stack_resource(StackName=name, LogicalResourceId=resource)
    assert found["StackResourceDetail"]["PhysicalResourceId"].endswith("-2")
    if resource == "L":
        groups = aws("logs").describe_log_groups(logGroupNamePrefix=f"/t/{name}")["logGroups"]
        assert [group["logGroupName"] for group in groups] == [f"/t/{name}-2"]


@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        (
            {"Type": "AWS::S3::Bucket", "Properties": {"VersioningConfiguration": {"Status": "Maybe"}}},
            "Status: Maybe is not a valid enum value",
        ),
        (
            {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": "week"}},
            "#/RetentionInDays: expected type: Integer, found: String",
        ),
        (
            {
                "Type": "AWS::S3::Bucket",
                "Properties": {"PublicAccessBlockConfiguration": {"BlockPublicAcls": "perhaps"}},
            },
            "BlockPublicAcls: expected type: Boolean, found: String",
        ),
    ],
)
def test_values_of_properties(create: Stack, resource: dict[str, Any], reason: str) -> None:
    """A value that the service's model does not have fails the resource, in CloudFormation's words."""
    found = create({"R": resource})
    assert found["StackStatus"] == "ROLLBACK_COMPLETE"
    assert reason in found["reasons"]["R"]
