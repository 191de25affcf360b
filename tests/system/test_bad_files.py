"""Files that cannot be read fail the run and are named; once they are let through, the others are published."""

from __future__ import annotations

import gzip
import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from randomness import SOAK
from system.project import Project

GOOD_NAME = "green_tripdata_2019-01.csv"
GOOD = "VendorID,lpep_pickup_datetime\n2,2019-01-01 00:00:00\n2,2019-01-01 00:16:00\n2,not a time\n"


def parquet_without_pages() -> bytes:
    """A footer that promises data pages, and nothing before it."""
    whole = io.BytesIO()
    pq.write_table(pa.table({"lpep_pickup_datetime": pa.array([0] * 1000, pa.timestamp("us"))}), whole)
    data = whole.getvalue()
    footer = int.from_bytes(data[-8:-4], "little") + 8
    return b"PAR1" + data[-footer:]


BAD = {
    "green_tripdata_2019-02.parquet": parquet_without_pages(),
    "green_tripdata_2019-03.csv.gz": gzip.compress(GOOD.encode() * 500)[:60],
    "green_tripdata_2019-04.csv": b"<!DOCTYPE html>\n<html><body>403 Forbidden</body></html>\n",
    "green_tripdata_2019-05.csv": b"",
    "green_tripdata_2019-06.csv": b"VendorID,somewhere,sometime\n2,3,4\n",
}


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="one more deployment and three runs: `make soak` makes them")
def test_no_files_and_bad_ones(project: Project, tmp_path: Path) -> None:
    """One story of one deployment."""
    project.deploy()
    an_empty_input_names_the_option_and_the_prefix(project)
    trips = tmp_path / "trips"
    trips.mkdir()
    for name, content in {**BAD, GOOD_NAME: GOOD.encode()}.items():
        (trips / name).write_bytes(content)
    bad_files_fail_the_run_and_are_named(project, trips)
    summary = what_that_run_found_is_let_through(project)
    without_a_good_file_nothing_is_published(project, summary["export"])


def an_empty_input_names_the_option_and_the_prefix(project: Project) -> None:
    """Nothing to count: the run says where it looked and how files get there."""
    done = project("python", "data_pipeline_run.py", "local")
    assert done.status == 1
    assert "--source" in done.err
    assert "/input/" in done.err


def bad_files_fail_the_run_and_are_named(project: Project, trips: Path) -> None:
    """Nothing is published, of the good file neither; each bad one is on the screen with its reason."""
    done = project("python", "data_pipeline_run.py", "local", "--source", str(trips))
    assert done.status == 1
    assert "the quality gate failed" in done.err
    assert f"unreadable-files of trip_counts: {len(BAD)}, limit 0" in done.err
    named = [line.split()[1] for line in done.out.splitlines() if line.startswith("unreadable ")]
    assert named == [f"{name}:" for name in BAD]
    assert not project.stored("output/warehouse/")
    assert not project.stored("output/export/")


def what_that_run_found_is_let_through(project: Project) -> dict[str, Any]:
    """Each bad file is in the summary with a reason of its own; the good one is counted."""
    summary: dict[str, Any] = project.run("--accept", "unreadable-files")["summary"]
    files = {file["source"]: file for file in summary["files"]}
    assert set(files) == {*BAD, GOOD_NAME}
    good = files.pop(GOOD_NAME)
    counts = (good["rows_read"], good["rows_counted"], good["rows_quarantined"], good["error"])
    assert counts == (3, 2, 1, None)
    reasons = [file["error"] for file in files.values()]
    assert all(reasons)
    assert len(set(reasons)) == len(BAD)
    assert summary["rows"] == {"read": 3, "counted": 2, "quarantined": 1}
    assert sum(project.table(summary["export"])["num_rides"].to_pylist()) == 2
    return summary


def without_a_good_file_nothing_is_published(project: Project, export: str) -> None:
    """The run is told what is wrong, and what was published stays to the byte."""
    bucket, _, _ = export.removeprefix("s3://").partition("/")
    project.client("s3").delete_object(Bucket=bucket, Key=f"input/{GOOD_NAME}")
    before = project.read(export)
    done = project("python", "data_pipeline_run.py", "local", "--json", "--reprocess")
    assert done.status == 1
    assert done.json["error"] == "QualityGateFailed"
    assert all(name in done.out for name in BAD)
    assert project.read(export) == before
