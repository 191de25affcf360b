"""Whether resources that a deployment may have left behind exist: read-only look-ups by name."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from data_pipeline.core.errors import UserError

from .errors import ACCESS_DENIED, error_code
from .session import Connection


def bucket(connection: Connection, name: str) -> bool:
    """Whether there is such a bucket in this account. UserError where it is hidden from these credentials."""
    try:
        connection.client("s3").head_bucket(Bucket=name, ExpectedBucketOwner=connection.account)
    except ClientError as error:
        if error_code(error) in ("404", "NoSuchBucket"):
            return False
        if error_code(error) in ACCESS_DENIED:
            raise UserError(
                f"the last deployment left the data in bucket {name!r}, which is not in account "
                f"{connection.account} any more, or these credentials lack s3:ListBucket on it. Deploying would make "
                "a new, empty bucket."
            ) from error
        raise
    return True


def bucket_policy(connection: Connection, name: str) -> bool:
    """Whether the bucket has a policy."""
    client = connection.client("s3")
    return _found(
        lambda: client.get_bucket_policy(Bucket=name, ExpectedBucketOwner=connection.account),
        "NoSuchBucketPolicy",
    )


def database(connection: Connection, name: str) -> bool:
    """Whether the Glue catalog has this database."""
    return _found(lambda: connection.client("glue").get_database(Name=name), "EntityNotFoundException")


def log_group(connection: Connection, name: str) -> bool:
    """Whether there is a log group of exactly this name."""
    pages = connection.client("logs").get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name)
    return any(group["logGroupName"] == name for page in pages for group in page["logGroups"])


def key(connection: Connection, arn: str) -> bool:
    """Whether there is this key, and it is not about to be deleted."""
    try:
        state = connection.client("kms").describe_key(KeyId=arn)["KeyMetadata"]["KeyState"]
    except ClientError as error:
        if error_code(error) == "NotFoundException":
            return False
        raise
    return bool(state not in ("PendingDeletion", "PendingReplicaDeletion"))


def _found(ask: Any, absent: str) -> bool:
    try:
        ask()
    except ClientError as error:
        if error_code(error) == absent:
            return False
        raise
    return True
