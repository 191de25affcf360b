"""No member of a request is read past: it has an effect, or the request is refused by the member's name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.model import Shape

from data_pipeline.embedded_aws.jobs.shapes import service_model
from data_pipeline.embedded_aws.server import limits, operations, unheeded

PAST = datetime(2020, 1, 1, tzinfo=UTC)


def requests(aws: Any, name: str) -> dict[str, Callable[[], Any]]:
    """The member that has no effect here → a request with it."""
    glue, athena, logs, sqs = aws("glue"), aws("athena"), aws("logs"), aws("sqs")
    stack = {"StackName": name, "TemplateBody": '{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}'}
    role = {"RoleArn": "arn:aws:iam::000000000000:role/r", "RoleSessionName": "session"}
    table = {"DatabaseName": name, "Name": "t"}

    def workgroup(**configuration: Any) -> Callable[[], Any]:
        return lambda: athena.create_work_group(Name=name, Configuration=configuration)

    return {
        "QueryAsOfTime": lambda: glue.get_table(**table, QueryAsOfTime=PAST),
        "TransactionId": lambda: glue.delete_table(**table, TransactionId="t"),
        "AttributesToGet": lambda: glue.get_tables(DatabaseName=name, AttributesToGet=["NAME"]),
        "ResourceShareType": lambda: glue.get_databases(ResourceShareType="FOREIGN"),
        "OpenTableFormatInput": lambda: glue.create_table(
            DatabaseName=name,
            TableInput={"Name": "t"},
            OpenTableFormatInput={"IcebergInput": {"MetadataOperation": "CREATE"}},
        ),
        "DatabaseInput.TargetDatabase": lambda: glue.create_database(
            DatabaseInput={"Name": name, "TargetDatabase": {"DatabaseName": "other"}}
        ),
        "Configuration.ExecutionRole": workgroup(ExecutionRole=role["RoleArn"]),
        "Configuration.ManagedQueryResultsConfiguration.Enabled": workgroup(
            ManagedQueryResultsConfiguration={"Enabled": True}
        ),
        "Configuration.EngineVersion.SelectedEngineVersion": workgroup(
            EngineVersion={"SelectedEngineVersion": "PySpark engine version 3"}
        ),
        "logGroupClass": lambda: logs.create_log_group(logGroupName=name, logGroupClass="INFREQUENT_ACCESS"),
        "deletionProtectionEnabled": lambda: logs.create_log_group(
            logGroupName=name, deletionProtectionEnabled=True
        ),
        "Attributes.RedriveAllowPolicy": lambda: sqs.create_queue(
            QueueName=name, Attributes={"RedriveAllowPolicy": "{}"}
        ),
        "DataProtectionPolicy": lambda: aws("sns").create_topic(Name=name, DataProtectionPolicy="{}"),
        "ResourceTypes": lambda: aws("cloudformation").create_stack(**stack, ResourceTypes=["AWS::SQS::*"]),
        "TimeoutInMinutes": lambda: aws("cloudformation").create_stack(**stack, TimeoutInMinutes=1),
        "SourceIdentity": lambda: aws("sts").assume_role(**role, SourceIdentity="somebody"),
        "SerialNumber": lambda: aws("sts").assume_role(**role, SerialNumber="device-123", TokenCode="123456"),
        "PathPrefix": lambda: aws("iam").list_attached_role_policies(RoleName="r", PathPrefix="/p/"),
        "OnlyAttached": lambda: aws("iam").list_policies(OnlyAttached=True),
        "IncludeNestedStacks": lambda: aws("cloudformation").create_change_set(
            StackName="s", ChangeSetName="c", TemplateBody="{}", IncludeNestedStacks=True
        ),
        "StackSetName": lambda: aws("cloudformation").get_template_summary(StackSetName="s"),
        "PredecessorsIncluded": lambda: aws("glue").get_job_run(
            JobName="j", RunId="r", PredecessorsIncluded=True
        ),
        "includedData": lambda: aws("stepfunctions").describe_execution(
            executionArn="arn:aws:states:us-east-1:000000000000:execution:m:e", includedData="METADATA_ONLY"
        ),
        "PolicyUsageFilter": lambda: aws("iam").list_policies(PolicyUsageFilter="PermissionsBoundary"),
    }


def test_refused_by_name(aws: Any, name: str, subtests: pytest.Subtests) -> None:
    """Each is refused before anything is looked for or made."""
    for member, ask in requests(aws, name).items():
        with subtests.test(member):
            with pytest.raises(ClientError, match=f"with {member}") as refused:
                ask()
            assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501


def test_what_is_done_anyway_is_taken(aws: Any, name: str) -> None:
    """A member whose value says what is done without it."""
    logs = aws("logs")
    logs.create_log_group(logGroupName=name, logGroupClass="STANDARD", deletionProtectionEnabled=False)
    aws("glue").get_databases(ResourceShareType="ALL")
    engine = {"EngineVersion": {"SelectedEngineVersion": "AUTO"}}
    aws("athena").create_work_group(Name=name, Configuration=engine)


@pytest.mark.parametrize(
    ("service", "operation", "given"),
    [
        ("cloudformation", "CreateStack", {"NotificationARNs": "", "ResourceTypes": ""}),
        ("cloudformation", "CreateStack", {"RollbackConfiguration.RollbackTriggers": ""}),
        ("sts", "AssumeRole", {"TransitiveTagKeys": ""}),
        ("glue", "CreateTable", {"PartitionIndexes": [], "AuditContext": {}}),
        ("glue", "CreateTable", {"TableInput": {"TargetTable": {}, "ViewDefinition": {}}}),
    ],
)
def test_what_says_nothing_is_taken(service: str, operation: str, given: dict[str, Any]) -> None:
    """Empty lists and structures, as SDKs write them."""
    assert unheeded.member(service, operation, given) is None


def test_empty_lists_of_a_stack(aws: Any, name: str) -> None:
    """They are taken over HTTP, too, and the stack is made."""
    stacks = aws("cloudformation")
    template = '{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}'
    stacks.create_stack(
        StackName=name,
        TemplateBody=template,
        NotificationARNs=[],
        ResourceTypes=[],
        RollbackConfiguration={"RollbackTriggers": []},
    )
    stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})


def members() -> list[tuple[str, str, str]]:
    """Service, operation ("" for all) and member of the table."""
    return [
        (service, operation, member)
        for service, table in unheeded.MEMBERS.items()
        for operation, found in table.items()
        for member in found
    ]


@pytest.mark.parametrize(("service", "operation", "member"), members())
def test_members_are_of_the_model(service: str, operation: str, member: str) -> None:
    """Each of the table is a member of an operation that is served, so that no misspelt one refuses nothing."""
    model = service_model("stepfunctions" if service == "states" else service)
    asked = [operation] if operation else sorted(operations.SERVED[service])
    assert set(asked) <= operations.SERVED[service]
    shapes = [model.operation_model(one).input_shape for one in asked]
    assert any(shape is not None and _has(shape, member.split(".")) for shape in shapes)


def _has(shape: Shape, path: list[str]) -> bool:
    if shape.type_name == "map":
        return len(path) == 1
    if not path:
        return True
    found = shape.members.get(path[0]) if shape.type_name == "structure" else None
    return found is not None and _has(found, path[1:])


@pytest.mark.parametrize(
    ("service", "operation", "given", "said"),
    [
        ("glue", "CreateDatabase", {"DatabaseInput": {"Name": "n" * 256}}, "databaseInput.name"),
        ("glue", "GetTables", {"DatabaseName": "d", "MaxResults": 101}, "maxResults"),
        ("logs", "CreateLogGroup", {"logGroupName": "a b*"}, "regular expression pattern"),
        ("logs", "CreateLogStream", {"logGroupName": "g", "logStreamName": "a:b"}, "logStreamName"),
        ("iam", "CreateRole", {"MaxSessionDuration": "43201"}, "less than or equal to 43200"),
        ("iam", "UpdateRole", {"MaxSessionDuration": "abc"}, "must be a whole number"),
        ("iam", "UpdateRole", {"MaxSessionDuration": "--5"}, "must be a whole number"),
        ("sts", "AssumeRole", {"DurationSeconds": 5000 * "9"}, "must be a whole number"),
        ("sts", "AssumeRole", {"RoleSessionName": "a b"}, "roleSessionName"),
        ("athena", "StartQueryExecution", {"QueryString": "q", "ClientRequestToken": 31 * "x"}, "length"),
        ("scheduler", "CreateSchedule", {"State": "ON"}, "enum value set"),
    ],
)
def test_values_that_the_model_does_not_allow(
    service: str, operation: str, given: dict[str, Any], said: str
) -> None:
    """Length, range, pattern and enumeration, in AWS's words."""
    found = limits.violation(service, operation, given)
    assert found is not None
    assert found.startswith("1 validation error detected: Value ")
    assert said in found


