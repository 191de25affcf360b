"""A published ride_counts of the tests' own on the embedded AWS, read as the commands read it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from clients import client, settings
from published import RIDE_COUNTS, TABLES

from data_pipeline.core.config.feature_groups import FeatureGroup
from data_pipeline.embedded_aws.server.endpoint import Endpoint
from data_pipeline.etl.publishing import tables as jobs_tables
from data_pipeline.etl.storage import filesystem
from data_pipeline.features.snapshots import Tables, connect
from data_pipeline.features.store import Store

GROUP = FeatureGroup.model_validate(
    {
        "description": "rides by hour",
        "owner": "tests",
        "table": "ride_counts",
        "window": {"start": "timestamp", "minutes": 60},
        "record_identifier": "dataset",
        "event_time": "window_end",
        "features": {
            "dataset": {"type": "string"},
            "window_end": {"type": "string"},
            "rides": {"type": "integral"},
            "dow": {"type": "integral"},
        },
        "records": {"all": {"rides": "num_rides"}, "green": {"rides": "green"}, "fhv": {"rides": "fhv"}},
        "lag": "100 days",
        "timezone": "America/New_York",
    }
)
HOURS = 24 * 365


def rides(factor: int, first: datetime = datetime(2019, 1, 1), hours: int = HOURS) -> pa.Table:  # noqa: DTZ001
    """Rows of ride_counts, one an hour, whose counts tell the factor."""
    starts = [first + timedelta(hours=n) for n in range(hours)]
    green, fhv = [factor * (n % 7 + 1) for n in range(hours)], [factor] * hours
    columns = {
        "timestamp": starts,
        "num_rides": [a + b for a, b in zip(green, fhv, strict=True)],
        "minutes": [60 * s.hour for s in starts],
        "dow": [s.isoweekday() % 7 + 1 for s in starts],
        "month": [s.month for s in starts],
        "doy": [s.timetuple().tm_yday for s in starts],
        "yellow": [0] * hours,
        "green": green,
        "fhv": fhv,
        "fhvhv": [0] * hours,
    }
    return pa.table(columns).cast(RIDE_COUNTS)


@dataclass
class Published:
    """The table, and the store that reads it."""

    jobs: jobs_tables.Tables
    tables: Tables
    store: Store

    def publish(self, run: str, rows: pa.Table, **noted: str) -> str:
        """Replace all rows, as a run does; the snapshot's id."""
        table = self.jobs.load("ride_counts")
        old = [task.file for task in table.scan().plan_files()]
        properties = {
            "pipeline.run": run,
            "pipeline.covered-months": "fhv 2019-01..2019-12; green 2019-01..2019-12",
        }
        jobs_tables.replace(table, old, [rows], {**properties, **noted})
        return str(self.jobs.load("ride_counts").current_snapshot().snapshot_id)


@pytest.fixture
def published(embedded: Endpoint, monkeypatch: pytest.MonkeyPatch) -> Published:
    """A fresh bucket and database."""
    for name, value in settings(embedded).items():
        monkeypatch.setenv(name, value)
    filesystem._s3.cache_clear()  # clients of an earlier test's settings
    name = f"data{uuid.uuid4().hex[:12]}"
    client(embedded, "s3").create_bucket(Bucket=name)
    client(embedded, "glue").create_database(DatabaseInput={"Name": name})
    jobs = jobs_tables.connect(f"glue:{name}", f"s3://{name}/warehouse", TABLES)
    access = {
        "s3.endpoint": embedded.url,
        "s3.region": embedded.region,
        "s3.access-key-id": embedded.access_key,
        "s3.secret-access-key": embedded.secret_key,
    }
    tables = connect(client(embedded, "glue"), access, name)
    return Published(jobs, tables, Store(tables, {"rides": GROUP}))


@pytest.fixture
def stores(published: Published, embedded: Endpoint) -> Any:
    """Both stores of a feature group on top of the table."""
    from features.stores import made

    return made(published, embedded)
