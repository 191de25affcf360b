"""Files of a job out of S3, read with the credentials of its role."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError


class DownloadError(Exception):
    """An object or a prefix cannot be read; the message names it, the role's missing permission included."""


def download(client: Any, uri: str, target: Path) -> Path:
    """One object to the file `target`; DownloadError when it is missing or the role may not read it."""
    bucket, key = split(uri)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        body = client.get_object(Bucket=bucket, Key=key)["Body"]
        with target.open("wb") as file:
            for piece in body.iter_chunks(1 << 20):
                file.write(piece)
    except ClientError as error:
        raise DownloadError(f"{uri}: {_reason(error)}") from error
    return target


def download_prefix(client: Any, uri: str, directory: Path) -> int:
    """Every object below a prefix to `directory`, or the one object that the URI names; how many there were.

    DownloadError when there are none, when the role may not list or read them, or when a key only begins with
    the prefix's text (`a/code` and `a/code2/x`), where AWS's layout of the local files is not known.
    """
    bucket, prefix = split(uri)
    number = 0
    try:
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for item in page.get("Contents", []):
                number += 1
                target = directory / _relative(item["Key"], prefix, uri)
                if item["Key"].endswith("/"):
                    target.mkdir(parents=True, exist_ok=True)
                else:
                    download(client, f"s3://{bucket}/{item['Key']}", target)
    except ClientError as error:
        raise DownloadError(f"{uri}: {_reason(error)}") from error
    if number == 0:
        raise DownloadError(f"{uri}: no S3 objects found under this URL")
    return number


def split(uri: str) -> tuple[str, str]:
    """Bucket and key of an s3:// URI; DownloadError for any other."""
    parts = urlsplit(uri, allow_fragments=False)
    if parts.scheme != "s3" or not parts.netloc:
        raise DownloadError(f"{uri}: expected s3://bucket/key")
    key = parts.path.lstrip("/") + (f"?{parts.query}" if parts.query else "")
    return parts.netloc, key


def _relative(key: str, prefix: str, uri: str) -> str:
    if key == prefix and not key.endswith("/"):
        return key.rpartition("/")[2]
    folder = prefix if prefix.endswith("/") or not prefix else prefix + "/"
    if not key.startswith(folder):
        raise DownloadError(f"{uri}: the key {key} only begins with this text; end the prefix with '/'")
    inner = key[len(folder) :]
    if ".." in inner.split("/"):
        raise DownloadError(f"{uri}: the key {key} leads out of the input's directory")
    return inner


def _reason(error: ClientError) -> str:
    details = error.response.get("Error", {})
    return f"{details.get('Code', '?')} ({error.operation_name}): {details.get('Message', '')}"
