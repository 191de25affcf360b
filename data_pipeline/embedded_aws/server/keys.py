"""Requests that name a key of KMS, or one of the client's own: nothing is encrypted here, so they are refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from data_pipeline.embedded_aws.identity import policies

#: Members that name a key, or a configuration that does, in requests of the JSON protocol.
_MEMBERS = frozenset({"KmsKey", "KmsKeyId", "KmsMasterKeyId", "SecurityConfiguration", "kmsKeyId"})
_S3 = "x-amz-server-side-encryption"


def in_s3(headers: Mapping[str, str], query: Mapping[str, Any], body: bytes) -> str | None:
    """What names a key in a request of S3; None where nothing does."""
    algorithm = headers.get(_S3, "")
    if algorithm not in ("", "AES256"):
        return f"{_S3}: {algorithm}"
    if "encryption" in query and b"aws:kms" in body:
        return "?encryption with aws:kms"
    named = (name for name in headers if "server-side-encryption" in name and name != _S3)
    return next(named, None)


def in_query(given: Mapping[str, str]) -> str | None:
    """The attribute that names a key in a request of SNS."""
    return "KmsMasterKeyId" if policies.topic_attributes(given).get("KmsMasterKeyId") else None


def in_json(body: bytes) -> str | None:
    """The member that names a key in a request of the JSON protocol."""
    if not any(name.encode() in body for name in _MEMBERS):
        return None
    try:
        return next(_named(json.loads(body)), None)
    except ValueError:
        return None  # the service refuses it


def _named(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for item in value:
            yield from _named(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            if name in _MEMBERS and item:
                yield name
            yield from _named(item)
