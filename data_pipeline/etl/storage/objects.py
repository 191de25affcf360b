"""What the two filesystems, S3 and folders, say of objects and how they fail. Runs on Python 3.9."""

from __future__ import annotations

from dataclasses import dataclass, field

BLOCK = 1 << 20


@dataclass(frozen=True)
class Stored:
    """One object below a folder: its place, path relative to that folder, size in bytes and ETag (without
    quotes).

    A local file has no ETag until ``fingerprint`` is asked for it: ``etag`` is then empty. ``modified`` is its last
    change in seconds since 1970-01-01 UTC.
    """

    uri: str
    path: str
    size: int
    etag: str
    modified: float = 0.0


@dataclass(frozen=True)
class Head:
    """What is known of an object without reading it."""

    etag: str
    metadata: dict[str, str] = field(default_factory=dict)


class ChangedError(Exception):
    """A conditional write lost: the object is no longer what the writer had seen."""


class MissingError(Exception):
    """There is no such object (any more), or its content is not the one asked for. The next time may be
    different: its message is one of ``MISSING``.
    """


GONE = "there is no such object any more"
CHANGED = "the object has changed since the plan was made"
DENIED = "access to the object is denied"
ARCHIVED = "the object is archived (Glacier) and must be restored first"
FILE_GONE = "the file is gone"
FILE_CHANGED = "the file has changed since the plan was made"
MISSING = frozenset({GONE, CHANGED, DENIED, ARCHIVED, FILE_GONE, FILE_CHANGED})
