"""Feature groups with stores, from the configuration to the records, with the permissions that the pages tell."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from randomness import SOAK
from system.project import ROOT, Project
from system.test_interruptions import trips

STORES = {"features": {"rides": {"online": True, "offline": True, "ttl_days": 10_000}}}


@pytest.fixture(scope="module")
def managed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The project with both stores of its group, deployed as the deployer's page says."""
    made = Project(tmp_path_factory.mktemp("features") / "project")
    _allow_feature_groups(made)
    made.configure("local", **STORES)
    made.deploy()
    yield made
    made.down()


def _allow_feature_groups(project: Project) -> None:
    """What docs/reference/deployer-policy.md adds, to the deployer that the tests make."""
    project.as_deployer()
    page = (
        (ROOT / "docs" / "reference" / "deployer-policy.md")
        .read_text()
        .partition("## With feature groups")[2]
    )
    (block,) = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    handed = {
        "Effect": "Allow",
        "Action": "iam:PassRole",
        "Resource": "arn:aws:iam::ACCOUNT_ID:role/PIPELINE-*",
        "Condition": {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
    }
    text = json.dumps({"Version": "2012-10-17", "Statement": [*json.loads(block), handed]})
    at = project.endpoint
    for name, value in {
        "REGION": at["region"],
        "ACCOUNT_ID": at["account"],
        "DATABASE_PREFIX": "nyc_tlc",
        "PIPELINE": "nyc-tlc",
    }.items():
        text = text.replace(name, value)
    project.client("iam").put_user_policy(
        UserName="deployer-nyc-tlc", PolicyName="features", PolicyDocument=text
    )


def features(project: Project, *words: str, status: int = 0) -> Any:
    done = project("python", "-m", "data_pipeline", "features", *words)
    assert done.status == status, done.err
    return done


def test_what_is_deployed_is_listed_and_shown(managed: Project) -> None:
    assert "rides  ride_counts  online, offline  Created" in features(managed, "list", "local").out
    shown = features(managed, "show", "local", "rides").out
    assert re.search(r"feature_group +nyc-tlc-local-rides", shown)
    assert re.search(r"dow +integral +day of the week, 1 on Sunday", shown)


@pytest.mark.skipif(SOAK, reason="the longer story begins so")
def test_the_stores_have_what_is_published(managed: Project, tmp_path: Path) -> None:
    """Every record once, and online the newest of each identifier."""
    the_first_run_fills_the_stores(managed, tmp_path)
    assert offline(managed, tmp_path) == published(managed, tmp_path)
    the_newest_are_online(managed, tmp_path)


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="three runs and two deployments: `make soak` makes them")
def test_the_stores_follow_what_is_published_and_defined(managed: Project, tmp_path: Path) -> None:
    """Every record once; what a re-issued month has changed; and all again with a feature that is added."""
    the_first_run_fills_the_stores(managed, tmp_path)
    trips(tmp_path / "trips", 1, 1_200)
    managed.run("--source", str(tmp_path / "trips"))
    done = ingested(managed)
    assert (done["appended"], done["put"]) == (2 * 14, 2)
    assert offline(managed, tmp_path) == published(managed, tmp_path)
    added = {"together": {"type": "integral", "column": "num_rides"}}
    managed.configure("local", features={"rides": {"features": added}})
    done = features(managed, "diff", "local", status=2)
    assert done.out == "rides: group: lacks the feature 'together'\n  deploy\n"
    managed.deploy()
    managed.run("--reprocess")
    assert ingested(managed)["appended"] == 2 * 80
    assert features(managed, "diff", "local").out == "rides: no differences\n"
    rows = offline(managed, tmp_path)
    assert rows == published(managed, tmp_path)
    assert records(managed, tmp_path / "asked", "--offline", "--athena").to_pylist() == rows
    assert all(row["together"] for row in rows)
    the_newest_are_online(managed, tmp_path)


def the_first_run_fills_the_stores(managed: Project, folder: Path) -> None:
    done = features(managed, "diff", "local", status=2)
    assert done.out == "rides: table: there is no table ride_counts yet\n  run the pipeline\n"
    trips(folder / "trips", 1, 1_000)
    managed.run("--source", str(folder / "trips"))
    done = ingested(managed)
    assert (done["appended"], done["put"]) == (2 * 67, 2)  # of all, and of the one data set


def the_newest_are_online(managed: Project, folder: Path) -> None:
    newest = {row["dataset"]: row for row in records(managed, folder / "published").to_pylist()}
    online = records(managed, folder / "online", "--record", "green", "--record", "all").to_pylist()
    assert online == [newest["green"], newest["all"]]


def ingested(project: Project) -> dict[str, Any]:
    """What the last run has ingested."""
    s3 = project.client("s3")
    (bucket,) = [b["Name"] for b in s3.list_buckets()["Buckets"] if "storage" in b["Name"]]
    found = s3.list_objects_v2(Bucket=bucket, Prefix="output/runs/")["Contents"]
    last = max((o for o in found if o["Key"].endswith("/ingested.json")), key=lambda o: o["LastModified"])
    document: dict[str, Any] = json.loads(project.read(f"s3://{bucket}/{last['Key']}"))
    rides: dict[str, Any] = document["groups"]["rides"]
    return rides


def records(project: Project, path: Path, *words: str) -> pa.Table:
    features(project, "get", "local", "-o", str(path), *words)
    return pq.read_table(path)


def offline(project: Project, folder: Path) -> list[dict[str, Any]]:
    """The de-duplicated records of the offline store, which follows within a while: once they are the published
    ones, or as they are after a minute.
    """
    end = time.monotonic() + 60
    while True:
        found = list(records(project, folder / "offline.parquet", "--offline").to_pylist())
        if found == published(project, folder) or time.monotonic() > end:
            return found
        time.sleep(0.5)


def published(project: Project, folder: Path) -> list[dict[str, Any]]:
    """The records of the published table, as SageMaker is given them."""
    found = []
    for row in records(project, folder / "published.parquet").to_pylist():
        times = {name: f"{row[name]:%Y-%m-%dT%H:%M:%SZ}" for name in ("window_end", "available_at")}
        found.append({**row, **times})
    return found


def test_a_deployment_refuses_what_would_lose_records(managed: Project) -> None:
    """Before anything is changed, with the safe way."""
    file = managed.root / "config" / "pipeline.yaml"
    whole = file.read_text()
    file.write_text(
        whole.replace("      doy: {type: integral, description: day of the year}\n", "").replace(
            ", month, doy]", ", month]"
        )
    )
    try:
        managed.ok("python", "data_pipeline_create.py", "local")
        done = managed("./deploy.sh", "local", "artifacts", "--yes")
        assert done.status == 1
        assert (
            "features.rides: the deployed group nyc-tlc-local-rides has the feature 'doy', which the definition does "
            "not have: write it again, since none can be removed; or add a group 'rides_v2' beside it, and take this "
            "one away when nothing reads it any more"
        ) in done.err
    finally:
        file.write_text(whole)
