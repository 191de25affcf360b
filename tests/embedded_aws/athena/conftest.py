"""A database with an Iceberg table of orders on the session's embedded AWS, and a workgroup to ask it by."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from clients import client
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.transforms import BucketTransform, DayTransform, IdentityTransform
from pyiceberg.types import DecimalType, LongType, MapType, NestedField, StringType, TimestampType
from waiting import until

from data_pipeline.embedded_aws.server.endpoint import Endpoint

ROWS = 25


@dataclass(frozen=True)
class Shop:
    """A bucket, a database with the table ``orders`` of ``ROWS`` rows, and a workgroup, all of one name."""

    endpoint: Endpoint
    name: str
    files: int
    """Bytes of the table's data files."""

    def athena(self, **credentials: str) -> Any:
        """A client of Athena, of root by default."""
        return client(self.endpoint, "athena", **credentials)

    def start(self, text: str, athena: Any = None, **more: Any) -> str:
        """Start a query in the workgroup; its id."""
        given = {"WorkGroup": self.name, "QueryExecutionContext": {"Database": self.name}} | more
        return str(
            (athena or self.athena()).start_query_execution(QueryString=text, **given)["QueryExecutionId"]
        )

    def ended(self, query: str) -> dict[str, Any]:
        """The execution of a query that has ended."""
        athena = self.athena()
        return until(
            lambda: (
                found
                if (found := athena.get_query_execution(QueryExecutionId=query)["QueryExecution"])["Status"][
                    "State"
                ]
                not in ("QUEUED", "RUNNING")
                else None
            ),
            seconds=60,
        )

    def ask(self, text: str, **more: Any) -> dict[str, Any]:
        """The execution of a query, run to its end."""
        return self.ended(self.start(text, **more))

    def rows(self, text: str, **more: Any) -> list[list[str | None]]:
        """What a query answers, with its header."""
        ended = self.ask(text, **more)
        assert ended["Status"]["State"] == "SUCCEEDED", ended["Status"]
        pages = self.athena().get_paginator("get_query_results")
        found = pages.paginate(QueryExecutionId=ended["QueryExecutionId"])
        rows = [row["Data"] for page in found for row in page["ResultSet"]["Rows"]]
        return [[datum.get("VarCharValue") for datum in row] for row in rows]


def orders() -> pa.Table:
    """``ROWS`` rows of an order each, with what a CSV file must take care of."""
    first = datetime(2026, 11, 1, tzinfo=UTC)
    columns = {
        "id": list(range(1, ROWS + 1)),
        "at": [first + timedelta(hours=n) for n in range(ROWS)],
        "amount": [Decimal(n) / 4 for n in range(ROWS)],
        "note": ['two\nlines, "quoted"', None, ""] + ["plain"] * (ROWS - 3),
        "weight": [float(10**n) for n in range(ROWS)],
    }
    kinds = (pa.int64(), pa.timestamp("us", "UTC"), pa.decimal128(12, 2), pa.string(), pa.float64())
    schema = pa.schema(list(zip(columns, kinds, strict=True)))
    return pa.table(columns, schema=schema)


@pytest.fixture(scope="session")
def shop(embedded: Endpoint) -> Shop:
    """The shop."""
    return opened(embedded)


@pytest.fixture
def reader(shop: Shop, user: Callable[..., dict[str, str]]) -> Callable[..., Any]:
    """``reader(*statements)``: Athena's client of a user with these permissions."""
    return lambda *statements: shop.athena(**user(*statements))


def opened(endpoint: Endpoint, rows: pa.Table | None = None) -> Shop:
    """A shop on an embedded AWS, with other ``rows`` than those of ``orders``."""
    name, rows = f"shop{uuid.uuid4().hex[:8]}", orders() if rows is None else rows
    client(endpoint, "s3").create_bucket(Bucket=name)
    glue = client(endpoint, "glue")
    glue.create_database(DatabaseInput={"Name": name})
    access = {
        "s3.endpoint": endpoint.url,
        "s3.access-key-id": endpoint.access_key,
        "s3.secret-access-key": endpoint.secret_key,
        "s3.region": endpoint.region,
    }
    catalog = GlueCatalog("glue", client=glue, **access)
    table = catalog.create_table((name, "orders"), schema=rows.schema, location=f"s3://{name}/orders")
    table.append(rows)
    files = sum(task.file.file_size_in_bytes for task in table.scan().plan_files())
    settings = {"OutputLocation": f"s3://{name}/results"}
    client(endpoint, "athena").create_work_group(Name=name, Configuration={"ResultConfiguration": settings})
    return Shop(endpoint, name, files)


@pytest.fixture(scope="session")
def filled(embedded: Endpoint) -> Shop:
    """A shop of its own with a table of Hive's, partitioned by day and shift, a view, and a partitioned Iceberg one."""
    shop = opened(embedded)
    glue = client(shop.endpoint, "glue")
    columns = [
        {"Name": "id", "Type": "bigint", "Comment": "of the order"},
        {"Name": "n" * 21, "Type": "map<string,int>"},
    ]
    storage: dict[str, Any] = {"Columns": columns, "Location": f"s3://{shop.name}/days"}
    keys = [{"Name": "day", "Type": "date"}, {"Name": "shift", "Type": "string"}]
    table = {"Name": "days", "StorageDescriptor": storage, "PartitionKeys": keys}
    glue.create_table(DatabaseName=shop.name, TableInput=table)
    glue.create_table(DatabaseName=shop.name, TableInput={"Name": "seen", "TableType": "VIRTUAL_VIEW"})
    for values in (["2026-01-02", "b"], ["2026-01-01", "a/b c"]):
        given = {"Values": values, "StorageDescriptor": storage}
        glue.create_partition(DatabaseName=shop.name, TableName="days", PartitionInput=given)
    access = {"s3.endpoint": shop.endpoint.url, "s3.access-key-id": shop.endpoint.access_key}
    access |= {"s3.secret-access-key": shop.endpoint.secret_key, "s3.region": shop.endpoint.region}
    pair = MapType(key_id=5, key_type=StringType(), value_id=6, value_type=LongType())
    schema = Schema(
        NestedField(1, "id", LongType(), doc="of the reading"),
        NestedField(2, "at", TimestampType()),
        NestedField(3, "value", DecimalType(9, 2)),
        NestedField(4, "more", pair),
    )
    spec = PartitionSpec(
        PartitionField(2, 1000, DayTransform(), "at_day"),
        PartitionField(1, 1001, BucketTransform(4), "id_bucket"),
        PartitionField(3, 1002, IdentityTransform(), "value"),
    )
    catalog = GlueCatalog("glue", client=glue, **access)
    catalog.create_table((shop.name, "readings"), schema, f"s3://{shop.name}/readings", spec)
    return shop
