"""The two Iceberg tables in the Glue catalog: make, read and replace them. One commit is one snapshot.

boto3 decides endpoint, region and credentials of the catalog; PyArrow reads and writes the files at the
endpoint and in the region that boto3 has found, with credentials from the same places.
"""

from __future__ import annotations

from dataclasses import dataclass

import boto3
import pyarrow as pa
from botocore.config import Config
from botocore.exceptions import BotoCoreError
from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import (
    NoSuchIcebergTableError,
    NoSuchNamespaceError,
    NoSuchPropertyException,
    NoSuchTableError,
    TableAlreadyExistsError,
)
from pyiceberg.io.pyarrow import _dataframe_to_data_files
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.transforms import IdentityTransform
from pyiceberg.types import IntegerType, LongType, NestedField, StringType, TimestampType

from tlc.errors import JobError
from tlc.features import RIDE_COUNTS
from tlc.reading import TRIP_COUNTS
from tlc.storage import join

_TYPES = {
    pa.string(): StringType(),
    pa.int32(): IntegerType(),
    pa.int64(): LongType(),
    pa.timestamp("us"): TimestampType(),
}
_SCHEMAS = {"trip_counts": TRIP_COUNTS, "ride_counts": RIDE_COUNTS}
_PARTITIONS = {"trip_counts": ("dataset", "month"), "ride_counts": ()}
# PyIceberg's own retry would submit the same rows again on top of a rival's; who loses here starts anew.
_PROPERTIES = {"commit.retry.num-retries": "0", "write.parquet.compression-codec": "zstd"}


@dataclass(frozen=True)
class Tables:
    """The tables of one Glue database, whose files lie below ``warehouse`` (an S3 place)."""

    catalog: GlueCatalog
    database: str
    warehouse: str

    def load(self, name: str) -> Table:
        """The newest state of the table, which is made if it is not there."""
        identifier = (self.database, name)
        try:
            return self.catalog.load_table(identifier)
        except (NoSuchIcebergTableError, NoSuchPropertyException) as error:
            raise JobError(
                f"Glue table {self.database}.{name} is not an Iceberg table; drop or rename it"
            ) from error
        except NoSuchTableError:
            return self._create(name)

    def _create(self, name: str) -> Table:
        identifier = (self.database, name)
        schema = iceberg_schema(_SCHEMAS[name])
        try:
            return self.catalog.create_table(
                identifier,
                schema=schema,
                location=join(self.warehouse, name),
                partition_spec=_partitions(schema, _PARTITIONS[name]),
                properties=_PROPERTIES,
            )
        except TableAlreadyExistsError:
            return self.catalog.load_table(identifier)
        except NoSuchNamespaceError as error:
            raise JobError(f"there is no Glue database {self.database}; deploying makes it") from error


def connect(catalog: str, warehouse: str) -> Tables:
    """The tables of ``catalog`` (``glue:<database>``). Raises JobError for another catalog and for no
    database.
    """
    kind, _, database = catalog.partition(":")
    if kind != "glue" or not database:
        raise JobError(f"--catalog {catalog}: this is not glue:<database>")
    if not warehouse.startswith("s3://"):
        raise JobError(f"--catalog {catalog}: its tables need an --output on S3, not {warehouse}")
    # One attempt for each call: a commit that botocore repeats after a lost answer looks like a lost race.
    once = Config(retries={"mode": "standard", "total_max_attempts": 1}, connect_timeout=10, read_timeout=60)
    try:
        client = boto3.client("glue", config=once)
        s3 = boto3.client("s3").meta
    except BotoCoreError as error:
        raise JobError(f"--catalog {catalog}: {error}") from error
    access = {"s3.endpoint": s3.endpoint_url, "s3.region": s3.region_name}
    return Tables(GlueCatalog("glue", client=client, **access), database, warehouse)


def iceberg_schema(schema: pa.Schema) -> Schema:
    """``schema`` with Iceberg's types; columns are numbered from 1."""
    fields = [NestedField(i, column.name, _TYPES[column.type]) for i, column in enumerate(schema, 1)]
    return Schema(*fields)


def _partitions(schema: Schema, columns: tuple[str, ...]) -> PartitionSpec:
    fields = [
        PartitionField(schema.find_field(column).field_id, 1000 + i, IdentityTransform(), column)
        for i, column in enumerate(columns)
    ]
    return PartitionSpec(*fields)


def replace(table: Table, rows: pa.Table, properties: dict[str, str]) -> None:
    """Replace all rows of ``table``, as it was when it was loaded, by ``rows``, in one snapshot.

    ``properties`` go into the snapshot's summary. Raises CommitFailedException or ValidationException if the
    table has changed since it was loaded; nothing has changed then.
    """
    with table.transaction() as transaction, transaction.update_snapshot(properties).overwrite() as overwrite:
        for task in table.scan().plan_files():
            overwrite.delete_data_file(task.file)
        for file in _dataframe_to_data_files(transaction.table_metadata, rows, table.io):
            overwrite.append_data_file(file)


def properties_of(snapshot: Snapshot | None) -> dict[str, str]:
    """The summary of ``snapshot``: what ``replace`` was given and what Iceberg adds; empty for None."""
    return dict(snapshot.summary.additional_properties) if snapshot and snapshot.summary else {}


def rows_in(snapshot: Snapshot) -> int:
    """How many rows the table has in ``snapshot``."""
    return int(properties_of(snapshot)["total-records"])
