"""What is asked of a run is held against the data sets of the project, before it is started."""

from __future__ import annotations

from typing import Any

import pytest

from data_pipeline.core.errors import UserError
from data_pipeline.core.machine.selection import Known, checked
from data_pipeline.etl.documents import patterns

KNOWN = Known(
    {
        "orders": (patterns.parse("orders/{country}/{year}-{month}.csv"),),
        "weather": (patterns.parse("{kind:old|new}-{year}.csv"), patterns.parse("{kind:raw}/{year}.csv")),
        "bases": (patterns.parse("bases.csv"),),
    },
    ("customers",),
    {"orders": frozenset({"amount"}), "bases": frozenset({"name"})},
    ("rows-of-median", "unique", "late-orders"),
)


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"datasets": ["orders", "weather"], "parts": ["country=de", "kind=raw"]},
        {"periods": "2024"},
        {"rebuild": ["orders"], "datasets": ["orders"], "from_now_on": ["weather"]},
        {"drop_columns": ["orders.status", "customers.age", "weather.amount"]},
        {"accept": ["late-orders@run-1", "unique"]},
    ],
)
def test_what_the_project_has_is_let_through(value: dict[str, Any]) -> None:
    """As it is."""
    assert checked(KNOWN, {"version": 1, **value}) == {"version": 1, **value}


def test_months_are_periods() -> None:
    """A data set knows periods alone; a project without data sets is given months as before."""
    assert checked(KNOWN, {"months": "2024-01..2024-02"}) == {"periods": "2024-01..2024-02"}
    assert checked(Known(), {"months": "2024-01", "datasets": ["green"]}) == {
        "months": "2024-01",
        "datasets": ["green"],
    }


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            {"datasets": ["order"]},
            "--dataset order: found no data set 'order', expected 'orders', 'weather' or 'bases'; "
            "did you mean 'orders'?",
        ),
        (
            {"datasets": ["new"]},
            "--dataset new: found no data set 'new', expected 'orders', 'weather' or 'bases'; "
            "did you mean --part kind=new?",
        ),
        (
            {"rebuild": ["customers"]},
            "--rebuild customers: found a table, which is made anew by itself where its SQL or what it is made of has "
            "changed, expected 'orders', 'weather' or 'bases'",
        ),
        (
            {"parts": ["county=de"]},
            "--part county=de: found no named part 'county', expected 'country' or 'kind'; did you mean 'country'?",
        ),
        (
            {"parts": ["kind=ne"]},
            "--part kind=ne: found 'ne', expected 'old', 'new' or 'raw'; did you mean 'new'?",
        ),
        (
            {"datasets": ["bases"], "parts": ["country=de"]},
            "--part country=de: found no named part in the patterns of bases; remove the option",
        ),
        (
            {"datasets": ["bases"], "periods": "2024"},
            "--periods 2024: found no period in the patterns of bases; remove the option",
        ),
        (
            {"periods": "2024", "months": "2024-01"},
            "--months 2024-01: found --periods, too; expected one of the two",
        ),
        (
            {"rebuild": ["orders"], "from_now_on": ["orders"]},
            "--from-now-on orders: found --rebuild orders, too; expected one of the two",
        ),
        (
            {"rebuild": ["orders"], "periods": "2024", "datasets": ["weather"]},
            "--rebuild orders: found --periods and --dataset, too; expected none, since a table is made anew from all "
            "its files",
        ),
        (
            {"drop_columns": ["order.status"]},
            "--drop-column order.status: found no table 'order', expected 'orders', 'weather', 'bases' or 'customers'; "
            "did you mean 'orders'?",
        ),
        (
            {"drop_columns": ["orders.amount"]},
            "--drop-column orders.amount: found the column in the configuration, expected one that is there no more; "
            "remove it from datasets.orders.columns first",
        ),
        (
            {"accept": ["rows-of-medians@r"]},
            "--accept rows-of-medians@r: found no rule 'rows-of-medians', expected 'rows-of-median', 'unique' or "
            "'late-orders'; did you mean 'rows-of-median'?",
        ),
    ],
)
def test_what_the_project_has_not_is_refused(value: dict[str, Any], message: str) -> None:
    """With what there is, and the nearest of it."""
    with pytest.raises(UserError) as caught:
        checked(KNOWN, value)
    assert str(caught.value) == message


def test_all_that_is_wrong_is_told_at_once() -> None:
    """A line for each."""
    with pytest.raises(UserError) as caught:
        checked(KNOWN, {"parts": ["a=b"], "from_now_on": ["b"], "accept": ["c"]})
    assert [line.partition(":")[0] for line in str(caught.value).splitlines()] == [
        "--part a=b",
        "--from-now-on b",
        "--accept c",
    ]


@pytest.mark.parametrize("field", ["parts", "rebuild", "from_now_on", "drop_columns"])
def test_a_project_without_data_sets_has_no_use_for_it(field: str) -> None:
    """It would be ignored, which is worse than refused."""
    with pytest.raises(UserError, match="found no data sets in the configuration"):
        checked(Known(), {field: ["x"]})
