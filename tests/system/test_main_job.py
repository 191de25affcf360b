"""The three commands, end to end, on the embedded AWS."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from randomness import SOAK
from system.project import Project

DATASETS = ("yellow", "green", "fhv", "fhvhv")
NAMED = re.compile(r"(?P<dataset>[a-z]+)_tripdata_(?P<month>\d{4}-\d\d)\..*")


def sampled(project: Project, *options: str) -> Path:
    """Sample trip files beside their true counts."""
    directory = project.root / ".local" / "sample"
    project.ok("python", "jobs/sample.py", str(directory), *options)
    return directory


def truth(directory: Path) -> dict[str, Counter[str]]:
    """True trips per data set and window start, as ISO text."""
    counts: dict[str, Counter[str]] = {dataset: Counter() for dataset in DATASETS}
    with (directory / "truth.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            counts[row["dataset"]][row["window_start"].replace("T", " ")] += int(row["trips"])
    return counts


def published(project: Project, export: str) -> dict[str, Counter[str]]:
    """Published trips per data set and window start, as ISO text."""
    table = project.table(export).to_pydict()
    starts = [str(start) for start in table["timestamp"]]
    return {
        dataset: Counter({s: n for s, n in zip(starts, table[dataset], strict=True) if n})
        for dataset in DATASETS
    }


def test_sample_run_publishes_the_true_counts_and_a_second_run_the_same(project: Project) -> None:
    """Files of every layout, deployed and run as the README says, give the generator's own counts; a second run finds
    nothing new.
    """
    directory = sampled(project)
    project.deploy()
    first = project.run("--source", str(directory))
    rows = first["summary"]["rows"]
    assert rows["read"] == rows["counted"] + rows["quarantined"] > 0
    assert rows["quarantined"] > 0
    counts = published(project, first["summary"]["export"])
    assert counts == truth(directory)
    what_a_run_tells_of_its_windows(first, counts)
    again = project.run("--source", str(directory))
    assert again["endedAt"] == "NothingNew"
    assert published(project, first["summary"]["export"]) == truth(directory)


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="two more runs over the sample: `make soak` makes them")
def test_a_run_that_is_forced_publishes_the_same(project: Project) -> None:
    """Every file is read again."""
    directory = sampled(project)
    project.deploy()
    first = project.run("--source", str(directory))
    forced = project.run("--reprocess")
    assert published(project, forced["summary"]["export"]) == truth(directory)
    assert forced["summary"]["rows"] == first["summary"]["rows"]


def what_a_run_tells_of_its_windows(done: dict[str, Any], counts: dict[str, Counter[str]]) -> None:
    """Of months that a file is of, and of no month that a few of its trips stray into."""
    files = [NAMED.fullmatch(file["source"]) for file in done["summary"]["files"]]
    months = {(name["dataset"], name["month"]) for name in files if name}
    warned = [each["source"] for each in done["summary"]["quality"]["warnings"]]
    assert warned
    assert {*warned} <= {f"trip_counts {month} dataset={dataset}" for dataset, month in months}
    there = {
        dataset: [n for start, n in mine.items() if (dataset, start[:7]) in months]
        for dataset, mine in counts.items()
    }
    told = {
        each["series"].removeprefix("dataset="): each["now"]
        for each in done["summary"]["statistics"]["trip_counts"]
        if each["feature"] == "rows"
    }
    assert {name: told[name]["rows"] for name in DATASETS} == {
        name: len(mine) for name, mine in there.items()
    }
    assert {name: told[name]["max"] for name in DATASETS} == {name: max(mine) for name, mine in there.items()}
    assert done["results"]["verdict"]["statistics"]["trip_counts"] == {"now": told["all"], "before": None}


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="one more deployment and run: `make soak` makes them")
def test_another_bucket_other_services_and_another_directory(project: Project, tmp_path: Path) -> None:
    """What an environment may have otherwise, in one: an existing bucket, in place of which the stack makes none; the
    services of both steps swapped, by one word of YAML each; and the commands called from elsewhere, which leaves no
    file there. The same jobs give the same counts, and what is deployed already is not uploaded again.
    """
    elsewhere, root = tmp_path / "elsewhere", project.root
    elsewhere.mkdir()
    directory = sampled(project, "--dataset", "fhv")
    project.ok("python", "-m", "data_pipeline", "local", "up")
    project.client("s3").create_bucket(Bucket="my-own-data")
    project.configure(
        "local",
        data={"bucket": "my-own-data", "input": "raw/trips", "output": "features"},
        steps={"prepare": {"service": "sagemaker"}, "load": {"service": "glue"}},
    )
    project.ok("python", str(root / "data_pipeline_create.py"), "local", cwd=elsewhere)
    deploy = (str(root / "deploy.sh"), "local", "artifacts", "--yes")
    project.ok(*deploy, cwd=elsewhere, **project.as_deployer())
    command = ("python", str(root / "data_pipeline_run.py"), "local", "--json", "--source", str(directory))
    result = project.ok(*command, cwd=elsewhere).json
    assert not list(elsewhere.iterdir())
    assert result["summary"]["export"] == "s3://my-own-data/features/export/X.parquet"
    assert published(project, result["summary"]["export"]) == truth(directory)
    buckets = {bucket["Name"] for bucket in project.client("s3").list_buckets()["Buckets"]}
    assert buckets == {"artifacts", "my-own-data"}
    runs = project.client("glue").get_job_runs(JobName="nyc-tlc-local-load")["JobRuns"]
    assert [run["JobRunState"] for run in runs] == ["SUCCEEDED"]
    jobs = project.client("sagemaker").list_processing_jobs()["ProcessingJobSummaries"]
    assert [job["ProcessingJobStatus"] for job in jobs] == ["Completed"]
    before = project.client("s3").list_objects_v2(Bucket="artifacts")["Contents"]
    done = project.ok("./deploy.sh", "local", "artifacts", **project.as_deployer())
    after = project.client("s3").list_objects_v2(Bucket="artifacts")["Contents"]
    assert [(o["Key"], o["LastModified"]) for o in before] == [(o["Key"], o["LastModified"]) for o in after]
    assert "no changes" in (done.out + done.err).lower()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("python", "data_pipeline_run.py", "local"), ("./deploy.sh local",)),
        (("python", "data_pipeline_run.py", "loca"), ("loca", "did you mean", "local")),
        (("./deploy.sh", "local"), ("BUCKET", "--create-bucket")),
        (("python", "data_pipeline_run.py"), ("ENV",)),
    ],
)
def test_a_mistaken_command_is_told_what_to_do(
    shared_project: Project, command: tuple[str, ...], words: tuple[str, ...]
) -> None:
    """Exit status 1, no traceback, and the words that lead on."""
    done = shared_project(*command)
    assert done.status == 1, done
    assert "Traceback" not in done.err
    for word in words:
        assert word.lower() in done.err.lower()
