"""What a commit has made of a data set's units, for the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from data_pipeline.etl.documents.datasets import Dataset
from data_pipeline.etl.state.entries import Entry, Issue, time_text
from data_pipeline.etl.state.ledger import Ledger, shard

from .history import Past, shards_of
from .reading import FileResult, UnitResult


def issues(
    ledger: Ledger,
    dataset: Dataset,
    units: Iterable[UnitResult],
    past: Past,
    run: str,
    now: datetime,
    sequence: int,
    available: Mapping[str, Mapping[str, datetime]],
) -> dict[str, list[Issue]]:
    """Shard → what the snapshot with the number ``sequence`` has of ``units``. ``available``: unit → path → since when
    it has these rows, of units that are as they were.
    """
    found: dict[str, list[Issue]] = {}
    for each in units:
        since = available.get(each.unit.key, {})
        by_shard: dict[str, dict[str, Entry]] = {}
        if each.unit.removed or not each.files:
            by_shard = {name: {} for name in shards_of(ledger, dataset, each.unit.removed)}
        for one in each.files:
            entry = _entry(one, each.unit.key, dataset, past, run, now, sequence, since)
            by_shard.setdefault(shard(dataset, one.file.period), {})[one.file.path] = entry
        for name, entries in by_shard.items():
            found.setdefault(name, []).append(Issue(each.unit.key, entries, sequence))
    return found


def _entry(
    one: FileResult,
    unit: str,
    dataset: Dataset,
    past: Past,
    run: str,
    now: datetime,
    sequence: int,
    since: Mapping[str, datetime],
) -> Entry:
    file, known = one.file, past.entries.get(one.file.path)
    published = time_text(since.get(file.path, now))
    first = published
    if known is not None:
        first = known.first_published
        if (known.etag, known.size) == (file.etag, file.size):
            published = known.published
    rows = (one.rows.read, one.rows.accepted, one.rows.quarantined)
    return Entry(
        file.etag,
        file.size,
        file.period,
        dict(file.parts),
        unit,
        dataset.definition,
        first,
        published,
        run,
        *rows,
        sequence,
    )
