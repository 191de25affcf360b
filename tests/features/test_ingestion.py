"""The job that ingests, on the embedded AWS: what readers of both stores see equals what is published."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ingest
import pyarrow as pa
import pytest
from clients import client
from features.conftest import GROUP, Published, rides
from local.featurestore.conftest import statements
from randomness import times
from tlc import tables
from tlc.errors import JobError
from waiting import until

from data_pipeline.core.feature_document import document
from data_pipeline.core.naming import Names
from data_pipeline.features import offline
from data_pipeline.features.snapshots import Tables
from data_pipeline.local.endpoint import Endpoint

#: hours of a table with three records an hour.
RECORDS = times("ingested")
IDENTIFIERS = ["all", "fhv", "green"]
STORED = GROUP.model_copy(update={"online": True, "offline": True})


@dataclass
class Stores:
    """A feature group on top of a published table, and the job between them."""

    published: Published
    endpoint: Endpoint
    bucket: str
    names: Names

    def client(self, service: str) -> Any:
        return client(self.endpoint, service)

    def ingest(self, run: str = "r", **options: str) -> dict[str, Any]:
        """Run the job; what it says that it did."""
        self.put("groups.json", document({"rides": STORED}, self.names).encode())
        given = {
            "output": f"s3://{self.bucket}",
            "catalog": f"glue:{self.published.jobs.database}",
            "features": f"s3://{self.bucket}/groups.json",
            "run": run,
            **options,
        }
        ingest.main([word for name, value in given.items() for word in (f"--{name}", value)])
        told = json.loads(self.get(f"runs/{run}/ingested.json"))["groups"]
        found: dict[str, Any] = told.get("rides", {})
        found.pop("snapshot", None)
        return {name: value for name, value in found.items() if value}

    def put(self, key: str, body: bytes) -> None:
        self.client("s3").put_object(Bucket=self.bucket, Key=key, Body=body)

    def get(self, key: str) -> bytes:
        body: bytes = self.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return body

    def online(self) -> dict[str, dict[str, str]]:
        of = [{"FeatureGroupName": self.group, "RecordIdentifiersValueAsString": IDENTIFIERS}]
        found = self.client("sagemaker-featurestore-runtime").batch_get_record(Identifiers=of)["Records"]
        return {
            one["RecordIdentifierValueAsString"]: {
                v["FeatureName"]: v["ValueAsString"] for v in one["Record"]
            }
            for one in found
        }

    @property
    def group(self) -> str:
        return self.names.feature_group("rides")

    def appended(self, at_least: int) -> pa.Table:
        """Every row of the offline table, once so many are there."""
        told = self.client("sagemaker").describe_feature_group(FeatureGroupName=self.group)
        config = told["OfflineStoreConfig"]["DataCatalogConfig"]
        tables = Tables(self.published.tables.catalog, config["Database"])

        def rows() -> Any:
            found = tables.load(config["TableName"]).scan().to_arrow()
            return found.num_rows >= at_least and found

        found: pa.Table = until(rows, 120)
        return found

    def view(self, at_least: int) -> list[dict[str, Any]]:
        return list(offline.read(STORED, self.appended(at_least)).to_pylist())

    def wanted(self) -> list[dict[str, Any]]:
        """The published records, as the stores hold them."""
        found = []
        for row in self.published.store.get("rides").to_pylist():
            of = {name: f"{row[name]:%Y-%m-%dT%H:%M:%SZ}" for name in ("window_end", "available_at")}
            found.append({**row, **of})
        return found

    def newest(self) -> dict[str, dict[str, str]]:
        last = {row["dataset"]: row for row in self.wanted()}  # they are in the order of time
        return {name: {key: str(value) for key, value in row.items()} for name, row in last.items()}


@pytest.fixture
def stores(published: Published, embedded: Endpoint, role: Callable[..., str], name: str) -> Stores:
    bucket = published.jobs.warehouse.removeprefix("s3://").partition("/")[0]
    made = Stores(published, embedded, bucket, Names("tests", name.removeprefix("t-")))
    definitions = [{"FeatureName": f, "FeatureType": kind.capitalize()} for f, kind in STORED.stored.items()]
    made.client("sagemaker").create_feature_group(
        FeatureGroupName=made.group,
        RecordIdentifierFeatureName="dataset",
        EventTimeFeatureName="window_end",
        FeatureDefinitions=definitions,
        OnlineStoreConfig={"EnableOnlineStore": True},
        OfflineStoreConfig={
            "S3StorageConfig": {"S3Uri": f"s3://{bucket}/offline"},
            "TableFormat": "Iceberg",
        },
        RoleArn=role("sagemaker.amazonaws.com", *statements(bucket)),
    )
    return made


@pytest.fixture
def role(embedded: Endpoint) -> Callable[..., str]:
    """``role(service, *statements)``: the ARN of a new role that the service may assume, with these permissions."""

    def make(service: str, *allowed: Any) -> str:
        iam, named = client(embedded, "iam"), f"r-{uuid.uuid4().hex[:12]}"
        trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        arn = iam.create_role(RoleName=named, AssumeRolePolicyDocument=document)["Role"]["Arn"]
        document = json.dumps({"Version": "2012-10-17", "Statement": list(allowed)})
        iam.put_role_policy(RoleName=named, PolicyName="test", PolicyDocument=document)
        return str(arn)

    return make


@pytest.fixture
def name() -> str:
    return uuid.uuid4().hex[:8]


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
    """Nothing is noted before everything is written."""
    stores.published.publish("one", rides(1, hours=10))
    stores.client("sagemaker").delete_feature_group(FeatureGroupName=stores.group)
    with pytest.raises(JobError, match="does not exist"):
        stores.ingest()
    with pytest.raises(stores.client("s3").exceptions.ClientError, match="NoSuchKey"):
        stores.get("state/ingested.json")


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
