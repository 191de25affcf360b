"""A key that is erased goes from what feature stores tell: at once from what is published, and with the next ingestion
from the online store; the offline store marks it as deleted, and keeps it.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from features.conftest import Published
from features.runs import Runs, day
from features.stores import Stores, made
from features.test_ingestion_of_entities import GROUP, STATES, TYPES, order, runs, stores_of
from randomness import SOAK

from data_pipeline.embedded_aws.server.endpoint import Endpoint
from data_pipeline.etl.documents import erasures
from data_pipeline.etl.jobs import ingest
from data_pipeline.etl.storage.filesystem import files

__all__ = ["runs"]

TABLES = ("orders", "orders_versions", "orders_history")


def ingested(stores: Stores, runs: Runs, run: str) -> dict[str, int]:
    """Ingest below the output of the runs, which look there for what stores have; what was done."""
    place = f"{runs.shop.output}/runs/{run}/ingested.json"
    ingest.main(stores.arguments(run, output=runs.shop.output))
    told: dict[str, Any] = json.loads(files(place).read(place))["groups"].get(stores.name, {})
    return {name: value for name, value in told.items() if value and name != "snapshot"}


def erase(runs: Runs, key: str, since: str) -> None:
    place = erasures.place(runs.shop.output, "orders")
    record = erasures.new().with_keys(("id",), [(key,)], since)
    files(place).write(place, erasures.write(record).encode())


def snapshots_with(runs: Runs, name: str, key: str) -> int:
    """How many snapshots of a table have a row of this order."""
    table = runs.shop.at.find(name)
    assert table is not None
    rows = [table.scan(snapshot_id=each.snapshot_id).to_arrow()["id"] for each in table.snapshots()]
    return sum(key in each.to_pylist() for each in rows)


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="ingests two groups three times: `make soak` does")
def test_an_erased_key_leaves_online_stores_with_the_next_ingestion(runs: Runs, embedded: Endpoint) -> None:
    """Of an order, in a group of orders and in one that is made of them. The snapshot by which ingestion tells what has
    gone stays until then, and the run after it expires that one, too.
    """
    first = [order(1, 7, 0, "5.00"), order(2, 8, 0, "1.50"), order(3, 7, 0, "2.00")]
    runs.run(day(3), {"orders/2024-01-01.csv": first})
    customers = stores_of(runs, embedded)
    customers.defined = GROUP.with_types(TYPES)
    states = _states(customers.published, embedded)
    assert ingested(customers, runs, "a") == {"appended": 2, "put": 2}
    assert ingested(states, runs, "b") == {"appended": 3, "put": 3}

    erase(runs, "o2", f"{day(4):%Y-%m-%dT%H:%M:%SZ}")
    runs.run(day(5), {})
    told = runs.shop.document("summary.json")["erasures"]["orders"]
    assert told["rows"] == {"orders": 1, "orders_versions": 1, "orders_history": 1}
    assert told["ingests"] == ["orders_history", "customer_days"]
    assert [snapshots_with(runs, name, "o2") for name in TABLES] == [0, 0, 1]
    assert {*states.online()} == {"o1", "o2", "o3"}

    assert ingested(customers, runs, "c") == {"deleted": 1, "removed": 1}
    assert ingested(states, runs, "d") == {"deleted": 1, "removed": 1}
    assert {*customers.online()} == {"7"}
    assert {*states.online()} == {"o1", "o3"}
    assert {row["id"] for row in states.view(4)} == {"o1", "o3"}
    kept = states.appended(4).to_pylist()
    assert sorted(row["is_deleted"] for row in kept if row["id"] == "o2") == [False, True]

    runs.run(day(6), {})
    told = runs.shop.document("summary.json")["erasures"]["orders"]
    assert told["ingests"] == []
    assert told["snapshots"]["orders_history"] == 1
    assert [snapshots_with(runs, name, "o2") for name in TABLES] == [0, 0, 0]
    assert runs.shop.prepare()["proceed"] is False
    assert ingested(states, runs, "e") == {}


def _states(published: Published, embedded: Endpoint) -> Stores:
    return made(published, embedded, name="states", defined=STATES, identifiers=("o1", "o2", "o3"))
