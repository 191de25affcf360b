"""What has been ingested: ``<output>/state/ingested.json``, group → snapshot of its table, features, run.

It is written after all records of a group, so an ingestion that was killed before that is done again; and only
if nobody else has written meanwhile. Without a file, nothing has been ingested.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from tlc.errors import JobError
from tlc.storage import files, join

VERSION = 1


@dataclass(frozen=True)
class Entry:
    """The snapshot whose records the stores have, and the features that all of them have."""

    snapshot: str
    features: list[str]
    run: str


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
    try:
        document = json.loads(content)
        version = document["version"]
        groups = {str(name): Entry(**fields) for name, fields in document["groups"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise JobError(
            f"{place}: this does not say what has been ingested ({type(error).__name__}: {error}); delete it, and the "
            "next run ingests every record again"
        ) from error
    if version != VERSION:
        raise JobError(f"{place}: version {version}; this job reads version {VERSION}")
    return Ingested(groups, etag)


def write(place: str, groups: Mapping[str, Entry], seen: str | None) -> None:
    """Replace the file if its ETag still is ``seen``. Raises ChangedError if it is not."""
    document = {"version": VERSION, "groups": {name: asdict(entry) for name, entry in groups.items()}}
    content = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    files(place).write_if(place, content, seen, {})
