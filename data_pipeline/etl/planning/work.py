"""What is worked out of one data set while its files are held against the ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from data_pipeline.etl.documents.datasets import Dataset
from data_pipeline.etl.documents.load_plan import Unit
from data_pipeline.etl.documents.patterns import Pattern
from data_pipeline.etl.state.entries import Entry

from .selection import Selection


@dataclass
class Counts:
    """Files of the input that are new, changed and as they were, and files that have gone from it."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    deleted: int = 0


Key = tuple[str, tuple[tuple[str, str], ...]]
"""A period and parts."""


class Group(NamedTuple):
    """The files of the input that are one unit: path → size in bytes and ETag."""

    period: str
    parts: tuple[tuple[str, str], ...]
    files: dict[str, tuple[int, str]]


@dataclass
class Work:
    """What is worked out of one data set. ``matched``: whether the run looks at any file of it, loaded or
    in the input.
    """

    dataset: Dataset
    patterns: tuple[Pattern, ...]
    selection: Selection
    markers: set[str]
    place: Callable[[str], str]
    counts: Counts
    units: list[Unit] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    waiting: dict[Key, tuple[int, str]] = field(default_factory=dict)
    moved: int = 0
    matched: bool = False


def gone(work: Work, unit: str, entries: Mapping[str, Entry]) -> None:
    """All files of a unit have gone from the input: keep its rows, or plan that they go."""
    work.counts.deleted += len(entries)
    work.gone += entries
    if work.selection.prune:
        work.units.append(Unit(unit, work.dataset.name, (), "pruned", tuple(sorted(entries))))
