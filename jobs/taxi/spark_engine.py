"""The engine for work that outgrows one machine: Spark distributes parts of files, each counted as on one.

Each task counts its parts with the functions of the engine for one machine; Spark hands them out, keeps the
rows that do not count on the executors' disks until their numbers in the file are known, and merges. So there
is one implementation of the rules, of the layouts and of reading S3, not two that must agree, and the driver
sees counts, never rows.

Why not Spark SQL: on 23 million rows (2 GiB of CSV, two cores) it took 36 s to read lines as text and take the
column by the header, against 63 to 72 s for the plain job of tests/bench, before any accounting: row numbers,
mixed line ends and reasons are not among what it does. These tasks account for every row: 8 million rows (707
MB, two cores that were busy with other work, one run) took 92 s with the start of Spark; the plain job had not
ended after 188 s.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa

from data_pipeline.etl import spark_session
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.storage.filesystem import files, join
from taxi import counting, reading, spark_parts, times
from taxi.reading import Result
from taxi.rules import Policy
from taxi.sources import TripFile
from taxi.spark_parts import Part, Read

FOLDER = "it is a folder; a trip file is one object"


@dataclass(frozen=True)
class Piece:
    """Refused rows to keep: the first ``kept`` of a part that ``before`` rows of its file come before."""

    part: Part
    before: int
    kept: int


def read_all(
    context: Any,
    engine: counting.Engine,
    sources: Iterable[TripFile],
    quarantine: str,
    policy: Policy,
    part_bytes: int = spark_parts.PART_BYTES,
) -> list[Result]:
    """As ``reading.read_all``, but the executors themselves write the rows that do not count: they replace
    whatever is at the place ``quarantine``, which all of them must reach.
    """
    sources = list(sources)
    parts = [part for source in sources for part in _parts(source, part_bytes)]
    tasks = tasks_of(parts, context.defaultParallelism)
    counted = _distributed(context, tasks, policy)
    try:
        by_source = _by_source(counted.map(_alone).collect())
        found = [_read(source, by_source.get(source.path, [])) for source in sources]
        results = reading.gathered(engine, found)
        good = [by_source[result.source.path] for result in results if not result.error]
        kept = [piece for reads in good for piece in pieces_of(reads, policy.quarantine_limit)]
        _replace_quarantine(counted, kept, _absolute(quarantine))
    finally:
        counted.unpersist()
    return results


def merged(reads: list[Read]) -> counting.Counted:
    """The counts of a file whose parts are ``reads``."""
    counts = [read.counted for read in reads if read.counted is not None]
    reasons: Counter[str] = Counter()
    for count in counts:
        reasons.update(count.reasons)
    return replace(
        counts[0],
        rows=sum(count.rows for count in counts),
        windows=times.total([count.windows for count in counts]),
        reasons=reasons,
    )


def pieces_of(reads: list[Read], limit: int) -> Iterator[Piece]:
    """The rows of one file that quarantine keeps, at most ``limit``."""
    before = 0
    for read in reads:
        assert read.counted is not None
        kept = min(read.counted.refused, limit)
        if kept:
            yield Piece(read.part, before, kept)
        limit -= kept
        before += read.counted.rows


def _parts(source: TripFile, size: int) -> list[Part]:
    if source.form == "folder":
        return []
    return spark_parts.parts_of(replace(source, uri=_absolute(source.uri)), size)


def tasks_of(parts: list[Part], workers: int, size: int = spark_parts.PART_BYTES) -> list[list[Part]]:
    """``parts`` in groups of up to about ``size`` bytes, the largest parts first: a task costs Spark as much
    time as counting some megabytes, so small files share one. No fewer groups than ``workers`` need.
    """
    most = min(size, sum(part.end - part.start for part in parts) // workers)
    tasks: list[list[Part]] = []
    room = 0
    for part in sorted(parts, key=lambda part: part.start - part.end):
        if room <= 0:
            tasks.append([])
            room = most
        tasks[-1].append(part)
        room -= part.end - part.start
    return tasks


def _distributed(context: Any, tasks: list[list[Part]], policy: Policy) -> Any:
    """(Read, quarantine file) of every part, kept on the executors' disks."""
    each = partial(_each, policy)
    return context.parallelize(tasks, max(1, len(tasks))).flatMap(each).persist(spark_session.disk_only())


def _each(policy: Policy, parts: list[Part]) -> Iterator[tuple[Read, bytes]]:
    pa.set_cpu_count(1)  # the other processors have tasks of their own
    return (spark_parts.read(part, policy) for part in parts)


def _alone(pair: tuple[Read, bytes]) -> Read:
    return pair[0]


def _by_source(reads: list[Read]) -> dict[str, list[Read]]:
    """The parts of each file in order. JobError if one of them says that the job cannot go on."""
    found: dict[str, list[Read]] = {}
    for read in sorted(reads, key=lambda read: read.part.start):
        if read.fatal:
            raise JobError(read.fatal)
        found.setdefault(read.part.source.path, []).append(read)
    return found


def _read(source: TripFile, reads: list[Read]) -> reading.Read:
    seconds = sum(read.seconds for read in reads)
    error = next((read.error for read in reads if read.error), None if reads else FOLDER)
    if error:
        return Result(source, source.etag, error=error), None, seconds
    counted = merged(reads)
    return reading.result_of(source, reads[0].etag, counted), counted, seconds


def _replace_quarantine(counted: Any, kept: list[Piece], place: str) -> None:
    """Let the executors write the refused rows that are kept, one file for each source that has any."""
    with TemporaryDirectory() as nothing:
        files(place).replace_folder(Path(nothing), place)
    if not kept:
        return
    wanted = {(piece.part.source.path, piece.part.start): (piece.before, piece.kept) for piece in kept}
    writers = min(len({path for path, _ in wanted}), counted.getNumPartitions())
    by_source = counted.flatMap(partial(_picked, wanted)).groupByKey(writers)
    for problem in by_source.map(partial(_write, place)).collect():
        if problem:
            raise JobError(problem)


def _picked(
    wanted: dict[tuple[str, int], tuple[int, int]], pair: tuple[Read, bytes]
) -> list[tuple[str, tuple[int, int, bytes]]]:
    part = pair[0].part
    piece = wanted.get((part.source.path, part.start))
    return [(part.source.path, (*piece, pair[1]))] if piece else []


def _write(place: str, group: tuple[str, Iterable[tuple[int, int, bytes]]]) -> str:
    path, pieces = group
    return spark_parts.write_quarantine(join(place, f"{path}.parquet"), sorted(pieces))


def _absolute(place: str) -> str:
    """``place`` for processes that work in other folders."""
    return place if "://" in place else str(Path(place).absolute())
