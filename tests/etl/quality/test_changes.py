"""Rows that look like a stream of changes, and those that do not."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pytest

from data_pipeline.etl.quality import changes


def day(number: int) -> datetime:
    return datetime(2026, 1, number)  # noqa: DTZ001 - a wall clock


ORDERS = {
    "order_id": ["A1", "A2", "A1", "A3"],
    "customer_id": ["c", "c", "c", "d"],
    "updated_at": [day(1), day(1), day(2), day(2)],
}


def test_an_id_that_comes_again_later_is_a_key():
    found = changes.found(pa.table(ORDERS))
    assert found == changes.Changes("order_id", "updated_at", 3, 1)
    assert str(found) == "1 of 3 order_id have several rows, told apart by updated_at"


@pytest.mark.parametrize(
    "rows",
    [
        {},
        {**ORDERS, "order_id": ["A1", "A2", "A3", "A4"], "customer_id": ["c", "d", "e", "f"]},
        {**ORDERS, "updated_at": [day(1)] * 4},
        {**ORDERS, "order_id": ["A1", None, "A1", "A3"], "customer_id": ["c", None, "c", "d"]},
        {"station": ["n", "s", "n"], "measured_at": [day(1), day(1), day(2)], "celsius": [1.0, 2.0, 3.0]},
        {"order_id": ["A1", "A1"], "ordered_at": [day(1), day(2)]},
        {"revision_number": [1, 1, 2]},
        {"order_id": [["A1"], ["A1"]], "updated_at": [day(1), day(2)]},
    ],
)
def test_anything_else_is_not(rows):
    """Neither facts, nor measurements of a station, nor ids without an order."""
    assert changes.found(pa.table(rows)) is None
