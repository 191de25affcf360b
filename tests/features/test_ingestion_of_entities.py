"""Stores of a group of customers by day: what is loaded, corrected and deleted by key, and what they then hold."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest
from etl.jobs.shop import Shop
from features.conftest import Published
from features.runs import Runs, day
from features.stores import Stores, made
from randomness import SOAK

from data_pipeline.core.config.feature_groups import FeatureGroup, Joined
from data_pipeline.embedded_aws.server.endpoint import Endpoint
from data_pipeline.etl.documents.datasets import Column, Dataset, Definitions, Format, Table
from data_pipeline.etl.errors import JobError
from data_pipeline.features import online
from data_pipeline.features.records import columns
from data_pipeline.features.snapshots import Tables

ORDERS = Dataset(
    "orders",
    ("orders/{year}-{month}-{day}.csv",),
    Format("csv", timezone="UTC"),
    (
        Column("id", "string"),
        Column("customer", "long"),
        Column("ordered_at", "timestamptz"),
        Column("amount", "decimal(12,2)"),
        Column("status", "string"),
    ),
    key=("id",),
    deleted="status = 'void'",
    history=True,
)
CUSTOMER_DAYS = Table(
    "customer_days",
    "SELECT customer, CAST(ordered_at AS DATE) AS day, sum(amount) AS spent, count(*) > 1 AS several, "
    "max(_available_at) AS available_at FROM orders GROUP BY ALL",
    ("orders",),
)
GROUP = FeatureGroup.model_validate(
    {
        "description": "orders of a customer by day",
        "owner": "tests",
        "table": "customer_days",
        "record_identifier": "customer",
        "event_time": "day",
        "features": {"spent": {}, "several": {}},
        "online": True,
        "offline": True,
    }
)
STATES = FeatureGroup.model_validate(
    {
        "description": "what an order was worth, and until when",
        "owner": "tests",
        "table": "orders_history",
        "record_identifier": "id",
        "event_time": "valid_from",
        "valid_to": "valid_to",
        "features": {"amount": {"type": "fractional"}},
        "online": True,
        "offline": True,
    }
)
EVERY_ORDER = ("o1", "o2", "o3", "o4", "o5")
TYPES = {"customer": "long", "day": "date", "spent": "decimal(38,2)", "several": "boolean"}


@pytest.fixture
def runs(published: Published) -> Runs:
    """A shop without orders, in the bucket and database of ``published``."""
    at = published.jobs
    shop = Shop(
        at.warehouse.replace("/warehouse", "/out"),
        Definitions({"orders": ORDERS}, {"customer_days": CUSTOMER_DAYS}),
    )
    return Runs(shop, {"orders": ("id", "customer", "ordered_at", "amount", "status")})


def stores_of(runs: Runs, endpoint: Endpoint) -> Stores:
    jobs, group = runs.shop.at, GROUP.with_types(TYPES)
    store = runs.store({"customers": group}, {})
    published = Published(jobs, Tables(jobs.catalog, jobs.database), store)
    return made(published, endpoint, name="customers", defined=group, identifiers=("7", "8", "9"))


def order(number: int, customer: int, of: int, amount: str, status: str = "paid") -> tuple[str, ...]:
    return (f"o{number}", str(customer), f"{day(of, 10):%Y-%m-%dT%H:%M:%SZ}", amount, status)


def as_text(rows: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """What the stores' rows say, as text: the offline store has numbers of its own types."""
    return [
        (row["customer"], row["day"], float(row["spent"]), str(row["several"]).lower(), row["available_at"])
        for row in rows
    ]


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="ingests four times: `make soak` does")
def test_stores_follow_a_table_of_customers(runs: Runs, embedded: Endpoint) -> None:
    """A correction is written again; a key that is deleted takes its record from both stores, and a customer of whom
    nothing is left from the online one; records read from it have the published types. A definition that is ahead of
    the table is refused.
    """
    runs.run(
        day(3),
        {
            "orders/2024-01-01.csv": [order(1, 7, 0, "5.00"), order(2, 8, 0, "1.50")],
            "orders/2024-01-02.csv": [order(3, 7, 1, "2.00"), order(4, 7, 1, "0.25"), order(5, 9, 1, "9.99")],
        },
    )
    stores = stores_of(runs, embedded)
    ahead = {**stores.defined.features, "returned": stores.defined.features["spent"]}
    stores.defined = stores.defined.model_copy(update={"features": ahead})
    with pytest.raises(
        JobError, match="customers: table customer_days has no column returned; it has customer"
    ):
        stores.ingest("a")
    stores.defined = GROUP.with_types(TYPES)
    assert stores.ingest("a") == {"appended": 4, "put": 3}
    states = made(stores.published, embedded, name="states", defined=STATES, identifiers=EVERY_ORDER)
    assert states.ingest("a") == {"appended": 5, "put": 5}
    assert stores.online() == stores.newest()
    runs.run(day(5), {"orders/2024-01-04.csv": [order(2, 8, 0, "2.50"), order(5, 9, 1, "0", "void")]})
    assert stores.ingest("b") == {"appended": 1, "deleted": 1, "put": 1, "removed": 2}
    assert stores.online() == stores.newest()
    assert {*stores.online()} == {"7", "8"}
    assert as_text(stores.view(6)) == as_text(stores.wanted())
    assert [(row["customer"], row["spent"], row["available_at"]) for row in stores.wanted()] == [
        (7, 5, "2024-01-04T00:00:00Z"),
        (7, 2.25, "2024-01-04T00:00:00Z"),
        (8, 2.5, "2024-01-06T00:00:00Z"),
    ]
    assert stores.ingest("c") == {}
    table = columns(stores.published.tables.load("customer_days"))
    read = online.rows(GROUP, table, stores.online(), ["8", "7"])
    records = runs.store({"customers": GROUP}, {}).get("customers")
    newest = {row["customer"]: row for row in records.to_pylist()}
    assert read.to_pylist() == [newest[8], newest[7]]
    assert read.schema == records.schema
    _follow_history(runs, states)


def _follow_history(runs: Runs, states: Stores) -> None:
    """The history of single orders: of one that was voided, nothing is known from the end of its last version on, and
    the online store has it no more.
    """
    store = runs.store({"states": STATES}, {})
    labels = [
        ("o5", 2.99, 9.99),
        ("o5", 3, None),
        ("o2", 2.99, 1.5),
        ("o2", 3, 2.5),
        ("o1", 9, 5),
        ("o6", 9, None),
    ]
    given = pa.table(
        {
            "id": [name for name, _, _ in labels],
            "at": [(day(0) + timedelta(days=number)).replace(tzinfo=None) for _, number, _ in labels],
        }
    )
    features = {"amount": Joined(group="states", feature="amount")}
    joined = store.join(given, features, identifier="id", time="at", available=False)
    assert joined["amount"].to_pylist() == [value for _, _, value in labels]
    assert states.ingest("d") == {"appended": 3, "put": 1, "removed": 1}
    assert {*store.newest("states", day(20))} == {*states.online()} == {"o1", "o2", "o3", "o4"}
    assert {*store.newest("states", day(2))} == {*EVERY_ORDER}
    assert {name: row["amount"] for name, row in states.online().items()} == {
        "o1": "5.0",
        "o2": "2.5",
        "o3": "2.0",
        "o4": "0.25",
    }
