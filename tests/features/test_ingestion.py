"""The job that ingests, on the embedded AWS: what readers of both stores see equals what is published."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from features.conftest import rides
from features.stores import Stores
from randomness import times

from data_pipeline.etl.errors import JobError
from data_pipeline.etl.publishing import tables

#: records of a table with three an hour.
RECORDS = times("ingested")


@pytest.mark.soak
def test_twice_is_as_once(stores: Stores) -> None:
    """The same online store and the same de-duplicated view, although the offline store has each record twice."""
    covered = {"pipeline.covered-months": "fhv 2019-01..2022-12; green 2019-01..2022-12"}
    stores.published.publish("one", rides(1, hours=RECORDS // 3), **covered)
    number = 3 * (RECORDS // 3)
    assert stores.ingest() == {"appended": number, "put": 3}
    first = stores.online(), stores.view(number)
    assert first == (stores.newest(), stores.wanted())
    stores.client("s3").delete_object(Bucket=stores.bucket, Key="state/ingested.json")
    assert stores.ingest() == {"appended": number}
    assert stores.appended(2 * number).num_rows == 2 * number
    assert (stores.online(), stores.view(2 * number)) == first


def test_only_what_has_changed_is_written(stores: Stores) -> None:
    """Twenty more hours; counts of all that were there; what is gone; an identifier that is not covered any more."""
    assert stores.ingest() == {}
    stores.published.publish("one", rides(1, hours=40))
    assert stores.ingest() == {"appended": 120, "put": 3}
    assert stores.ingest() == {}
    stores.published.publish("two", rides(1, hours=60))
    assert stores.ingest() == {"appended": 60, "put": 3}
    stores.published.publish("three", rides(2, hours=60))
    assert stores.ingest() == {"appended": 180, "put": 3, "removed": 3}
    stores.published.publish("four", rides(2, hours=50))
    assert stores.ingest() == {"deleted": 30, "put": 3, "removed": 3}
    assert (stores.online(), stores.view(390)) == (stores.newest(), stores.wanted())
    without = {"pipeline.covered-months": "green 2019-01..2019-12"}
    stores.published.publish("five", rides(2, hours=50), **without)
    assert stores.ingest() == {"deleted": 50, "removed": 1}
    assert (stores.online(), stores.view(440)) == (stores.newest(), stores.wanted())


def test_when_a_record_was_available_is_part_of_it(stores: Stores) -> None:
    stores.published.publish("one", rides(1, hours=10))
    stores.ingest()
    known = {"pipeline.available": "2019-02-10T00:00:00Z green 2019-01"}
    stores.published.publish("two", rides(1, hours=10), **known)
    assert stores.ingest()["appended"] == 10  # of green; all of them together wait for the last data set
    assert (stores.online(), stores.view(40)) == (stores.newest(), stores.wanted())


def test_an_expired_snapshot_is_no_end(stores: Stores) -> None:
    stores.published.publish("one", rides(1, hours=10))
    stores.ingest()
    stores.published.publish("two", rides(1, hours=12))
    state = json.loads(stores.get("state/ingested.json"))
    state["groups"]["rides"]["snapshot"] = "123"
    stores.put("state/ingested.json", json.dumps(state).encode())
    assert stores.ingest() == {"appended": 36, "put": 3}


def test_an_ingestion_that_failed_is_done_again(stores: Stores) -> None:
    """It is noted as begun, and as nothing more before everything is written."""
    stores.published.publish("one", rides(1, hours=10))
    stores.client("sagemaker").delete_feature_group(FeatureGroupName=stores.group)
    with pytest.raises(JobError, match="does not exist"):
        stores.ingest()
    noted = json.loads(stores.get("state/ingested.json"))["groups"]["rides"]
    assert (noted["snapshot"], len(noted["begun"])) == (None, 1)


def test_a_feature_that_was_added_is_filled_on_request(stores: Stores) -> None:
    """Otherwise new records alone have it, and the job says so."""
    stores.published.publish("one", rides(1, hours=10))
    stores.ingest()
    state = json.loads(stores.get("state/ingested.json"))
    state["groups"]["rides"]["features"].remove("dow")
    stores.put("state/ingested.json", json.dumps(state).encode())
    stores.published.publish("two", rides(1, hours=11))
    assert stores.ingest() == {"appended": 3, "put": 3}
    assert stores.ingest(backfill="true") == {"appended": 33}
    assert stores.ingest(backfill="true") == {}


def test_an_hour_of_another_year_is_read_from_its_own_file(stores: Stores) -> None:
    """The newest record may be in a file that has not changed."""
    table = stores.published.jobs
    stores.published.publish("one", rides(1, datetime(2019, 1, 1), 10))  # noqa: DTZ001 - a wall clock
    stores.ingest()
    before = table.load("ride_counts").current_snapshot()
    more = rides(1, datetime(2018, 12, 1), 5)  # noqa: DTZ001 - a wall clock
    noted = {"pipeline.covered-months": "fhv 2018-12..2019-12; green 2018-12..2019-12"}
    tables.replace(table.load("ride_counts"), [], [more], noted)
    assert before is not None
    assert stores.ingest() == {"appended": 15}
    assert (stores.online(), stores.view(45)) == (stores.newest(), stores.wanted())
