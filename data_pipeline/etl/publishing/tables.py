"""Iceberg tables in the Glue catalog: make, read and replace them. One commit is one snapshot.

boto3 decides endpoint, region and credentials of the catalog, and of the files, which PyArrow reads and writes
(``table_files``).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

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
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io import FileIO
from pyiceberg.io.pyarrow import ArrowScan, _dataframe_to_data_files, pyarrow_to_schema, write_file
from pyiceberg.manifest import (
    DATA_FILE_TYPE,
    DEFAULT_READ_VERSION,
    DataFile,
    ManifestContent,
    ManifestEntry,
    ManifestFile,
)
from pyiceberg.partitioning import PartitionFieldValue, PartitionKey
from pyiceberg.table import FileScanTask, Table, Transaction, WriteTask
from pyiceberg.table.metadata import TableMetadata
from pyiceberg.table.snapshots import Operation, Snapshot
from pyiceberg.table.update.snapshot import _ManifestMergeManager, _OverwriteFiles
from pyiceberg.transforms import IdentityTransform
from pyiceberg.utils.concurrent import ExecutorFactory

from data_pipeline.etl import null_lists
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.storage.filesystem import join

from . import iceberg_types, table_files, transactions, transforms
from .definition import Definition, commented, upgrade

null_lists.keep()

# PyIceberg's own retry would submit the same rows again on top of a rival's; who loses here starts anew.
_PROPERTIES = {"commit.retry.num-retries": "0", "write.parquet.compression-codec": "zstd"}
#: a table's property: what its snapshot is known to be equal to, beyond what the snapshot itself says
EQUAL = "pipeline.made-of"
MANIFEST_BYTES = 8 << 20
MOST_MANIFESTS = 8


@dataclass(frozen=True)
class Tables:
    """The tables of one Glue database, whose files lie below ``warehouse`` (an S3 place); ``definitions`` of those
    that may be made.
    """

    catalog: GlueCatalog
    database: str
    warehouse: str
    definitions: Mapping[str, Definition] = field(default_factory=dict)

    def load(self, name: str, definition: Definition | None = None) -> Table:
        """The newest state of a table that is defined, here or by ``definition``; it is made if it is not there, and
        says what it holds.
        """
        definition = definition or self.definitions[name]
        table = self.find(name) or self._create(name, definition)
        upgraded = upgrade(table, definition)
        return self.catalog.load_table((self.database, name)) if upgraded else table

    def find(self, name: str) -> Table | None:
        """The newest state of the table; None if there is none."""
        try:
            return self.catalog.load_table((self.database, name))
        except (NoSuchIcebergTableError, NoSuchPropertyException) as error:
            raise JobError(
                f"Glue table {self.database}.{name} is not an Iceberg table; drop or rename it"
            ) from error
        except NoSuchTableError:
            return None

    def _create(self, name: str, definition: Definition) -> Table:
        identifier = (self.database, name)
        schema = commented(iceberg_types.schema(definition.columns), definition.comments)
        try:
            return self.catalog.create_table(
                identifier,
                schema=schema,
                location=join(self.warehouse, name),
                partition_spec=transforms.spec(schema, definition.partitions),
                properties=_PROPERTIES | definition.properties,
            )
        except TableAlreadyExistsError:
            return self.catalog.load_table(identifier)
        except NoSuchNamespaceError as error:
            raise JobError(f"there is no Glue database {self.database}; deploying makes it") from error


def connect(catalog: str, warehouse: str, definitions: Mapping[str, Definition] | None = None) -> Tables:
    """The tables of ``catalog`` (``glue:<database>``); those with a definition may be made. Raises JobError for
    another catalog and for no database.
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
        access = table_files.properties()
    except BotoCoreError as error:
        raise JobError(f"--catalog {catalog}: {error}") from error
    return Tables(GlueCatalog("glue", client=client, **access), database, warehouse, definitions or {})


def replace(
    table: Table,
    gone: Iterable[DataFile],
    rows: Iterable[pa.Table],
    properties: dict[str, str],
    change: Callable[[Transaction], None] | None = None,
) -> None:
    """Replace the data files ``gone`` of ``table``, as it was when it was loaded, by ``rows``, in one
    snapshot. Each item of ``rows`` makes data files of its own. ``change``: what becomes of the table's columns
    before, in the same commit.

    ``properties`` go into the snapshot's summary. Raises CommitFailedException or ValidationException if the
    table has changed since it was loaded; nothing has changed then.
    """
    with transactions.begin(table) as transaction:
        if change is not None:
            change(transaction)
        metadata = transaction.table_metadata
        made = (file for part in rows for file in _written(metadata, part, table.io))
        exchange_in(transaction, table, gone, made, properties)


def exchange_in(
    transaction: Transaction,
    table: Table,
    gone: Iterable[DataFile],
    come: Iterable[DataFile],
    properties: dict[str, str],
) -> None:
    """Replace the data files ``gone`` by those that ``come`` as part of ``transaction``, which is not committed."""
    operation = Operation.OVERWRITE if table.current_snapshot() else Operation.APPEND
    replacement = _Replacement(operation, transaction, table.io, snapshot_properties=properties)
    with replacement:
        for file in gone:
            replacement.delete_data_file(file)
        for file in come:
            replacement.append_data_file(file)


