"""What S3 demands of a copy and of an upload in parts, and MiniStack does not look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote

from ministack.services import s3

from . import requests

Answer = tuple[int, dict[str, Any], Any]
Handler = Callable[..., Answer]

#: Storage classes whose objects are read after they were restored.
_ARCHIVED = ("GLACIER", "DEEP_ARCHIVE")


def of_copy(theirs: Handler) -> Handler:
    """CopyObject and UploadPartCopy: not from an archive; CopyObject also with the conditions on what it replaces.

    Source: "Conditional writes" of the Amazon S3 user guide; CopyObject, If-Match and If-None-Match.
    """

    def copied(bucket: str, key: str, *rest: Any) -> Answer:
        headers = next(value for value in rest if isinstance(value, dict) and "x-amz-copy-source" in value)
        if _source(headers).get("storage_class") in _ARCHIVED:
            message = "The source object of the COPY operation is not in the active tier."
            return _error("ObjectNotInActiveTierError", message, 403)
        if len(rest) == 1:
            objects = (s3._ensure_bucket(bucket) or {"objects": {}})["objects"]
            refused: Answer | None = s3._check_put_preconditions(headers, objects.get(key))
            if refused is not None:
                return refused
        return theirs(bucket, key, *rest)

    return copied


def of_put(theirs: Handler) -> Handler:
    """PutObject: tags of the object that it replaces are not those of the new one, once that is written."""

    def written(bucket: str, key: str, body: Any, headers: dict[str, str], *rest: Any) -> Answer:
        if s3._bucket_versioning.get(bucket) == "Enabled":  # each version has its own
            return theirs(bucket, key, body, headers, *rest)
        place, done = (bucket, key, None), False
        before = s3._object_tags.pop(place, None)
        try:
            answer = theirs(bucket, key, body, headers, *rest)
            done = answer[0] == 200
        finally:
            if not done:
                s3._object_tags.pop(place, None)
                if before is not None:
                    s3._object_tags[place] = before
        return answer

    return written


def of_upload(theirs: Handler) -> Handler:
    """CreateMultipartUpload: its tags are those of the object; MiniStack forgets them."""

    def started(bucket: str, key: str, headers: dict[str, str]) -> Answer:
        tags = parse_qs(headers.get("x-amz-tagging", ""), keep_blank_values=True)
        if len(tags) > 10:
            return _error("BadRequest", "Object tags cannot be greater than 10", 400)
        before = set(s3._multipart_uploads)
        answer = theirs(bucket, key, headers)
        for identity in set(s3._multipart_uploads) - before:
            s3._multipart_uploads[identity]["tags"] = {name: values[0] for name, values in tags.items()}
        return answer

    return started


def of_part(theirs: Handler) -> Handler:
    """UploadPart: with the checksum that the upload was begun with, or with none."""

    def written(bucket: str, key: str, body: Any, query: dict[str, Any], headers: dict[str, str]) -> Answer:
        upload = s3._multipart_uploads.get(s3._qp(query, "uploadId")) or {}
        expected = upload.get("checksum_algorithm")
        for actual in requests.algorithms(headers):
            if expected and actual != expected:
                message = (
                    f"Checksum Type mismatch occurred, expected checksum Type: {expected.lower()}, actual checksum "
                    f"Type: {actual.lower()}"
                )
                return _error("InvalidRequest", message, 400)
        return theirs(bucket, key, body, query, headers)

    return written


def _source(headers: dict[str, str]) -> dict[str, Any]:
    """The record of what is copied; empty where there is none."""
    path, _, query = headers["x-amz-copy-source"].lstrip("/").partition("?")
    bucket, _, key = unquote(path).partition("/")
    version = parse_qs(query).get("versionId", [None])[0]
    if version:
        found = (one for one in s3._object_versions.get((bucket, key), []) if one["version_id"] == version)
        return next(found, {})
    record: dict[str, Any] = (s3._ensure_bucket(bucket) or {"objects": {}})["objects"].get(key) or {}
    return record


def _error(code: str, message: str, status: int) -> Answer:
    answer: Answer = s3._error(code, message, status)
    return answer
