"""What a rebuild of a large table has read so far, so that a run that was killed is taken up where it was.

Below ``<output>/state/rebuilds/<data set>/<definition>/`` each unit that has been read has a folder, named after its id
and the versions of its files: what was made of it (rows, what was refused), and ``unit.json``, written last, which says
what was counted. A unit whose file has changed meanwhile is another version, and read again. All of it goes once the
table is published, in one commit; readers see the old table until then.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_pipeline.etl.documents import form
from data_pipeline.etl.documents.load_plan import Unit
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.storage.filesystem import files, join

COUNTED = "unit.json"


def version(unit: Unit) -> str:
    """The name of a unit with just these versions of its files."""
    text = json.dumps([[file.path, file.etag] for file in unit.files], separators=(",", ":"))
    return f"{unit.key}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


@dataclass(frozen=True)
class Rebuild:
    """Of the data set ``name``, by a ``definition`` (its hash); ``output``: where the project's results are, on S3."""

    output: str
    name: str
    definition: str

    @property
    def folder(self) -> str:
        return join(self.output, "state", "rebuilds", self.name, self.definition)

    def kept(self) -> frozenset[str]:
        """The versions of units that have been read."""
        stored = files(self.folder).list(self.folder)
        return frozenset(
            each.path.rpartition("/")[0] for each in stored if each.path.rpartition("/")[2] == COUNTED
        )

    def keep(self, unit: Unit, made: Path, counted: Mapping[str, Any]) -> None:
        """Note that ``unit`` has been read: what was counted, and the files below the local folder ``made``."""
        place = join(self.folder, version(unit))
        for file in sorted(path for path in made.rglob("*") if path.is_file()):
            target = join(place, "made", file.relative_to(made).as_posix())
            files(target).upload(file, target)
        place = join(place, COUNTED)
        files(place).write(place, form.text(counted).encode())

    def fetch(self, unit: Unit, made: Path) -> Mapping[str, Any]:
        """What was counted of a unit that is kept; its files come into the local folder ``made``. JobError if it is not
        whole.
        """
        place = join(self.folder, version(unit))
        loaded = files(place).load(join(place, COUNTED))
        if loaded is None:
            raise JobError(f"{place}: this part of a rebuild is no longer there; run again")
        folder = join(place, "made")
        for each in files(folder).list(folder):
            target = made / each.path
            target.parent.mkdir(parents=True, exist_ok=True)
            with files(folder).fetched(each.uri, each.etag, made) as path:
                path.rename(target)
        counted: dict[str, Any] = json.loads(loaded[0])
        return counted

    def finish(self) -> None:
        """Delete what is kept, by whatever definition: the table is published."""
        folder = join(self.output, "state", "rebuilds", self.name)
        for each in list(files(folder).list(folder)):
            files(folder).delete(each.uri)
