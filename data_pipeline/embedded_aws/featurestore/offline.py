"""The offline store: an Iceberg table in Glue that the service owns, appended to with the group's role.

As the service does it: the table is in the database ``sagemaker_featurestore``, partitioned by the day of the event
time; its files are ``<S3Uri>/<account>/sagemaker/<region>/offline-store/<group>-<creation>/data/<8 characters>/
<event time>_trunc=<day>/<newest event time>_<16 characters>.parquet``; every record is appended some time after its
request, each with ``write_time``, ``api_invocation_time`` and ``is_deleted``. AWS takes up to 15 minutes for that, this
half a second. A group whose records cannot be written says so in its OfflineStoreStatus, and they wait.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError
from ministack.core.responses import get_account_id, get_region

from data_pipeline.embedded_aws.identity import caller, iam, sessions
from data_pipeline.embedded_aws.jobs import access, storage
from data_pipeline.embedded_aws.jobs.answers import ServiceError

from . import register
from .online import STORE, Pending
from .values import Record, native

_log = logging.getLogger("embedded.featurestore")

PRINCIPAL = "sagemaker.amazonaws.com"
DATABASE = "sagemaker_featurestore"
#: seconds from a record's request to the look that writes it.
DELAY = 0.5
#: seconds until a blocked store is tried again by itself.
BLOCKED_DELAY = 60.0
#: records of one commit.
MOST = 100_000
_THROUGH = "embedded.through"
_ADDED = (("api_invocation_time", "timestamp"), ("write_time", "timestamp"), ("is_deleted", "boolean"))

Group = dict[str, Any]

_wake = threading.Event()
_writing = threading.Lock()
_started = threading.Lock()
_thread: threading.Thread | None = None


def create(group: Group) -> dict[str, Any]:
    """Make the table of a new group; its OfflineStoreConfig as Describe shows it."""
    config, created = group["OfflineStoreConfig"], int(group["CreationTime"])
    name = group["FeatureGroupName"]
    bucket, prefix = storage.split(config["S3StorageConfig"]["S3Uri"].rstrip("/"))
    folder = f"{get_account_id()}/sagemaker/{get_region()}/offline-store/{name}-{created}"
    location = "/".join(part for part in (f"s3://{bucket}", prefix, folder) if part)
    table = f"{name.replace('-', '_').lower()}_{created}"
    try:
        credentials = _assume(group)
        iam.hold("offline store made", group["RoleArn"], bucket=f"arn:aws:s3:::{bucket}")
        glue = caller.client("glue")
        _make_database(glue)
        _catalog(group, credentials, glue).create_table(
            (DATABASE, table),
            _schema(group["FeatureDefinitions"]),
            location,
            partition_spec=_spec(group),
            properties={
                "write.py-location-provider.impl": f"{__package__}.files.Locations",
                "format-version": "2",
            },
        )
    except iam.AccessDenied as denied:
        raise ServiceError("ValidationException", f"Validation Error: {denied}") from denied
    except ClientError as error:
        details = error.response["Error"]
        raise ServiceError(details["Code"], details.get("Message", "")) from error
    except OSError as error:  # of Arrow, which says what S3 has answered
        raise ServiceError(
            "ValidationException", f"Validation Error: {location} cannot be written: {error}"
        ) from error
    return {
        **config,
        "S3StorageConfig": {**config["S3StorageConfig"], "ResolvedOutputS3Uri": f"{location}/data"},
        "DisableGlueTableCreation": False,
        "DataCatalogConfig": {"TableName": table, "Catalog": "AwsDataCatalog", "Database": DATABASE},
    }


def add_columns(group: Group, added: Sequence[Mapping[str, str]]) -> None:
    """Have the table know features that were added."""
    with _writing:
        table = _table(group, _assume(group))
        with table.update_schema() as changed:
            for feature in added:
                changed.add_column(feature["FeatureName"], _type(feature["FeatureType"]))


def append(group: Group, record: Record, *, deleted: bool) -> None:
    """Have a record, or the marker of a deleted one, written soon."""
    STORE.append(group["FeatureGroupArn"], record, deleted)
    start()


def start() -> None:
    """Have whatever waits written soon; also what a server that was killed has left."""
    global _thread
    with _started:
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_write_forever, name="feature-store", daemon=True)
            _thread.start()
    _wake.set()


def flush_all() -> None:
    """Write what waits of every group. Nothing that goes wrong ends the thread that calls this: the log has it."""
    try:
        for arn in STORE.groups_waiting():
            group = register.of_arn(arn)
            if group is not None:
                flush(group)
    except Exception:  # noqa: BLE001 - the thread must go on
        _log.exception("records wait on for the offline stores")


def flush(group: Group) -> None:
    """Write the records of a group that wait now; what goes wrong is in its status, and they wait on."""
    arn = group["FeatureGroupArn"]
    with _writing:
        while rows := STORE.waiting(arn, MOST):
            try:
                _write(group, rows)
            except Exception as error:  # noqa: BLE001 - whatever it is, the group says so
                reason = str(error)
                if group["OfflineStoreStatus"].get("BlockedReason") != reason:
                    _log.warning("%s: the offline store is blocked: %s", arn, reason)
                group["OfflineStoreStatus"] = {"Status": "Blocked", "BlockedReason": reason[:1024]}
                return
            group["OfflineStoreStatus"] = {"Status": "Active"}


def _write_forever() -> None:
    while True:
        _wake.wait(BLOCKED_DELAY)
        time.sleep(DELAY)
        _wake.clear()
        flush_all()


def _write(group: Group, rows: list[Pending]) -> None:
    """One commit of these records. What an earlier commit had written before its server was killed is left out."""
    import pyarrow as pa
    from pyiceberg.io.pyarrow import schema_to_pyarrow, write_file

    bucket, prefix = storage.split(group["OfflineStoreConfig"]["S3StorageConfig"]["ResolvedOutputS3Uri"])
    iam.hold("offline store written", group["RoleArn"], objects=f"arn:aws:s3:::{bucket}/{prefix}/records")
    table = _table(group, _assume(group))
    present = table.current_snapshot()
    done = int((present.summary or {}).get(_THROUGH, 0)) if present and present.summary else 0
    days: dict[str, list[dict[str, Any]]] = {}
    now = time.time_ns() // 1000
    for row in rows:
        if row.id > done:
            days.setdefault(_day(group, row), []).append(_columns(group, row, now))
    schema = schema_to_pyarrow(table.schema(), include_field_ids=False)
    if days:
        with table.transaction() as transaction:
            tasks = (_task(table, pa.Table.from_pylist(found, schema), day) for day, found in days.items())
            files = write_file(table.io, table.metadata, tasks)
            with transaction.update_snapshot({_THROUGH: str(rows[-1].id)}).fast_append() as added:
                for file in files:
                    added.append_data_file(file)
    STORE.written(group["FeatureGroupArn"], rows[-1].id)


def _task(table: Any, rows: Any, day: str) -> Any:
    import uuid

    from pyiceberg.partitioning import PartitionFieldValue, PartitionKey
    from pyiceberg.table import WriteTask

    spec, schema = table.spec(), table.schema()
    key = PartitionKey([PartitionFieldValue(spec.fields[0], day)], spec, schema)
    return WriteTask(uuid.uuid4(), 0, schema, rows.to_batches(), partition_key=key)


def _columns(group: Group, row: Pending, now: int) -> dict[str, Any]:
    """A row of the table; the times of the service in microseconds, which Arrow takes for its timestamps."""
    types = {feature["FeatureName"]: feature["FeatureType"] for feature in group["FeatureDefinitions"]}
    values = {name: native(types[name], text) for name, text in row.record.items()}
    return {**values, "api_invocation_time": row.invoked, "write_time": now, "is_deleted": row.deleted}


def _day(group: Group, row: Pending) -> str:
    return row.record[group["EventTimeFeatureName"]][:10]


def _schema(features: Sequence[Mapping[str, str]]) -> Any:
    from pyiceberg.schema import Schema
    from pyiceberg.types import BooleanType, NestedField, TimestampType

    types = {"timestamp": TimestampType(), "boolean": BooleanType()}
    columns = [(feature["FeatureName"], _type(feature["FeatureType"])) for feature in features]
    columns += [(name, types[kind]) for name, kind in _ADDED]
    return Schema(*(NestedField(n, name, kind) for n, (name, kind) in enumerate(columns, 1)))


def _type(kind: str) -> Any:
    from pyiceberg.types import DoubleType, LongType, StringType

    return {"String": StringType(), "Integral": LongType(), "Fractional": DoubleType()}[kind]


def _spec(group: Group) -> Any:
    from pyiceberg.partitioning import PartitionField, PartitionSpec
    from pyiceberg.transforms import TruncateTransform

    name = group["EventTimeFeatureName"]
    number = next(n for n, f in enumerate(group["FeatureDefinitions"], 1) if f["FeatureName"] == name)
    return PartitionSpec(PartitionField(number, 1000, TruncateTransform(10), f"{name}_trunc"))


def _table(group: Group, credentials: sessions.Credentials) -> Any:
    config = group["OfflineStoreConfig"]["DataCatalogConfig"]
    glue = access.client("glue", credentials, group["FeatureGroupArn"].split(":")[3])
    return _catalog(group, credentials, glue).load_table((config["Database"], config["TableName"]))


def _catalog(group: Group, credentials: sessions.Credentials, glue: Any) -> Any:
    """The catalog through this client of Glue; files are read and written as the group's role."""
    from .files import Catalog

    return Catalog(
        "embedded",
        client=glue,
        **{
            "py-io-impl": f"{__package__}.files.Files",
            "s3.endpoint": access.url(),
            "s3.region": group["FeatureGroupArn"].split(":")[3],
            "s3.access-key-id": credentials.access_key,
            "s3.secret-access-key": credentials.secret_key,
            "s3.session-token": credentials.token,
        },
    )


def _make_database(glue: Any) -> None:
    try:
        glue.get_database(Name=DATABASE)
    except glue.exceptions.EntityNotFoundException:
        glue.create_database(DatabaseInput={"Name": DATABASE})


def _assume(group: Group) -> sessions.Credentials:
    """The service as the group's role; iam.AccessDenied when the role does not trust it."""
    arn = group["FeatureGroupArn"]
    source = {"aws:SourceArn": arn, "aws:SourceAccount": arn.split(":")[4]}
    return sessions.assume_for_service(group["RoleArn"], PRINCIPAL, session="SageMaker", source=source)
