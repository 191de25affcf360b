"""Make tables of keys on a cluster: its executors split the versions by buckets of the key and make each bucket; the
driver puts small files of a partition together, and commits. See ``publishing.key_buckets``.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from data_pipeline.etl import row_groups
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.publishing import key_buckets
from data_pipeline.etl.publishing.key_buckets import Bucket, Given, Made
from data_pipeline.etl.publishing.parquet_parts import Part, PartWriter, Values
from data_pipeline.etl.publishing.small_files import SMALL_BYTES
from data_pipeline.etl.storage.filesystem import files, join

from .cluster import absolute, delete, fetch

Stored = tuple[str, Values, int, int]
"""Place, values of the partition, rows and bytes of a file that an executor has left."""


@dataclass(frozen=True)
class ClusterKeys:
    """The executors of the SparkContext ``context``. Everything in ``folder`` is their own."""

    context: Any
    folder: str

    @contextmanager
    def __call__(self, given: Given, scratch: Path | None) -> Iterator[Made]:
        """Make the table. JobError as on one machine."""
        folder = absolute(join(self.folder, given.name))
        try:
            buckets = self._buckets(given, folder)
            with tempfile.TemporaryDirectory(dir=scratch, prefix="buckets-") as work:
                stored = [part for bucket in buckets for part in bucket.parts]
                yield Made(together(stored, given, Path(work)), sum(bucket.keys for bucket in buckets))
        finally:
            delete(folder)

    def _buckets(self, given: Given, folder: str) -> list[Bucket]:
        """What became of each bucket, in their order."""
        workers = self.context.defaultParallelism
        number = key_buckets.how_many(given.rows, workers)
        pieces: dict[int, list[str]] = {}
        tasks = key_buckets.tasks_of(given.files, workers)
        for bucket, place in self._collected(tasks, partial(key_buckets.split, given, number, folder)):
            pieces.setdefault(bucket, []).append(place)
        made = [(bucket, tuple(sorted(pieces[bucket]))) for bucket in sorted(pieces)]
        found: list[Bucket] = self._collected(made, partial(key_buckets.make, given, folder))
        for each in found:
            if each.fatal:
                raise JobError(f"{given.name}: {each.fatal}")
        return sorted(found, key=lambda bucket: bucket.number)

    def _collected(self, tasks: Sequence[Any], work: Callable[[Any], Iterator[Any]]) -> list[Any]:
        """What executors do with ``tasks``, in whatever order they end."""
        return self.context.parallelize(tasks, len(tasks)).flatMap(work).collect() if tasks else []


def together(stored: Sequence[Stored], given: Given, work: Path) -> Iterator[Part]:
    """The files that executors have left, fetched one after the other; small ones of a partition become one. Each is
    there until the next one is asked for.
    """
    by_partition: dict[Values, list[Stored]] = {}
    for each in stored:
        by_partition.setdefault(each[1], []).append(each)
    for number, (values, group) in enumerate(by_partition.items()):
        small = [each for each in group if each[3] < SMALL_BYTES]
        joined = small if len(small) > 1 else []
        for at, (place, _, rows, _) in enumerate(each for each in group if each not in joined):
            path = work / f"part-{number:05}-{at:05}.parquet"
            fetch(place, path, work)
            yield Part(path, values, rows)
            path.unlink()
        if joined:
            yield from _joined(joined, values, given, work / f"joined-{number:05}")


def _joined(group: Sequence[Stored], values: Values, given: Given, work: Path) -> Iterator[Part]:
    writer = PartWriter(work, given.schema, lambda rows: [(values, rows)], "part")
    for place, _, _, _ in group:
        with files(place).fetched(place, "", work.parent) as path, pq.ParquetFile(path) as file:
            for batch in row_groups.batches(file, key_buckets.ROWS):
                writer.write(pa.Table.from_batches([batch]))
    for part in writer.close():
        yield part
        part.path.unlink()
