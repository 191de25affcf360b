"""The maintenance on the embedded AWS: its machine, its role, and what is left of the tables."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from pyiceberg.catalog.glue import GlueCatalog
from system.project import Project
from system.test_interruptions import trips

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


def test_old_snapshots_and_their_files_go_and_tagged_ones_stay(project: Project, tmp_path: Path) -> None:
    """Three publications, the first one tagged: the second goes with its files, forty days later."""
    maintain_later(project.root)
    project.configure("local", maintenance={"arguments": {"retain-last": "1"}})
    project.deploy()
    early = project.ok("python", "-m", "data_pipeline", "maintenance", "run", "local")
    assert "there are no tables yet" in early.out
    for n in range(1, 4):
        trips(tmp_path / "trips", 1, 1_000 * n)
        project.run("--source", str(tmp_path / "trips"))
    at, s3 = project.endpoint, project.client("s3")
    access = {"s3.endpoint": at["url"], "s3.region": at["region"]}
    keys = {"s3.access-key-id": at["access_key"], "s3.secret-access-key": at["secret_key"]}
    catalog = GlueCatalog("glue", client=project.client("glue"), **access, **keys)
    load = partial(catalog.load_table, ("nyc_tlc_local", "ride_counts"))
    tagged, _, newest = [snapshot.snapshot_id for snapshot in load().snapshots()]
    load().manage_snapshots().create_tag(tagged, "training").commit()
    rows = {snapshot: load().scan(snapshot_id=snapshot).to_arrow() for snapshot in (tagged, newest)}
    bucket = load().location().removeprefix("s3://").partition("/")[0]

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
