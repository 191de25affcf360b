"""Tables, exports and ledger as they were at a moment, on an embedded AWS and by the deployer's policy."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from clients import client, settings
from deploy.conftest import environment
from deployer import deployer
from features.conftest import rides
from published import TABLES
from pyiceberg.types import StringType

from data_pipeline.aws.session import Connection, EmbeddedCredentials, connect
from data_pipeline.cli.deploying import returning
from data_pipeline.cli.deploying.returning import Returning, bring_back, data_page, gather_returning
from data_pipeline.core.config.environment import Data
from data_pipeline.core.config.retention import Retention
from data_pipeline.core.deployment.page import rendering
from data_pipeline.core.deployment.returned import Ruled
from data_pipeline.core.errors import UserError
from data_pipeline.embedded_aws.server.endpoint import Endpoint
from data_pipeline.etl.documents import erasures
from data_pipeline.etl.publishing import tables as jobs_tables
from data_pipeline.etl.storage import filesystem

PIPELINE = "returned"
#: what the deployer's page adds for ``rollback --with-data``.
ADDED = frozenset(["ReturnObjects", "ReturnTables", "ListVersions"])


@dataclass
class World:
    """A versioned bucket and a database with a table; ``connection`` is the deployer's."""

    connection: Connection
    s3: Any
    bucket: str
    tables: jobs_tables.Tables

    def publish(self, run: str, factor: int, **objects: str) -> None:
        """A run: a snapshot with other rows, and objects of state and exports."""
        table = self.tables.load("ride_counts")
        old = [task.file for task in table.scan().plan_files()]
        jobs_tables.replace(table, old, [rides(factor, hours=50)], {"pipeline.run": run})
        for name, body in objects.items():
            self.s3.put_object(Bucket=self.bucket, Key=f"output/{name.replace('_', '/')}", Body=body.encode())

    def published(self) -> tuple[Any, ...]:
        """Rows and columns of the table, and what objects there are."""
        table = self.tables.load("ride_counts")
        keys = [
            item["Key"]
            for prefix in ("output/state/", "output/export/")
            for item in self.s3.list_objects_v2(Bucket=self.bucket, Prefix=prefix).get("Contents", [])
        ]
        bodies = {key: self.s3.get_object(Bucket=self.bucket, Key=key)["Body"].read() for key in keys}
        return table.schema().column_names, sorted(table.scan().to_arrow()["num_rides"].to_pylist()), bodies

    def gather(self, moment: datetime, *since: Ruled) -> Returning:
        outputs = {"DataBucket": self.bucket, "Database": self.bucket.replace("-", "_")}
        return gather_returning(self.connection, "dev", outputs, Data(), Retention(), moment, since)


@pytest.fixture
def world(embedded: Endpoint, monkeypatch: pytest.MonkeyPatch) -> World:
    for name, value in settings(embedded).items():
        monkeypatch.setenv(name, value)
    filesystem._s3.cache_clear()  # clients of an earlier test's settings
    bucket = f"{PIPELINE}-{uuid.uuid4().hex[:8]}"
    s3, database = client(embedded, "s3"), bucket.replace("-", "_")
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    client(embedded, "glue").create_database(DatabaseInput={"Name": database})
    keys = deployer(embedded, PIPELINE, added=ADDED)
    connection = connect(environment(pipeline=PIPELINE), EmbeddedCredentials(embedded.url, **keys))
    tables = jobs_tables.connect(f"glue:{database}", f"s3://{bucket}/output/warehouse", TABLES)
    return World(connection, s3, bucket, tables)


def _moment() -> datetime:
    """Now, a second before whatever follows: S3 tells seconds."""
    moment = datetime.now(UTC)
    time.sleep(1.1)
    return moment


