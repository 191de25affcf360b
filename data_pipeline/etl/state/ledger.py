"""The ledger: which version of each source file a data set's table has.

``<output>/state/datasets/<name>/<year>.json`` holds the files of that year, ``none.json`` those without a period and
those of a data set that replaces all; ``<output>/state/datasets/<name>.json`` the definition that holds and the table
that they are of. Each is written after the commit that it tells of, and only if nobody else has written meanwhile.
Runs on Python 3.9.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Callable

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
    return period[:4] if period and dataset.issue != "all" else NONE


def newest(shards: Iterable[str]) -> tuple[str, ...]:
    """Those of ``shards`` that have the newest files: of the last two years, and of no year."""
    every = sorted(shards)
    years = [each for each in every if each.isdigit()]
    return (*years[-2:], *(each for each in every if each == NONE))


@dataclass(frozen=True)
class State:
    """A data set's own document: the ``definition`` that holds, the UUID of the ``table`` that its shards are of, and
    the sequence number ``since`` which the table has nothing but what that snapshot and later ones have put there.
    """

    definition: str = ""
    table: str = ""
    since: int = 0

    def begun(self, table: str, anew: int | None) -> State:
        """After a commit to ``table``, which was made ``anew`` by the snapshot of this number."""
        since = self.since if self.table == table else 0
        return replace(self, table=table, since=max(since, anew or 0))


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
        return self._state(dataset)[0].definition or None

    def define(self, dataset: str, definition: str) -> None:
        """Note the definition that holds from now on."""
        self._change(dataset, lambda state: replace(state, definition=definition))

    def note(
        self, dataset: str, table: str, issues: Mapping[str, Iterable[Issue]], anew: int | None = None
    ) -> bool:
        """Note what a commit to ``table`` (its UUID) has made, by shard; whether that was not noted already. ``anew``:
        the sequence number of the snapshot that has nothing of what was there before.

        What the data set's own document says first holds for every shard: a run that notes late does not bring back
        files of which the table was rid meanwhile, and files of a table that was dropped are forgotten.
        """
        every = {shard: list(each) for shard, each in issues.items()}
        before, _ = self._state(dataset)
        state = self._change(dataset, lambda found: found.begun(table, anew))
        done = False
        while True:
            if anew is not None or state != before:
                every = {**{shard: [] for shard in self.shards(dataset)}, **every}
            for shard, each in every.items():
                done |= self._note(self.place(dataset, shard), table, each, state.since, anew)
            before, (state, _) = state, self._state(dataset)
            if state.since <= before.since or state.table != table:
                return done

    def _state(self, dataset: str) -> tuple[State, str | None]:
        """What the data set's own document says, and its ETag."""
        place = self.place(dataset)
        loaded = files(place).load(place)
        if loaded is None:
            return State(), None
        return form.read(loaded[0], place, "the state of a data set", VERSION, _state), loaded[1]

    def _change(self, dataset: str, change: Callable[[State], State]) -> State:
        place = self.place(dataset)
        for _ in range(ATTEMPTS):
            before, seen = self._state(dataset)
            state = change(before)
            if state == before:
                return state
            try:
                files(place).write_if(place, _text(state), seen, {})
            except ChangedError:
                continue
            return state
        raise ChangedError(place)

    def _note(
        self, place: str, table: str, issues: list[Issue], since: int = 0, anew: int | None = None
    ) -> bool:
        for _ in range(ATTEMPTS):
            loaded = files(place).load(place)
            before, seen = loaded or (b"", None)
            content = _noted(before, place, table, issues, since, anew)
            if content == before:
                return False
            try:
                files(place).write_if(place, content, seen, {})
            except ChangedError:
                continue
            return True
        raise ChangedError(place)


def _state(document: Mapping[str, Any]) -> State:
    table, since = document.get("table", ""), document.get("since", 0)
    return State(str(document["definition"]), str(table), int(since))


def _text(state: State) -> bytes:
    return form.text({"version": VERSION, **asdict(state)}).encode()


def _noted(before: bytes, place: str, table: str, issues: list[Issue], since: int, anew: int | None) -> bytes:
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
    first = since if anew is None else max(since, anew + 1)
    known = ((path, entry) for path, entry in known if entry.sequence >= first)
    found, gone = entries.merged(known, said.gone, [issue for issue in issues if issue.sequence >= since])
    if not before and not found and not gone:
        return b""
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
