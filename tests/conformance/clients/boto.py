"""boto3: waiters and paginators."""

from __future__ import annotations

import time
import uuid

import boto3
from cases import DATABASE, ROWS, case, refused

PACKAGES = ("boto3",)


@case
def waiters_of_buckets_and_objects() -> None:
    s3, name = boto3.client("s3"), f"w-{uuid.uuid4().hex[:10]}"
    s3.create_bucket(Bucket=name)
    s3.get_waiter("bucket_exists").wait(Bucket=name)
    s3.put_object(Bucket=name, Key="a", Body=b"x")
    s3.get_waiter("object_exists").wait(Bucket=name, Key="a")
    s3.delete_object(Bucket=name, Key="a")
    s3.get_waiter("object_not_exists").wait(Bucket=name, Key="a")
    s3.delete_bucket(Bucket=name)
    s3.get_waiter("bucket_not_exists").wait(Bucket=name)


@case
def waiters_of_stacks() -> None:
    cloudformation, name = boto3.client("cloudformation"), f"w-{uuid.uuid4().hex[:10]}"
    body = '{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}'
    cloudformation.create_stack(StackName=name, TemplateBody=body)
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    cloudformation.get_waiter("stack_exists").wait(StackName=name)
    cloudformation.delete_stack(StackName=name)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 1})


@case
def waiters_of_roles_and_policies() -> None:
    iam, name = boto3.client("iam"), f"w-{uuid.uuid4().hex[:10]}"
    allow = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", %s}]}'
    trust = allow % '"Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"'
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    iam.get_waiter("role_exists").wait(RoleName=name)
    policy = allow % '"Action": "s3:GetObject", "Resource": "*"'
    arn = iam.create_policy(PolicyName=name, PolicyDocument=policy)["Policy"]["Arn"]
    iam.get_waiter("policy_exists").wait(PolicyArn=arn)
    iam.delete_policy(PolicyArn=arn)
    iam.delete_role(RoleName=name)


@case
def pages_of_objects_and_versions() -> None:
    s3 = boto3.client("s3")
    for number in range(5):
        s3.put_object(Bucket=DATABASE, Key=f"pages/{number}", Body=b"x")
    for operation, member in (("list_objects_v2", "Contents"), ("list_objects", "Contents")):
        pages = s3.get_paginator(operation).paginate(
            Bucket=DATABASE, Prefix="pages/", PaginationConfig={"PageSize": 2}
        )
        assert [each["Key"] for page in pages for each in page[member]] == [f"pages/{n}" for n in range(5)]
    versions = s3.get_paginator("list_object_versions").paginate(Bucket=DATABASE, Prefix="pages/")
    assert len([each for page in versions for each in page["Versions"]]) == 5


@case
def pages_of_the_catalog() -> None:
    glue = boto3.client("glue")
    for number in range(3):
        glue.create_table(DatabaseName=DATABASE, TableInput={"Name": f"page{number}"})
    size = {"PageSize": 2}
    tables = glue.get_paginator("get_tables").paginate(DatabaseName=DATABASE, PaginationConfig=size)
    pages = [[each["Name"] for each in page["TableList"]] for page in tables]
    assert all(len(page) <= 2 for page in pages)
    assert {"page0", "page1", "page2", "orders"} <= {name for page in pages for name in page}
    databases = glue.get_paginator("get_databases").paginate(PaginationConfig={"PageSize": 1})
    assert DATABASE in [each["Name"] for page in databases for each in page["DatabaseList"]]


@case
def versions_of_a_table() -> None:
    glue = boto3.client("glue")
    glue.create_table(DatabaseName=DATABASE, TableInput={"Name": "versioned", "Description": "one"})
    for words in ("two", "three"):
        glue.update_table(DatabaseName=DATABASE, TableInput={"Name": "versioned", "Description": words})
    pages = glue.get_paginator("get_table_versions").paginate(
        DatabaseName=DATABASE, TableName="versioned", PaginationConfig={"PageSize": 2}
    )
    found = [each["Table"]["Description"] for page in pages for each in page["TableVersions"]]
    assert found == ["three", "two", "one"]
    first = glue.get_table_version(DatabaseName=DATABASE, TableName="versioned", VersionId="1")
    assert first["TableVersion"]["Table"]["Description"] == "one"


