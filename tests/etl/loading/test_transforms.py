"""A transform of the project's own: what it may return, and what is said of anything else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from data_pipeline.etl.documents.datasets import Column, Dataset, Format
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.loading import columns, transforms

CODE = """\
import pyarrow as pa

ROWS = pa.table({"n": [1, 2], "at": ["x", None]})

def table(rows, options): return ROWS
def batches(rows, options): yield from ROWS.to_batches(max_chunksize=1)
def given(rows, options): return rows.read_all().append_column("at", pa.array([options["at"]]))
def empty(rows, options): return pa.table({"at": [], "n": []})
def narrow(rows, options): return pa.table({"at": pa.array(["x"]).dictionary_encode(), "n": pa.array([1], pa.int8())})
def none(rows, options): return []
def lists(rows, options): return [[1]]
def nothing(rows, options): return None
def less(rows, options): return ROWS.select(["n"])
def null(rows, options): return pa.table({"n": [None], "at": ["x"]})
def text(rows, options): return pa.table({"n": ["1"], "at": ["x"]})
def number(rows, options): return pa.table({"n": [1], "at": [1]})
def altered(rows, options): return pa.table({"n": [1.5], "at": ["x"]})
def fails(rows, options):
    yield ROWS
    raise ValueError("a value")
"""
ORDERS = Dataset(
    "orders",
    ("orders.csv",),
    Format("csv"),
    (Column("n", "long"),),
    result=(Column("n", "long"), Column("at", "string", True)),
    options={"at": "here"},
)
ROWS = [{"n": 1, "at": "x"}, {"n": 2, "at": None}]


@pytest.fixture(autouse=True)
def _module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own_transform.py").write_text(CODE)
    monkeypatch.syspath_prepend(str(tmp_path))


def run(name: str, dataset: Dataset = ORDERS) -> list[dict]:
    rows = pa.table({"n": [7]}).to_reader()
    made = [*transforms.run(replace(dataset, transform=f"own_transform:{name}"), rows, "2026-01-01")]
    assert all(table.schema == transforms.schema_of(dataset) for table in made)
    return [row for table in made for row in table.to_pylist()]


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("table", ROWS),
        ("batches", ROWS),
        ("given", [{"n": 7, "at": "here"}]),
        ("narrow", [{"n": 1, "at": "x"}]),
        ("empty", []),
        ("none", []),
    ],
)
def test_what_it_may_return(name: str, rows: list[dict]) -> None:
    assert run(name) == rows


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "lists",
            "returns list, expected Arrow tables or record batches; see docs/how-to/custom-transform.md",
        ),
        ("nothing", "failed at .*: TypeError: 'NoneType' object is not iterable"),
        ("less", "returns the columns n, expected those of its configuration: n, at"),
        ("null", r"column n has a null; write \? behind its type if it may be null"),
        ("text", "column n is string, expected int64"),
        ("number", "column at is int64, expected string"),
        ("altered", "column n is double, which is not exactly int64: Float value 1.50* was truncated"),
        ("fails", "failed at own_transform.py:20 on 2026-01-01: ValueError: a value$"),
        ("ROWS", "is no function; see"),
    ],
)
def test_what_it_may_not(name: str, said: str) -> None:
    with pytest.raises(JobError, match=rf"^data set orders: its transform own_transform:{name}.*{said}"):
        run(name)


@pytest.mark.parametrize(("name", "end"), [("fails", "ValueError"), ("altered", "exactly int64")])
def test_messages_keep_personal_data_to_themselves(name: str, end: str) -> None:
    with pytest.raises(JobError, match=f"{end}$"):
        run(name, replace(ORDERS, columns=(Column("n", "long", pii="hash"),)))


def test_its_table_has_no_number_of_rows() -> None:
    """A row of it may be made of many, as with SQL."""
    schema = columns.of(
        replace(ORDERS, patterns=("{shop}/{at}.csv",), transform="own_transform:table")
    ).schema
    assert schema.names == ["n", "at", "shop", "_unit", "_file", "_period", "_available_at"]
