"""Files that cannot be read do not stop the others, and are named with their reason."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from system.project import Project

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


def test_no_files_and_bad_ones(project: Project, tmp_path: Path) -> None:
    """One story of one deployment."""
    project.deploy()
    an_empty_input_names_the_option_and_the_prefix(project)
    bad_files_are_reported_by_name_and_do_not_stop_the_others(project, tmp_path / "trips")


def an_empty_input_names_the_option_and_the_prefix(project: Project) -> None:
    """Nothing to count: the run says where it looked and how files get there."""
    done = project("python", "data_pipeline_run.py", "local")
    assert done.status == 1
    assert "--source" in done.err
    assert "/input/" in done.err


def bad_files_are_reported_by_name_and_do_not_stop_the_others(project: Project, trips: Path) -> None:
    """Each bad file is in the summary with a reason of its own; the good one is counted."""
    trips.mkdir()
    for name, content in BAD.items():
        (trips / name).write_bytes(content)
    (trips / "green_tripdata_2019-01.csv").write_text(GOOD)
    summary = project.run("--source", str(trips))["summary"]
    files = {file["source"]: file for file in summary["files"]}
    assert set(files) == {*BAD, "green_tripdata_2019-01.csv"}
    good = files.pop("green_tripdata_2019-01.csv")
    assert (good["rows_read"], good["rows_counted"], good["rows_quarantined"], good["error"]) == (
        3,
        2,
        1,
        None,
    )
    reasons = [file["error"] for file in files.values()]
    assert all(reasons)
    assert len(set(reasons)) == len(BAD)
    assert summary["rows"] == {"read": 3, "counted": 2, "quarantined": 1}

    (trips / "green_tripdata_2019-01.csv").unlink()
    bucket, _, _ = summary["export"].removeprefix("s3://").partition("/")
    project.client("s3").delete_object(Bucket=bucket, Key="input/green_tripdata_2019-01.csv")
    before = project.read(summary["export"])
    done = project("python", "data_pipeline_run.py", "local", "--json", "--reprocess")
    assert done.status == 1
    assert all(name in done.out for name in list(BAD)[:2])
    assert project.read(summary["export"]) == before
