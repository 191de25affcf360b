"""Deleting for good what outlives its stack; what has gone already is no error, so that it can be done again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from data_pipeline.core.errors import UserError

from . import feature_store
from .errors import error_code, error_message
from .session import Connection

_GONE = frozenset(
    [
        "NoSuchBucket",
        "404",
        "EntityNotFoundException",
        "NoSuchEntity",
        "ResourceNotFound",
        "ResourceNotFoundException",
        "NotFoundException",
    ]
)
#: keys of one DeleteObjects, and tables of one BatchDeleteTable.
_MOST, _MOST_TABLES = 1000, 100
#: days in which a key can still be brought back: the least that KMS allows.
_KEY_DAYS = 7
#: how often a bucket is emptied to which something is written meanwhile.
_ATTEMPTS = 3
#: seconds between two looks at a feature group that is being deleted, and how many looks: 20 minutes.
_PAUSE, _LOOKS = 5.0, 240


def bucket(connection: Connection, name: str, tell: Callable[[int], None]) -> None:
    """Delete a bucket with every version of every object; ``tell`` is given how many have gone so far."""
    with _already_gone():
        for _ in range(_ATTEMPTS):
            empty(connection, name, "", tell)
            try:
                connection.client("s3").delete_bucket(Bucket=name, ExpectedBucketOwner=connection.account)
            except ClientError as error:
                if error_code(error) != "BucketNotEmpty":
                    raise
            else:
                return
        raise UserError(
            f"bucket {name}: was emptied {_ATTEMPTS} times, and something writes to it again and again. Stop that, "
            "then run the same command again."
        )


def empty(connection: Connection, name: str, prefix: str, tell: Callable[[int], None]) -> None:
    """Delete every version of every object below a prefix. UserError for the first that may not be deleted."""
    client, count = connection.client("s3"), 0
    left = _versions(client, name, prefix, connection.account)
    while some := list(islice(left, _MOST)):
        answer = client.delete_objects(
            Bucket=name, Delete={"Objects": some, "Quiet": True}, ExpectedBucketOwner=connection.account
        )
        for failed in answer.get("Errors", []):
            raise UserError(f"s3://{name}/{failed.get('Key')}: not deleted: {failed.get('Message')}")
        count += len(some)
        tell(count)


def database(connection: Connection, name: str) -> None:
    """Delete a Glue database with its tables; their files are elsewhere. UserError for the first table that may not be
    deleted.
    """
    client = connection.client("glue")
    with _already_gone():
        pages = client.get_paginator("get_tables").paginate(DatabaseName=name)
        tables = iter([table["Name"] for page in pages for table in page["TableList"]])
        while some := list(islice(tables, _MOST_TABLES)):
            answer = client.batch_delete_table(DatabaseName=name, TablesToDelete=some)
            for failed in answer.get("Errors", []):
                why = failed.get("ErrorDetail", {})
                if why.get("ErrorCode") not in _GONE:
                    raise UserError(
                        f"table {name}.{failed.get('TableName')}: not deleted: {why.get('ErrorMessage')}"
                    )
        client.delete_database(Name=name)


def feature_group(connection: Connection, name: str, sleep: Callable[[float], None] = time.sleep) -> None:
    """Delete the table of a feature group's offline store, whose files are elsewhere, then the group, which alone names
    that table; and wait for its end, as its role is needed until then. UserError where it does not go.
    """
    described = feature_store.describe(connection, name)
    table = (described or {}).get("OfflineStoreConfig", {}).get("DataCatalogConfig")
    if table:
        with _already_gone():
            connection.client("glue").delete_table(DatabaseName=table["Database"], Name=table["TableName"])
    if described and described["FeatureGroupStatus"] != "Deleting":
        with _already_gone():
            connection.client("sagemaker").delete_feature_group(FeatureGroupName=name)
    for _ in range(_LOOKS):
        described = feature_store.describe(connection, name)
        if described is None:
            return
        if described["FeatureGroupStatus"] == "DeleteFailed":
            why = described.get("FailureReason", "no reason was given")
            raise UserError(
                f"feature group {name}: not deleted: {why}. Mend that and run the same command again."
            )
        sleep(_PAUSE)
    raise UserError(
        f"feature group {name}: is still being deleted after {_LOOKS * _PAUSE / 60:.0f} minutes; run the same command "
        "again, which waits for its end."
    )


def role(connection: Connection, name: str) -> None:
    """Delete a role with its inline policies."""
    client = connection.client("iam")
    with _already_gone():
        for policy in client.list_role_policies(RoleName=name)["PolicyNames"]:
            client.delete_role_policy(RoleName=name, PolicyName=policy)
        try:
            client.delete_role(RoleName=name)
        except ClientError as error:
            if error_code(error) != "DeleteConflict":
                raise
            raise UserError(
                f"role {name}: not deleted, as something is attached to it that no deployment attaches "
                f"({error_message(error)}). Detach it (aws iam list-attached-role-policies --role-name {name}), then "
                "run the same command again."
            ) from error


def key(connection: Connection, name: str) -> None:
    """Have a key deleted in a week, until when it can be brought back."""
    with _already_gone():
        connection.client("kms").schedule_key_deletion(KeyId=name, PendingWindowInDays=_KEY_DAYS)


def log_group(connection: Connection, name: str) -> None:
    """Delete a log group."""
    with _already_gone():
        connection.client("logs").delete_log_group(logGroupName=name)


def _versions(client: Any, name: str, prefix: str, account: str) -> Iterator[Any]:
    """Key and version of everything in a bucket, delete markers too."""
    pages = client.get_paginator("list_object_versions")
    for page in pages.paginate(Bucket=name, Prefix=prefix, ExpectedBucketOwner=account):
        for item in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            yield {"Key": item["Key"], "VersionId": item["VersionId"]}


@contextmanager
def _already_gone() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        if error_code(error) not in _GONE:
            raise
