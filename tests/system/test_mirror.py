"""The mirror as a user has it: `mirror run`, and runs of the pipeline that mirror first, on a source of the tests."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from randomness import SOAK
from system.project import Project

sys.path.insert(0, str(Path(__file__).parents[1] / "etl" / "mirror"))

from source_server import File, SourceServer

MIRROR = ("python", "-m", "data_pipeline", "mirror")


def trips(month: str, *minutes: int) -> File:
    """A fhv file with a trip at each of these minutes of its month."""
    at = [pa.scalar(f"{month}-01 {m // 60:02}:{m % 60:02}:00") for m in minutes]
    times = pa.array([text.as_py() for text in at]).cast(pa.timestamp("us"))
    buffer = io.BytesIO()
    pq.write_table(
        pa.table({"dispatching_base_num": ["B1"] * len(minutes), "pickup_datetime": times}), buffer
    )
    return File(buffer.getvalue())


@pytest.fixture(scope="module")
def source():
    """Three months of one data set, and a side file."""
    with SourceServer() as server:
        for number in (1, 2, 3):
            name = f"fhv_tripdata_2015-0{number}.parquet"
            server.files[f"/trip-data/{name}"] = trips(f"2015-0{number}", *range(number * 10))
        server.files["/misc/zones.csv"] = File(b"id,zone\n1,A\n")
        yield server


@pytest.fixture(scope="module")
def project(shared_project: Project, source: SourceServer) -> Project:
    """A deployed project whose environment has that source, and mirrors in every run."""
    pattern = source.url + "/trip-data/{dataset:fhv}_tripdata_{year}-{month:02}.parquet"
    shared_project.configure(
        "local",
        sources={
            "trips": {"url": pattern},
            "zones": {"files": [f"{source.url}/misc/zones.csv"]},
        },
        mirror={"on_run": True, "requests_per_second": 100, "connections": 1},
    )
    path = shared_project.root / "config" / "pipeline.yaml"
    every = '{yellow: "2009-01", green: "2013-08", fhv: "2015-01", fhvhv: "2019-02"}'
    assert every in path.read_text()
    path.write_text(path.read_text().replace(every, '{fhv: "2015-01"}'))
    shared_project.deploy()
    return shared_project


@pytest.mark.skipif(SOAK, reason="the longer story begins so")
def test_what_a_run_mirrors_is_published(project: Project, source: SourceServer) -> None:
    """The mirror by itself has nothing left to do then."""
    a_run_mirrors_plans_and_publishes(project, source)
    shown = project.ok(*MIRROR, "run", "local").out.splitlines()
    assert shown[1].split() == ["fhv", "-", "-", "3", "6", "-", "-", "0", "bytes"]


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="one more run and six commands: `make soak` makes them")
def test_a_source_from_its_first_run_to_its_earlier_issues(project: Project, source: SourceServer) -> None:
    """One story, since each part goes on with what the one before has left."""
    a_run_mirrors_plans_and_publishes(project, source)
    a_partial_mirror_makes_the_run_say_so(project, source)
    mirror_run_ends_with_a_table(project, source)
    verify_and_versions(project, source)


def a_run_mirrors_plans_and_publishes(project: Project, source: SourceServer) -> None:
    """One execution, in the deployed role: what is published comes, is counted, and the run says so; a re-issue
    flows into the next run by itself, and a run without news ends early.
    """
    first = project.run()
    assert first["endedAt"] == "PublishedWithWarnings"  # few windows have trips
    assert first["output"]["partial"] is False
    decision = first["results"]["decision"]
    assert decision["mirror"] == {
        "new": 4,
        "updated": 0,
        "unchanged": 0,
        "unpublished": 6,
        "failed": 0,
        "left": 0,
        "bytes": decision["mirror"]["bytes"],
    }
    assert first["summary"]["rows"]["counted"] == 60
    assert project.run()["endedAt"] == "NothingNew"
    source.files["/trip-data/fhv_tripdata_2015-02.parquet"] = trips("2015-02", *range(25))
    third = project.run()
    assert [file["source"] for file in third["summary"]["files"]] == ["fhv_tripdata_2015-02.parquet"]
    assert third["results"]["decision"]["changed"] == 1
    windows = project.table(third["summary"]["export"])
    assert sum(windows["num_rides"].to_pylist()) == 10 + 25 + 30


def a_partial_mirror_makes_the_run_say_so(project: Project, source: SourceServer) -> None:
    """A file that fails stops neither the others nor the run; the machine's output and the summary tell."""
    source.files["/trip-data/fhv_tripdata_2015-04.parquet"] = trips("2015-04", 1, 2)
    zones = source.files.pop("/misc/zones.csv")
    done = project.ok("python", "data_pipeline_run.py", "local")
    source.files["/misc/zones.csv"] = zones
    assert "mirror      partial: 1 new, 3 unchanged, 6 not yet published, 1 failed;" in done.out
    assert "message     the mirror of the source is partial: 1 failed" in done.out
    executions = project.client("stepfunctions")
    machines = executions.list_state_machines()["stateMachines"]
    (machine,) = (found for found in machines if found["name"] == "nyc-tlc-local")
    latest = executions.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"][0]
    output = executions.describe_execution(executionArn=latest["executionArn"])["output"]
    assert json.loads(output)["partial"] is True