@case
def partitions_of_a_table() -> None:
    glue, table = boto3.client("glue"), {"DatabaseName": DATABASE, "TableName": "parted"}
    keys = [{"Name": "day", "Type": "date"}, {"Name": "n", "Type": "int"}]
    glue.create_table(DatabaseName=DATABASE, TableInput={"Name": "parted", "PartitionKeys": keys})
    values = [[f"2026-11-0{day}", str(n)] for day in (1, 2) for n in (2, 10)]
    made = glue.batch_create_partition(**table, PartitionInputList=[{"Values": each} for each in values])
    assert made["Errors"] == []
    pages = glue.get_paginator("get_partitions").paginate(
        **table, Expression="day >= '2026-11-02' AND n > 5", PaginationConfig={"PageSize": 1}
    )
    assert [each["Values"] for page in pages for each in page["Partitions"]] == [["2026-11-02", "10"]]
    glue.delete_partition(**table, PartitionValues=values[0])
    deleted = glue.batch_delete_partition(
        **table, PartitionsToDelete=[{"Values": each} for each in values[:2]]
    )
    assert [each["PartitionValues"] for each in deleted["Errors"]] == [values[0]]


@case
def pages_of_results_and_queries() -> None:
    athena = boto3.client("athena")
    query = athena.start_query_execution(
        QueryString="SELECT id FROM orders ORDER BY id",
        QueryExecutionContext={"Database": DATABASE},
        WorkGroup=DATABASE,
    )["QueryExecutionId"]
    while athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]["State"] in (
        "QUEUED",
        "RUNNING",
    ):
        time.sleep(0.2)
    pages = athena.get_paginator("get_query_results").paginate(
        QueryExecutionId=query, PaginationConfig={"PageSize": 7}
    )
    rows = [row["Data"][0]["VarCharValue"] for page in pages for row in page["ResultSet"]["Rows"]]
    assert rows == ["id", *map(str, range(1, ROWS + 1))]
    listed = athena.get_paginator("list_query_executions").paginate(WorkGroup=DATABASE)
    assert query in [each for page in listed for each in page["QueryExecutionIds"]]
    tables = athena.get_paginator("list_table_metadata").paginate(
        CatalogName="AwsDataCatalog", DatabaseName=DATABASE, PaginationConfig={"PageSize": 1}
    )
    assert "orders" in [each["Name"] for page in tables for each in page["TableMetadataList"]]


@case
def pages_of_roles_logs_and_machines() -> None:
    boto3.client("logs").create_log_group(logGroupName=f"/{DATABASE}")
    for service, operation, member in (
        ("iam", "list_roles", "Roles"),
        ("logs", "describe_log_groups", "logGroups"),
        ("stepfunctions", "list_state_machines", "stateMachines"),
        ("cloudformation", "list_stacks", "StackSummaries"),
        ("sagemaker", "list_processing_jobs", "ProcessingJobSummaries"),
        ("scheduler", "list_schedules", "Schedules"),
        ("sns", "list_topics", "Topics"),
    ):
        pages = boto3.client(service).get_paginator(operation).paginate()
        assert all(isinstance(each, dict) for page in pages for each in page.get(member, []))


@case
def a_presigned_query() -> None:
    import urllib.request

    s3 = boto3.client("s3")
    s3.put_object(Bucket=DATABASE, Key="presigned", Body=b"content")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": DATABASE, "Key": "presigned"})
    with urllib.request.urlopen(url) as answer:
        assert answer.read() == b"content"


@refused("states:StartSyncExecution")
def a_host_prefixed_call_of_step_functions() -> None:
    states = boto3.client("stepfunctions")
    arn = "arn:aws:states:us-east-1:000000000000:stateMachine:m"
    states.start_sync_execution(stateMachineArn=arn)


@refused("states:TestState")
def another_host_prefixed_call() -> None:
    boto3.client("stepfunctions").test_state(definition="{}", roleArn="arn:aws:iam::000000000000:role/r")


@refused("glue:SearchTables")
def an_operation_that_is_not_emulated() -> None:
    boto3.client("glue").search_tables(SearchText="orders")


@refused("dynamodb")
def a_service_that_is_not_emulated() -> None:
    boto3.client("dynamodb").list_tables()
