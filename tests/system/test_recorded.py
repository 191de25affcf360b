"""What an earlier version of the project deployed, read and published goes on: ``tests/recorded`` holds it."""

from __future__ import annotations

import subprocess
from collections import Counter

from recorded.record import ARCHIVE
from system.project import Project
from system.test_main_job import published, truth


def test_a_recorded_pipeline_goes_on_and_reads_nothing_again(project: Project) -> None:
    """The recorded stacks are updated in place and the tables are there; a run over the recorded files finds nothing
    new, and one over a file more reads that file only and keeps the counts of the others.
    """
    local = project.root / ".local"
    local.mkdir(exist_ok=True)
    subprocess.run(["tar", "-xf", ARCHIVE, "-C", local], check=True)  # tarfile's filter came with 3.11.4
    sample = local / "sample"
    counts = truth(sample)
    project.deploy()
    again = project.run("--source", str(sample))
    assert again["endedAt"] == "NothingNew"
    assert again["uploaded"]["files"] == []
    decision = again["results"]["decision"]
    assert (decision["new"], decision["changed"], decision["unchanged"]) == (0, 0, 40)
    added = "Dispatching_base_num,Pickup_date\nB1,2015-03-01 00:05:00\n"
    (sample / "fhv_tripdata_2015-03.csv").write_text(added)
    more = project.run("--source", str(sample))
    assert [file["source"] for file in more["summary"]["files"]] == ["fhv_tripdata_2015-03.csv"]
    counts["fhv"] += Counter({"2015-03-01 00:00:00": 1})
    assert published(project, more["summary"]["export"]) == counts
