"""What has been processed: ``<output>/state/processed.json``, source → ETag, size, rows, run. Runs on Python 3.9.

It is written after all commits of a run, so a run that was killed before that is planned again; and only if
nobody else has written meanwhile. Without a file, nothing has been processed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from data_pipeline.etl.documents import form
from data_pipeline.etl.storage.filesystem import files, join

VERSION = 1


@dataclass(frozen=True)
class Entry:
    """The version of a source that was processed last: its ETag, size in bytes, counted rows and run.

    ``error`` says why nothing of it could be read; it is not read again until it changes.
    """

    etag: str
    size: int
    rows: int
    run: str
    error: str = ""


@dataclass(frozen=True)
class Processed:
    """The sources by path, and the ETag of the file that said so (None: there is no such file)."""

    objects: Mapping[str, Entry]
    seen: str | None = None


def place(output: str) -> str:
    """Where the file of ``output`` is."""
    return join(output, "state", "processed.json")


def read(place: str) -> Processed:
    """What the file at ``place`` says. JobError if it is no such file."""
    loaded = files(place).load(place)
    if loaded is None:
        return Processed({})
    content, etag = loaded
    remedy = "delete it, and the next run looks at every object anew"
    return Processed(
        form.read(content, place, "a list of processed objects", VERSION, _entries, remedy), etag
    )


def write(place: str, objects: Mapping[str, Entry], seen: str | None) -> None:
    """Replace the file if its ETag still is ``seen``. Raises ChangedError if it is not."""
    document = {"version": VERSION, "objects": {path: _fields(entry) for path, entry in objects.items()}}
    files(place).write_if(place, form.text(document).encode(), seen, {})


def _entries(document: Mapping[str, Any]) -> dict[str, Entry]:
    return {str(path): _entry(fields) for path, fields in document["objects"].items()}


def _entry(fields: dict[str, Any]) -> Entry:
    etag, size, rows, run = fields["etag"], fields["size"], fields["rows"], fields["run"]
    return Entry(str(etag), int(size), int(rows), str(run), str(fields.get("error", "")))


def _fields(entry: Entry) -> dict[str, Any]:
    return {name: value for name, value in asdict(entry).items() if name != "error" or value}
