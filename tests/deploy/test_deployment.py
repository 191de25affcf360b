"""What a deployment asks of the artifact bucket on AWS, where nothing is made without being asked for."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
import yaml
from clients import client
from deploy.conftest import environment

from data_pipeline.aws.cloudformation import Stacks
from data_pipeline.aws.session import Connection
from data_pipeline.cli.deploying import deployment
from data_pipeline.cli.deploying.deployment import carry_out, gather
from data_pipeline.cli.deploying.target import Target
from data_pipeline.core.deployment.changes import StackChanges
from data_pipeline.core.errors import UserError
from data_pipeline.embedded_aws.server.endpoint import Endpoint

DATABASE = {"CatalogId": {"Ref": "AWS::AccountId"}, "DatabaseInput": {"Name": "nyc_tlc_placed"}}
STORAGE = {
    "Resources": {"Database": {"Type": "AWS::Glue::Database", "Properties": DATABASE}},
    "Outputs": {"Database": {"Value": {"Ref": "Database"}}},
}
PIPELINE = {
    "Parameters": {name: {"Type": "String"} for name in ("Database", "ArtifactBucket", "CodeVersion")},
    "Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},
    "Outputs": {"Code": {"Value": {"Fn::Sub": "${ArtifactBucket}/${CodeVersion}/${Database}"}}},
}


def never(plan: StackChanges) -> bool:
    raise AssertionError(f"a second question: {plan}")


@pytest.fixture
def target(
    connection: Connection,
    stacks: Stacks,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    embedded: Endpoint,
) -> Target:
    """An environment that says it is on AWS, at an embedded endpoint; its templates are two resources."""
    name = f"t{uuid.uuid4().hex[:8]}"
    monkeypatch.setattr(deployment, "root", lambda: tmp_path)
    (tmp_path / "templates").mkdir()
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "prepare.py").write_text("print()\n")
    storage = yaml.safe_dump(STORAGE).replace("placed", name)
    (tmp_path / "templates" / f"{name}-storage.yaml").write_text(storage)
    (tmp_path / "templates" / f"{name}-pipeline.yaml").write_text(yaml.safe_dump(PIPELINE))
    there = environment(endpoint="aws", name=name, tags={"team": "data"})
    return Target(there, connection, f"artifacts-{name}", stacks)


def test_a_bucket_that_is_not_there_is_an_error_that_names_the_option(target: Target) -> None:
    """Account, bucket and the whole command; nothing is made."""
    with pytest.raises(UserError) as found:
        gather(target, create_bucket=False)
    name, bucket = target.environment.name, target.bucket
    assert f"there is no bucket {bucket!r} in account 000000000000" in str(found.value)
    assert f"./deploy.sh {name} {bucket} --create-bucket" in str(found.value)
    assert target.stacks.find(target.environment.names.storage_stack) is None


def test_with_the_option_bucket_objects_and_stacks_are_made(target: Target, embedded: Endpoint) -> None:
    """In this order, without a second question: the pipeline stack's parameters come from all before it."""
    plan = gather(target, create_bucket=True)
    assert not plan.bucket_exists
    assert not plan.nothing
    outputs = carry_out(target, plan, never)
    version = plan.package.parameters["CodeVersion"]
    database = f"nyc_tlc_{target.environment.name}"
    assert outputs == {"Database": database, "Code": f"{target.bucket}/{version}/{database}"}
    again = gather(target, create_bucket=False)
    assert again.nothing
    stack = client(embedded, "cloudformation").describe_stacks(
        StackName=target.environment.names.pipeline_stack
    )
    tags = {tag["Key"]: tag["Value"] for tag in stack["Stacks"][0]["Tags"]}
    assert tags == {"team": "data", "pipeline": "nyc-tlc", "environment": target.environment.name}


def test_objects_that_have_gone_are_uploaded_again(target: Target, embedded: Endpoint) -> None:
    """An emptied artifact bucket is not "no changes", though both stacks are as they should be."""
    carry_out(target, gather(target, create_bucket=True), never)
    root = client(embedded, "s3")
    (key,) = [k for k in gather_keys(root, target.bucket) if k.endswith("prepare.py")]
    root.delete_object(Bucket=target.bucket, Key=key)
    plan = gather(target, create_bucket=False)
    assert list(plan.package.missing) == [key]
    assert plan.storage.plan.nothing
    assert plan.pipeline.plan.nothing
    carry_out(target, plan, never)
    assert gather(target, create_bucket=False).nothing


def test_a_plan_that_is_not_carried_out_leaves_nothing(target: Target) -> None:
    """No bucket, no stack, no stack in review."""
    gather(target, create_bucket=True).discard(target.stacks)
    names = target.environment.names
    assert target.stacks.find(names.storage_stack) is None
    assert target.stacks.find(names.pipeline_stack) is None


def gather_keys(root: object, bucket: str) -> list[str]:
    found = root.list_objects_v2(Bucket=bucket)["Contents"]  # type: ignore[attr-defined]
    return [entry["Key"] for entry in found]
