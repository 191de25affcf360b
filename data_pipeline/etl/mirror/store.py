"""Where mirrored files go: multipart uploads into the input, invisible until S3 completes them.

Every part goes with its SHA-256, which S3 checks on arrival and keeps: what a killed mirror has finished is found
by asking S3, and the object's own checksum is made of the same digests.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from data_pipeline.etl.errors import JobError
from data_pipeline.etl.storage.objects import ChangedError

#: bytes of a part. S3 takes 5 MiB to 5 GiB, and 10,000 parts.
PART = 8 << 20
MOST_PARTS = 10_000
_LOST = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}
_GONE = {"NoSuchUpload", "NoSuchKey", "NotFound", "404"}
_HOPELESS = {
    "AccessDenied",
    "NoSuchBucket",
    "InvalidAccessKeyId",
    "ExpiredToken",
    "SignatureDoesNotMatch",
    "403",
}


class StoreError(JobError):
    """This file cannot be stored or read now; the others may be. Outside of a transfer, the job cannot go on."""


class NeverStoredError(StoreError):
    """Nor can it be in the next run, before somebody has changed something."""


@dataclass(frozen=True)
class Part:
    """A part that S3 has: its number from 1, bytes, ETag, and SHA-256 (32 bytes)."""

    number: int
    size: int
    etag: str
    digest: bytes


@dataclass(frozen=True)
class Object:
    """An object under its name: ETag without quotes, bytes, composite SHA-256 (hexadecimal, or empty), version."""

    etag: str
    size: int
    parts_sha256: str
    version: str
    metadata: dict[str, str]


def composite(digests: list[bytes]) -> str:
    """S3's composite checksum of parts with these SHA-256s, in hexadecimal."""
    return sha256(b"".join(digests)).hexdigest()


class Store:
    """The objects below one ``s3://`` prefix, by their path, brought in parts of ``part`` bytes."""

    def __init__(self, folder: str, connections: int, part: int = PART) -> None:
        if not folder.startswith("s3://"):
            raise JobError(
                f"{folder}: a mirror goes to a place of S3 (s3://bucket/prefix), which keeps versions"
            )
        bucket, _, prefix = folder[len("s3://") :].rstrip("/").partition("/")
        self.bucket, self._prefix = bucket, f"{prefix}/" if prefix else ""
        config = Config(
            retries={"mode": "standard", "max_attempts": 6},
            connect_timeout=10,
            read_timeout=60,
            max_pool_connections=connections,
        )
        self.client: Any = boto3.client("s3", config=config)
        self.part = part
        self._versioned: bool | None = None

    def place(self, path: str) -> str:
        return f"s3://{self.bucket}/{self._prefix}{path}"

    def find(self, path: str) -> Object | None:
        """The object under this path, or None."""
        try:
            with self._explained(path):
                found = self.client.head_object(**self._key(path), ChecksumMode="ENABLED")
        except LookupError:
            return None
        digest = found.get("ChecksumSHA256", "").partition("-")[0]
        etag, version = found["ETag"].strip('"'), found.get("VersionId", "")
        hexadecimal = b64decode(digest).hex() if "-" in found.get("ChecksumSHA256", "") else ""
        return Object(etag, found["ContentLength"], hexadecimal, version, found.get("Metadata", {}))

    def keeps_versions(self) -> bool:
        """Whether the bucket keeps what is replaced; asked once."""
        if self._versioned is None:
            with self._explained(""):
                found = self.client.get_bucket_versioning(Bucket=self.bucket)
            self._versioned = found.get("Status") == "Enabled"
        return self._versioned

    def begin(self, path: str, metadata: dict[str, str]) -> str:
        """A new upload's id."""
        with self._explained(path):
            made = self.client.create_multipart_upload(
                **self._key(path), Metadata=metadata, ChecksumAlgorithm="SHA256"
            )
        upload: str = made["UploadId"]
        return upload

    def put(self, path: str, upload: str, number: int, content: bytes | bytearray) -> Part:
        """Store one part; S3 refuses it if it is not what was sent."""
        digest = sha256(content).digest()
        with self._explained(path):
            stored = self.client.upload_part(
                **self._key(path),
                UploadId=upload,
                PartNumber=number,
                Body=content,
                ChecksumSHA256=b64encode(digest).decode(),
            )
        return Part(number, len(content), stored["ETag"], digest)

    def parts(self, path: str, upload: str) -> list[Part] | None:
        """The parts that an upload has, in order; None if there is no such upload any more."""
        try:
            with self._explained(path):
                pages = self.client.get_paginator("list_parts").paginate(**self._key(path), UploadId=upload)
                found = [part for page in pages for part in page.get("Parts", [])]
        except LookupError:
            return None
        return [
            Part(part["PartNumber"], part["Size"], part["ETag"], b64decode(part.get("ChecksumSHA256", "")))
            for part in found
        ]

    def complete(self, path: str, upload: str, parts: list[Part], replaces: str | None) -> Object:
        """Make the upload the object of its name, in the place of the one with the ETag ``replaces`` (None: of
        none). Raises ChangedError if another one is there by now.
        """
        condition = {"IfNoneMatch": "*"} if replaces is None else {"IfMatch": f'"{replaces}"'}
        listed = [
            {"PartNumber": part.number, "ETag": part.etag, "ChecksumSHA256": b64encode(part.digest).decode()}
            for part in parts
        ]
        size = sum(part.size for part in parts)
        with self._explained(path):
            done = self.client.complete_multipart_upload(
                **self._key(path),
                UploadId=upload,
                MultipartUpload={"Parts": listed},
                MpuObjectSize=size,
                **condition,
            )
        digest = composite([part.digest for part in parts])
        return Object(done["ETag"].strip('"'), size, digest, done.get("VersionId", ""), {})

    def abort(self, path: str, upload: str) -> None:
        """Give up an upload, with its parts; none is no error."""
        try:
            with self._explained(path):
                self.client.abort_multipart_upload(**self._key(path), UploadId=upload)
        except LookupError:
            return

    def read(self, path: str, etag: str, part: int) -> Iterator[bytes]:
        """The object of this ETag in blocks of ``part`` bytes, the last one shorter. LookupError if it is gone."""
        with self._explained(path):
            body = self.client.get_object(**self._key(path), IfMatch=f'"{etag}"')["Body"]
            while block := body.read(part):
                yield block

    def _key(self, path: str) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": self._prefix + path}

    @contextmanager
    def _explained(self, path: str) -> Iterator[None]:
        """LookupError for what is not there, ChangedError for a lost race, JobError where no file could be stored,
        StoreError for anything else.
        """
        try:
            yield
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _GONE:
                raise LookupError(path) from error
            if code in _LOST:
                raise ChangedError(path) from error
            kind = JobError if code in _HOPELESS else StoreError
            raise kind(f"{self.place(path)}: {error}") from error
        except BotoCoreError as error:
            raise StoreError(f"{self.place(path)}: {error}") from error
