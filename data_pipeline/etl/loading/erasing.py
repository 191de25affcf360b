"""Keys that were erased and that tables may still have: they are taken out of the tables of their data set, out of what
was quarantined, and out of older snapshots. A run that is killed on the way leaves the rest to the next one.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from data_pipeline.etl.documents import erasures, form
from data_pipeline.etl.documents.datasets import Dataset, Definitions
from data_pipeline.etl.documents.erasures import NO_KEYS, Record
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.ingestion import state
from data_pipeline.etl.publishing import erased_keys
from data_pipeline.etl.publishing.erased_keys import ErasedKeys
from data_pipeline.etl.publishing.rebuild import Rebuild
from data_pipeline.etl.state import erased
from data_pipeline.etl.state.entries import time_text
from data_pipeline.etl.storage.filesystem import files, join

from . import columns, keyed, refused_texts
from .target import Target

if TYPE_CHECKING:
    from data_pipeline.etl.publishing.erasing import Old

FILES = "files"
INGESTED_WITHIN = timedelta(days=7)


@dataclass(frozen=True)
class Erasing:
    """What became of the erased keys of a data set: ``rows`` taken out, by table; raw ``texts`` of refused rows that
    were emptied; ``snapshots`` expired, by table, and ``files`` deleted; what tags and branches ``kept``. ``waits``:
    tables that still have older rows, so that it is not done; ``ingests``: tables of which feature stores have an older
    snapshot, which the run after the next ingestion expires; ``error``: why the rest could not be done.
    """

    dataset: Dataset
    record: Record = NO_KEYS
    rows: Mapping[str, int] = field(default_factory=dict)
    texts: int = 0
    snapshots: Mapping[str, int] = field(default_factory=dict)
    files: int = 0
    kept: Sequence[Mapping[str, Any]] = ()
    waits: tuple[str, ...] = ()
    ingests: tuple[str, ...] = ()
    error: str = ""

    @property
    def document(self) -> dict[str, Any]:
        """For the summary."""
        done = {"keys": len(self.record.keys), "rows": dict(self.rows), "texts": self.texts}
        left = {
            "kept": [dict(each) for each in self.kept],
            "waits": list(self.waits),
            "ingests": list(self.ingests),
            "error": self.error or None,
        }
        return {**done, "snapshots": dict(self.snapshots), "files": self.files, **left}

    @property
    def problem(self) -> str:
        """Why it is not done, or nothing."""
        name, waits = self.dataset.name, ", ".join(self.waits)
        if self.error:
            return f"{name}: its erased keys are not gone yet: {self.error}"
        if waits:
            return (
                f"{name}: erased keys are out of its tables; older snapshots stay until {waits} can be made"
            )
        return ""

    def __str__(self) -> str:
        name = self.dataset.name
        if self.problem:
            return self.problem
        counted = ", ".join(f"{number:,} of {table}" for table, number in self.rows.items())
        expired = sum(self.snapshots.values())
        return f"{name}: erased: rows {counted}; raw texts {self.texts:,}, snapshots {expired:,}, files {self.files:,}"


def take_out(dataset: Dataset, target: Target, summary: str) -> Erasing:
    """Take the erased keys out of what the tables of ``dataset`` have now, and out of its quarantine."""
    record = erased.load(target.output, dataset.name)
    taken: dict[str, int] = {}
    try:
        return _taken_out(Erasing(dataset, record), target, summary, taken)
    except JobError as error:
        return Erasing(dataset, record, rows=taken, error=columns.without_values(dataset, str(error)))


def _taken_out(found: Erasing, target: Target, summary: str, taken: dict[str, int]) -> Erasing:
    """``taken`` gets the rows of each table when they are gone: what is said of them where the rest cannot be done."""
    from data_pipeline.etl.publishing import erasing

    assert target.at is not None
    dataset, at = found.dataset, target.at
    keys = _keys(found)
    if keys is None:
        return found
    rows = {name: erasing.count(at, name, keys) for name in dataset.tables if name != dataset.versions}
    told = {"run": target.run, "code-version": target.code_version, "summary": summary}
    lineage = {f"pipeline.{key}": text for key, text in told.items()}
    rows[dataset.versions] = erasing.drop(at, dataset.versions, keys, lineage, target.work)
    taken[dataset.versions] = rows[dataset.versions]
    for made in keyed.make(Definitions({dataset.name: dataset}), (), target, summary):
        taken |= {name: rows[name] for name, table in made.tables.items() if table.committed}
        if made.error:
            raise JobError(made.error)
    texts = refused_texts.empty(target.output, dataset, keys, target.work)
    Rebuild(target.output, dataset.name, "").finish()
    return replace(found, rows={name: rows[name] for name in dataset.tables}, texts=texts)


def _keys(found: Erasing) -> ErasedKeys | None:
    return erased_keys.of(found.record, found.dataset, columns.of(found.dataset).schema)


def committed(tables: Mapping[str, Any], taken: Sequence[Erasing]) -> dict[str, Any]:
    """What a summary says of ``tables``, in which those that rows were ``taken`` out of are changed by this run."""
    changed = {name for each in taken for name, rows in each.rows.items() if rows}
    return {name: {**told, "committed": True} if name in changed else told for name, told in tables.items()}


def finish(found: Erasing, definitions: Definitions, held: Collection[str], target: Target) -> Erasing:
    """Take the keys out of older snapshots, once all that is made of the data set is made anew, and note that it is
    done. ``held``: data sets and tables that could not be made.
    """
    if found.error or not found.record.keys:
        return found
    try:
        return _finished(found, definitions, held, target)
    except JobError as error:
        why = columns.without_values(found.dataset, str(error))
        return replace(found, error=f"older snapshots: {why}")


def _finished(found: Erasing, definitions: Definitions, held: Collection[str], target: Target) -> Erasing:
    from data_pipeline.etl.publishing import erasing

    assert target.at is not None
    at, dataset = target.at, found.dataset
    made_of = definitions.made_of(dataset)
    waits = tuple(name for name in made_of if name in held)
    if waits:
        return replace(found, waits=waits)
    keys = _keys(found)
    later = _to_be_ingested(found.record, target)
    old = {name: erasing.old(at, name, keys, later) for name in dataset.tables}
    old |= {name: erasing.old(at, name, None, later) for name in made_of}
    place = join(erasures.folder(target.output), FILES, f"{dataset.name}.json")
    doomed = _noted(place) | {file for each in old.values() for file in each.files}
    if doomed:
        files(place).write(place, form.text({"version": erasures.VERSION, "files": sorted(doomed)}).encode())
    expired = {name: erasing.expire(at, name, each.snapshots) for name, each in old.items()}
    doomed -= {file for name in old for file in erasing.needed(at, name)}
    for file in sorted(doomed):
        files(file).delete(file)
    files(place).delete(place)
    ingests = tuple(name for name, each in old.items() if each.later)
    if not ingests:
        hashes = {(key.columns, key.hash) for key in found.record.keys}
        erased.change(target.output, dataset.name, lambda now: _marked(now, hashes, time_text(target.now)))
    return replace(found, snapshots=expired, files=len(doomed), kept=[*_kept(old)], ingests=ingests)


def _to_be_ingested(record: Record, target: Target) -> set[int]:
    """The snapshots that feature stores have: ingestion tells by them which records are gone. Not of keys that were
    erased long ago: what was not ingested meanwhile is of a group that there is no more.
    """
    oldest = time_text(target.now - INGESTED_WITHIN)
    if not any(not key.done and key.since >= oldest for key in record.keys):
        return set()
    groups = state.read(state.place(target.output)).groups.values()
    return {int(each) for group in groups for each in (group.snapshot, *group.begun) if each}


def _noted(place: str) -> set[str]:
    """Files that a run which was killed was about to delete."""
    loaded = files(place).load(place)
    return {*json.loads(loaded[0])["files"]} if loaded else set()


def _kept(old: Mapping[str, Old]) -> Iterator[dict[str, Any]]:
    for name, each in old.items():
        for snapshot, refs in (each.kept or {}).items():
            yield {"table": name, "snapshot": str(snapshot), "refs": list(refs)}


def _marked(record: Record, hashes: Collection[tuple[tuple[str, ...], str]], now: str) -> Record:
    """``record`` in which these keys are done, unless they are already."""
    return replace(
        record,
        keys=tuple(
            replace(key, done=now) if (key.columns, key.hash) in hashes and not key.done else key
            for key in record.keys
        ),
    )


def look_again(loaded: Iterable[tuple[Dataset, Record | None]], output: str) -> None:
    """Keys that were erased while a run read files are pending again: what it has written, tables and quarantine, may
    have them. ``loaded``: each data set, and the record that the run knew, None where it read nothing.
    """
    for dataset, known in loaded:
        if known is None:
            continue
        mine = {(key.columns, key.hash) for key in known.keys}
        erased.change(output, dataset.name, lambda now, mine=mine: now.pending_again(mine))  # type: ignore[misc]
