"""prepare.py: the plan of what lies below the input, and where it may run."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import prepare
import pytest
from taxi import planning, processed, sources
from taxi.processed import Entry

from data_pipeline.etl.errors import JobError
from data_pipeline.etl.storage.objects import Stored

JOBS = Path(prepare.__file__).parent
ETL = JOBS.parent / "data_pipeline" / "etl"
ON_39 = [
    JOBS / "prepare.py",
    *(JOBS / "taxi" / f"{name}.py" for name in ("__init__", "planning", "processed", "sources")),
    ETL.parent / "__init__.py",
    *(ETL / f"{name}.py" for name in ("__init__", "arguments", "errors", "exits", "packages")),
    *(ETL / "jobs" / f"{name}.py" for name in ("__init__", "bootstrap", "mirror")),
    *(ETL / "storage" / f"{name}.py" for name in ("__init__", "filesystem", "objects", "s3")),
    *sorted((ETL / "documents").glob("*.py")),
    *sorted((ETL / "mirror").glob("*.py")),
]


@pytest.fixture
def folder(tmp_path):
    """An input with trip files at two depths, other files, and one folder with a trip file's name."""
    folder = tmp_path / "input"
    for name in (
        "yellow_tripdata_2009-01.csv",
        "older/green_tripdata_2013-08.csv.gz",
        "older/deep/fhvhv_tripdata_2020-02.parquet",
        "fhv_tripdata_2020-01.parquet/part-0.parquet",
        "readme.txt",
        "yellow_tripdata_2009-13.csv",
        "yellow_tripdata_2009-01.csv.bak",
        "orange_tripdata_2009-01.csv",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    return folder


def test_a_plan_holds_every_trip_file_and_counts_the_others(folder, tmp_path):
    """Plan and decision name the trip files at any depth, with sizes and ETags, and how many files are
    ignored.
    """
    decision = prepare.prepare(str(folder), str(tmp_path / "out"), "r.1")
    place = tmp_path / "out/runs/r.1"
    plan = json.loads((place / "plan.json").read_text())
    found = [entry["uri"].removeprefix(f"{folder}/") for entry in plan["objects"]]
    assert found == [
        "fhv_tripdata_2020-01.parquet/",
        "older/deep/fhvhv_tripdata_2020-02.parquet",
        "older/green_tripdata_2013-08.csv.gz",
        "yellow_tripdata_2009-01.csv",
    ]
    assert [entry["size"] for entry in plan["objects"]] == [0, *(len(path) for path in found[1:])]
    assert [bool(entry["etag"]) for entry in plan["objects"]] == [False, True, True, True]
    assert (plan["version"], plan["run"]) == (1, "r.1")
    assert decision == json.loads((place / "decision.json").read_text())
    assert decision == {
        "version": 1,
        "run": "r.1",
        "plan": f"{place}/plan.json",
        "objects": 4,
        "bytes": sum(len(path) for path in found[1:]),
        "ignored": 4,
        "proceed": True,
        "reason": "trip files: 4 new",
        "new": 4,
        "changed": 0,
        "unchanged": 0,
        "deleted": 0,
        "messages": [],
    }
    assert sources.read_plan(f"{place}/plan.json", str(folder)) == sources.Listing(
        tuple(sources.with_etags(sources.list_sources(str(folder)).sources)), 4
    )


def test_a_planned_file_that_changed_is_not_read(folder, tmp_path, count_here):
    """ride_counts reads the planned version of exactly the planned files."""
    header = b"Dispatching_base_num,Pickup_date,locationID\n"
    shutil.rmtree(folder)
    folder.mkdir()
    for month in ("01", "02"):
        (folder / f"fhv_tripdata_2015-{month}.csv").write_bytes(header + b"B1,2015-01-01 00:00:00,\n")
    prepare.prepare(str(folder), str(tmp_path / "out"), "r")
    (folder / "fhv_tripdata_2015-02.csv").write_bytes(header + b"B1,2015-02-02 00:00:00,\n")
    (folder / "fhv_tripdata_2015-03.csv").write_bytes(header)
    done = count_here(folder, "--plan", str(tmp_path / "out/runs/r/plan.json"))
    assert {entry["source"]: entry["error"] for entry in done.summary["files"]} == {
        "fhv_tripdata_2015-01.csv": None,
        "fhv_tripdata_2015-02.csv": "the file has changed since the plan was made",
    }


def test_twenty_thousand_objects_make_a_small_decision():
    """The plan of 20,000 long names is large, the decision stays under 16 KiB."""
    uris = [f"s3://bucket/{'x' * 900}/{n}/fhv_tripdata_2020-01.csv" for n in range(20_000)]
    listed = [sources.as_source(Stored(uri, uri[12:], 2**40, "e" * 32), "s3://bucket") for uri in uris]
    plan = json.dumps(sources.plan_document("r" * 80, sources.Listing(tuple(listed), 7)))
    assert len(plan) > 20_000_000
    assert json.loads(plan)["objects"][-1] == {"uri": uris[-1], "etag": "e" * 32, "size": 2**40}


def note(output: Path, folder: Path, *paths: str, error: str = "") -> None:
    """Note these files of the input as processed, as they are now."""
    listed = {source.path: source for source in sources.with_etags(sources.list_sources(str(folder)).sources)}
    known = {path: Entry(listed[path].etag, listed[path].size, 10, "before", error) for path in paths}
    before = processed.read(processed.place(str(output))).objects
    document = {path: vars(entry) for path, entry in {**before, **known}.items()}
    place = output / "state" / "processed.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps({"version": 1, "objects": document}))


YELLOW, GREEN = "yellow_tripdata_2009-01.csv", "older/green_tripdata_2013-08.csv.gz"
FHVHV, FOLDER = "older/deep/fhvhv_tripdata_2020-02.parquet", "fhv_tripdata_2020-01.parquet/"


def planned(output: Path) -> dict:
    return json.loads((output / "runs/r/plan.json").read_text())


def paths(output: Path, folder: Path) -> list[str]:
    return [entry["uri"].removeprefix(f"{folder}/") for entry in planned(output)["objects"]]


def test_only_what_is_new_or_changed_is_planned(folder, tmp_path):
    """A file as it was processed is left out, a changed one and a new one are read, a deleted one is told."""
    note(tmp_path, folder, YELLOW, GREEN, FHVHV)
    (folder / YELLOW).write_bytes(b"re-issued")
    (folder / FHVHV).unlink()
    decision = prepare.prepare(str(folder), str(tmp_path), "r")
    assert paths(tmp_path, folder) == [FOLDER, YELLOW]
    assert [decision[key] for key in ("new", "changed", "unchanged", "deleted")] == [1, 1, 1, 1]
    assert (decision["proceed"], decision["reason"]) == (True, "trip files: 1 new, 1 changed")
    assert decision["messages"] == [
        f"{FHVHV} is no longer in the input; its counts are kept (--prune true drops them)"
    ]
    assert planned(tmp_path)["removed"] == []


def test_nothing_new(folder, tmp_path):
    """With every file as it was processed there is nothing to do, and the decision says so."""
    note(tmp_path, folder, YELLOW, GREEN, FHVHV)
    note(tmp_path, folder, FOLDER, error="it is a folder")
    decision = prepare.prepare(str(folder), str(tmp_path), "r")
    assert (decision["proceed"], decision["objects"], decision["bytes"]) == (False, 0, 0)
    assert decision["reason"] == "nothing is new: 4 trip files are as they were processed"
    assert decision["messages"] == [
        f"{FOLDER} could not be read (it is a folder); put a good one in its place"
    ]


def test_all_deleted_is_no_error(folder, tmp_path):
    """An input that has become empty is told of, file by file; without --prune there is nothing to do."""
    note(tmp_path, folder, YELLOW, GREEN)
    shutil.rmtree(folder)
    folder.mkdir()
    decision = prepare.prepare(str(folder), str(tmp_path), "r")
    assert (decision["proceed"], decision["deleted"]) == (False, 2)
    decision = prepare.prepare(str(folder), str(tmp_path), "r", prune=True)
    assert (decision["proceed"], decision["reason"]) == (
        True,
        "trip files: 2 deleted from the input and to be pruned",
    )
    assert planned(tmp_path)["removed"] == [GREEN, YELLOW]


@pytest.mark.parametrize(
    ("dataset", "months", "reprocess", "read"),
    [
        ("all", "all", "true", [FOLDER, FHVHV, GREEN, YELLOW]),
        ("all", "all", "false", [FOLDER]),
        ("green,yellow", "all", "true", [GREEN, YELLOW]),
        ("all", "2013-08", "true", [GREEN]),
        ("all", "2013-08..2020-01", "true", [FOLDER, GREEN]),
        ("yellow", "2013-08..2020-01", "true", []),
        ("yellow", "all", "false", []),
    ],
)
def test_reprocess_narrowed(folder, tmp_path, dataset, months, reprocess, read):
    """--dataset and --months narrow what is looked at, new files included; --reprocess forces the rest."""
    note(tmp_path, folder, YELLOW, GREEN, FHVHV)
    arguments = ["--input", str(folder), "--output", str(tmp_path), "--run", "r", "--dataset", dataset]
    prepare.main([*arguments, "--months", months, "--reprocess", reprocess, "--prune", "false"])
    assert paths(tmp_path, folder) == read


@pytest.mark.parametrize(
    ("dataset", "months", "removed"),
    [
        ("all", "all", [GREEN, YELLOW]),
        ("green", "all", [GREEN]),
        ("all", "2009-01..2009-12", [YELLOW]),
        ("yellow", "2013-08", []),
    ],
)
def test_a_narrowed_prune_keeps_the_counts_of_the_rest(folder, tmp_path, dataset, months, removed):
    """What has gone from other data sets and months is neither removed nor told of."""
    note(tmp_path, folder, YELLOW, GREEN)
    shutil.rmtree(folder)
    folder.mkdir()
    arguments = ["--input", str(folder), "--output", str(tmp_path), "--run", "r", "--prune", "true"]
    prepare.main([*arguments, "--dataset", dataset, "--months", months])
    assert planned(tmp_path)["removed"] == removed


@pytest.mark.parametrize(
    ("dataset", "months", "message"),
    [
        (
            "yelow",
            "all",
            "--dataset yelow: 'yelow' is none of yellow, green, fhv, fhvhv, or all; did you mean yellow?",
        ),
        ("yellow,", "all", "--dataset yellow,: '' is none of yellow, green, fhv, fhvhv, or all"),
        ("all", "2019", "--months 2019: this is not YYYY-MM, YYYY-MM..YYYY-MM or all"),
        ("all", "2019-13", "--months 2019-13: this is not YYYY-MM, YYYY-MM..YYYY-MM or all"),
        ("all", "2019-02..2019-01", "--months 2019-02..2019-01: the last month is before the first one"),
    ],
)
def test_a_scope_that_is_none(dataset, months, message):
    """What does not spell data sets or months is refused, with what would."""
    with pytest.raises(JobError) as caught:
        planning.scope(dataset, months)
    assert str(caught.value) == message


def test_a_decision_is_small_whatever_the_plan():
    """Twenty thousand deleted, unreadable and repeated objects with long names are a few short messages."""
    gone = {f"{'x' * 900}{n}/fhv_tripdata_2020-01.csv": Entry("e", 1, 1, "r") for n in range(20_000)}
    bad = {
        f"{'y' * 900}{n}/fhv_tripdata_2020-02.csv": Entry("e", 1, 0, "r", "bad " * 50) for n in range(20_000)
    }
    listed = [sources.as_source(Stored(path, path, 1, "e"), "") for path in bad]
    known = {**gone, **bad}
    difference = planning.compare(listed, known, planning.Selection())
    assert (len(difference.deleted), len(difference.unchanged)) == (20_000, 20_000)
    said = planning.messages(difference, known, prune=False)
    assert len(said) == 8
    assert len(json.dumps(said)) < 4096
    assert "fhv_tripdata_2020-01.csv" in said[0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "this is not a list of processed objects"),
        ('{"version": 1, "objects": []}', "this is not a list of processed objects"),
        ('{"version": 1, "objects": {"x": {"etag": "e"}}}', "this is not a list of processed objects"),
        (
            '{"version": 2, "objects": {}}',
            "version 2 of a list of processed objects; this job reads version 1",
        ),
    ],
)
def test_a_list_of_processed_objects_that_is_none(folder, tmp_path, content, message):
    """A broken or newer processed.json stops the run before it plans anything, with its place."""
    (tmp_path / "state").mkdir()
    (tmp_path / "state/processed.json").write_text(content)
    with pytest.raises(JobError, match=message) as caught:
        prepare.prepare(str(folder), str(tmp_path), "r")
    assert str(caught.value).startswith(f"{tmp_path}/state/processed.json: ")
    assert not (tmp_path / "runs").exists()


