"""Killed in the middle of a run: what was published stays whole, and the next run completes."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest
from pyiceberg.catalog.glue import GlueCatalog
from randomness import SEED, SOAK, times
from system.project import Project
from waiting import until

DEADLINE = 60.0
#: trips of the first month.
FIRST = 20_000


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


def seconds_of_a_job(project: Project) -> float:
    """How long the first processing job that has ended took."""
    sagemaker = project.client("sagemaker")
    jobs = sagemaker.list_processing_jobs(
        StatusEquals="Completed", SortBy="CreationTime", SortOrder="Ascending"
    )
    name = jobs["ProcessingJobSummaries"][0]["ProcessingJobName"]
    found = sagemaker.describe_processing_job(ProcessingJobName=name)
    return float((found["ProcessingEndTime"] - found["ProcessingStartTime"]).total_seconds())


def export(project: Project) -> str:
    """Where the stack says that the features are."""
    stacks = project.client("cloudformation").describe_stacks(StackName="nyc-tlc-local-pipeline")["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stacks[0]["Outputs"]}
    return f"{outputs['ExportUri']}X.parquet"


@dataclass
class Published:
    """A project whose first month is published, and the folder of its trips."""

    project: Project
    trips: Path

    def source(self) -> tuple[str, ...]:
        return ("python", "data_pipeline_run.py", "local", "--source", str(self.trips))

    def rides(self) -> int:
        return sum(ride_counts(self.project)["num_rides"].to_pylist())

    def issue(self, rows: int) -> tuple[int, int]:
        """Issue the second month with so many trips; all rides of before, and those that a run will publish."""
        trips(self.trips, 2, rows)
        return self.rides(), FIRST + rows


@pytest.fixture(scope="module")
def published(shared_project: Project, tmp_path_factory: pytest.TempPathFactory) -> Published:
    made = Published(shared_project, tmp_path_factory.mktemp("trips"))
    shared_project.deploy()
    trips(made.trips, 1, FIRST)
    shared_project.ok(*made.source())
    return made


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("kill-server")))
def test_killing_the_embedded_aws_leaves_a_whole_table(published: Published, attempt: int) -> None:
    """SIGKILL at a random moment of a run: old table or new one, no job left over, the next run completes."""
    project = published.project
    delay = random.Random(f"{SEED}-kill-server-{attempt}").uniform(0.1, 6.0)
    before, after = published.issue(30_001 + attempt)
    run = project.start(*published.source())
    until(lambda: run.poll() is not None or bool(children(project.endpoint["pid"])))
    time.sleep(delay)
    server = project.endpoint["pid"]
    jobs = children(server)
    os.kill(server, signal.SIGKILL)
    run.communicate(timeout=DEADLINE)
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in jobs) or not Path("/proc").exists())
    project.ok("python", "-m", "data_pipeline", "local", "up")
    assert published.rides() in {before, after}
    project.ok(*published.source())
    assert published.rides() == after
    assert sum(project.table(export(project))["num_rides"].to_pylist()) == after


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="two more runs: `make soak` makes them")
@pytest.mark.parametrize("attempt", range(times("kill-job")))
def test_killing_the_job_fails_the_run_with_its_cause(published: Published, attempt: int) -> None:
    """SIGKILL of the loading job: the run names the state, the table stays, the next run completes.

    It is killed within half of the time that the first month took: to see that it runs takes a while, too.
    """
    project = published.project
    delay = random.Random(f"{SEED}-kill-job-{attempt}").uniform(0.0, 0.5) * seconds_of_a_job(project)
    before, after = published.issue(31_001 + attempt)
    run = project.start(*published.source())
    until(lambda: bool(running_jobs(project)) and bool(children(project.endpoint["pid"])))
    time.sleep(delay)
    for pid in children(project.endpoint["pid"]):
        os.kill(pid, signal.SIGKILL)
    _, err = run.communicate(timeout=DEADLINE)
    assert run.returncode == 1
    assert "Load" in err
    assert "Traceback" not in err
    assert published.rides() == before
    project.run()
    assert published.rides() == after
