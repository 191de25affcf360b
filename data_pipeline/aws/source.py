"""Source files on their way into the input prefix: what is there, and verified uploads."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from boto3.s3.transfer import TransferConfig

from data_pipeline.core.errors import UserError
from data_pipeline.core.uploads import SourceFile, StoredObject, recorded

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_PIECE = 8 * 1024 * 1024
#: with S3's 10,000 parts per object, files of up to 80 GB; some ten parts are held in memory at once.
_TRANSFER = TransferConfig(multipart_threshold=_PIECE, multipart_chunksize=_PIECE, max_concurrency=8)


def stored_objects(
    client: S3Client, bucket: str, prefix: str, *, folders: bool = False
) -> dict[str, StoredObject]:
    """Path → object, of those directly under ``prefix`` (which ends in ``/`` or is empty), or with ``folders`` of all
    below it.
    """
    listing = client.get_paginator("list_objects_v2")
    within: dict[str, Any] = {} if folders else {"Delimiter": "/"}
    pages = listing.paginate(Bucket=bucket, Prefix=prefix, **within)
    return {
        item["Key"].removeprefix(prefix): StoredObject(
            item["Size"], item["ETag"].strip('"'), item["LastModified"]
        )
        for page in pages
        for item in page.get("Contents", [])
        if item["Key"] != prefix
    }


def is_empty(client: S3Client, bucket: str, prefix: str) -> bool:
    """Whether no object lies under ``prefix``; the empty objects that consoles make for folders are none."""
    pages = client.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix, PaginationConfig={"PageSize": 20}
    )
    return not any(not item["Key"].endswith("/") for page in pages for item in page.get("Contents", []))


def is_stored(client: S3Client, file: SourceFile, bucket: str, key: str) -> bool:
    """Whether the object has the file's content, found without a transfer; their sizes are the same."""
    head = client.head_object(Bucket=bucket, Key=key)
    known = recorded(head["ETag"].strip('"'), head.get("Metadata", {}))
    return known is not None and digest(file.path, known[0]) == known[1]


def digest(path: Path, algorithm: str) -> str:
    """Hex digest of a file's content; UserError when it cannot be read."""
    try:
        with path.open("rb") as file:
            found = hashlib.new(algorithm, usedforsecurity=False)
            while piece := file.read(_PIECE):
                found.update(piece)
    except OSError as error:
        raise unreadable(path, error) from error
    return found.hexdigest()


def upload(client: S3Client, file: SourceFile, bucket: str, key: str, sent: Callable[[int], object]) -> None:
    """Store the file under ``key`` with its SHA-256 in the metadata; ``sent`` gets numbers of bytes.

    The content is hashed a second time on its way: a file that changed meanwhile is a UserError, and leaves
    what was stored before as it was.
    """
    expected = digest(file.path, "sha256")
    try:
        with file.path.open("rb") as opened:
            client.upload_fileobj(
                _Verified(opened, file, expected),  # type: ignore[arg-type]  # read is all that is needed
                bucket,
                key,
                ExtraArgs={"Metadata": {"sha256": expected}},
                Callback=sent,
                Config=_TRANSFER,
            )
    except OSError as error:
        raise unreadable(file.path, error) from error


class _Verified:
    """A stream that fails at its end when it was not what was expected.

    It cannot seek, so that S3's transfer reads it once and in order, completing nothing before the end.
    """

    def __init__(self, opened: BinaryIO, file: SourceFile, expected: str) -> None:
        self._opened = opened
        self._file = file
        self._expected = expected
        self._left = file.size
        self._hash = hashlib.sha256(usedforsecurity=False)

    def read(self, size: int = -1) -> bytes:
        data = self._opened.read(size)
        self._hash.update(data)
        self._left -= len(data)
        at_end = not data or self._left <= 0
        if at_end and (self._opened.read(1) or self._hash.hexdigest() != self._expected):
            raise UserError(
                f"{self._file.path}: changed while it was uploaded; it was not stored.\n"
                "Run the same command again when nothing writes to it any more."
            )
        return data


def unreadable(path: Path, error: OSError) -> UserError:
    """The error for a file that cannot be read."""
    return UserError(f"{path}: cannot be read ({error.strerror or error}).")
