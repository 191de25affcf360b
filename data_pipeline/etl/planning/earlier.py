"""The state that earlier versions kept: ``<output>/state/processed.json``, path → ETag, size, rows, run.

Until a data set's table is adopted (``loading.adopting``), the ledger has nothing of these files: what is in that list
stands in for the shards that are not there yet, so that no file is read again. Runs on Python 3.9.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from data_pipeline.etl.documents import form, patterns
from data_pipeline.etl.documents.datasets import Dataset
from data_pipeline.etl.documents.patterns import Match
from data_pipeline.etl.state.entries import Entry
from data_pipeline.etl.state.ledger import Ledger, shard
from data_pipeline.etl.storage.filesystem import files, join

from . import units

VERSION = 1


@dataclass(frozen=True)
class Processed:
    """The version of a file that was published: its ETag, size in bytes, accepted rows and run."""

    etag: str
    size: int
    rows: int
    run: str


def read(output: str) -> Mapping[str, Processed]:
    """The files by path, those that were readable; none where there is no such list. JobError if it is damaged."""
    place = join(output, "state", "processed.json")
    loaded = files(place).load(place)
    if loaded is None:
        return {}
    remedy = "delete it, and the next run reads its files again"
    return form.read(loaded[0], place, "a list of processed objects", VERSION, _objects, remedy)


def _objects(document: Mapping[str, Any]) -> dict[str, Processed]:
    return {
        str(path): Processed(str(each["etag"]), int(each["size"]), int(each["rows"]), str(each["run"]))
        for path, each in document["objects"].items()
        if not each.get("error")
    }


def entries(dataset: Dataset, processed: Mapping[str, Processed]) -> dict[str, dict[str, Entry]]:
    """Shard → path → entry, of the files that are of ``dataset``: by their path, or by their name alone, since earlier
    versions took files from every folder. When they were published is not in the list.
    """
    texts = [patterns.parse(text) for text in dataset.patterns]
    found: dict[str, dict[str, Entry]] = {}
    for path, each in processed.items():
        match = _match(path, texts)
        if match is None:
            continue
        unit = units.key(dataset, path, match.period, match.parts)
        entry = Entry(
            *(each.etag, each.size, match.period, match.parts, unit, dataset.definition, "", "", each.run),
            *(each.rows, each.rows, 0, 0),
        )
        found.setdefault(shard(dataset, match.period), {})[path] = entry
    return found


def _match(path: str, texts: list[patterns.Pattern]) -> Match | None:
    for name in (path, path.rpartition("/")[2]):
        for pattern in texts:
            match = pattern.match(name)
            if match is not None:
                return match
    return None


@dataclass(frozen=True)
class Known:
    """The ledger, and of shards that it does not have what was ``processed`` before, by data set."""

    ledger: Ledger
    processed: Mapping[str, Mapping[str, Mapping[str, Entry]]]

    def definition(self, dataset: str) -> str | None:
        return self.ledger.definition(dataset)

    def shards(self, dataset: str) -> tuple[str, ...]:
        return tuple(sorted({*self.ledger.shards(dataset), *self.processed.get(dataset, {})}))

    def entries(self, dataset: str, shard: str) -> Iterator[tuple[str, Entry]]:
        if shard in self.ledger.shards(dataset):
            yield from self.ledger.entries(dataset, shard)
        else:
            yield from self.processed.get(dataset, {}).get(shard, {}).items()


def known(output: str, datasets: Mapping[str, Dataset]) -> Ledger | Known:
    """What is known of the files of ``datasets``: the ledger alone, unless there is a list of an earlier version."""
    ledger, processed = Ledger(output), read(output)
    if not processed:
        return ledger
    return Known(ledger, {name: entries(each, processed) for name, each in datasets.items()})
