"""`backfill` on an embedded AWS: one narrowed run after the other, of what is not published."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cli.deployed import Deployed, failing, publishing, waiting
from core.histories import History

from data_pipeline.aws.states import Watched
from data_pipeline.cli.main import status_of
from data_pipeline.core.progress.backfill import Piece, Wish
from data_pipeline.core.progress.follow import Progress
from data_pipeline.project.backfilling import Backfill


def backfill(*words: str) -> int:
    """Exit status of `backfill local …`."""
    return status_of("backfill", ["local", *words], "backfill")


def _inputs(deployed: Deployed) -> list[dict[str, object]]:
    """The inputs of the executions, the first one first, without who started them."""
    client = deployed.client("stepfunctions")
    found = [
        json.loads(client.describe_execution(executionArn=each["executionArn"])["input"])
        for each in reversed(deployed.executions())
    ]
    return [{name: value for name, value in each.items() if name != "started_by"} for each in found]


def test_each_period_is_read_by_a_run_of_its_own(
    deployed: Deployed, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a preview, which starts nothing by itself; the table at the end fits 80 columns."""
    deployed.deploy(publishing())
    assert backfill("--yes") == 0
    assert "nothing to do" in capfd.readouterr().out
    for month in ("2019-11", "2020-02"):
        deployed.put(f"input/green_tripdata_{month}.csv", month)
    assert backfill("--dry-run", "--dataset", "trip_counts") == 0
    said = capfd.readouterr().err
    with monkeypatch.context() as patched:
        patched.delattr(Backfill, "wait")  # for a run that is under way
        assert backfill("--dry-run", "--json", "--dataset", "trip_counts") == 0
    assert json.loads(capfd.readouterr().out) == {
        "environment": "local",
        "wouldRun": [
            {"periods": month, "datasets": ["trip_counts"], "files": 1, "bytes": 7}
            for month in ("2019-11", "2020-02")
        ],
    }
    assert (
        "trip_counts: 2 periods, 2019-11 to 2020-02\n2 files, 14 bytes, in 2 runs, one after the other\n"
        in said
    )
    assert backfill() == 1
    assert "run the same command with --yes" in capfd.readouterr().err
    assert _inputs(deployed) == []
    assert backfill("--yes", "--dataset", "trip_counts") == 0
    assert _inputs(deployed) == [
        {"version": 1, "datasets": ["trip_counts"], "periods": "2019-11"},
        {"version": 1, "datasets": ["trip_counts"], "periods": "2020-02"},
    ]
    shown = capfd.readouterr()
    assert "1/2 2019-11 ended well after " in shown.err
    assert shown.out.splitlines()[-1] == "2 of 2 periods read"
    assert max(map(len, [*said.splitlines()[1:], *shown.out.splitlines()])) <= 80


def test_what_fails_is_made_again_in_halves_and_named(
    deployed: Deployed, capfd: pytest.CaptureFixture[str]
) -> None:
    """Two periods in one run, then each alone; the exit status tells."""
    deployed.deploy(failing("Broken", "the disk is full"))
    for month in ("2020-02", "2020-03"):
        deployed.put(f"input/green_tripdata_{month}.csv", month)
    options = ("--yes", "--dataset", "trip_counts", "--only", "all", "--at-a-time", "6")
    assert backfill(*options, "--json") == 1
    assert [(each["periods"], each["reprocess"]) for each in _inputs(deployed)] == [
        ("2020-02..2020-03", True),
        ("2020-02", True),
        ("2020-03", True),
    ]
    shown = capfd.readouterr()
    assert [each["ended"] for each in json.loads(shown.out)["runs"]] == ["failed", "failed"]
    assert "2020-02 failed: the disk is full" in shown.err
    assert " --only all --at-a-time 6 --read-before 20" in shown.err
    assert backfill("--yes", "--read-before", "2020-01-01T00:00:00Z") == 1
    assert "expected --only accepted or --only all with it" in capfd.readouterr().err


def test_data_sets_without_periods_are_named(deployed: Deployed, capfd: pytest.CaptureFixture[str]) -> None:
    """With the command that reads them; alone they are no backfill."""
    deployed.deploy(publishing())
    assert status_of("coverage", ["show", "local", "--json"], "coverage") == 0
    every = json.loads(capfd.readouterr().out)["datasets"]
    plain = next(each["dataset"] for each in every if not each["unit"])
    assert backfill("--yes", "--dataset", plain) == 1
    said = f"files of {plain} have no periods, so a backfill leaves them out; to read them: "
    assert f"error: {said}python -m data_pipeline run local --dataset {plain}\n" in capfd.readouterr().err
    assert backfill("--dry-run") == 0
    assert "have no periods" not in capfd.readouterr().err


def test_a_run_that_kept_one_from_going_on_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it is not among the newest ones, which would find nothing to wait for."""
    outputs = {
        "arn:new-1": {"running": ["arn:long-since"]},
        "arn:long-since": {},
        "arn:new-2": {"version": 1},
    }
    watched: list[str] = []

    def watch(_env: object, _connection: object, arn: str) -> list[Watched]:
        watched.append(arn)
        history = History()
        history.add(1, "ExecutionSucceeded", {"output": json.dumps(outputs[arn])})
        return [Watched(Progress().after(history.events))]

    started = iter(["arn:new-1", "arn:new-2"])
    nothing: Any = None
    monkeypatch.setattr("data_pipeline.project.history.newest", lambda *_: [])
    for name, fake in (
        ("watch", watch),
        ("start", lambda *_: next(started)),
        ("signed", lambda *_: {}),
        ("results", lambda *_: {}),
    ):
        monkeypatch.setattr(f"data_pipeline.project.runs.{name}", fake)
    stack = {"StateMachineArn": "m", "OutputUri": "s3://b/"}
    work = Backfill(nothing, nothing, stack, (), Wish(), lambda *_: None)
    done = work.read(Piece("month", ("2024-01",), ("orders",)), again=False, deferring=False)
    assert (done.run, done.ended) == ("new-2", "ended well")
    assert watched == ["arn:new-1", "arn:long-since", "arn:new-2"]


def test_what_cannot_be_made_at_the_end_fails(deployed: Deployed, capfd: pytest.CaptureFixture[str]) -> None:
    """A machine that leaves tables for later, of which an earlier run has made none, and nothing is published."""
    deployed.deploy({"Ask": {"Type": "Pass", "Comment": "defer_tables", "Next": "Publish"}, **publishing()})
    deployed.put("output/state/tables.json", json.dumps({"version": 1, "made": {}}))
    assert backfill("--yes", "--json") == 1
    shown = capfd.readouterr()
    assert json.loads(shown.out)["tables"]["ended"] == "not made"
    assert "error: not made: " in shown.err
    assert ": python -m data_pipeline run local\n" in shown.err
    assert deployed.executions() == []


def test_a_run_that_is_going_on_is_waited_for(deployed: Deployed, capfd: pytest.CaptureFixture[str]) -> None:
    """Whoever started it."""
    deployed.deploy({"Wait": {**waiting()["Wait"], "Seconds": 2, "Next": "Publish"}, **publishing()})
    deployed.put("input/green_tripdata_2020-02.csv")
    assert status_of("run", ["local", "--no-wait"], "run") == 0
    assert backfill("--yes", "--dataset", "trip_counts", "--periods", "2020-02") == 0
    first, second = reversed(deployed.executions())
    assert first["stopDate"] <= second["startDate"]
    assert "1 of 1 period read" in capfd.readouterr().out
