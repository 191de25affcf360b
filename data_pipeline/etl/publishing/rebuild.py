"""What a rebuild of a large table has read so far, so that a run that was killed is taken up where it was.

Below ``<output>/state/rebuilds/<data set>/<definition>/`` each piece, which is several units, has a folder: the files
that were made of it (rows, what was refused), and ``piece.json``, written last, which says what was counted of which
version of a unit. A unit whose files have changed meanwhile is another version, and its piece is read again. All of it
goes once the table is published, in one commit; readers see the old table until then.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_pipeline.etl.documents import form
from data_pipeline.etl.documents.load_plan import Unit
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.storage.filesystem import files, join
from data_pipeline.etl.storage.objects import Stored

COUNTED = "piece.json"
MADE = "made"


def version(unit: Unit, available: Sequence[str]) -> str:
    """The name of a unit with just these versions of its files, ``available`` since then."""
    told = [[file.path, file.etag, file.size] for file in unit.files]
    return f"{unit.key}-{_digest([told, list(available)])}"


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, separators=(",", ":")).encode()).hexdigest()[:16]


def _stored(folder: str) -> list[Stored]:
    """What is below ``folder``, which may not be there."""
    if not folder.startswith("s3://") and not Path(folder).is_dir():
        return []
    return list(files(folder).list(folder))


@dataclass(frozen=True)
class Piece:
    """A piece in its folder ``place``: version of a unit → what was counted of it, and the names of its files."""

    place: str
    units: Mapping[str, Any]
    files: tuple[str, ...]


@dataclass(frozen=True)
class Rebuild:
    """Of the data set ``name``, by a ``definition`` (a hash); ``output``: where the project's results are, on S3."""

    output: str
    name: str
    definition: str

    @property
    def folder(self) -> str:
        return join(self.output, "state", "rebuilds", self.name, self.definition)

    def kept(self) -> list[Piece]:
        """The pieces that have been read, each whole: one of whose files some have expired is none."""
        stored = {each.path: each for each in _stored(self.folder)}
        found = []
        for path, each in stored.items():
            name, _, file = path.rpartition("/")
            if file != COUNTED:
                continue
            told = json.loads(files(each.uri).read(each.uri))
            there = {one: stored.get(f"{name}/{MADE}/{one}") for one in told["files"]}
            if all(one is not None and one.size == told["files"][key] for key, one in there.items()):
                found.append(Piece(join(self.folder, name), told["units"], tuple(there)))
        return found

    def keep(self, units: Mapping[str, Any], made: Mapping[str, Path]) -> None:
        """Note that ``units`` have been read: version → what was counted; ``made``: name → file of this machine."""
        place = join(self.folder, _digest(sorted(units)))
        for name, path in made.items():
            target = join(place, MADE, name)
            files(target).upload(path, target)
        sizes = {name: path.stat().st_size for name, path in made.items()}
        place = join(place, COUNTED)
        files(place).write(place, form.text({"version": 1, "units": dict(units), "files": sizes}).encode())

    def fetch(self, piece: Piece, folder: Path) -> None:
        """The files of a piece into a local ``folder``, by their names. JobError if one has gone meanwhile."""
        for name in piece.files:
            place = join(piece.place, MADE, name)
            head = files(place).head(place)
            if head is None:
                raise JobError(f"{place}: this part of a rebuild is no longer there; run again")
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with files(place).fetched(place, head.etag, folder) as path:
                path.rename(target)

    def finish(self) -> None:
        """Delete what is kept, by whatever definition: the table is published."""
        folder = join(self.output, "state", "rebuilds", self.name)
        for each in _stored(folder):
            files(folder).delete(each.uri)
