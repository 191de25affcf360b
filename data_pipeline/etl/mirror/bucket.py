"""Files of an S3 prefix as a source: what lies there, and their bytes, with the answers of a web server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Callable

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from data_pipeline.etl.storage.filesystem import files

from .retry_policy import RetryPolicy
from .verdicts import Head
from .web import DroppedError

_STATUS = {
    "NoSuchKey": 404,
    "NotFound": 404,
    "AccessDenied": 403,
    "PreconditionFailed": 412,
    "InvalidRange": 416,
}


class BucketAnswer:
    """An answer of S3: its ``head``, and its body to read from."""

    def __init__(self, head: Head, body: Any = None) -> None:
        self.head = head
        self._body = body

    def read(self, buffer: memoryview) -> int:
        """Fill the buffer's beginning; the number of bytes, 0 at the end."""
        try:
            content = self._body.read(len(buffer)) if self._body is not None else b""
        except (OSError, BotoCoreError) as error:
            raise DroppedError(str(error)) from error
        buffer[: len(content)] = content
        return len(content)

    def close(self) -> None:
        if self._body is not None:
            self._body.close()


class Bucket:
    """Asks S3 for ``s3://`` URLs; ``pace`` is called before each request."""

    def __init__(self, retry_policy: RetryPolicy, pace: Callable[[], None]) -> None:
        self._client = boto3.client(
            "s3",
            config=Config(
                retries={"total_max_attempts": 1},
                connect_timeout=retry_policy.connect,
                read_timeout=retry_policy.read,
            ),
        )
        self._pace = pace

    def list(self, prefix: str) -> Iterator[str]:
        """The URL of every object below the prefix, but for those that stand for folders."""
        for stored in files(prefix).list(prefix):
            if not stored.uri.endswith("/"):
                yield stored.uri

    def ask(
        self,
        url: str,
        known: tuple[str, str] = ("", ""),
        pinned: str = "",
        position: int = 0,
        most: int | None = None,
    ) -> BucketAnswer:
        """As ``Web.ask``."""
        self._pace()
        bucket, _, key = url[len("s3://") :].partition("/")
        wanted: dict[str, Any] = {"Bucket": bucket, "Key": key}
        if pinned:
            wanted["IfMatch"] = pinned
        elif known[0]:
            wanted["IfNoneMatch"] = known[0]
        if position or most:
            wanted["Range"] = f"bytes={position}-" + (str(position + most - 1) if most else "")
        try:
            found = (self._client.head_object if most == 0 else self._client.get_object)(**wanted)
        except ClientError as error:
            status = error.response["ResponseMetadata"].get("HTTPStatusCode", 0)
            return BucketAnswer(Head(_STATUS.get(error.response["Error"]["Code"], status)))
        except BotoCoreError as error:
            raise DroppedError(str(error)) from error
        modified = found["LastModified"].strftime("%a, %d %b %Y %H:%M:%S GMT")
        total = int(
            found["ContentRange"].rpartition("/")[2] if "ContentRange" in found else found["ContentLength"]
        )
        status = 206 if "ContentRange" in found else 200
        head = Head(status, found["ETag"], modified, total, position, found.get("ContentType", ""))
        return BucketAnswer(head, found.get("Body"))
