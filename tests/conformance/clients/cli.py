"""The AWS CLI."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from cases import DATABASE, ROWS, case, refused

PACKAGES = ("awscli",)
_AWS = Path(sys.executable).with_name("aws")


def aws(*words: str) -> Any:
    """The answer of a command, which ``--output json`` writes."""
    command = [str(_AWS), *words, "--output", "json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout) if done.stdout.startswith(("{", "[", '"')) else done.stdout


@case
def who_asks() -> None:
    assert aws("sts", "get-caller-identity")["Account"] == "000000000000"


@case
def files_go_to_s3_and_back() -> None:
    with tempfile.TemporaryDirectory() as folder:
        first, second = Path(folder, "first"), Path(folder, "second")
        first.mkdir()
        (first / "a.txt").write_text("a")
        (first / "large").write_bytes(b"x" * (9 << 20))
        aws("s3", "sync", str(first), f"s3://{DATABASE}/cli/")
        aws("s3", "cp", f"s3://{DATABASE}/cli/a.txt", f"s3://{DATABASE}/cli/b.txt")
        aws("s3", "sync", f"s3://{DATABASE}/cli/", str(second))
        assert sorted(each.name for each in second.iterdir()) == ["a.txt", "b.txt", "large"]
        assert (second / "large").stat().st_size == 9 << 20
        assert "3" in aws("s3", "ls", f"s3://{DATABASE}/cli/", "--summarize").split("Total Objects:")[1]
        aws("s3", "rm", f"s3://{DATABASE}/cli/", "--recursive")


@case
def a_query_with_waiting() -> None:
    started = aws(
        *("athena", "start-query-execution", "--work-group", DATABASE, "--query-string"),
        f"SELECT count(*) FROM {DATABASE}.orders",
    )
    query = started["QueryExecutionId"]
    state = "RUNNING"
    while state in ("QUEUED", "RUNNING"):
        found = aws("athena", "get-query-execution", "--query-execution-id", query)
        state = found["QueryExecution"]["Status"]["State"]
    assert state == "SUCCEEDED", found
    rows = aws("athena", "get-query-results", "--query-execution-id", query)["ResultSet"]["Rows"]
    assert rows[1]["Data"] == [{"VarCharValue": str(ROWS)}]


@case
def the_catalog() -> None:
    tables = aws("glue", "get-tables", "--database-name", DATABASE, "--query", "TableList[].Name")
    assert "orders" in tables
    found = aws(
        "athena", "list-table-metadata", "--catalog-name", "AwsDataCatalog", "--database-name", DATABASE
    )
    assert found["TableMetadataList"]
    assert aws("glue", "get-table-versions", "--database-name", DATABASE, "--table-name", "orders")


@case
def a_stack() -> None:
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder, "t.json")
        template.write_text('{"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}')
        name = f"{DATABASE}-cli"
        aws("cloudformation", "deploy", "--template-file", str(template), "--stack-name", name)
        again = ("cloudformation", "deploy", "--template-file", str(template), "--stack-name", name)
        aws(*again, "--no-fail-on-empty-changeset")
        described = aws("cloudformation", "describe-stacks", "--stack-name", name)["Stacks"][0]
        assert described["StackStatus"] == "CREATE_COMPLETE"
        aws("cloudformation", "delete-stack", "--stack-name", name)
        aws("cloudformation", "wait", "stack-delete-complete", "--stack-name", name)


@case
def what_the_tool_deploys() -> None:
    for words in (
        ("iam", "list-roles"),
        ("logs", "describe-log-groups"),
        ("stepfunctions", "list-state-machines"),
        ("sagemaker", "list-processing-jobs"),
        ("scheduler", "list-schedules"),
        ("sns", "list-topics"),
        # the CLI has a default of its own for SQS, which AWS_ENDPOINT_URL does not change
        ("sqs", "list-queues", "--endpoint-url", os.environ["AWS_ENDPOINT_URL"]),
    ):
        aws(*words)


@refused("athena:ListEngineVersions")
def an_operation_that_is_not_emulated() -> None:
    aws("athena", "list-engine-versions")


@refused("ec2")
def a_service_that_is_not_emulated() -> None:
    aws("ec2", "describe-vpcs")
