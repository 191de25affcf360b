"""Objects of S3 that are only looked at: listed, and read by ranges."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import boto3
from botocore.exceptions import ClientError, NoRegionError

from data_pipeline.core.errors import UserError
from data_pipeline.core.uploads import split_uri

from .errors import error_code, explained

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

#: objects that are listed; beyond them, what a prefix holds is taken from those.
MOST_LISTED = 100_000
_RANGE = 1 << 20


@dataclass(frozen=True)
class Objects:
    """The objects of ``bucket`` below ``prefix`` (which ends in ``/`` or is empty), path below it → bytes in ``sizes``.
    ``where``: their address, as it was given.
    """

    where: str
    bucket: str
    prefix: str
    sizes: Mapping[str, int] = field(repr=False)
    client: S3Client = field(repr=False, compare=False)

    @property
    def reached(self) -> str:
        """The region and the endpoint that were asked, for the screen."""
        return f"region {self.client.meta.region_name} · endpoint {self.client.meta.endpoint_url}"

    def paths(self) -> list[str]:
        return sorted(self.sizes)

    def size(self, path: str) -> int:
        return self.sizes[path]

    def opened(self, path: str) -> BinaryIO:
        raw = _Ranges(self.client, self.bucket, self.prefix + path, self.sizes[path])
        return cast(BinaryIO, io.BufferedReader(raw, _RANGE))

    def local(self, path: str) -> Path | None:  # noqa: ARG002 - the file is elsewhere
        return None


def objects(address: str) -> Objects:
    """The object at an address as in ``s3://bucket/prefix``, or those below it, by this machine's credentials.

    UserError without any.
    """
    bucket, prefix = split_uri(address)
    with explained():
        try:
            client = boto3.client("s3")
        except NoRegionError:
            client = boto3.client("s3", region_name="us-east-1")
        found = _listed(client, bucket, prefix)
    folder = f"{prefix.rstrip('/')}/" if prefix else ""
    if prefix in found and not prefix.endswith("/"):
        folder = prefix[: prefix.rfind("/") + 1]
        found = {prefix: found[prefix]}
    sizes = {
        key.removeprefix(folder): size
        for key, size in found.items()
        if key.startswith(folder) and not key.endswith("/")
    }
    return Objects(address, bucket, folder, sizes, client)


def _listed(client: S3Client, bucket: str, prefix: str) -> dict[str, int]:
    """Key → bytes."""
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix, PaginationConfig={"MaxItems": MOST_LISTED}
    )
    try:
        return {item["Key"]: item["Size"] for page in pages for item in page.get("Contents", [])}
    except ClientError as error:
        if error_code(error) != "NoSuchBucket":
            raise
        raise UserError(f"s3://{bucket}: there is no such bucket; nothing was changed") from error


class _Ranges(io.RawIOBase):
    """An object's bytes, a request for each read."""

    def __init__(self, client: S3Client, bucket: str, key: str, size: int) -> None:
        self._client, self._bucket, self._key, self._size = client, bucket, key, size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]  # a buffer, as io hands it
        end = min(self._at + len(view), self._size)
        if self._at >= end:
            return 0
        with explained():
            answer = self._client.get_object(
                Bucket=self._bucket, Key=self._key, Range=f"bytes={self._at}-{end - 1}"
            )
            data = answer["Body"].read()
        view[: len(data)] = data
        self._at += len(data)
        return len(data)
