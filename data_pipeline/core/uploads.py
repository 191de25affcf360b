"""Which files of a directory are source files, and which of them the input does not have yet; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from data_pipeline.etl.documents import patterns
from data_pipeline.etl.documents.patterns import Pattern


@dataclass(frozen=True)
class SourceFile:
    """A file on this machine: its name in the input, where it is, and what it was when it was looked at."""

    name: str
    path: Path
    size: int
    modified_ns: int = 0


@dataclass(frozen=True)
class StoredObject:
    """An object: bytes, ETag without quotes, and when it was written, where that is known."""

    size: int
    etag: str
    modified: datetime | None = None


@dataclass(frozen=True)
class Comparison:
    """Files that the input lacks, those whose object has another size, those that only content can tell."""

    new: tuple[SourceFile, ...]
    resized: tuple[SourceFile, ...]
    same_size: tuple[SourceFile, ...]


@dataclass(frozen=True)
class Claims:
    """What data sets claim: the patterns of each, and the names of marker files."""

    patterns: Mapping[str, tuple[Pattern, ...]]
    markers: frozenset[str] = frozenset()

    def has(self, path: str) -> bool:
        """Whether a file with this path below the input is one of a data set, or a marker."""
        if self.is_marker(path):
            return True
        return any(pattern.match(path) for each in self.patterns.values() for pattern in each)

    def is_marker(self, path: str) -> bool:
        return PurePosixPath(path).name in self.markers

    def nearest(self, path: str) -> str:
        """The pattern that a path is probably meant for, with its data set; empty where none is near."""
        near = patterns.nearest(path, (pattern for each in self.patterns.values() for pattern in each))
        if near is None:
            return ""
        dataset = next(name for name, each in self.patterns.items() if near in each)
        return f"nearest: {near} of {dataset}"


def compare(files: Iterable[SourceFile], stored: Mapping[str, StoredObject]) -> Comparison:
    """Sort files by what is stored under their names."""
    known = [(file, stored.get(file.name)) for file in files]
    return Comparison(
        new=tuple(file for file, there in known if there is None),
        resized=tuple(file for file, there in known if there is not None and there.size != file.size),
        same_size=tuple(file for file, there in known if there is not None and there.size == file.size),
    )


def recorded(etag: str, metadata: Mapping[str, str]) -> tuple[str, str] | None:
    """(algorithm, hex digest) of an object's content, as far as S3 tells it without a transfer.

    An upload of ours recorded the SHA-256. The ETag of any other object is its MD5 when it was stored in one
    piece; a multipart upload's ETag (``…-3``) tells nothing. Where the ETag is no MD5 for another reason (a
    KMS key), it equals no file's MD5, and the file is uploaded again.
    """
    if "sha256" in metadata:
        return "sha256", metadata["sha256"]
    return None if "-" in etag else ("md5", etag)


def amount(size: int) -> str:
    """A size in bytes as people say it, in powers of ten: ``1.2 GB``."""
    value, unit = float(size), "bytes"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    if unit == "bytes":
        return f"{size} byte" if size == 1 else f"{size} bytes"
    return f"{value:.1f} {unit}" if value < 100 else f"{value:.0f} {unit}"


def split_uri(uri: str) -> tuple[str, str]:
    """(bucket, key or key prefix) of an ``s3://`` URI."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key
