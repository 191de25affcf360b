"""What has been ingested: ``<output>/state/ingested.json``, group → snapshot of its table, features, run.

An ingestion notes its snapshot as begun before it writes a record, and as ingested after all of them, each only if
nobody else has written meanwhile. So one that was killed is not forgotten: the stores may have any of its records, and
the next snapshot, or the one that the table was rolled back to, may have others. Without a file, nothing has been
ingested.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from data_pipeline.etl.documents import form
from data_pipeline.etl.storage.filesystem import files, join

VERSION = 1


@dataclass(frozen=True)
class Entry:
    """The snapshot whose records the stores have (None: of none yet), the features that all of them have, and the
    snapshots of which they may have some records, since an ingestion has begun and is not known to have ended.
    """

    snapshot: str | None
    features: list[str]
    run: str
    begun: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Ingested:
    """The groups by name, and the ETag of the file that said so (None: there is no such file)."""

    groups: Mapping[str, Entry]
    seen: str | None = None


def place(output: str) -> str:
    """Where the file of ``output`` is."""
    return join(output, "state", "ingested.json")


def read(place: str) -> Ingested:
    """What the file at ``place`` says. JobError if it is no such file."""
    loaded = files(place).load(place)
    if loaded is None:
        return Ingested({})
    content, etag = loaded
    remedy = "delete it, and the next run ingests every record again"
    return Ingested(form.read(content, place, "a list of what was ingested", VERSION, _groups, remedy), etag)


def _groups(document: Mapping[str, Any]) -> dict[str, Entry]:
    return {str(name): Entry(**fields) for name, fields in document["groups"].items()}


def write(place: str, groups: Mapping[str, Entry], seen: str | None) -> str:
    """Replace the file if its ETag still is ``seen``; its new ETag. Raises ChangedError if it is not."""
    document = {"version": VERSION, "groups": {name: asdict(entry) for name, entry in groups.items()}}
    return str(files(place).write_if(place, form.text(document).encode(), seen, {}))
