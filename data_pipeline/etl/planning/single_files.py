"""Data sets of which each file is a unit. There may be very many: only what is to be loaded is matched again."""

from __future__ import annotations

from collections.abc import Iterator

from data_pipeline.etl.documents.load_plan import PlannedFile, Unit
from data_pipeline.etl.state.entries import Entry

from . import claims, units
from .work import Work, gone


def compare(work: Work, texts: list[str], entries: Iterator[tuple[str, Entry]]) -> None:
    """Plan what of a shard is to be loaded. ``texts`` are its files of the input, which are used up."""
    listed: dict[str, str] = {}
    while texts:
        path, _, rest = texts.pop().partition("\0")
        listed[path] = rest
    names = {frozenset(pattern.names) for pattern in work.patterns}
    for path, entry in entries:
        if not work.selection.covers(entry.period, entry.parts):
            listed.pop(path, "")
            continue
        work.matched = True
        if path not in listed:
            gone(work, entry.unit, {path: entry})
            continue
        rest = listed.pop(path)
        work.moved += frozenset(entry.parts) not in names
        same = rest == f"{entry.size}\0{entry.etag}"
        work.counts.unchanged += same
        work.counts.changed += not same
        if not same or work.selection.again:
            unit = _unit_of(work, path, rest, "again" if same else "changed")
            work.moved += unit.key != entry.unit
            work.units.append(unit)
    for path, rest in listed.items():
        unit = _unit_of(work, path, rest, "new")
        if work.selection.covers(unit.files[0].period, unit.files[0].parts):
            work.matched = True
            work.counts.new += 1
            work.units.append(unit)


def _unit_of(work: Work, path: str, rest: str, because: str) -> Unit:
    size, _, etag = rest.partition("\0")
    match = claims.of(path, work.patterns)
    assert match is not None
    file = PlannedFile(work.place(path), path, etag, int(size), match.period, match.parts)
    return Unit(units.key(work.dataset, path, match.period, match.parts), work.dataset.name, (file,), because)
