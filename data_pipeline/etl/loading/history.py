"""What the ledger knows of the files that a data set is about to load, and of those beside them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from data_pipeline.etl.documents.datasets import Dataset
from data_pipeline.etl.documents.load_plan import PlannedFile, Unit
from data_pipeline.etl.planning import claims
from data_pipeline.etl.quality import periods
from data_pipeline.etl.quality.facts import Earlier, series
from data_pipeline.etl.state.entries import Entry, time_of
from data_pipeline.etl.state.ledger import Ledger, newest, shard


@dataclass(frozen=True)
class Past:
    """Path → entry of the files of units that are loaded, and path → the issue before of every file of their periods
    and of those before them.
    """

    entries: Mapping[str, Entry] = field(default_factory=dict)
    earlier: Mapping[str, Earlier] = field(default_factory=dict)

    def since(self, file: PlannedFile, dataset: Dataset, now: datetime) -> datetime:
        """Since when a file's rows are available, if they are published ``now``."""
        known = self.entries.get(file.path)
        if known is not None and dataset.reissues == "corrections":
            return time_of(known.first_published)
        if known is not None and (known.etag, known.size) == (file.etag, file.size):
            return time_of(known.published)
        return now


def past(ledger: Ledger | None, dataset: Dataset, units: Iterable[Unit]) -> Past:
    """The past of ``units``; only the shards of their periods, and of those that rules look back to, are read. Where a
    rule asks how old the newest period is, the newest shards are read, too.
    """
    if ledger is None:
        return Past()
    planned = [file for unit in units for file in unit.files]
    keys = {unit.key for unit in units}
    wanted = {shard(dataset, file.period) for file in planned}
    for period in {file.period for file in planned if file.period}:
        wanted |= {shard(dataset, before) for before in periods.before(period)}
    shards = ledger.shards(dataset.name)
    if any(key.strip() == "freshness" for key in dataset.rules):
        wanted |= {*newest(shards)}
    mine = {file.path for file in planned}
    entries: dict[str, Entry] = {}
    earlier: dict[str, Earlier] = {}
    for each in sorted(wanted & {*shards}):
        for path, entry in ledger.entries(dataset.name, each):
            if path in mine or entry.unit in keys:
                entries[path] = entry
            if path in mine or entry.unit not in keys:
                earlier[path] = Earlier(entry.period, series(entry.parts), entry.accepted)
    return Past(entries, earlier)


def shards_of(ledger: Ledger, dataset: Dataset, removed: Collection[str]) -> set[str]:
    """The shards that files which have gone from the input are in: all, if no pattern has them any more."""
    texts = claims.parsed(dataset)
    found = [claims.of(path, texts) for path in removed]
    if any(match is None for match in found):
        return {*ledger.shards(dataset.name)}
    return {shard(dataset, match.period) for match in found if match is not None}
