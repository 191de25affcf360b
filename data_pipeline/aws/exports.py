"""The table of features as it was published: one Parquet object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from data_pipeline.core.uploads import split_uri

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def read_export(client: S3Client, uri: str) -> bytes | None:
    """The object at an ``s3://`` URI, None when nothing has been published there yet."""
    bucket, key = split_uri(uri)
    try:
        return client.get_object(Bucket=bucket, Key=key)["Body"].read()
    except client.exceptions.NoSuchKey:
        return None
