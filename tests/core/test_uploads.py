"""Which files the input lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_pipeline.core.uploads import (
    SourceFile,
    StoredObject,
    amount,
    compare,
    recorded,
    split_uri,
)


def test_compare() -> None:
    """A name that is not stored is new; one of another size has changed; the same size decides nothing."""
    files = [SourceFile(name, Path(name), 10) for name in ("new", "resized", "same")]
    stored = {"resized": StoredObject(9, "e"), "same": StoredObject(10, "e"), "other": StoredObject(1, "e")}
    found = compare(files, stored)
    assert [[file.name for file in group] for group in (found.new, found.resized, found.same_size)] == [
        ["new"],
        ["resized"],
        ["same"],
    ]


@pytest.mark.parametrize(
    ("etag", "metadata", "expected"),
    [
        ("abc", {"sha256": "def"}, ("sha256", "def")),
        ("abc-3", {"sha256": "def"}, ("sha256", "def")),
        ("abc", {"other": "x"}, ("md5", "abc")),
        ("abc-3", {}, None),
    ],
)
def test_recorded(etag: str, metadata: dict[str, str], expected: tuple[str, str] | None) -> None:
    """Our own digest first; an ETag is an MD5 unless the object came in parts."""
    assert recorded(etag, metadata) == expected


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (1_234_567_890, "1.2 GB"),
        (150_000_000, "150 MB"),
    ],
)
def test_amount(size: int, expected: str) -> None:
    """Powers of ten, as file managers and S3's bill count."""
    assert amount(size) == expected


def test_split_uri() -> None:
    """A prefix keeps its slash; a bucket alone has an empty one."""
    assert split_uri("s3://bucket/in/put/") == ("bucket", "in/put/")
    assert split_uri("s3://bucket/") == ("bucket", "")
