"""Which data set claims which file of the input, and what nobody claims."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from data_pipeline.etl.documents import patterns
from data_pipeline.etl.documents.datasets import Dataset, Definitions
from data_pipeline.etl.documents.patterns import Match, Pattern
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.state.ledger import shard
from data_pipeline.etl.storage.objects import Stored

SHOWN = 3
_SEPARATOR = "\0"


@dataclass
class Claims:
    """The files of each data set by shard, as texts of path, size and ETag: there may be a million. ``markers``: the
    folders of each data set that have its marker. ``unclaimed``: how many files nobody claims, and a few of them.
    """

    files: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    markers: dict[str, set[str]] = field(default_factory=dict)
    unclaimed: int = 0
    samples: list[str] = field(default_factory=list)


def claim(listing: Iterable[Stored], definitions: Definitions, shown: int = SHOWN) -> Claims:
    """Who claims each file of ``listing``; of those that nobody does, ``shown`` are kept by name. JobError if two data
    sets claim one.
    """
    found = Claims()
    datasets = [(each, parsed(each)) for each in definitions.datasets.values()]
    markers = {each.complete: each.name for each, _ in datasets if each.complete}
    for stored in listing:
        owner, period = _owner(stored.path, datasets)
        if owner is not None:
            text = _SEPARATOR.join((stored.path, str(stored.size), stored.etag))
            found.files.setdefault(owner.name, {}).setdefault(shard(owner, period), []).append(text)
            continue
        folder, _, name = stored.path.rpartition("/")
        if name in markers:
            for each, _ in datasets:
                if each.complete == name:
                    found.markers.setdefault(each.name, set()).add(folder)
            continue
        found.unclaimed += 1
        if len(found.samples) < shown:
            found.samples.append(stored.path)
    return found


def _owner(path: str, datasets: list[tuple[Dataset, tuple[Pattern, ...]]]) -> tuple[Dataset | None, str]:
    owner, period = None, ""
    for dataset, texts in datasets:
        match = of(path, texts)
        if match is None:
            continue
        if owner is not None:
            raise JobError(
                f"{path}: both {owner.name} and {dataset.name} claim this file; make their patterns tell it apart"
            )
        owner, period = dataset, match.period
    return owner, period


def parsed(dataset: Dataset) -> tuple[Pattern, ...]:
    return tuple(map(patterns.parse, dataset.patterns))


def of(path: str, texts: Iterable[Pattern]) -> Match | None:
    """What the first pattern that has ``path`` says of it."""
    for pattern in texts:
        match = pattern.match(path)
        if match is not None:
            return match
    return None


def unpacked(text: str) -> tuple[str, int, str]:
    """Path, size and ETag of a claimed file."""
    path, size, etag = text.split(_SEPARATOR)
    return path, int(size), etag


def nearest(claims: Claims, definitions: Mapping[str, Dataset]) -> dict[str, tuple[str, str] | None]:
    """A few files that nobody claims → the pattern that is nearest, if one is near, and whose it is."""
    owners = {pattern: each.name for each in definitions.values() for pattern in parsed(each)}
    found: dict[str, tuple[str, str] | None] = {}
    for path in claims.samples:
        near = patterns.nearest(path, owners)
        found[path] = (near.text, owners[near]) if near else None
    return found


def messages(claims: Claims, definitions: Mapping[str, Dataset]) -> list[str]:
    """What nobody claims, each with the pattern that is nearest."""
    lines = []
    for path, near in nearest(claims, definitions).items():
        hint = f"; the nearest pattern is {near[0]!r} of {near[1]}" if near else ""
        lines.append(f"{path}: no data set claims this file{hint}")
    if claims.unclaimed > len(claims.samples):
        lines.append(f"and {claims.unclaimed - len(claims.samples):,} more files that no data set claims")
    return lines
