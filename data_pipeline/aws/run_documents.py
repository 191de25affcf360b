"""What runs have left below ``<output>/runs/``: listed, read, and a page written beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from data_pipeline.core.uploads import split_uri

from .errors import error_code
from .session import Connection

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_TOGETHER = 8
_MISSING = ("NoSuchKey", "404")


class RunDocuments:
    """The objects below an ``s3://`` URI that ends in ``/``. A path is one below it, such as ``<run>/summary.json``."""

    def __init__(self, connection: Connection, uri: str) -> None:
        self.where = uri
        self._connection = connection
        self._client: S3Client = connection.client("s3")
        self._bucket, self._prefix = split_uri(uri)

    def runs(self) -> list[str]:
        """The names of the runs that have left anything."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=self._prefix, Delimiter="/"
        )
        found = [each["Prefix"] for page in pages for each in page.get("CommonPrefixes", [])]
        return sorted(prefix[len(self._prefix) :].rstrip("/") for prefix in found)

    def read(self, path: str) -> bytes | None:
        """None where there is no such object."""
        try:
            return self._client.get_object(Bucket=self._bucket, Key=self._prefix + path)["Body"].read()
        except ClientError as error:
            if error_code(error) in _MISSING:
                return None
            raise

    def read_all(self, paths: Iterable[str]) -> Mapping[str, bytes | None]:
        """Several at a time."""
        wanted = [*paths]
        with ThreadPoolExecutor(_TOGETHER) as pool:
            return dict(zip(wanted, pool.map(self.read, wanted), strict=True))

    def write(self, path: str, content: bytes, kind: str) -> None:
        """``kind``: as in HTTP's Content-Type."""
        self._client.put_object(
            Bucket=self._bucket,
            Key=self._prefix + path,
            Body=content,
            ContentType=kind,
            ExpectedBucketOwner=self._connection.account,
        )
