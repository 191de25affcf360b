"""What a run is to read: the input compared with what has been processed. Pure; runs on Python 3.9."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from data_pipeline.etl.errors import JobError
from taxi.processed import Entry
from taxi.sources import DATASETS, TripFile, named

ALL = "all"
SHOWN = 3
_MONTHS = re.compile(r"(\d{4}-(?:0[1-9]|1[0-2]))(?:\.\.(\d{4}-(?:0[1-9]|1[0-2])))?")


@dataclass(frozen=True)
class Selection:
    """The data sets and the months (first and last, ``YYYY-MM``) that a run looks at."""

    datasets: frozenset[str] = frozenset(DATASETS)
    first: str = "0000-01"
    last: str = "9999-12"

    def has(self, dataset: str, month: str) -> bool:
        """Whether the run looks at that month of the data set."""
        return dataset in self.datasets and self.first <= month <= self.last


@dataclass(frozen=True)
class Difference:
    """The input against what has been processed; ``deleted`` are paths that are no longer in the input."""

    new: tuple[TripFile, ...]
    changed: tuple[TripFile, ...]
    unchanged: tuple[TripFile, ...]
    deleted: tuple[str, ...]

    def to_read(self, reprocess: bool) -> tuple[TripFile, ...]:
        """What is new or changed, and with ``reprocess`` the rest too, by path."""
        forced = self.unchanged if reprocess else ()
        return tuple(sorted((*self.new, *self.changed, *forced), key=lambda source: source.path))


def scope(datasets: str, months: str) -> Selection:
    """The scope that ``--dataset`` (``all`` or names with commas) and ``--months`` (``all``, one month or
    ``first..last``) spell.
    """
    chosen = DATASETS if datasets == ALL else tuple(name.strip() for name in datasets.split(","))
    for name in chosen:
        if name not in DATASETS:
            near = get_close_matches(name, DATASETS, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise JobError(f"--dataset {datasets}: {name!r} is none of {', '.join(DATASETS)}, or {ALL}{hint}")
    if months == ALL:
        return Selection(frozenset(chosen))
    match = _MONTHS.fullmatch(months)
    if match is None:
        raise JobError(f"--months {months}: this is not YYYY-MM, YYYY-MM..YYYY-MM or {ALL}")
    first, last = match[1], match[2] or match[1]
    if first > last:
        raise JobError(f"--months {months}: the last month is before the first one")
    return Selection(frozenset(chosen), first, last)


def compare(sources: Iterable[TripFile], processed: Mapping[str, Entry], scope: Selection) -> Difference:
    """``sources`` (with their ETags) against ``processed``, as far as they are in ``scope``."""
    listed = {source.path: source for source in sources}
    new, changed, unchanged = [], [], []
    for source in listed.values():
        if not scope.has(source.dataset, source.month):
            continue
        entry = processed.get(source.path)
        if entry is None:
            new.append(source)
        elif (entry.etag, entry.size) != (source.etag, source.size):
            changed.append(source)
        else:
            unchanged.append(source)
    gone = (path for path in sorted(processed) if path not in listed)
    deleted = tuple(path for path in gone if (month := named(path)) and scope.has(*month))
    return Difference(tuple(new), tuple(changed), tuple(unchanged), deleted)


def reason(difference: Difference, reprocess: bool, removed: int) -> str:
    """Why the run goes on, or why not, in one line."""
    parts = [(len(difference.new), "new"), (len(difference.changed), "changed")]
    if reprocess:
        parts.append((len(difference.unchanged), "unchanged but asked for"))
    parts.append((removed, "deleted from the input and to be pruned"))
    counted = [f"{n} {what}" for n, what in parts if n]
    if counted:
        return "trip files: " + ", ".join(counted)
    return f"nothing is new: {len(difference.unchanged)} trip files are as they were processed"


def messages(difference: Difference, processed: Mapping[str, Entry], prune: bool) -> list[str]:
    """What a reader should know of objects that the run does not read: a few short lines."""
    gone = [] if prune else list(difference.deleted)
    bad = [source.path for source in difference.unchanged if processed[source.path].error]
    kept = [
        f"{_end(path)} is no longer in the input; its counts are kept (--prune true drops them)"
        for path in gone
    ]
    skipped = [
        f"{_end(path)} could not be read ({processed[path].error}); put a good one in its place"
        for path in bad
    ]
    return [*few(kept), *few(skipped)]


def _end(path: str) -> str:
    return path if len(path) <= 100 else f"…{path[-99:]}"


def few(lines: list[str]) -> list[str]:
    """The first of ``lines``, cut to 300 characters, and one that counts the others."""
    more = [f"and {len(lines) - SHOWN} more like this"] if len(lines) > SHOWN else []
    return [line[:300] for line in lines[:SHOWN]] + more
