"""`run` on an embedded AWS: what it prints where, and how it exits."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import pytest
from cli.deployed import BUCKET, SUMMARY, SUMMARY_KEY, Deployed, failing, publishing, waiting
from paths import ROOT

from data_pipeline.cli.main import status_of
from data_pipeline.cli.running import following
from data_pipeline.core.errors import UserError


def run(*options: str) -> int:
    """Exit status of `run local`."""
    return status_of("run", ["local", *options], "run")


@pytest.fixture
def published(deployed: Deployed) -> Deployed:
    """A machine that succeeds, with an input and a summary."""
    deployed.deploy(publishing())
    deployed.put("input/green_tripdata_2019-01.csv")
    deployed.put(SUMMARY_KEY, json.dumps(SUMMARY))
    return deployed


def test_success_prints_the_summary_on_stdout(published: Deployed, capfd: pytest.CaptureFixture[str]) -> None:
    """Rows per file with totals, the failed file's reason, windows and where the features are; exit 0."""
    assert run() == 0
    out, err = capfd.readouterr()
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "green_tripdata_2019-01.csv 1,234 1,232 2" in lines
    assert "green_tripdata_2019-02.csv - - - is an HTML page [403]" in lines
    assert "2 files 1,234 1,232 2" in lines
    assert "windows 96" in lines
    assert f"features {SUMMARY['export']}" in lines
    assert "table nyc_tlc_local.ride_counts, 96 rows, snapshot 77" in lines
    assert err.startswith("environment local · account 000000000000 · us-east-1 · http://127")
    assert "SUCCEEDED" in err


def test_json_is_one_object_on_stdout(published: Deployed, capfd: pytest.CaptureFixture[str]) -> None:
    """The whole summary, the execution and its output, and nothing else."""
    assert run("--json") == 0
    result = json.loads(capfd.readouterr().out)
    (execution,) = published.executions()
    assert result["summary"] == SUMMARY
    assert result["executionArn"] == execution["executionArn"]
    assert result["execution"] == execution["name"]
    assert (result["status"], result["environment"], result["region"]) == ("SUCCEEDED", "local", "us-east-1")
    assert result["summaryUri"] == result["output"]["summary"] == f"s3://{BUCKET}/{SUMMARY_KEY}"
    assert result["startDate"] <= result["stopDate"]


