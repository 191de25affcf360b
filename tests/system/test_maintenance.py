"""The maintenance on the embedded AWS: its machine, its role, and what is left of the tables."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pytest
from clients import client, settings
from features.conftest import rides
from published import TABLES, TRIP_COUNTS
from system.project import Project

from data_pipeline.embedded_aws.server import lifecycle
from data_pipeline.etl.publishing import tables
from data_pipeline.etl.storage import filesystem

#: the end of a job like the real one, for which it is forty days later.
LATER = """\
def late(argv):
    main(argv, now=lambda: time.time() + 40 * 86_400)


if __name__ == "__main__":
    exits.run(late, sys.argv[1:])
"""


def maintain_later(root: Path) -> None:
    """Have the project's maintenance look at its tables as if 40 days had gone by."""
    job = root / "data_pipeline" / "etl" / "jobs" / "maintenance.py"
    later = root / "jobs" / job.name  # in the place of the tool's own
    later.write_text(job.read_text().partition("if __name__")[0] + LATER)


def publish(at: tables.Tables, number: int) -> None:
    """Replace the rows of both tables, as the run of this number does."""
    counted = rides(number, hours=20)
    columns = {"month": ["2019-01"] * 20, "window_start": counted["timestamp"], "trips": counted["num_rides"]}
    trips = pa.table({**columns, "dataset": ["green"] * 20}).cast(TRIP_COUNTS)
    for name, rows in (("trip_counts", trips), ("ride_counts", counted)):
        table = at.load(name)
        old = [task.file for task in table.scan().plan_files()]
        tables.replace(table, old, [rows], {"pipeline.run": f"run-{number}"})


def test_old_snapshots_and_their_files_go_and_tagged_ones_stay(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three publications, the first one tagged: the second goes with its files, forty days later."""
    maintain_later(project.root)
    project.configure("local", maintenance={"arguments": {"retain-last": "1"}})
    project.deploy()
    early = project.ok("python", "-m", "data_pipeline", "maintenance", "run", "local")
    assert "there are no tables yet" in early.out
    endpoint, bucket = lifecycle.ensure_up(project.root / ".local" / "aws", 0), project.bucket
    for name, value in settings(endpoint).items():
        monkeypatch.setenv(name, value)
    filesystem._s3.cache_clear()  # clients of an earlier test's settings
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it keeps the credentials that it has found
    at, s3 = (
        tables.connect("glue:nyc_tlc_local", f"s3://{bucket}/output/warehouse", TABLES),
        client(endpoint, "s3"),
    )
    for number in range(1, 4):
        publish(at, number)
    load = partial(at.load, "ride_counts")
    tagged, _, newest = [snapshot.snapshot_id for snapshot in load().snapshots()]
    load().manage_snapshots().create_tag(tagged, "training").commit()
    rows = {snapshot: load().scan(snapshot_id=snapshot).to_arrow() for snapshot in (tagged, newest)}

    def stored() -> set[str]:
        listed: Any = s3.list_objects_v2(Bucket=bucket, Prefix="output/warehouse/ride_counts/data/")
        return {entry["Key"] for entry in listed["Contents"]}

    before = stored()
    done = project.ok("python", "-m", "data_pipeline", "maintenance", "run", "local", "--json").json
    assert done["status"] == "SUCCEEDED"
    assert done["output"]["tables"]["ride_counts"]["snapshots"] == 1
    assert done["output"]["tables"]["trip_counts"]["snapshots"] == 2
    assert [snapshot.snapshot_id for snapshot in load().snapshots()] == [tagged, newest]
    assert len(before - stored()) == 1
    assert all(load().scan(snapshot_id=n).to_arrow().equals(table) for n, table in rows.items())
