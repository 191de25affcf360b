"""A plan larger than a state may hold."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from randomness import SOAK, times
from system.project import Project

OBJECTS = times("objects")
PIPELINE = """\
pipeline: many
region: us-east-1
datasets:
  readings:
    files: "*/readings.csv"
    columns: {minute: int}
"""


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="thousands of objects: `make soak` puts and reads them")
def test_a_plan_of_many_objects_runs(project: Project) -> None:
    """In the full count, thousands of source files go through: the plan stays in S3, the states hold counts only."""
    (project.root / "config" / "pipeline.yaml").write_text(PIPELINE)
    (project.root / "config" / "local.yaml").write_text("endpoint: embedded\n")
    project.deploy()
    s3, bucket = project.client("s3"), project.bucket

    def put(n: int) -> None:
        """One row, in a folder of its own."""
        s3.put_object(Bucket=bucket, Key=f"input/{n:05}/readings.csv", Body=f"minute\n{n}\n".encode())

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, range(OBJECTS)))
    done = project.ok("python", "data_pipeline_run.py", "local", "--json", timeout=1800).json
    assert done["results"]["decision"]["objects"] == OBJECTS
    summary = done["summary"]
    assert summary["rows"] == {"read": OBJECTS, "counted": OBJECTS, "quarantined": 0}
    assert len(summary["files"]) == summary["tables"]["readings"]["rows"] == OBJECTS