def test_values_are_held_against_the_model(aws: Any, name: str) -> None:
    """Over HTTP, with the code of the service."""
    with pytest.raises(ClientError, match="ValidationException"):
        aws("glue").create_database(DatabaseInput={"Name": "n" * 256})
    with pytest.raises(ClientError, match="InvalidParameterException"):
        aws("logs").create_log_group(logGroupName="a b*")
    with pytest.raises(ClientError, match="ValidationError"):
        aws("iam").update_role(RoleName=name, MaxSessionDuration=43201)
    with pytest.raises(ClientError, match="ValidationError"):
        aws("sts").assume_role(RoleArn=f"arn:aws:iam::000000000000:role/{name}", RoleSessionName="a b")
    with pytest.raises(ClientError, match="InvalidInputException"):  # the code of Glue's jobs
        aws("glue").create_job(Name="n" * 256, Role="r", Command={"Name": "glueetl"})


def test_queues_are_not_asked_in_the_query_protocol() -> None:
    """As old SDKs do: its members are not read here, so such a request is refused by name, whatever it says."""

    async def handler(*_request: Any) -> Any:
        raise AssertionError("it was let past")

    served = operations._only("sqs", operations.SERVED["sqs"], handler)
    body = b"Action=SendMessage&MessageBody=m&DelaySeconds=901"
    status, _, answer = asyncio.run(served("POST", "/", {}, body, {}))
    assert status == 501
    assert b"does not emulate sqs: the query protocol." in answer
