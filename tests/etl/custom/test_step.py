"""What scripts of a project are given: places, the plan, a result, and how they end."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from data_pipeline.etl.custom import step
from data_pipeline.etl.documents import load_plan
from data_pipeline.etl.documents.load_plan import LoadPlan, PlannedFile, Unit


def test_the_plan_of_a_run(tmp_path: Path) -> None:
    file = PlannedFile("s3://b/in/a.csv", "a.csv", "e", 7, "2026-01", {"shop": "x"})
    plan = LoadPlan((Unit("k", "orders", (file,), "new"),))
    place = step.join(str(tmp_path), "runs", "r1", "plan.json")
    step.write(place, json.dumps(load_plan.document("r1", plan)).encode())
    assert step.open_plan(str(tmp_path), "r1").units == plan.units
    with pytest.raises(step.JobError, match=r"r2/plan.json: cannot be read"):
        step.open_plan(str(tmp_path), "r2")


def test_a_result_is_small(tmp_path: Path) -> None:
    """And JSON: the state machine reads it."""
    step.leave_result(str(tmp_path), "r", "guard", {"files": 2})
    assert json.loads((tmp_path / "runs" / "r" / "guard.json").read_text()) == {"files": 2}
    with pytest.raises(
        step.JobError, match=r"guard.json: a result of 16,\d\d\d bytes, expected at most 16,384"
    ):
        step.leave_result(str(tmp_path), "r", "guard", {"files": "x" * 16_380})
    with pytest.raises(step.JobError, match=r"guard.json: the result is no JSON: Object of type set"):
        step.leave_result(str(tmp_path), "r", "guard", {"files": {1}})


def test_files_of_a_folder(tmp_path: Path) -> None:
    """Written, listed, uploaded and read as objects of S3 are."""
    here = tmp_path / "a.txt"
    here.write_text("x")
    place = step.join(str(tmp_path), "out", "b.txt")
    step.upload(here, place)
    assert [stored.path for stored in step.list_files(str(tmp_path / "out"))] == ["b.txt"]
    with step.downloaded(place) as path:
        assert path.read_text() == "x"
    with (
        pytest.raises(step.JobError, match=r"nothing.txt: the file is gone"),
        step.downloaded(f"{tmp_path}/nothing.txt"),
    ):
        pass


def test_how_a_script_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one line for a JobError; it is given the words behind its name."""
    monkeypatch.setattr(sys, "argv", ["script.py", "--x", "1"])

    def main(arguments: list[str]) -> None:
        parser = step.parser(None)
        parser.add_argument("--x")
        raise step.JobError(f"x is {step.parse(parser, arguments).x}\n, expected 2")

    with pytest.raises(SystemExit, match=r"^error: x is 1 , expected 2$"):
        step.run(main)
