"""What prepare_datasets.py writes: a plan of units, and a decision that a state machine can hold."""

import json

import pytest

from data_pipeline.etl.documents import datasets, load_plan, preview
from data_pipeline.etl.documents.datasets import Column, Dataset, Definitions, Format
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.jobs import prepare_datasets

ORDERS = Dataset("orders", ("orders/{year}/{month}.csv",), Format("csv"), (Column("id", "long"),))


def run_options(folder):
    """The options that every run has."""
    where = {"input": "in", "output": "out", "definitions": "datasets.json"}
    return [*(f"--{name}={folder / path}" for name, path in where.items()), "--run=one"]


@pytest.fixture
def project(tmp_path):
    """An input with two files of orders, one that nobody claims, and the definitions; what runs prepare there."""
    for name in ("orders/2024/01.csv", "orders/2024/2.csv", "notes.txt"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("id\n1\n")
    (tmp_path / "datasets.json").write_text(datasets.write(Definitions({"orders": ORDERS})))

    def run(*more: str) -> tuple[dict, load_plan.LoadPlan]:
        prepare_datasets.main([*run_options(tmp_path), *more])
        folder = tmp_path / "out" / "runs" / "one"
        plan = load_plan.read((folder / "plan.json").read_bytes(), "plan.json")
        return json.loads((folder / "decision.json").read_text()), plan

    return run


def test_new_files_are_planned(project, tmp_path):
    """With ETag and size, under the unit's key; what nobody claims is counted and named."""
    decision, plan = project()
    assert decision["proceed"] is True
    assert decision["reason"] == "source files: 2 new"
    assert [decision[key] for key in ("objects", "bytes", "ignored", "new", "changed")] == [2, 10, 1, 2, 0]
    assert decision["messages"] == ["notes.txt: no data set claims this file"]
    (first, second) = plan.units
    assert (first.files[0].path, first.files[0].period, first.because) == (
        "orders/2024/01.csv",
        "2024-01",
        "new",
    )
    assert first.files[0].uri == f"{tmp_path}/in/orders/2024/01.csv"
    assert first.files[0].etag
    assert second.files[0].period == "2024-02"
    assert len(json.dumps(decision)) < 16_384


def test_a_dry_run_prints_the_same_and_writes_nothing(project, tmp_path, capsys):
    """By the same code; files are named with why they are read, up to a number."""
    prepare_datasets.main([*run_options(tmp_path), "--dry-run=true"])
    found = preview.read(capsys.readouterr().out, "stdout")
    assert not (tmp_path / "out").exists()
    decision, plan = project()
    assert found["decision"] == {key: decision[key] for key in decision.keys() - {"version", "run", "plan"}}
    assert found["datasets"] == {"orders": {"files": 2, "bytes": 10, "because": {"new": 2}}}
    assert [each["path"] for each in found["files"]] == [unit.files[0].path for unit in plan.units]
    assert (found["files"][0]["bytes"], found["files"][0]["because"], found["more_files"]) == (5, "new", 0)


def test_a_preview_names_few_of_many_files_and_counts_what_is_pruned(monkeypatch):
    """Of a unit that is to go, its files are counted, and none is named."""
    monkeypatch.setattr(preview, "FILES", 3)
    file = load_plan.PlannedFile("u", "p", "e", 5, "", {})
    units = (
        load_plan.Unit("a", "orders", (file, file), "new"),
        load_plan.Unit("b", "orders", (file, file), "changed"),
        load_plan.Unit("c", "stock", (), "pruned", ("gone-1", "gone-2")),
    )
    found = preview.document(load_plan.LoadPlan(units), {})
    assert found["datasets"] == {
        "orders": {"files": 4, "bytes": 20, "because": {"new": 2, "changed": 2}},
        "stock": {"files": 0, "bytes": 0, "because": {"pruned": 2}},
    }
    assert (len(found["files"]), found["more_files"]) == (3, 1)


def test_a_selection_and_columns_to_drop_are_in_the_plan(project):
    """As the state machine spells them: names with commas, all and none."""
    decision, plan = project(
        "--periods=2024-02", "--dataset=orders", "--part=all", "--rebuild=none", "--drop-column=orders.note"
    )
    assert [file.path for unit in plan.units for file in unit.files] == ["orders/2024/2.csv"]
    assert plan.dropped_columns == ("orders.note",)
    assert decision["objects"] == 1


def test_an_argument_that_names_nothing_is_refused(project):
    """Before anything is written."""
    with pytest.raises(JobError, match=r"not TABLE.COLUMN"):
        project("--drop-column=order.note")
