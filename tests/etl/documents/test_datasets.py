"""The definitions of data sets and tables as a document, and what the hash of a definition covers."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from data_pipeline.etl.documents import datasets
from data_pipeline.etl.documents.datasets import Column, Dataset, Definitions, Format, Table
from data_pipeline.etl.errors import JobError

ORDERS = Dataset(
    "orders",
    ("orders/{year}/{month}.csv", "late/{year}-{month}.csv.gz"),
    Format("csv", nulls=("", "NULL")),
    (
        Column("order_id", "string", named=("id", "order id")),
        Column("amount", "decimal(12,2)", True, default="0"),
    ),
    complete="_SUCCESS",
    checks={"negative": "amount >= 0"},
    partition=("day(at)",),
    rules={"unreadable-files": "fail 0"},
    options={"mode": "fast"},
    comments={"total": "of a day"},
)
TOTALS = Table(
    "totals", "SELECT 1", ("orders",), ("month(day)",), {"orders": "day(at)"}, 29, "totals.parquet", "All."
)
DEFINITIONS = Definitions({"orders": ORDERS}, {"totals": TOTALS})


def test_what_is_written_is_read() -> None:
    written = datasets.write(DEFINITIONS)
    assert datasets.read(written, "here") == DEFINITIONS
    assert datasets.write(datasets.read(written.encode(), "here")) == written
    assert datasets.read(datasets.write(Definitions()), "here") == Definitions()


@pytest.mark.parametrize(
    "content", ["", "{}", '{"version": 1}', '{"version": 99, "datasets": [], "tables": []}']
)
def test_what_holds_no_definitions(content: str) -> None:
    with pytest.raises(JobError, match="here"):
        datasets.read(content, "here")


@pytest.mark.parametrize(
    "change",
    [
        {"transform": "shop.orders:lines"},
        {"format": replace(ORDERS.format, timezone="UTC")},
        {"columns": ORDERS.columns[:1]},
        {"columns": (replace(ORDERS.columns[0], nullable=True), ORDERS.columns[1])},
        {"columns": (replace(ORDERS.columns[0], pii="hash"), ORDERS.columns[1])},
        {"columns": (replace(ORDERS.columns[0], named=("id",)), ORDERS.columns[1])},
        {"columns": (ORDERS.columns[0], replace(ORDERS.columns[1], default="1"))},
        {"checks": {"negative": "amount > 0"}},
        {"sql": "SELECT 1"},
        {"replaces": "all"},
        {"reader": "shop.reader:Reader"},
        {"options": {"mode": "slow"}},
    ],
)
def test_what_decides_a_row_changes_the_definition(change: dict[str, Any]) -> None:
    assert replace(ORDERS, **change).definition != ORDERS.definition


def test_what_a_transform_makes_is_part_of_the_definition() -> None:
    """Its names and types; a document that was written before there were any is read."""
    made = replace(ORDERS, transform="shop.orders:lines", result=(Column("n", "long"),))
    assert made.definition != replace(made, result=(Column("n", "int"),)).definition
    assert datasets.read(datasets.write(Definitions({"orders": made})), "here").datasets["orders"] == made
    before = json.loads(datasets.write(DEFINITIONS))
    for key in ("transform", "result"):
        del before["datasets"][0][key]
    assert datasets.read(json.dumps(before), "here") == DEFINITIONS


@pytest.mark.parametrize(
    "change",
    [
        {"patterns": ("x",)},
        {"rules": {}},
        {"partition": ()},
        {"comment": "All orders."},
        {"comments": {}},
        {"quarantine_limit": 1},
        {"complete": ""},
        {"export": "x.parquet"},
        {"columns": (replace(ORDERS.columns[0], comment="its number"), ORDERS.columns[1])},
        {"columns": (replace(ORDERS.columns[0], was="number"), ORDERS.columns[1])},
    ],
)
def test_what_decides_no_row_does_not(change: dict[str, Any]) -> None:
    assert replace(ORDERS, **change).definition == ORDERS.definition


def test_the_definition_of_a_table_is_its_sql_and_its_inputs() -> None:
    assert replace(TOTALS, sql="SELECT 2").definition != TOTALS.definition
    assert replace(TOTALS, inputs=("orders", "more")).definition != TOTALS.definition
    assert replace(TOTALS, comment="", partition=(), reach_days=0).definition == TOTALS.definition
