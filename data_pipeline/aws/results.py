"""The small JSON files that a run leaves in S3."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from data_pipeline.core.errors import UserError
from data_pipeline.core.uploads import split_uri

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def read_json(client: S3Client, uri: str) -> dict[str, Any] | None:
    """The JSON object at an ``s3://`` URI, None when nothing is there; UserError when it is none."""
    bucket, key = split_uri(uri)
    try:
        body = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    except client.exceptions.NoSuchKey:
        return None
    try:
        value = json.loads(body)
    except ValueError as error:
        raise UserError(f"{uri}: is not JSON ({error}).") from error
    if not isinstance(value, dict):
        raise UserError(f"{uri}: expected a JSON object, found {type(value).__name__}.")
    return value
