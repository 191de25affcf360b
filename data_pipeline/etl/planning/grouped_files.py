"""Data sets of which several files are one unit, or whose periods wait for a marker: looked at unit by unit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from data_pipeline.etl.documents.load_plan import PlannedFile, Unit
from data_pipeline.etl.state.entries import Entry

from . import claims, units
from . import work as works
from .work import Group, Key, Work


def compare(work: Work, texts: list[str], entries: Iterator[tuple[str, Entry]]) -> None:
    """Plan what of a shard is to be loaded. ``texts`` are its files of the input."""
    listed = _grouped(work, texts)
    by_unit: dict[str, dict[str, Entry]] = {}
    for path, entry in entries:
        if work.selection.covers(entry.period, entry.parts):
            by_unit.setdefault(entry.unit, {})[path] = entry
            work.matched = True
    every = {path for group in listed.values() for path in group.files}
    incomplete = _incomplete(work, listed.values())
    for unit, group in _current(work, listed, incomplete).items():
        before = by_unit.pop(unit, {})
        if work.selection.covers(group.period, dict(group.parts)):
            work.matched = True
            _one(work, unit, group, before, every, incomplete.get((group.period, group.parts)))
    for unit, before in by_unit.items():
        if before.keys() & every:  # its files are of other units now
            work.moved += not _waits(work, before, every, incomplete)
        else:
            works.gone(work, unit, before)


def _waits(work: Work, before: Mapping[str, Entry], every: set[str], incomplete: Mapping[Key, str]) -> bool:
    """Whether the files of a unit are of a period that is held back."""
    for path in before.keys() & every:
        match = claims.of(path, work.patterns)
        if match and (match.period, items(match.parts)) in incomplete:
            return True
    return False


def items(parts: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(parts.items()))


def _grouped(work: Work, texts: list[str]) -> dict[tuple[str, str], Group]:
    """The files by unit and period."""
    found: dict[tuple[str, str], Group] = {}
    known: dict[Key, Group] = {}
    alone = work.dataset.issue == "file"
    for text in texts:
        path, size, etag = claims.unpacked(text)
        match = claims.of(path, work.patterns)
        assert match is not None
        key = (match.period, items(match.parts))
        group = None if alone else known.get(key)
        if group is None:
            unit = units.key(work.dataset, path, match.period, match.parts)
            group = found.setdefault((unit, match.period), Group(*key, {}))
            known[key] = group
        group.files[path] = (size, etag)
    return found


def _incomplete(work: Work, groups: Iterable[Group]) -> dict[Key, str]:
    """Periods and parts → a folder of theirs that lacks its marker."""
    if not work.dataset.complete:
        return {}
    found: dict[Key, str] = {}
    for group in groups:
        lacking = {path.rpartition("/")[0] for path in group.files} - work.markers
        for folder in sorted(lacking):
            found.setdefault((group.period, group.parts), folder)
    return found


def _current(
    work: Work,
    listed: Mapping[tuple[str, str], Group],
    incomplete: Mapping[Key, str],
) -> dict[str, Group]:
    """The group that each unit consists of: the newest, of those that are complete if any is."""
    found: dict[str, Group] = {}
    ready = {key: group for key, group in listed.items() if (group.period, group.parts) not in incomplete}
    for groups in (ready, listed):
        newest: dict[str, Group] = {}
        for (unit, _), group in groups.items():
            if unit not in newest or group.period > newest[unit].period:
                newest[unit] = group
        found = {**newest, **found}
        if groups is listed and work.dataset.issue == "all":
            _name_waiting(work, found, newest, incomplete)
    return found


def _name_waiting(
    work: Work, found: Mapping[str, Group], newest: Mapping[str, Group], incomplete: Mapping[Key, str]
) -> None:
    """Say of a period that is newer than the one that is taken that it waits."""
    for unit, group in newest.items():
        if group.period > found[unit].period and work.selection.covers(group.period, dict(group.parts)):
            work.matched = True
            _wait(work, group, incomplete[group.period, group.parts])


def _one(
    work: Work, unit: str, group: Group, before: Mapping[str, Entry], every: set[str], lacking: str | None
) -> None:
    """One unit that the input has, as ``group``; ``before`` is what the ledger has of it. ``lacking``: the folder whose
    marker it waits for.
    """
    waits = lacking is not None
    same = group.files == {path: _version(entry) for path, entry in before.items()}
    if same and not (waits or work.selection.again):
        work.counts.unchanged += len(group.files)
        return
    new = [path for path in group.files if path not in before]
    changed = [path for path in group.files if path in before and _version(before[path]) != group.files[path]]
    left = {path: entry for path, entry in before.items() if path not in group.files}
    gone = sorted(left.keys() - every)
    newer = any(entry.period > group.period for entry in left.values())
    if waits or (newer and not gone):  # the period, or the newer one that the table has, lacks its marker
        if lacking is not None and (new or changed):
            _wait(work, group, lacking)
        return
    issued, pruned = bool(new or changed), work.selection.prune and bool(gone)
    if gone and (newer or not issued):
        work.counts.deleted += len(gone)
        work.gone += gone
    if newer and not pruned:
        return
    work.counts.new += len(new)
    work.counts.changed += len(changed)
    work.counts.unchanged += len(group.files) - len(new) - len(changed)
    again = work.selection.again and not gone  # what has gone could not be read again
    if issued or pruned or again:
        because = ("changed" if before else "new") if issued else "pruned" if pruned else "again"
        planned = tuple(_planned(work, group, path) for path in sorted(group.files))
        work.units.append(Unit(unit, work.dataset.name, planned, because, tuple(sorted(left))))


def _version(entry: Entry) -> tuple[int, str]:
    return entry.size, entry.etag


def _wait(work: Work, group: Group, lacking: str) -> None:
    key = (group.period, group.parts)
    before, _ = work.waiting.get(key, (0, ""))
    work.waiting[key] = before + len(group.files), lacking


def _planned(work: Work, group: Group, path: str) -> PlannedFile:
    size, etag = group.files[path]
    return PlannedFile(work.place(path), path, etag, size, group.period, dict(group.parts))


def about(name: str, period: str, parts: tuple[tuple[str, str], ...]) -> str:
    return " ".join([name, *([period] if period else []), *(f"{part}={value}" for part, value in parts)])


def waiting(work: Work) -> list[str]:
    """Of each period that is held back: for which marker, and how many files."""
    return [
        f"{about(work.dataset.name, *key)}: waits for {folder}/{work.dataset.complete} with its {number:,} "
        f"file{'s' * (number != 1)}"
        for key, (number, folder) in sorted(work.waiting.items())
    ]
