"""The small JSON files that a run leaves in S3."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from data_pipeline.core.errors import UserError
from data_pipeline.core.uploads import split_uri

from .errors import error_code

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_MISSING = frozenset({"NoSuchKey", "NoSuchBucket", "404"})


def read_json(client: S3Client, uri: str) -> dict[str, Any] | None:
    """The JSON object at an ``s3://`` URI, None when it or its bucket is not there; UserError when it is none."""
    bucket, key = split_uri(uri)
    try:
        body = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        if error_code(error) in _MISSING:
            return None
        raise
    try:
        value = json.loads(body)
    except ValueError as error:
        raise UserError(f"{uri}: is not JSON ({error}).") from error
    if not isinstance(value, dict):
        raise UserError(f"{uri}: expected a JSON object, found {type(value).__name__}.")
    return value
