"""The ledger: which version of each source file a data set's table has.

``<output>/state/datasets/<name>/<year>.json`` holds the files of that year, ``none.json`` those without a period and
those of a data set that replaces all; ``<output>/state/datasets/<name>.json`` the definition that holds. Each is
written after the commit that it tells of, and only if nobody else has written meanwhile. Runs on Python 3.9.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from data_pipeline.etl.documents import form
from data_pipeline.etl.documents.datasets import Dataset
from data_pipeline.etl.storage.filesystem import files, join
from data_pipeline.etl.storage.objects import ChangedError, MissingError

from . import entries
from .entries import Entry, Head, Issue

NONE = "none"
BLOCK = 4 << 20
ATTEMPTS = 20
VERSION = 1


def shard(dataset: Dataset, period: str) -> str:
    """The shard that the files of a period are in."""
    return period[:4] if period and dataset.replaces != "all" else NONE


@dataclass(frozen=True)
class Ledger:
    """The ledger below ``output``, read as it is asked for."""

    output: str

    def place(self, dataset: str, shard: str = "") -> str:
        """Where a shard is, or the data set's own document."""
        folder = join(self.output, "state", "datasets", dataset)
        return join(folder, f"{shard}.json") if shard else f"{folder}.json"

    def shards(self, dataset: str) -> tuple[str, ...]:
        """The shards that there are."""
        folder = join(self.output, "state", "datasets", dataset)
        if not folder.startswith("s3://") and not Path(folder).is_dir():
            return ()
        names = (each.path for each in files(folder).list(folder))
        return tuple(sorted(name[: -len(".json")] for name in names if name.endswith(".json")))

    def entries(self, dataset: str, shard: str) -> Iterator[tuple[str, Entry]]:
        """Path and entry of each file of a shard, one by one; none if there is no such shard."""
        place = self.place(dataset, shard)
        head = files(place).head(place)
        if head is not None:
            yield from _entries(_lines(place, head.etag), place)

    def definition(self, dataset: str) -> str | None:
        """The definition that holds; None of a data set that was never loaded."""
        place = self.place(dataset)
        loaded = files(place).load(place)
        if loaded is None:
            return None
        return form.read(loaded[0], place, "the state of a data set", VERSION, lambda d: str(d["definition"]))

    def define(self, dataset: str, definition: str) -> None:
        """Note the definition that holds from now on."""
        place = self.place(dataset)
        files(place).write(place, form.text({"version": VERSION, "definition": definition}).encode())

    def note(
        self, dataset: str, table: str, issues: Mapping[str, Iterable[Issue]], anew: int | None = None
    ) -> bool:
        """Note what a commit to ``table`` (its UUID) has made, by shard; whether that was not noted already. ``anew``:
        the sequence number of the snapshot that has nothing of what was there before.
        """
        every = {shard: list(each) for shard, each in issues.items()}
        if anew is not None:
            every = {**{shard: [] for shard in self.shards(dataset)}, **every}
        done = [self._note(self.place(dataset, shard), table, each, anew) for shard, each in every.items()]
        return any(done)

    def _note(self, place: str, table: str, issues: list[Issue], anew: int | None = None) -> bool:
        for _ in range(ATTEMPTS):
            loaded = files(place).load(place)
            before, seen = loaded or (b"", None)
            content = _noted(before, place, table, issues, anew)
            if content == before:
                return False
            try:
                files(place).write_if(place, content, seen, {})
            except ChangedError:
                continue
            return True
        raise ChangedError(place)


def _noted(before: bytes, place: str, table: str, issues: list[Issue], anew: int | None) -> bytes:
    known: Iterable[tuple[str, Entry]] = ()
    said = Head(table)
    if before:
        lines = iter(before.decode().split("\n"))
        said = entries.head(next(lines), place)
        known = _files(lines, said, place)
    if (
        said.table != table
    ):  # somebody has dropped the table: it has what this run has put there, and nothing else
        known, said = (), Head(table)
    if anew is not None:
        known = ((path, entry) for path, entry in known if entry.sequence > anew)
    found, gone = entries.merged(known, said.gone, issues)
    return "".join(entries.lines(table, gone, sorted(found.items()))).encode()


def _entries(lines: Iterator[str], place: str) -> Iterator[tuple[str, Entry]]:
    first = next(lines, "")
    yield from _files(lines, entries.head(first, place), place)


def _files(lines: Iterator[str], head: Head, place: str) -> Iterator[tuple[str, Entry]]:
    for line in lines:
        if line and not line.startswith("]"):
            yield entries.entry(line, head, place)


def _lines(place: str, etag: str) -> Iterator[str]:
    """The lines of an object of which only a block at a time is held."""
    rest, start = b"", 0
    while True:
        try:
            block: bytes = files(place).read_at(place, etag, start, BLOCK)
        except MissingError as error:
            raise ChangedError(place) from error
        if not block:
            break
        start += len(block)
        ended, line_break, rest = (rest + block).rpartition(b"\n")
        if line_break:
            yield from ended.decode().split("\n")
    if rest:
        yield rest.decode()