def mirror_run_ends_with_a_table(project: Project, source: SourceServer) -> None:
    """The whole of what is printed where nothing is new, of a dry run, and of a file that failed."""
    done = project.ok(*MIRROR, "run", "local")
    uri = done.out.splitlines()[-1].partition(":  ")[0]
    assert done.out.splitlines()[:4] == [
        "data set  new  updated  unchanged  not yet published  failed  left for the next run  fetched",
        "fhv         -        -          4                  6       -                      -  0 bytes",
        "zones       -        -          1                  -       -                      -  0 bytes",
        "all         -        -          5                  6       -                      -  0 bytes",
    ]
    assert "0 bytes fetched in " in uri
    source.files["/trip-data/fhv_tripdata_2015-05.parquet"] = trips("2015-05", 1, 2)
    dry = project.ok(*MIRROR, "run", "local", "--dry-run", "--months", "2015-05")
    size = len(source.files["/trip-data/fhv_tripdata_2015-05.parquet"].content)
    assert dry.out.splitlines()[-1].startswith(f"nothing was fetched; {size} bytes would be, into s3://")
    source.files["/trip-data/fhv_tripdata_2015-05.parquet"] = File(b"<html>busy</html>")
    failed = project(*MIRROR, "run", "local", "--months", "2015-05")
    assert failed.status == 1
    reason = "it is a page of text in the place of the file, 4 times in a row"
    assert f"error: the mirror brought nothing, fhv_tripdata_2015-05.parquet failed: {reason}" in failed.err
    assert failed.out == ""
    del source.files["/trip-data/fhv_tripdata_2015-05.parquet"]


def verify_and_versions(project: Project, _: SourceServer) -> None:
    """What is stored is as recorded; the earlier issue of the re-issued month is listed with its version."""
    done = project.ok(*MIRROR, "verify", "local", "--part", "dataset=fhv")
    assert done.out.startswith("4 files in s3://")
    listed = project.ok(*MIRROR, "versions", "local", "--json")
    assert list(json.loads(listed.out)) == ["fhv_tripdata_2015-02.parquet"]
    (issue,) = json.loads(listed.out)["fhv_tripdata_2015-02.parquet"]
    assert issue["version"] in project.ok(*MIRROR, "versions", "local").out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--part", "dataset=yelow"), "found 'yelow', expected 'yellow', 'green', 'fhv' or 'fhvhv'"),
        (("--dataset", "green"), "did you mean --part dataset=green?"),
        (("--months", "2015"), "found '2015', expected a month or a range of months"),
    ],
)
def test_what_is_no_choice_is_told(project: Project, options: tuple[str, ...], message: str) -> None:
    """One line, exit 1, no traceback."""
    done = project(*MIRROR, "run", "local", *options)
    assert done.status == 1
    assert message in done.err
    assert "Traceback" not in done.err
