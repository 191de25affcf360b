"""One deployment for all removals of a worker."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from environments import NOTIFY
from removal.world import World
from system.project import Project
from system.test_maintenance import maintain_later

sys.path.insert(0, str(Path(__file__).parents[1] / "etl" / "mirror"))

from source_server import File, SourceServer

EVERY = '{yellow: "2009-01", green: "2013-08", fhv: "2015-01", fhvhv: "2019-02"}'
TRIPS = "pickup_datetime,dropoff_datetime\n2019-01-05 10:07:00,2019-01-05 10:20:00\n"


@pytest.fixture(scope="session")
def source() -> Iterator[SourceServer]:
    """A source with one side file and no trip file."""
    with SourceServer() as server:
        server.files["/misc/zones.csv"] = File(b"id,zone\n1,A\n")
        yield server


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, source: SourceServer) -> Iterator[World]:
    """The shipped pipeline with all that an environment may turn on, deployed by its documented deployer, with one
    small file to count.
    """
    project = Project(tmp_path_factory.mktemp("removal") / "project")
    try:
        maintain_later(project.root)
        project.configure(
            "local",
            maintenance={"arguments": {"retain-last": "1"}},
            sources={
                "trips": {"url": f"{source.url}/{{dataset:fhv}}_tripdata_{{year}}-{{month:02}}.parquet"},
                "zones": {"files": [f"{source.url}/misc/zones.csv"], "to": "misc"},
            },
            mirror={"on_run": True, "requests_per_second": 100, "connections": 1},
            **NOTIFY,
        )
        pipeline = project.root / "config" / "pipeline.yaml"
        assert EVERY in pipeline.read_text()
        pipeline.write_text(pipeline.read_text().replace(EVERY, '{fhv: "2026-08"}'))
        project.deploy()
        made = World(project)
        key = "input/green_tripdata_2019-01.csv"
        header = "lpep_pickup_datetime"
        made.client("s3").put_object(
            Bucket=made.bucket, Key=key, Body=TRIPS.replace("pickup_datetime", header, 1).encode()
        )
        yield made
    finally:
        project.down()
