"""What prepare_datasets.py writes: a plan of units, and a decision that a state machine can hold."""

import json

import pytest

from data_pipeline.etl.documents import datasets, load_plan
from data_pipeline.etl.documents.datasets import Column, Dataset, Definitions, Format
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.jobs import prepare_datasets

ORDERS = Dataset("orders", ("orders/{year}/{month}.csv",), Format("csv"), (Column("id", "long"),))


@pytest.fixture
def project(tmp_path):
    """An input with two files of orders, one that nobody claims, and the definitions; what runs prepare there."""
    for name in ("orders/2024/01.csv", "orders/2024/2.csv", "notes.txt"):
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("id\n1\n")
    (tmp_path / "datasets.json").write_text(datasets.write(Definitions({"orders": ORDERS})))

    def run(*more: str) -> tuple[dict, load_plan.LoadPlan]:
        where = [f"--{name}={tmp_path / path}" for name, path in (("input", "in"), ("output", "out"))]
        prepare_datasets.main([*where, f"--definitions={tmp_path / 'datasets.json'}", "--run=one", *more])
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
