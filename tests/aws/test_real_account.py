"""The three commands on a real AWS account: opt-in, since it takes an hour and costs a little money.

    DATA_PIPELINE_AWS_TESTS=1 DATA_PIPELINE_AWS_BUCKET=my-artifact-bucket python -m pytest tests/aws -s

The artifact bucket must exist; AWS settings (profile, credentials, region) are the caller's. Everything is made
in an environment with a name of its own and removed at the end, also when a test fails.
"""

from __future__ import annotations

import csv
import io
import os
import secrets
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pyarrow.parquet as pq
import pytest
from system.project import Done, Project

#: read when the module is, because no test sees the caller's AWS settings
CALLER = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
BUCKET = os.environ.get("DATA_PIPELINE_AWS_BUCKET", "")
REGION = os.environ.get("DATA_PIPELINE_AWS_REGION") or CALLER.get("AWS_REGION") or "us-east-1"
WANTED = os.environ.get("DATA_PIPELINE_AWS_TESTS") == "1"
#: longest wait for one command: a deployment, or a run whose machines have to be found
SECONDS = 3600.0

pytestmark = [
    pytest.mark.skipif(
        not WANTED, reason="costs money: set DATA_PIPELINE_AWS_TESTS=1 to run it on your account"
    ),
    pytest.mark.skipif(WANTED and not BUCKET, reason="set DATA_PIPELINE_AWS_BUCKET to an artifact bucket"),
]


class Account:
    """A project whose environment is on the caller's account, and clients to look at what it made."""

    def __init__(self, root: Path) -> None:
        self.project = Project(root)
        self.environment = f"t{secrets.token_hex(3)}"
        self.prefix = f"nyc-tlc-{self.environment}"
        self.session = boto3.Session(region_name=REGION)

    def command(self, *command: str) -> Done:
        """Run a command with the caller's AWS settings; it must succeed."""
        return self.project.ok(*command, timeout=SECONDS, **CALLER)

    def deploy(self) -> Done:
        self.command("python", "data_pipeline_create.py", self.environment)
        return self.command("./deploy.sh", self.environment, BUCKET, "--yes")

    def run(self, *options: str) -> dict[str, Any]:
        return self.command("python", "data_pipeline_run.py", self.environment, "--json", *options).json

    def published(self, export: str) -> dict[str, Counter[str]]:
        """Published trips per data set and window start."""
        bucket, _, key = export.removeprefix("s3://").partition("/")
        body = self.session.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        table = pq.read_table(io.BytesIO(body)).to_pydict()
        starts = [str(start) for start in table["timestamp"]]
        return {
            dataset: Counter({s: n for s, n in zip(starts, table[dataset], strict=True) if n})
            for dataset in ("yellow", "green", "fhv", "fhvhv")
        }


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    """An environment of the tests' own, removed with everything in it at the end."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_EC2_METADATA_DISABLED"):
            patch.delenv(name, raising=False)
        for name, value in CALLER.items():
            patch.setenv(name, value)
        made = Account(tmp_path_factory.mktemp("aws") / "project")
        made.project.configure(
            made.environment, region=REGION, schedule={"enabled": False}, log_retention_days=1
        )
        try:
            yield made
        finally:
            remove(made)


@pytest.fixture(scope="module")
def trips(account: Account) -> Path:
    directory = account.project.root / "trips"
    account.command("python", "jobs/sample.py", str(directory))
    return directory


def truth(directory: Path) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {name: Counter() for name in ("yellow", "green", "fhv", "fhvhv")}
    with (directory / "truth.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            counts[row["dataset"]][row["window_start"].replace("T", " ")] += int(row["trips"])
    return counts


def test_doctor_finds_no_problem(account: Account) -> None:
    """Every look-up is answered by AWS, and what it needs is there."""
    account.command("python", "data_pipeline_create.py", account.environment)
    done = account.command("python", "-m", "data_pipeline", "doctor", account.environment, "--json")
    assert [finding for finding in done.json["findings"] if finding["level"] == "unchecked"] == []


def test_deploy_then_deploy_again(account: Account) -> None:
    """Both stacks are made; a second deployment has nothing to do."""
    account.deploy()
    again = account.deploy()
    assert "no changes" in (again.out + again.err).lower()


def test_a_run_publishes_the_true_counts(account: Account, trips: Path) -> None:
    """Prepare on Glue's Python shell, Load on SageMaker; a second run uploads nothing and reads nothing."""
    account.project.configure(
        account.environment, steps={"prepare": {"service": "glue"}, "load": {"service": "sagemaker"}}
    )
    account.deploy()
    first = account.run("--source", str(trips))
    assert account.published(first["summary"]["export"]) == truth(trips)
    second = account.run("--source", str(trips))
    assert second["uploaded"]["files"] == []
    assert second["endedAt"] == "NothingNew"
    assert account.published(first["summary"]["export"]) == truth(trips)


def test_the_other_services_publish_the_same(account: Account, trips: Path) -> None:
    """Prepare on SageMaker, Load on Glue's Spark: one word of YAML each."""
    account.project.configure(
        account.environment, steps={"prepare": {"service": "sagemaker"}, "load": {"service": "glue"}}
    )
    account.deploy()
    result = account.run("--source", str(trips), "--reprocess")
    assert account.published(result["summary"]["export"]) == truth(trips)


def remove(account: Account) -> None:
    """Delete stacks, data, tables, artifacts and log groups of the environment."""
    stacks = account.session.client("cloudformation")
    storage, pipeline = f"{account.prefix}-storage", f"{account.prefix}-pipeline"
    kept = outputs(stacks, storage)
    delete_stack(stacks, pipeline)
    if kept:
        empty(account.session, kept["DataBucket"], "")
        drop_tables(account.session, kept["Database"])
        stacks.update_termination_protection(StackName=storage, EnableTerminationProtection=False)
        delete_stack(stacks, storage)
        account.session.client("s3").delete_bucket(Bucket=kept["DataBucket"])
        account.session.client("glue").delete_database(Name=kept["Database"])
    logs = account.session.client("logs")
    for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=f"/{account.prefix}/"):
        for group in page["logGroups"]:
            logs.delete_log_group(logGroupName=group["logGroupName"])


def outputs(stacks: Any, name: str) -> dict[str, str]:
    """Outputs of a stack; empty when there is none of that name."""
    try:
        found = stacks.describe_stacks(StackName=name)["Stacks"][0]
    except stacks.exceptions.ClientError as error:
        if "does not exist" not in str(error):
            raise
        return {}
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def delete_stack(stacks: Any, name: str) -> None:
    stacks.delete_stack(StackName=name)
    stacks.get_waiter("stack_delete_complete").wait(StackName=name)


def empty(session: Any, bucket: str, prefix: str) -> None:
    """Delete every version of every object under a prefix."""
    deadline = time.monotonic() + SECONDS
    versions = session.resource("s3").Bucket(bucket).object_versions.filter(Prefix=prefix)
    while any(True for _ in versions.limit(1)):
        assert time.monotonic() < deadline, f"s3://{bucket}/{prefix} does not become empty"
        versions.delete()


def drop_tables(session: Any, database: str) -> None:
    glue = session.client("glue")
    for page in glue.get_paginator("get_tables").paginate(DatabaseName=database):
        for table in page["TableList"]:
            glue.delete_table(DatabaseName=database, Name=table["Name"])
