"""One deployment for all removals of a worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from removal.world import World
from system.project import Project
from system.test_maintenance import LATER

TRIPS = "pickup_datetime,dropoff_datetime\n2019-01-05 10:07:00,2019-01-05 10:20:00\n"


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The shipped pipeline, deployed by its documented deployer, with one small file to count."""
    project = Project(tmp_path_factory.mktemp("removal") / "project")
    try:
        (project.root / "jobs" / "later.py").write_text(LATER)
        project.configure("local", maintenance={"script": "later.py", "arguments": {"retain-last": "1"}})
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
