"""Both stores of a feature group on top of a published table, and the job between them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from clients import client
from embedded_aws.featurestore.conftest import definitions, writer_of
from features.conftest import GROUP, Published
from waiting import until

from data_pipeline.core.config.feature_document import document
from data_pipeline.core.config.feature_groups import FeatureGroup
from data_pipeline.core.naming import Names
from data_pipeline.embedded_aws.server.endpoint import Endpoint
from data_pipeline.etl.jobs import ingest
from data_pipeline.features import offline
from data_pipeline.features.snapshots import Tables

STORED = GROUP.model_copy(update={"online": True, "offline": True})


@dataclass
class Stores:
    """A feature group on top of a published table, and the job between them."""

    published: Published
    endpoint: Endpoint
    bucket: str
    names: Names
    name: str = "rides"
    defined: FeatureGroup = STORED
    identifiers: Sequence[str] = ("all", "fhv", "green")
    periods: Mapping[str, str] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        return client(self.endpoint, service)

    def arguments(self, run: str, **options: str) -> list[str]:
        """Those of the job, whose list of groups is in its place."""
        self.put("groups.json", document({self.name: self.defined}, self.names, self.periods).encode())
        given = {
            "output": f"s3://{self.bucket}",
            "catalog": f"glue:{self.published.jobs.database}",
            "features": f"s3://{self.bucket}/groups.json",
            "run": run,
            **options,
        }
        return [word for name, value in given.items() for word in (f"--{name}", value)]

    def ingest(self, run: str = "r", **options: str) -> dict[str, Any]:
        """Run the job; what it says that it did."""
        ingest.main(self.arguments(run, **options))
        told = json.loads(self.get(f"runs/{run}/ingested.json"))["groups"]
        found: dict[str, Any] = told.get(self.name, {})
        found.pop("snapshot", None)
        return {name: value for name, value in found.items() if value}

    def put(self, key: str, body: bytes) -> None:
        self.client("s3").put_object(Bucket=self.bucket, Key=key, Body=body)

    def get(self, key: str) -> bytes:
        body: bytes = self.client("s3").get_object(Bucket=self.bucket, Key=key)["Body"].read()
        return body

    def online(self) -> dict[str, dict[str, str]]:
        of = [{"FeatureGroupName": self.group, "RecordIdentifiersValueAsString": [*self.identifiers]}]
        found = self.client("sagemaker-featurestore-runtime").batch_get_record(Identifiers=of)["Records"]
        return {
            one["RecordIdentifierValueAsString"]: {
                v["FeatureName"]: v["ValueAsString"] for v in one["Record"]
            }
            for one in found
        }

    @property
    def group(self) -> str:
        return self.names.feature_group(self.name)

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
        return list(offline.read(self.defined, self.appended(at_least)).to_pylist())

    def wanted(self) -> list[dict[str, Any]]:
        """The published records, as the stores hold them."""
        found = []
        for row in self.published.store.get(self.name).to_pylist():
            of = {
                name: f"{row[name]:%Y-%m-%dT%H:%M:%SZ}" for name in (self.defined.event_time, "available_at")
            }
            found.append({**row, **of})
        return found

    def newest(self) -> dict[str, dict[str, str]]:
        identifier = self.defined.record_identifier
        last = {str(row[identifier]): row for row in self.wanted()}  # they are in the order of time
        return {
            name: {key: text_of(value) for key, value in row.items() if value is not None}
            for name, row in last.items()
        }

    def whole_view(self) -> list[dict[str, Any]]:
        """The view, once everything that has been written before is in it: records are appended in their order."""
        last = f"last-{uuid.uuid4().hex[:8]}"
        record = [
            {"FeatureName": "dataset", "ValueAsString": last},
            {"FeatureName": "window_end", "ValueAsString": "2019-01-01T00:00:00Z"},
        ]
        runtime = self.client("sagemaker-featurestore-runtime")
        runtime.put_record(FeatureGroupName=self.group, Record=record, TargetStores=["OfflineStore"])

        def there() -> Any:
            rows = self.appended(1)
            return last in rows["dataset"].to_pylist() and rows

        found = offline.read(STORED, until(there, 120)).to_pylist()
        return [row for row in found if not row["dataset"].startswith("last-")]


def text_of(value: Any) -> str:
    """As DuckDB writes it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def made(published: Published, endpoint: Endpoint, **group: Any) -> Stores:
    """A new group with both stores; ``group``: fields of ``Stores`` for another one than that of rides."""
    bucket = published.jobs.warehouse.removeprefix("s3://").partition("/")[0]
    made = Stores(published, endpoint, bucket, Names("tests", uuid.uuid4().hex[:8]), **group)
    made.client("sagemaker").create_feature_group(
        FeatureGroupName=made.group,
        RecordIdentifierFeatureName=made.defined.record_identifier,
        EventTimeFeatureName=made.defined.event_time,
        FeatureDefinitions=definitions(
            {name: kind.capitalize() for name, kind in made.defined.stored.items()}
        ),
        OnlineStoreConfig={"EnableOnlineStore": True},
        OfflineStoreConfig={
            "S3StorageConfig": {"S3Uri": f"s3://{bucket}/offline"},
            "TableFormat": "Iceberg",
        },
        RoleArn=writer_of(made.client("iam"), bucket),
    )
    return made