def test_no_trip_files_is_an_error_that_says_how_to_put_some(tmp_path):
    """The message names the input, the names that trip files have, and the option that uploads some."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "notes.txt").write_text("x")
    with pytest.raises(JobError) as caught:
        prepare.prepare(str(tmp_path / "in"), str(tmp_path / "out"), "r")
    assert str(caught.value).startswith(f"{tmp_path}/in: no trip files found there.")
    assert str(caught.value).endswith("To put some there: python data_pipeline_run.py ENV --source DIR")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ("{", "this is not a plan"),
        ("[]", "this is not a plan"),
        ('{"version": 1}', "this is not a plan"),
        ('{"version": 2, "objects": []}', "version 2 of a plan; this job reads version 1"),
        ('{"version": 1, "objects": [{"uri": "s3://x/y", "etag": "", "size": 1}]}', "is not below the input"),
        (
            '{"version": 1, "objects": [{"uri": "/in/x.csv", "etag": "", "size": 1}]}',
            "the name of a trip file",
        ),
    ],
)
def test_a_plan_that_is_none(tmp_path, plan, message):
    """Broken, incomplete, newer and foreign plans are refused, each by its place and reason."""
    (tmp_path / "plan.json").write_text(plan)
    with pytest.raises(JobError) as caught:
        sources.read_plan(str(tmp_path / "plan.json"), "/in")
    assert str(caught.value).startswith(str(tmp_path / "plan.json"))
    assert message in str(caught.value)


def test_a_month_that_two_files_claim_is_counted_twice_with_a_warning(folder):
    """Two files of one month are both read; the warning says that trips may be counted twice."""
    shutil.copy(folder / "yellow_tripdata_2009-01.csv", folder / "older" / "yellow_tripdata_2009-01.csv")
    assert sources.list_sources(str(folder)).repeated() == [
        "yellow 2009-01 is there 2 times: all are counted, so its trips may be counted 2 times"
    ]


def newer_than_39(path: Path) -> str:
    """What vermin finds in ``path`` that Python 3.9 does not have, or an empty text."""
    code = "import vermin; vermin.main()"
    command = [sys.executable, "-c", code, "--target=3.9-", "--violations", "--no-tips", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return done.stdout + done.stderr if done.returncode else ""


@pytest.mark.parametrize("path", ON_39, ids=lambda path: path.name)
def test_prepare_and_what_it_imports_is_python_3_9(path):
    """No syntax and no standard library newer than Python 3.9."""
    assert newer_than_39(path) == ""


@pytest.mark.parametrize("text", ["match 1:\n    case 1: pass\n", "from itertools import pairwise\n"])
def test_the_check_finds_what_is_newer(tmp_path, text):
    """The check above can fail: Python 3.10's syntax and library are found."""
    (tmp_path / "newer.py").write_text(text)
    assert "3.10" in newer_than_39(tmp_path / "newer.py")


