"""Versions of objects in a bucket: listed, and made the newest ones again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from botocore.exceptions import ClientError

from data_pipeline.core.deployment.returned import Step, Version
from data_pipeline.core.errors import UserError

from .errors import error_code
from .session import Connection


def refuse_unversioned(connection: Connection, bucket: str) -> None:
    """UserError where a bucket keeps no older versions."""
    client = connection.client("s3")
    found = client.get_bucket_versioning(Bucket=bucket, ExpectedBucketOwner=connection.account)
    if found.get("Status") != "Enabled":
        raise UserError(
            f"bucket {bucket} keeps no older versions, so what was published cannot be brought back. Go back without "
            "--with-data."
        )


def lifecycle(connection: Connection, bucket: str) -> list[Any]:
    """The rules by which a bucket deletes objects and older versions, as GetBucketLifecycleConfiguration has them."""
    client = connection.client("s3")
    try:
        found = client.get_bucket_lifecycle_configuration(
            Bucket=bucket, ExpectedBucketOwner=connection.account
        )
    except ClientError as error:
        if error_code(error) == "NoSuchLifecycleConfiguration":
            return []
        raise
    return [*found["Rules"]]


def versions(connection: Connection, bucket: str, prefix: str) -> Iterator[Version]:
    """All versions of all objects below a prefix, delete markers too."""
    pages = connection.client("s3").get_paginator("list_object_versions")
    for page in pages.paginate(Bucket=bucket, Prefix=prefix, ExpectedBucketOwner=connection.account):
        for item in page.get("Versions", []):
            yield Version(
                item["Key"], item["VersionId"], item["LastModified"], item["ETag"], latest=item["IsLatest"]
            )
        for marker in page.get("DeleteMarkers", []):
            yield Version(
                marker["Key"],
                marker["VersionId"],
                marker["LastModified"],
                deleted=True,
                latest=marker["IsLatest"],
            )


def put_back(connection: Connection, bucket: str, step: Step) -> None:
    """Make a version the newest one, or delete the object; as a new version, so that nothing is lost."""
    client = connection.client("s3")
    if step.version is None:
        client.delete_object(Bucket=bucket, Key=step.key, ExpectedBucketOwner=connection.account)
    else:
        source = {"Bucket": bucket, "Key": step.key, "VersionId": step.version}
        client.copy(source, bucket, step.key)  # type: ignore[arg-type]
