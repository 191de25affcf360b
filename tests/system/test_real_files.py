"""Real trip files through the three commands, against an independent count of every window."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from independent_count import Count, count_file, features
from randomness import SOAK
from system.project import ROOT, Project

TLC = ROOT.parent / "shared" / "tlc"
PATTERN = "*_tripdata_????-??.*"


@pytest.fixture(scope="module", autouse=True)
def _real_files() -> None:
    if not TLC.is_dir():
        pytest.skip("the real trip files (../shared/tlc) are not here")


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="runs of whole months: `make soak` makes them")
@pytest.mark.parametrize("folder", ["parquet", "extracts"])
def test_real_files_give_the_independent_count(shared_project: Project, tmp_path: Path, folder: str) -> None:
    """From a reset environment, every window of X.parquet is what the csv module and PyArrow count alone. (The job by
    itself is tested on all folders.)
    """
    shared_project.ok("python", "-m", "data_pipeline", "local", "reset", "--yes")
    shared_project.deploy()
    summary = shared_project.run("--source", str(TLC / folder))["summary"]
    counts = {path.name: count_file(path) for path in sorted((TLC / folder).glob(PATTERN))}
    assert counts
    assert shared_project.table(summary["export"]).to_pylist() == features(counts)
    files = {file["source"]: file for file in summary["files"]}
    assert {name: (file["rows_read"], file["rows_quarantined"]) for name, file in files.items()} == {
        name: (count.rows, len(count.refused)) for name, count in counts.items()
    }
    assert all(f["rows_read"] == f["rows_counted"] + f["rows_quarantined"] for f in summary["files"])
    footers_and_a_cut_archive_are_refused_by_name(shared_project, tmp_path, summary["export"], counts)


def footers_and_a_cut_archive_are_refused_by_name(
    project: Project, folder: Path, export: str, counts: dict[str, Count]
) -> None:
    """Footers without data pages and a truncated archive fail the run and are reported; once they are let through, the
    file beside them counts.
    """
    for path in (TLC / "footers").iterdir():
        (folder / path.name.replace(".footer", "")).write_bytes(path.read_bytes())
    whole = (TLC / "extracts" / "green_tripdata_2013-08.csv.gz").read_bytes()
    (folder / "fhv_tripdata_2013-08.csv.gz").write_bytes(whole[: len(whole) // 2])
    good = folder / "green_tripdata_2013-08.csv"
    good.write_bytes(gzip.decompress(whole)[:100_000].rpartition(b"\n")[0] + b"\n")
    refused = {path.name for path in folder.iterdir()} - {good.name}
    before = project.read(export)
    failed = project("python", "data_pipeline_run.py", "local", "--source", str(folder))
    assert failed.status == 1
    assert f"unreadable-files of trip_counts: {len(refused)}, limit 0" in failed.err
    assert project.read(export) == before
    summary = project.run("--accept", "unreadable-files")["summary"]
    errors = {file["source"]: file["error"] for file in summary["files"]}
    assert {name for name, error in errors.items() if error} == refused
    counted = {good.name: count_file(good)}
    assert counted[good.name].windows
    assert project.table(export).to_pylist() == features({**counts, **counted})