def test_prepare_imports_only_modules_that_are_checked():
    """The list above is complete: prepare.py and the S3 edge load no other module of the jobs, nor any but
    boto3.
    """
    code = (
        "import sys, json; sys.path.insert(0, sys.argv[1]); import prepare; "
        "import data_pipeline.etl.storage.s3, data_pipeline.etl.mirror.running; "
        "ours = ('data_pipeline', 'taxi', 'prepare', 'duckdb', 'pyarrow', 'pyiceberg'); "
        "print(json.dumps([m.__file__ for n, m in sys.modules.items() if n.split('.')[0] in ours]))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(JOBS)], capture_output=True, text=True, check=True)
    assert {Path(path) for path in json.loads(done.stdout)} <= set(ON_39)


def test_prepare_runs_on_python_3_9(folder, tmp_path):
    """Where a python3.9 is installed, it runs the script on local files with the standard library alone."""
    python = shutil.which("python3.9")
    if python is None or subprocess.run([python, "--version"], capture_output=True).returncode != 0:
        pytest.skip("there is no python3.9 here")
    command = [python, str(JOBS / "prepare.py"), "--input", str(folder), "--output", str(tmp_path / "out")]
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([*command, "--run", "r"], capture_output=True, text=True, env=env)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/runs/r/plan.json").exists()