def test_the_commands_that_show_the_features_work(
    published: Deployed, capfd: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    """What the summary tells to type fetches the export from the embedded AWS and prints its rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"num_rides": [4711]}), tmp_path / "made.parquet")
    published.client("s3").upload_file(str(tmp_path / "made.parquet"), BUCKET, "output/export/X.parquet")
    assert run() == 0
    lines = capfd.readouterr().out.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("look "))
    commands = [line[len("look".ljust(12)) :] for line in lines[start : start + 2]]
    path = f"{sys.prefix}/bin{os.pathsep}{os.environ['PATH']}"
    for command in commands:
        shown = subprocess.run(
            ["bash", "-c", command],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PATH": path},
            capture_output=True,
            text=True,
            check=True,
        )
    assert "4711" in shown.stdout


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_failed_run_exits_1_and_says_where_and_why(
    deployed: Deployed, capfd: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    """State, error and cause on stderr, and in the object of --json."""
    deployed.deploy(failing("DataMissing", "windows are missing"))
    deployed.put("input/green_tripdata_2019-01.csv")
    assert run(*options) == 1
    out, err = capfd.readouterr()
    assert "error: Load failed after " in err
    assert ": windows are missing\n" in err
    assert "DataMissing" in err
    assert "  more       python -m data_pipeline runs show local " in err
    assert "Traceback" not in err
    if options:
        result = json.loads(out)
        found = [result[key] for key in ("status", "state", "error", "cause")]
        assert found == ["FAILED", "Load", "DataMissing", "windows are missing"]
        assert result["executionArn"] == deployed.executions()[0]["executionArn"]
    else:
        assert out == ""


def test_no_wait_prints_the_execution_and_how_to_follow_it(
    deployed: Deployed, capfd: pytest.CaptureFixture[str]
) -> None:
    """Only the ARN on stdout; the commands that look and stop on stderr; the execution runs on."""
    deployed.deploy(waiting())
    deployed.put("input/green_tripdata_2019-01.csv")
    assert run("--no-wait") == 0
    out, err = capfd.readouterr()
    (execution,) = deployed.executions()
    assert out == execution["executionArn"] + "\n"
    assert execution["status"] == "RUNNING"
    assert f"stop with: python -m data_pipeline runs stop local {execution['name']}\n" in err
    assert f"follow with: python -m data_pipeline runs attach local {execution['name']}\n" in err
    deployed.client("stepfunctions").stop_execution(executionArn=execution["executionArn"])


def test_an_execution_that_is_stopped_by_somebody_else_is_a_failure(
    deployed: Deployed, capfd: pytest.CaptureFixture[str]
) -> None:
    """ABORTED ends following with exit 1 and the reason that was given."""
    deployed.deploy(waiting())
    deployed.put("input/green_tripdata_2019-01.csv")

    def stop() -> None:
        end = time.monotonic() + 30
        while not (running := deployed.executions()) and time.monotonic() < end:
            time.sleep(0.1)
        deployed.client("stepfunctions").stop_execution(
            executionArn=running[0]["executionArn"], cause="not today"
        )

    stopper = threading.Thread(target=stop)
    stopper.start()
    assert run("--json") == 1
    stopper.join()
    out, err = capfd.readouterr()
    assert (json.loads(out)["status"], json.loads(out)["cause"]) == ("ABORTED", "not today")
    assert "the execution was stopped in Wait after" in err


def test_interrupting_says_that_the_execution_goes_on(deployed: Deployed) -> None:
    """^C exits 130 with the command that stops the execution, which still runs; --json too."""
    deployed.deploy(waiting())
    deployed.put("input/green_tripdata_2019-01.csv")
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "data_pipeline_run.py"), "local", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    err = ""
    for line in process.stderr:
        err += line
        if line.startswith("00:00 Wait"):
            break
    process.send_signal(signal.SIGINT)
    out, rest = process.communicate(timeout=30)
    assert process.returncode == 130
    (execution,) = deployed.executions()
    assert execution["status"] == "RUNNING"
    assert "The execution goes on." in rest
    assert f"python -m data_pipeline runs stop local {execution['name']}\n" in rest
    result = json.loads(out)
    assert (result["status"], result["error"]) == ("RUNNING", "Interrupted")
    deployed.client("stepfunctions").stop_execution(executionArn=execution["executionArn"])


def test_every_run_has_a_name_of_its_own_and_the_input_of_the_schedule(published: Deployed) -> None:
    """Two runs in one second are two executions, each with the versioned input."""
    assert run("--no-wait") == run("--no-wait") == 0
    found = published.executions()
    assert len({execution["name"] for execution in found}) == 2
    described = published.client("stepfunctions").describe_execution(executionArn=found[0]["executionArn"])
    assert json.loads(described["input"]) == {"version": 1}


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_not_deployed(
    deployed: Deployed, capfd: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    """Without a stack: where it looked, and the command that deploys; --json has its object here too."""
    assert run(*options) == 1
    out, err = capfd.readouterr()
    expected = (
        "environment 'local' is not deployed in account 000000000000, region us-east-1: no stack is called "
        "nyc-tlc-local-pipeline.\nDeploy it with: ./deploy.sh local BUCKET"
    )
    assert f"error: {expected}\n" in err
    if options:
        result = json.loads(out)
        assert (result["status"], result["error"], result["cause"]) == ("NOT_STARTED", "NotStarted", expected)


def test_an_empty_input_starts_nothing(deployed: Deployed, capfd: pytest.CaptureFixture[str]) -> None:
    """The error names the prefix and the option; a folder's marker is no trip file."""
    deployed.deploy(publishing())
    deployed.put("input/", "")
    deployed.put("elsewhere/green_tripdata_2019-01.csv")
    assert run() == 1
    err = capfd.readouterr().err
    assert f"error: s3://{BUCKET}/input/ holds no files, so there is nothing to run on.\n" in err
    assert "python data_pipeline_run.py local --source DIR" in err
    assert deployed.executions() == []


def test_a_summary_that_is_gone_is_no_traceback(
    published: Deployed, capfd: pytest.CaptureFixture[str]
) -> None:
    """The run succeeded, but what it wrote was removed since; --json does not say SUCCEEDED beside an error."""
    published.client("s3").delete_object(Bucket=BUCKET, Key=SUMMARY_KEY)
    assert run("--json") == 1
    out, err = capfd.readouterr()
    cause = f"s3://{BUCKET}/{SUMMARY_KEY}: the run succeeded, but its summary is not there any more."
    assert f"error: {cause}" in err
    found = [json.loads(out)[key] for key in ("status", "error", "cause")]
    assert found == ["FAILED", "NoSummary", cause]


@pytest.mark.parametrize("error", [UserError("no"), KeyboardInterrupt(), KeyError("no")], ids=repr)
@pytest.mark.parametrize("status", ["NOT_STARTED", "RUNNING", "SUCCEEDED", "TIMED_OUT"])
def test_no_record_has_succeeded_with_an_error(
    capfd: pytest.CaptureFixture[str], status: str, error: BaseException
) -> None:
    """However the command ends: by an error of the user, by ^C, or by a bug."""
    with pytest.raises(type(error)), following.recorded({"status": status}, as_json=True):
        raise error
    record = json.loads(capfd.readouterr().out)
    assert record["status"] == ("FAILED" if status == "SUCCEEDED" else status)
    assert record["error"]
    assert record["cause"]


def test_a_pipeline_of_other_steps_prints_its_output(
    deployed: Deployed, capfd: pytest.CaptureFixture[str]
) -> None:
    """A machine whose output names no summary is followed all the same."""
    deployed.deploy({"Only": {"Type": "Pass", "Output": {"scored": 3}, "End": True}})
    deployed.put("input/x")
    assert run() == 0
    assert json.loads(capfd.readouterr().out) == {"scored": 3}
