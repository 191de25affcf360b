"""prepare.py: the plan of what lies below the input, and where it may run."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import prepare
import pytest
from tlc import sources
from tlc.errors import JobError
from tlc.storage import Stored

JOBS = Path(prepare.__file__).parent
ON_39 = [JOBS / "prepare.py", JOBS / "bootstrap.py"] + [
    JOBS / "tlc" / f"{name}.py"
    for name in ("__init__", "arguments", "errors", "exits", "s3", "sources", "storage")
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
    paths = [entry["uri"].removeprefix(f"{folder}/") for entry in plan["objects"]]
    assert paths == [
        "fhv_tripdata_2020-01.parquet/",
        "older/deep/fhvhv_tripdata_2020-02.parquet",
        "older/green_tripdata_2013-08.csv.gz",
        "yellow_tripdata_2009-01.csv",
    ]
    assert [entry["size"] for entry in plan["objects"]] == [0, *(len(path) for path in paths[1:])]
    assert [len(entry["etag"]) for entry in plan["objects"]] == [0, 32, 32, 32]
    assert (plan["version"], plan["run"]) == (1, "r.1")
    assert decision == json.loads((place / "decision.json").read_text())
    assert decision == {
        "version": 1,
        "run": "r.1",
        "plan": f"{place}/plan.json",
        "objects": 4,
        "bytes": sum(len(path) for path in paths[1:]),
        "ignored": 4,
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
        "import sys, json; sys.path.insert(0, sys.argv[1]); import prepare, tlc.s3; "
        "ours = ('tlc', 'prepare', 'duckdb', 'pyarrow', 'pyiceberg'); "
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