def _written(metadata: TableMetadata, rows: pa.Table, io: FileIO) -> Iterator[DataFile]:
    """Data files of ``rows``, for each partition its own."""
    spec, schema = metadata.spec(), metadata.schema()
    if not len(rows):
        return
    if all(isinstance(field.transform, IdentityTransform) for field in spec.fields):
        yield from _dataframe_to_data_files(metadata, rows, io)
        return
    columns = pyarrow_to_schema(rows.schema, name_mapping=schema.name_mapping)
    for number, (values, part) in enumerate(transforms.split(spec, schema, rows)):
        fields = zip(spec.fields, values, strict=True)
        key = PartitionKey([PartitionFieldValue(field, value) for field, value in fields], spec, schema)
        task = WriteTask(uuid.uuid4(), number, columns, part.to_batches(), partition_key=key)
        yield from write_file(io, metadata, iter([task]))


class _Replacement(_OverwriteFiles):
    """An overwrite that leaves out manifests without a live file and merges small ones, as Iceberg's own
    engines do: otherwise each commit would make all that follow slower. What it says of a file that goes has no
    smallest and largest values: they may be those of a key that was erased.
    """

    def _deleted_entries(self) -> list[ManifestEntry]:
        return [
            ManifestEntry.from_args(
                status=entry.status,
                snapshot_id=entry.snapshot_id,
                sequence_number=entry.sequence_number,
                file_sequence_number=entry.file_sequence_number,
                data_file=_without_bounds(entry.data_file),
            )
            for entry in super()._deleted_entries()
        ]

    def _process_manifests(self, manifests: list[ManifestFile]) -> list[ManifestFile]:
        live = [
            manifest
            for manifest in manifests
            if manifest.added_snapshot_id == self._snapshot_id or _has_files(manifest)
        ]
        return _ManifestMergeManager(MANIFEST_BYTES, MOST_MANIFESTS, True, self).merge_manifests(live)


def _without_bounds(file: DataFile) -> DataFile:
    fields = DATA_FILE_TYPE[DEFAULT_READ_VERSION].fields
    values = {field.name: file[at] for at, field in enumerate(fields)}
    found = DataFile.from_args(**{**values, "lower_bounds": None, "upper_bounds": None})
    found.spec_id = file.spec_id
    return found


def files_in(table: Table, snapshot: Snapshot | None) -> list[DataFile]:
    """The data files of a snapshot; none of None. JobError if another program has deleted rows of them."""
    return [] if snapshot is None else [*_live(table, snapshot.manifests(table.io)).values()]


def difference(table: Table, before: int, after: int) -> tuple[list[DataFile], list[DataFile]]:
    """The data files that the snapshot ``after`` has and ``before`` has not, and the other way around.

    What both share is not read, so this costs what has changed. Raises FileNotFoundError if files of
    ``before`` have been deleted, and KeyError if the table no longer knows it.
    """
    one, other = _manifests(table, before), _manifests(table, after)
    gone = _live(table, [one[path] for path in one.keys() - other.keys()])
    come = _live(table, [other[path] for path in other.keys() - one.keys()])
    return [come[p] for p in come.keys() - gone.keys()], [gone[p] for p in gone.keys() - come.keys()]


def _manifests(table: Table, snapshot_id: int) -> dict[str, ManifestFile]:
    snapshot = table.snapshot_by_id(snapshot_id)
    if snapshot is None:
        raise KeyError(snapshot_id)
    return {manifest.manifest_path: manifest for manifest in snapshot.manifests(table.io)}


def _live(table: Table, manifests: list[ManifestFile]) -> dict[str, DataFile]:
    """By path. To plan a scan, as PyIceberg does, takes three times as long: it weighs rows, and we want all.

    JobError where rows are marked as deleted, which no run does: they would come back with what is made of the files.
    """
    if any(manifest.content == ManifestContent.DELETES and _has_files(manifest) for manifest in manifests):
        name = ".".join(table.name()[-2:])
        raise JobError(
            f"table {name}: another program has deleted rows, in files of their own, which runs do not read; in "
            f"Athena, OPTIMIZE {name} REWRITE DATA USING BIN_PACK writes the rows that are left anew, or go back to "
            "the snapshot before; keys are deleted by 'erase'"
        )

    def entries(manifest: ManifestFile) -> list[ManifestEntry]:
        return manifest.fetch_manifest_entry(table.io, discard_deleted=True)

    data = [manifest for manifest in manifests if manifest.content == ManifestContent.DATA]
    found = ExecutorFactory.get_or_create().map(entries, data)
    return {entry.data_file.file_path: entry.data_file for some in found for entry in some}


def _has_files(manifest: ManifestFile) -> bool:
    return manifest.has_added_files() or manifest.has_existing_files()


def read_files(table: Table, files: list[DataFile], columns: tuple[str, ...] = ("*",)) -> pa.Table:
    """The rows of these data files of ``table``."""
    schema = table.schema() if columns == ("*",) else table.schema().select(*columns)
    scan = ArrowScan(table.metadata, table.io, schema, AlwaysTrue())
    return scan.to_table([FileScanTask(file) for file in files])


def properties_of(snapshot: Snapshot | None) -> dict[str, str]:
    """The summary of ``snapshot``: what ``replace`` was given and what Iceberg adds; empty for None."""
    return dict(snapshot.summary.additional_properties) if snapshot and snapshot.summary else {}


def made_of(name: str) -> str:
    """The property by which what is made of the table ``name`` says of which snapshot of it."""
    return f"pipeline.{name.replace('_', '-')}-snapshot"


def rows_in(snapshot: Snapshot) -> int:
    """How many rows the table has in ``snapshot``."""
    return int(properties_of(snapshot)["total-records"])
