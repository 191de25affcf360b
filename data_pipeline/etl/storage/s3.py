"""S3 behind the filesystem layer. boto3 decides endpoint, region and credentials, as for every other AWS
client.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any, Callable, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    IncompleteReadError,
    ReadTimeoutError,
    ResponseStreamingError,
)

from data_pipeline.etl.errors import JobError

from .objects import ARCHIVED, BLOCK, CHANGED, DENIED, GONE, ChangedError, Head, MissingError, Stored

Read = TypeVar("Read")

ATTEMPTS = 4
UNREADABLE = {
    "404": GONE,
    "NoSuchKey": GONE,
    "412": CHANGED,
    "PreconditionFailed": CHANGED,
    "403": DENIED,
    "AccessDenied": DENIED,
    "InvalidObjectState": ARCHIVED,
}
BEYOND_END = {"416", "InvalidRange"}
BROKEN_OFF = (IncompleteReadError, ReadTimeoutError, ResponseStreamingError)
LOST = {"412", "PreconditionFailed", "409", "ConditionalRequestConflict"}


class S3Files:
    """Objects of S3, with the functions of ``LocalFiles`` and conditional writes."""

    def __init__(self) -> None:
        config = Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=10, read_timeout=60)
        with _explained("S3"):
            self.client = boto3.client("s3", config=config)

    def list(self, folder: str) -> Iterator[Stored]:
        """Every object below the prefix, in the order of its keys."""
        bucket, prefix = _split(folder.rstrip("/") + "/")
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        with _explained(folder):
            for page in pages:
                for item in page.get("Contents", []):
                    key, etag = item["Key"], item["ETag"].strip('"')
                    place, path = f"s3://{bucket}/{key}", key[len(prefix) :]
                    yield Stored(place, path, item["Size"], etag, item["LastModified"].timestamp())

    def fingerprint(self, place: str) -> str:
        """The object's ETag."""
        head = self.head(place)
        if head is None:
            raise MissingError(UNREADABLE["404"])
        return head.etag

    @contextmanager
    def fetched(self, place: str, etag: str, folder: Path) -> Iterator[Path]:
        """A copy of the object with this ETag below ``folder``, for as long as it is in use; its name ends as the
        object's does, in at most 40 characters. Raises MissingError if it cannot be had any more.
        """
        with tempfile.TemporaryDirectory(dir=folder) as own:
            target = Path(own) / f"object{''.join(PurePosixPath(place).suffixes)[-40:]}"
            _patiently(place, lambda: self._download(place, etag, target))
            yield target

    def copied(self, size: int) -> int:
        """The bytes that ``fetched`` writes for an object of ``size`` bytes."""
        return size

    def read_at(self, place: str, etag: str, start: int, size: int) -> bytes:
        """At most ``size`` bytes from byte ``start`` on; none at the end. Raises MissingError if the object
        with this ETag cannot be had any more.
        """

        def read() -> bytes:
            content: bytes = self._open(place, etag, Range=f"bytes={start}-{start + size - 1}").read()
            return content

        try:
            return _patiently(place, read)
        except _BeyondEndError:
            return b""

    def _download(self, place: str, etag: str, target: Path) -> None:
        body = self._open(place, etag)
        with target.open("wb") as file:
            for block in iter(lambda: body.read(BLOCK), b""):
                file.write(block)

    def _open(self, place: str, etag: str, **options: Any) -> Any:
        bucket, key = _split(place)
        if etag:
            options["IfMatch"] = f'"{etag}"'
        try:
            with _explained(place, ClientError):
                return self.client.get_object(Bucket=bucket, Key=key, **options)["Body"]
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in BEYOND_END:
                raise _BeyondEndError from error
            if code in UNREADABLE:
                raise MissingError(UNREADABLE[code]) from error
            raise _job_error(place, error) from error

    def head(self, place: str) -> Head | None:
        """The object's ETag and metadata, or None if there is none."""
        bucket, key = _split(place)
        try:
            with _explained(place, ClientError):
                found = self.client.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("404", "NoSuchKey", "NotFound"):
                return None
            raise _job_error(place, error) from error
        return Head(found["ETag"].strip('"'), found.get("Metadata", {}))

    def read(self, place: str) -> bytes:
        """The whole content. JobError if there is none."""
        bucket, key = _split(place)
        with _explained(place):
            content: bytes = self.client.get_object(Bucket=bucket, Key=key)["Body"].read()
        return content

    def load(self, place: str) -> tuple[bytes, str] | None:
        """The whole content and its ETag, or None if there is none."""
        bucket, key = _split(place)
        try:
            with _explained(place, ClientError):
                found = self.client.get_object(Bucket=bucket, Key=key)
                return found["Body"].read(), found["ETag"].strip('"')
        except ClientError as error:
            if error.response["Error"]["Code"] in ("404", "NoSuchKey"):
                return None
            raise _job_error(place, error) from error

    def write(self, place: str, content: bytes) -> None:
        """Replace the object by ``content``, at once."""
        bucket, key = _split(place)
        with _explained(place):
            self.client.put_object(Bucket=bucket, Key=key, Body=content)

    def write_if(self, place: str, content: bytes | Path, seen: str | None, metadata: dict[str, str]) -> str:
        """Replace the object if its ETag still is ``seen`` (None: if there still is none); its new ETag. ``content``
        may be a local file, of at most 5 GB. Raises ChangedError if the object has changed.
        """
        if isinstance(content, Path):
            with content.open("rb") as body:
                return self._put_if(place, body, seen, metadata)
        return self._put_if(place, content, seen, metadata)

    def _put_if(self, place: str, content: Any, seen: str | None, metadata: dict[str, str]) -> str:
        bucket, key = _split(place)
        condition: dict[str, Any] = {"IfNoneMatch": "*"} if seen is None else {"IfMatch": f'"{seen}"'}
        try:
            with _explained(place, ClientError):
                done = self.client.put_object(
                    Bucket=bucket, Key=key, Body=content, Metadata=metadata, **condition
                )
                return done["ETag"].strip('"')
        except ClientError as error:
            if error.response["Error"]["Code"] in LOST | {"404", "NoSuchKey"}:
                raise ChangedError(place) from error
            raise _job_error(place, error) from error

    def upload(self, path: Path, place: str) -> None:
        """Replace the object by the local file ``path``, at once."""
        bucket, key = _split(place)
        with _explained(place):
            self.client.upload_file(str(path), bucket, key)

    def replace_folder(self, folder: Path, place: str) -> None:
        """Put the files of the local ``folder`` below ``place``, and delete whatever else was there."""
        fresh = {
            file.relative_to(folder).as_posix(): file for file in sorted(folder.rglob("*")) if file.is_file()
        }
        stale = [stored for stored in self.list(place) if stored.path not in fresh]
        for path, file in fresh.items():
            self.upload(file, f"{place.rstrip('/')}/{path}")
        for stored in stale:
            self.delete(stored.uri)

    def delete(self, place: str) -> None:
        """Delete the object, if it is there."""
        bucket, key = _split(place)
        with _explained(place):
            self.client.delete_object(Bucket=bucket, Key=key)


class _BeyondEndError(Exception):
    """A range begins where the object has ended."""


def _patiently(place: str, read: Callable[[], Read]) -> Read:
    """What ``read`` returns, tried again when the download breaks off."""
    for _ in range(1, ATTEMPTS):
        with suppress(*BROKEN_OFF):
            return read()
    try:
        return read()
    except BROKEN_OFF as error:
        raise JobError(f"{place}: the download broke off {ATTEMPTS} times: {error}") from error


def _split(place: str) -> tuple[str, str]:
    bucket, _, key = place[len("s3://") :].partition("/")
    if not bucket:
        raise JobError(f"{place}: the bucket is missing; a place is s3://bucket/prefix")
    return bucket, key


def _job_error(place: str, error: Exception) -> JobError:
    return JobError(f"{place}: {error}")


@contextmanager
def _explained(place: str, *passed: Any) -> Iterator[None]:
    """Turn what boto3 raises into a JobError that names the place, except the ``passed`` classes."""
    try:
        yield
    except passed:
        raise
    except (ClientError, BotoCoreError) as error:
        raise _job_error(place, error) from error
