"""A plan larger than a state may hold."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from randomness import times
from system.project import Project

OBJECTS = times("objects")


@pytest.mark.soak
def test_a_plan_of_many_objects_runs(project: Project) -> None:
    """In the full count, thousands of source files go through: the plan stays in S3, the states hold counts only."""
    done = project.deploy()
    assert done.out
    outputs = project.client("cloudformation").describe_stacks(StackName="nyc-tlc-local-storage")["Stacks"][0]
    bucket = next(o["OutputValue"] for o in outputs["Outputs"] if o["OutputKey"] == "DataBucket")
    s3 = project.client("s3")

    def put(n: int) -> None:
        """One trip of its own minute, in a folder of its own."""
        key = f"input/{n:05}/green_tripdata_2019-{1 + n % 12:02}.csv"
        text = f"VendorID,lpep_pickup_datetime\n2,2019-{1 + n % 12:02}-01 00:{n % 60:02}:00\n"
        s3.put_object(Bucket=bucket, Key=key, Body=text.encode())

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, range(OBJECTS)))
    summary = project.ok("python", "data_pipeline_run.py", "local", "--json", timeout=1800).json["summary"]
    assert summary["rows"] == {"read": OBJECTS, "counted": OBJECTS, "quarantined": 0}
    assert len(summary["files"]) == OBJECTS
