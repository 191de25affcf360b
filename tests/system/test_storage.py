"""Stacks that are deleted and deployed again: what they retained is taken over, and read as before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from randomness import SOAK
from system.project import Project
from system.test_features import STORES, _allow_feature_groups, records
from system.test_interruptions import trips
from waiting import until

LOGS = "/aws/vendedlogs/states/nyc-tlc-local"


def delete_stacks(project: Project) -> None:
    """Both stacks of the environment, as somebody who clears up an account deletes them."""
    client = project.client("cloudformation")
    for stack in ("nyc-tlc-local-pipeline", "nyc-tlc-local-storage"):
        client.update_termination_protection(StackName=stack, EnableTerminationProtection=False)
        client.delete_stack(StackName=stack)
        until(
            lambda stack=stack: not [s for s in client.describe_stacks()["Stacks"] if s["StackName"] == stack]
        )


def stored(project: Project, folder: Path) -> dict[str, Any]:
    """What is read: the published records, those of the online store, and the buckets that hold data."""
    names = [bucket["Name"] for bucket in project.client("s3").list_buckets()["Buckets"]]
    online = records(project, folder / "online.parquet", "--record", "green", "--record", "all")
    records(project, folder / "published.parquet")
    return {
        "buckets": sorted(name for name in names if "storage" in name),
        "published": pq.read_table(folder / "published.parquet").to_pylist(),
        "online": online.to_pylist(),
    }


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="three deployments and two runs: `make soak` makes them")
def test_stacks_that_were_deleted_are_deployed_again_over_what_they_left(
    project: Project, tmp_path: Path
) -> None:
    """Bucket, policy, database, groups, their roles and a left-over log group: shown, then taken over as they are."""
    _allow_feature_groups(project)
    project.configure("local", **STORES)
    project.deploy()
    trips(tmp_path / "trips", 1, 1_000)
    project.run("--source", str(tmp_path / "trips"))
    before = stored(project, tmp_path)
    assert len(before["buckets"]) == 1
    assert before["published"]

    delete_stacks(project)
    project.client("logs").create_log_group(logGroupName=LOGS)
    told = project.deploy().err
    for line in (
        f"< DataBucket (AWS::S3::Bucket): {before['buckets'][0]}",
        "< Database (AWS::Glue::Database): nyc_tlc_local",
        "< RidesFeatureGroup (AWS::SageMaker::FeatureGroup): nyc-tlc-local-rides",
        f"< StateMachineLogs (AWS::Logs::LogGroup): {LOGS}",
    ):
        assert line in told
    assert told.index("6 to take over") < told.index("taken over")
    assert stored(project, tmp_path) == before
    run = project.run("--source", str(tmp_path / "trips"))
    assert run["status"] == "SUCCEEDED"
    assert project.deploy().err.count("no changes: local is deployed as it stands here") == 1

    record = json.loads(project.read("s3://artifacts/nyc-tlc/local/deployments.json"))
    assert [each["retained"] for each in record["deployments"]] == [{"DataBucket": before["buckets"][0]}] * 2
    for each in record["deployments"]:
        assert each["by"].endswith(":user/deployer-nyc-tlc")
        assert [artifact.split("/")[2] for artifact in each["artifacts"]].count("code") == 1