def test_all_comes_back_together_and_what_was_broken_off_is_done_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows, columns, changed, new and deleted objects; a table that was made later, and the mirror's record, stay. A
    second time there is nothing to do. Without a snapshot, the table is named.
    """
    world.publish("first", 1, state_a="1", state_gone="1", state_mirror="1", export_x="1")
    before = world.published()
    moment = _moment()
    with world.tables.load("ride_counts").update_schema() as change:
        change.add_column("weather", StringType())
    world.s3.delete_object(Bucket=world.bucket, Key="output/state/gone")
    world.publish("second", 2, state_a="2", state_new="2", export_x="2")
    world.s3.put_object(Bucket=world.bucket, Key="output/state/mirror.json", Body=b"2")
    world.tables.load("trip_counts")
    found = world.gather(moment)
    text = "\n".join(rendering.lines(data_page(found)))
    assert "ride_counts: back to snapshot" in text
    assert ", of the run first" in " ".join(text.split())
    assert "ledger: 3 objects, 1 of them new and deleted" in text
    assert "exports: 1 object" in text
    assert "trip_counts was made later" in text

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(returning, "_set_current", killed)
        with pytest.raises(KeyboardInterrupt):
            bring_back(world.connection, found)
    again = world.gather(moment)
    assert (again.state, len(again.tables), len(again.exports)) == ((), 1, 1)
    bring_back(world.connection, again)
    columns, rows, objects = world.published()
    assert objects.pop("output/state/mirror.json") == b"2"
    assert (columns, rows, objects) == before
    assert not world.gather(moment).anything
    first = world.tables.load("ride_counts").current_snapshot()
    assert first is not None
    world.publish("third", 3)
    found = world.gather(moment)
    table = world.tables.load("ride_counts")
    table.maintenance.expire_snapshots().by_ids([first.snapshot_id]).commit()
    with pytest.raises(UserError, match=f"snapshot {first.snapshot_id} could not be made the current one"):
        bring_back(world.connection, found)
    with pytest.raises(UserError, match=r"what returned_\w+\.ride_counts held at .* cannot be told"):
        world.gather(moment)


def test_what_was_erased_stays_erased_and_a_data_set_may_be_called_mirror(world: World) -> None:
    """Keys that were erased since stay on record, and the next run looks for all of them again."""
    done = [replace(key, done="2026-01-02T00:00:00Z") for key in _erased("1", "2").keys]
    place = "output/state/erased/orders.json"

    def put(key: str, body: str) -> None:
        world.s3.put_object(Bucket=world.bucket, Key=key, Body=body.encode())

    world.publish("first", 1)
    put(place, erasures.write(erasures.Record("salt", tuple(done[:1]))))
    for key in ("output/state/datasets/mirror.json", "output/state/erased/files/orders.json"):
        put(key, "1")
    moment = _moment()
    put(place, erasures.write(erasures.Record("salt", tuple(done))))
    for key in ("output/state/datasets/mirror.json", "output/state/erased/files/orders.json"):
        put(key, "2")
    found = world.gather(moment)
    assert [step.key for step in found.state] == ["output/state/datasets/mirror.json"]
    assert "what was erased stays erased" in "\n".join(rendering.lines(data_page(found)))
    bring_back(world.connection, found)
    objects = world.published()[2]
    assert objects["output/state/datasets/mirror.json"] == b"1"
    assert objects["output/state/erased/files/orders.json"] == b"2"
    assert erasures.read(objects[place], place) == _erased("1", "2")


def _erased(*keys: str) -> erasures.Record:
    """Pending keys of one column."""
    record = erasures.Record("salt")
    return record.with_keys(("order_id",), [(key,) for key in keys], "2026-01-01T00:00:00Z")


def test_a_bucket_without_versions_and_a_moment_too_long_ago_are_refused(world: World) -> None:
    now = datetime.now(UTC)
    with pytest.raises(UserError, match="older versions are kept for 90 days"):
        world.gather(now - timedelta(days=91))
    kept = {"NoncurrentVersionExpiration": {"NoncurrentDays": 3}, "Filter": {"Prefix": "output/"}}
    short = {"ID": "short", "Status": "Enabled", **kept}
    world.gather(now - timedelta(days=5), Ruled(12, now - timedelta(days=2), (short,)))
    with pytest.raises(UserError, match=r"kept for 3 days \(rule short of deployment 12\)"):
        world.gather(now - timedelta(days=5), Ruled(12, now - timedelta(days=1), (short,)))
    rules = {"Rules": [short]}
    world.s3.put_bucket_lifecycle_configuration(Bucket=world.bucket, LifecycleConfiguration=rules)
    with pytest.raises(UserError, match=f"kept for 3 days .rule short of bucket {world.bucket}"):
        world.gather(now - timedelta(days=4))
    world.s3.put_bucket_versioning(Bucket=world.bucket, VersioningConfiguration={"Status": "Suspended"})
    with pytest.raises(UserError, match=f"bucket {world.bucket} keeps no older versions"):
        world.gather(now)
