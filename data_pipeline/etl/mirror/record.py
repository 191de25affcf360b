"""What is known of mirrored files: ``<output>/state/mirror.json``. Runs on Python 3.9.

``objects``: path below the input → ``Entry``. ``uploads``: path → ``Upload``, of files that are half way: S3 itself
keeps their finished parts, with the SHA-256 of each. Whoever writes a file that somebody else has written meanwhile
reads it again and adds only what is its own.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from data_pipeline.etl.errors import JobError
from data_pipeline.etl.storage.filesystem import files, join
from data_pipeline.etl.storage.objects import ChangedError

VERSION = 1
_TRIES = 10


@dataclass(frozen=True)
class Superseded:
    """An earlier issue of a file, which the bucket keeps as this version."""

    version: str
    etag: str
    size: int
    sha256: str
    until: str


@dataclass(frozen=True)
class Entry:
    """A file as it was mirrored: the source's ETag, Last-Modified and URL; size in bytes; SHA-256 of its parts'
    SHA-256s (S3's own composite, hexadecimal) with the size of a part; of the whole where it came in one go; rows
    of a Parquet file; the object's own ETag and version; when it was brought and last asked for (UTC);
    the data set, or the name of the source.
    """

    url: str
    etag: str
    modified: str
    size: int
    parts_sha256: str
    part_bytes: int
    sha256: str = ""
    rows: int | None = None
    stored: str = ""
    version: str = ""
    mirrored: str = ""
    checked: str = ""
    lane: str = ""
    superseded: tuple[Superseded, ...] = ()


@dataclass(frozen=True)
class Upload:
    """A file half way: S3's upload, and the version of the source that it is of."""

    id: str
    url: str
    etag: str
    modified: str
    size: int
    part_bytes: int


def place(output: str) -> str:
    """Where the record of ``output`` is."""
    return join(output, "state", "mirror.json")


class Record:
    """The record, as one run sees and changes it; safe for several threads."""

    def __init__(self, place: str) -> None:
        self.place = place
        self._lock = threading.Lock()
        self._mine: dict[str, Entry] = {}
        self._uploads: dict[str, Upload | None] = {}
        self._objects, self._open, self._seen = _load(place)

    @property
    def objects(self) -> dict[str, Entry]:
        """Every file by its path."""
        with self._lock:
            return {**self._objects, **self._mine}

    def upload(self, path: str) -> Upload | None:
        """The upload of a file that is half way."""
        with self._lock:
            return self._uploads[path] if path in self._uploads else self._open.get(path)

    def note(self, path: str, entry: Entry) -> None:
        """What is now known of a file."""
        with self._lock:
            self._mine[path] = entry

    def note_upload(self, path: str, upload: Upload | None) -> None:
        """The upload that a file has; None when it has none any more."""
        with self._lock:
            if upload is not None or path in self._uploads or path in self._open:
                self._uploads[path] = upload

    def save(self) -> None:
        """Write what has changed. JobError if somebody else is always quicker."""
        with self._lock:
            for _ in range(_TRIES):
                if not self._mine and not self._uploads:
                    return
                objects = {
                    **self._objects,
                    **{p: _later(e, self._objects.get(p)) for p, e in self._mine.items()},
                }
                both = {**self._open, **self._uploads}
                uploads = {path: upload for path, upload in both.items() if upload}
                try:
                    files(self.place).write_if(self.place, _dump(objects, uploads), self._seen, {})
                except ChangedError:
                    self._objects, self._open, self._seen = _load(self.place)
                    continue
                self._mine, self._uploads = {}, {}
                self._objects, self._open, self._seen = _load(self.place)
                return
        raise JobError(f"{self.place}: it changed {_TRIES} times while it was written; run the mirror again")


def _later(mine: Entry, theirs: Entry | None) -> Entry:
    """Of two entries of one file the one that was asked for later, with every earlier issue that either knows."""
    if theirs is None:
        return mine
    newest = mine if mine.checked >= theirs.checked else theirs
    issues = {issue.version: issue for issue in (*theirs.superseded, *mine.superseded)}
    return replace(newest, superseded=tuple(sorted(issues.values(), key=lambda issue: issue.until)))


def _load(place: str) -> tuple[dict[str, Entry], dict[str, Upload], str | None]:
    loaded = files(place).load(place)
    if loaded is None:
        return {}, {}, None
    content, seen = loaded
    try:
        document = json.loads(content)
        version = document["version"]
        objects = {str(path): _entry(fields) for path, fields in document["objects"].items()}
        uploads = {str(path): Upload(**fields) for path, fields in document["uploads"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise JobError(
            f"{place}: this is no record of a mirror ({type(error).__name__}: {error}); delete it, and the next "
            "mirror looks at what is stored and asks for every file anew"
        ) from error
    if version != VERSION:
        raise JobError(f"{place}: version {version} of the record; this job reads version {VERSION}")
    return objects, uploads, seen


def _entry(fields: Mapping[str, Any]) -> Entry:
    superseded = tuple(Superseded(**issue) for issue in fields.get("superseded", ()))
    return Entry(**{**fields, "superseded": superseded})


def _dump(objects: Mapping[str, Entry], uploads: Mapping[str, Upload]) -> bytes:
    document = {
        "version": VERSION,
        "objects": {path: asdict(entry) for path, entry in objects.items()},
        "uploads": {path: asdict(upload) for path, upload in uploads.items()},
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
