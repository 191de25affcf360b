"""Killed in the middle of a run: what was published stays whole, and the next run completes."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.catalog.glue import GlueCatalog
from randomness import SEED, times
from system.project import Project
from waiting import until

DEADLINE = 60.0


def trips(directory: Path, month: int, rows: int) -> None:
    """One green CSV file of 2019, a trip a minute."""
    directory.mkdir(exist_ok=True)
    lines = ["VendorID,lpep_pickup_datetime,lpep_dropoff_datetime"]
    for n in range(rows):
        pickup = f"2019-{month:02}-{1 + n // 1440:02} {n // 60 % 24:02}:{n % 60:02}:00"
        lines.append(f"2,{pickup},{pickup}")
    (directory / f"green_tripdata_2019-{month:02}.csv").write_text("\n".join(lines) + "\n")


def ride_counts(project: Project) -> pa.Table:
    """The published table, read through the catalog as a reader would."""
    at = project.endpoint
    keys = {"s3.access-key-id": at["access_key"], "s3.secret-access-key": at["secret_key"]}
    keys |= {"glue.access-key-id": at["access_key"], "glue.secret-access-key": at["secret_key"]}
    where = {"s3.endpoint": at["url"], "glue.endpoint": at["url"]}
    where |= {"s3.region": at["region"], "glue.region": at["region"]}
    catalog = GlueCatalog("test", **keys, **where)
    return catalog.load_table("nyc_tlc_local.ride_counts").scan().to_arrow().sort_by("timestamp")


def children(pid: int) -> list[int]:
    """Every process below ``pid``."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout
    parents = [tuple(map(int, line.split())) for line in listed.splitlines()]
    found = [pid]
    for above in found:
        found += [p for p, parent in parents if parent == above]
    return found[1:]


def running_jobs(project: Project) -> list[str]:
    jobs = project.client("sagemaker").list_processing_jobs(StatusEquals="InProgress")
    return [job["ProcessingJobName"] for job in jobs["ProcessingJobSummaries"]]


def seconds_of_the_job(project: Project) -> float:
    """How long the only processing job that has ended took."""
    sagemaker = project.client("sagemaker")
    (job,) = sagemaker.list_processing_jobs(StatusEquals="Completed")["ProcessingJobSummaries"]
    found = sagemaker.describe_processing_job(ProcessingJobName=job["ProcessingJobName"])
    return float((found["ProcessingEndTime"] - found["ProcessingStartTime"]).total_seconds())


def export(project: Project) -> str:
    """Where the stack says that the features are."""
    stacks = project.client("cloudformation").describe_stacks(StackName="nyc-tlc-local-pipeline")["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stacks[0]["Outputs"]}
    return outputs["ExportUri"]


@pytest.fixture
def published(project: Project, tmp_path: Path) -> Project:
    """A project whose first month is published, and whose input holds a second one."""
    project.deploy()
    trips(tmp_path / "trips", 1, 20_000)
    project.run("--source", str(tmp_path / "trips"))
    trips(tmp_path / "trips", 2, 30_000)
    return project


def assert_whole(project: Project, allowed: set[int]) -> None:
    """The published table is one of the whole ones: its rides are one of the allowed totals."""
    assert sum(ride_counts(project)["num_rides"].to_pylist()) in allowed


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("kill-server")))
def test_killing_the_embedded_aws_leaves_a_whole_table(
    published: Project, tmp_path: Path, attempt: int
) -> None:
    """SIGKILL at a random moment of a run: old table or new one, no job left over, the next run completes."""
    delay = random.Random(f"{SEED}-kill-server-{attempt}").uniform(0.1, 6.0)
    run = published.start("python", "data_pipeline_run.py", "local", "--source", str(tmp_path / "trips"))
    until(lambda: run.poll() is not None or bool(children(published.endpoint["pid"])))
    time.sleep(delay)
    server = published.endpoint["pid"]
    jobs = children(server)
    os.kill(server, signal.SIGKILL)
    run.communicate(timeout=DEADLINE)
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in jobs) or not Path("/proc").exists())
    published.ok("python", "-m", "data_pipeline", "local", "up")
    assert_whole(published, {20_000, 50_000})
    published.run("--source", str(tmp_path / "trips"))
    assert_whole(published, {50_000})
    assert sum(published.table(export(published))["num_rides"].to_pylist()) == 50_000


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("kill-job")))
def test_killing_the_job_fails_the_run_with_its_cause(
    published: Project, tmp_path: Path, attempt: int
) -> None:
    """SIGKILL of the counting job: the run names the state, the table stays, the next run completes.

    It is killed within half of the time that the first month took: to see that it runs takes a while, too.
    """
    delay = random.Random(f"{SEED}-kill-job-{attempt}").uniform(0.0, 0.5) * seconds_of_the_job(published)
    run = published.start("python", "data_pipeline_run.py", "local", "--source", str(tmp_path / "trips"))
    until(lambda: bool(running_jobs(published)) and bool(children(published.endpoint["pid"])))
    time.sleep(delay)
    for pid in children(published.endpoint["pid"]):
        os.kill(pid, signal.SIGKILL)
    _, err = run.communicate(timeout=DEADLINE)
    assert run.returncode == 1
    assert "RideCounts" in err
    assert "Traceback" not in err
    assert_whole(published, {20_000})
    published.run()
    assert_whole(published, {50_000})
