"""The input's listing held against the definitions and the ledger: what a run is to load, and what it has to say.

A unit of several files is loaded whole if any of its files is new or changed; a file that has gone from it then is
gone. A unit of which files have gone and nothing else has changed is kept as it is, unless the run prunes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from data_pipeline.etl.documents.datasets import Definitions
from data_pipeline.etl.documents.load_plan import LoadPlan, Unit
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.state.entries import Entry
from data_pipeline.etl.storage.objects import Stored

from . import claims, grouped_files, single_files
from .claims import Claims
from .selection import Selection
from .work import Counts, Work


class Known(Protocol):
    """The ledger, of which only what a plan needs is read."""

    def definition(self, dataset: str) -> str | None: ...

    def shards(self, dataset: str) -> tuple[str, ...]: ...

    def entries(self, dataset: str, shard: str) -> Iterator[tuple[str, Entry]]: ...


@dataclass(frozen=True)
class Comparison:
    """The plan, how many files are how, and what a reader should know of files that the run does not load: ``gone`` are
    paths, kept or pruned; ``waiting`` are periods without their marker; ``moved`` are data sets that are held and can
    only be made anew. ``matched``: whether the run looks at any file at all.
    """

    plan: LoadPlan
    counts: Counts
    gone: tuple[str, ...]
    waiting: tuple[str, ...]
    unclaimed: tuple[str, ...]
    moved: tuple[str, ...] = ()
    matched: bool = True


def compare(
    listing: Iterable[Stored],
    definitions: Definitions,
    known: Known,
    selection: Selection,
    place: Callable[[str], str] = str,
) -> Comparison:
    """What the run is to load. ``listing`` has ETags; ``place`` gives the URI of a path. JobError if two data sets
    claim one file, or a table cannot be made anew of what the input has.
    """
    found = claims.claim(listing, definitions)
    held: dict[str, str] = {}
    adopted: list[str] = []
    works: list[Work] = []
    moved: list[str] = []
    matched = False
    for name, dataset in definitions.datasets.items():
        if not selection.has(name):
            continue
        before = known.definition(name)
        differs = before is not None and before != dataset.definition
        markers = found.markers.get(name, set())
        work = Work(dataset, claims.parsed(dataset), selection, markers, place, Counts())
        look = _rebuild if name in selection.rebuild else _look
        look(work, found.files.pop(name, {}), known)
        matched = matched or work.matched
        if work.moved:
            held[name] = _moved(name, work.moved)
            moved.append(name)
            continue
        if differs and name not in selection.rebuild | selection.from_now_on:
            held[name] = _question(name, known)
            continue
        work.units.sort(key=_first)
        works.append(work)
        adopted += [name] if differs and name in selection.from_now_on else []
    compared = _comparison(works, adopted, held, found, claims.messages(found, definitions.datasets))
    return replace(compared, moved=tuple(moved), matched=matched)


def _comparison(
    works: Sequence[Work],
    adopted: Sequence[str],
    held: Mapping[str, str],
    found: Claims,
    unclaimed: Iterable[str],
) -> Comparison:
    plan = LoadPlan(
        tuple(unit for work in works for unit in work.units),
        tuple(work.dataset.name for work in works if work.dataset.name in work.selection.rebuild),
        tuple(adopted),
        held,
        unclaimed=found.unclaimed,
    )
    return Comparison(
        plan,
        functools.reduce(_sum, (work.counts for work in works), Counts()),
        tuple(path for work in works for path in work.gone),
        tuple(text for work in works for text in grouped_files.waiting(work)),
        tuple(unclaimed),
    )


def _look(work: Work, claimed: dict[str, list[str]], known: Known) -> None:
    """Plan what of a data set is to be loaded; ``claimed`` are its files of the input by shard, which are used up."""
    name = work.dataset.name
    for shard in sorted({*claimed, *known.shards(name)}):
        texts = claimed.pop(shard, [])
        if _needed(shard, work.selection):
            _plan(work, texts, known.entries(name, shard))


def _plan(work: Work, texts: list[str], entries: Iterator[tuple[str, Entry]]) -> None:
    if work.dataset.issue == "file" and not work.dataset.complete:
        single_files.compare(work, texts, entries)
    else:
        grouped_files.compare(work, texts, entries)


def _rebuild(work: Work, claimed: dict[str, list[str]], known: Known) -> None:
    """Plan all of a data set's files. JobError if that would lose rows of files that are loaded."""
    name = work.dataset.name
    loaded = {path for shard in known.shards(name) for path, _ in known.entries(name, shard)}
    listed = {claims.unpacked(text)[0] for texts in claimed.values() for text in texts}
    for shard in sorted(claimed):
        _plan(work, claimed[shard], iter(()))
    work.units = [replace(unit, because="again") for unit in work.units]
    work.gone = sorted(loaded - listed)
    work.counts = Counts(len(listed - loaded), 0, len(listed & loaded), len(work.gone))
    if work.gone and not work.selection.prune:
        raise JobError(
            f"--rebuild {name}: {len(work.gone):,} of its files have gone from the input ({work.gone[0]}), and a table "
            "that is made anew would lose their rows; put them back, or let the rows go with --prune"
        )
    for path in sorted(loaded & listed) if work.waiting else ():
        match = claims.of(path, work.patterns)
        if match and (match.period, grouped_files.items(match.parts)) in work.waiting:
            raise JobError(
                f"--rebuild {name}: {path} was loaded and lacks {work.dataset.complete} beside it now; its rows "
                "would be lost; put it back"
            )


def _first(unit: Unit) -> tuple[str, str]:
    return (unit.files[0].path if unit.files else unit.removed[0]), unit.key


def _needed(shard: str, selection: Selection) -> bool:
    """Whether a shard has anything that the run looks at."""
    first, last = selection.first[:4], selection.last[:4]
    return not shard.isdigit() or not first or first <= shard <= last


def _sum(one: Counts, other: Counts) -> Counts:
    return Counts(
        one.new + other.new,
        one.changed + other.changed,
        one.unchanged + other.unchanged,
        one.deleted + other.deleted,
    )


def _question(name: str, known: Known) -> str:
    number, size = 0, 0
    for shard in known.shards(name):
        for _, entry in known.entries(name, shard):
            number += 1
            size += entry.size
    return (
        f"{name}: its definition has changed since {number:,} files ({size:,} bytes) were loaded; read them again with "
        f"--rebuild {name}, or let it hold for new files only with --from-now-on {name}"
    )


def _moved(name: str, number: int) -> str:
    return (
        f"{name}: {number:,} files were loaded as parts of other units than they are now, since the named parts of its "
        f"pattern or its replaces have changed; read all of them again with --rebuild {name}"
    )
