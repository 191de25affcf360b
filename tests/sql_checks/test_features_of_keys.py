"""A training set does not learn from what became known after its predictions, unless it says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_pipeline.core.errors import UserError
from data_pipeline.core.loading.load import load_environment
from data_pipeline.project.definitions import checked
from tests.core.loading.dataset_project import shop

DEV = """\
datasets:
  orders:
    files: "orders/{year}-{month}.csv"
    columns: {order_id: string, customer: string, moment: timestamptz, amount: double}
    key: order_id
    latest: moment
    history: true
  days:
    files: "days/{year}-{month}.csv"
    columns: {customer: string, moment: timestamptz, bought: long}
tables:
  customers: {sql: customers.sql}
features:
  of_customers:
    description: their orders
    owner: shop
    table: %s
    record_identifier: customer
    event_time: moment
    features: {amount: {}}
  of_days:
    description: their days
    owner: shop
    table: days
    record_identifier: customer
    event_time: moment
    features: {bought: {}}
training_sets:
  next:
    description: whether a customer buys
    labels: {group: of_days, feature: bought}
    features: {amount: {group: of_customers, feature: amount}}
    split: {validation: "2026-02-01", test: "2026-03-01"}%s
"""
SQL = (
    "SELECT customer, moment, sum(amount) AS amount, max(_available_at) AS available_at FROM %s GROUP BY ALL"
)
BOTH = "orders JOIN (SELECT DISTINCT customer, moment, amount FROM orders_history) USING (customer, moment, amount)"


def problem(root: Path, table: str, more: str = "", source: str = "orders") -> str:
    """What is wrong, or nothing."""
    root.mkdir(exist_ok=True)
    made = shop(root, DEV % (table, more), customers=SQL % source)
    try:
        checked(made, load_environment(made, "dev"))
    except UserError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("table", "source"),
    [("orders", "orders"), ("customers", "orders"), ("customers", BOTH)],
)
def test_the_newest_of_each_key_is_refused(tmp_path, table, source):
    """Of the data set itself, and of tables that are made of it."""
    assert problem(tmp_path, table, source=source) == (
        "config/dev.yaml:32: training_sets.next.features.amount.group: found 'of_customers', whose table "
        f"'{table}' has only the newest of each key, expected a group of its versions or its history, known as of "
        "each prediction; or 'as_corrected: true', if it may learn from what became known later"
    )


def test_it_is_taken_where_it_is_said(tmp_path):
    assert problem(tmp_path, "orders", "\n    as_corrected: true") == ""


@pytest.mark.parametrize("table", ["orders_versions", "orders_history"])
def test_versions_and_history_are_fine(tmp_path, table):
    assert problem(tmp_path / "one", table) == ""
    assert problem(tmp_path / "other", "customers", source=table) == ""
