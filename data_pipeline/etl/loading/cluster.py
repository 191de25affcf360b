"""Read the files of a data set's units on every machine of a Spark cluster, with the code of one machine.

An executor reads a file as a whole, or all files of a unit where SQL makes its rows of them; several small ones make a
task. It leaves what it has made of them in a folder that every machine reaches: accepted rows as Parquet, or as an
Arrow file where they are few, and the files of quarantine. The driver takes them from there in the order of the plan,
and deletes the folder: what it judges and publishes is what one machine would.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from data_pipeline.etl.documents.datasets import Dataset
from data_pipeline.etl.documents.load_plan import PlannedFile, Unit
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.publishing.parquet_parts import Part, Split, Values
from data_pipeline.etl.reading.threads import in_order
from data_pipeline.etl.storage.filesystem import files, join
from data_pipeline.etl.storage.scratch import Scratch

from .reading import Available, FileResult, Place, UnitReader, UnitResult
from .staging import UnitRows

TASK_BYTES = 64 << 20
"""About how many bytes of small files make a task."""
FETCHERS = 4


@dataclass(frozen=True)
class Share:
    """What one executor reads of the unit with the number ``unit`` in the plan: ``files`` are its own, which are
    available ``since`` then; ``number``: of the share in its unit.
    """

    unit: int
    number: int
    files: Unit
    since: tuple[datetime, ...]

    @property
    def size(self) -> int:
        return sum(file.size for file in self.files.files)


@dataclass(frozen=True)
class Work:
    """What executors need to know: how rows are written, and the ``folder`` where they are left. ``scratch``: bytes of
    disk for the files of one task.
    """

    dataset: Dataset
    schema: pa.Schema
    split: Split
    one_file: bool
    scratch: int
    folder: str


@dataclass(frozen=True)
class Stored:
    """What became of a share. ``few``: where its rows are, if they are few, or nothing; ``parts``: place, values of the
    partition, and rows of each finished file; ``refused``: path and place of each file of quarantine. ``fatal``: why
    the job cannot go on, or nothing.
    """

    unit: int
    number: int
    files: tuple[FileResult, ...] = ()
    few: str = ""
    parts: tuple[tuple[str, Values, int], ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    fatal: str = ""


@dataclass(frozen=True)
class Cluster:
    """Reads units with the executors of the SparkContext ``context``. Everything in ``folder`` is its own."""

    context: Any
    folder: str

    def __call__(
        self, dataset: Dataset, place: Place, available: Available, units: Sequence[Unit]
    ) -> Iterator[UnitResult]:
        """The units in their order. JobError as on one machine."""
        folder = _absolute(join(self.folder, dataset.name))
        scratch = place.scratch.limit
        work = Work(dataset, place.schema, place.split, place.one_file, scratch, folder)
        try:
            yield from self._read(work, place, shares(dataset, units, available), units)
        finally:
            _delete(folder)

    def _read(
        self, work: Work, place: Place, given: Sequence[Share], units: Sequence[Unit]
    ) -> Iterator[UnitResult]:
        tasks = tasks_of(given, self.context.defaultParallelism)
        stored: dict[int, list[Stored]] = {}
        if tasks:
            done = self.context.parallelize(tasks, len(tasks)).flatMap(partial(read_shares, work)).collect()
            for each in sorted(done, key=lambda each: each.number):
                if each.fatal:
                    raise JobError(each.fatal)
                stored.setdefault(each.unit, []).append(each)
        numbered = ((unit, stored.get(number, [])) for number, unit in enumerate(units))
        yield from in_order(partial(_taken, place), numbered, FETCHERS)


def shares(dataset: Dataset, units: Sequence[Unit], available: Available) -> list[Share]:
    """Each file by itself, or with the others of its unit where its rows are made of them."""
    found = []
    for at, unit in enumerate(units):
        groups: Iterable[tuple[PlannedFile, ...]] = [(file,) for file in unit.files]
        if dataset.by_unit and unit.files:
            groups = [unit.files]
        for number, group in enumerate(groups):
            since = tuple(available(file) for file in group)
            found.append(Share(at, number, replace(unit, files=group), since))
    return found


def tasks_of(given: Sequence[Share], workers: int, size: int = TASK_BYTES) -> list[list[Share]]:
    """``given`` in groups of about ``size`` bytes at most, the largest shares first, and no fewer groups than
    ``workers`` need.
    """
    most = min(size, sum(share.size for share in given) // workers)
    tasks: list[list[Share]] = []
    room = 0
    for share in sorted(given, key=lambda share: -share.size):
        if room <= 0:
            tasks.append([])
            room = most
        tasks[-1].append(share)
        room -= max(share.size, 1)
    return tasks


def read_shares(work: Work, given: Sequence[Share]) -> Iterator[Stored]:
    """What an executor does: read the files of these shares, and leave their rows where all machines find them."""
    pa.set_cpu_count(1)  # the other processors have tasks of their own
    since = {
        file.path: time for share in given for file, time in zip(share.files.files, share.since, strict=True)
    }
    with tempfile.TemporaryDirectory(prefix="shares-") as name:
        staged, refused = Path(name) / "staged", Path(name) / "refused"
        staged.mkdir()
        place = Place(staged, refused, work.schema, work.split, work.one_file, Scratch(work.scratch))
        reads = UnitReader(work.dataset, place, lambda file: since[file.path], alone=False)
        for share in given:
            refused.mkdir()
            try:
                yield _stored(work, share, reads.read(share.files), refused)
            except JobError as error:
                yield Stored(share.unit, share.number, fatal=str(error))
            shutil.rmtree(refused)


def _stored(work: Work, share: Share, result: UnitResult, refused: Path) -> Stored:
    folder = join(work.folder, share.files.key, str(share.number))
    kept = []
    for at, file in enumerate(sorted(refused.rglob("*.parquet"))):
        place = join(folder, f"refused-{at:05}.parquet")
        files(place).upload(file, place)
        kept.append((file.relative_to(refused).as_posix(), place))
    few = ""
    if result.tables:
        few = join(folder, "few.arrow")
        files(few).write(few, _written(result.tables))
    parts = []
    for part in result.parts:
        place = join(folder, part.path.name)
        files(place).upload(part.path, place)
        part.path.unlink()
        parts.append((place, part.values, part.rows))
    return Stored(share.unit, share.number, result.files, few, tuple(parts), tuple(kept))


def _written(tables: Sequence[pa.Table]) -> bytes:
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_file(sink, tables[0].schema, options=options) as writer:
        for table in tables:
            writer.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _taken(place: Place, given: tuple[Unit, list[Stored]]) -> UnitResult:
    """A unit with its refused rows on this machine, and the accepted ones unless a file of it is unreadable."""
    unit, stored = given
    for share in stored:
        for path, source in share.refused:
            _fetch(source, place.quarantine / path, place.work)
    found = UnitResult(unit, tuple(each for share in stored for each in share.files))
    if not found.readable:
        return found
    rows = UnitRows(place.work, place.schema, place.split, f"unit-{unit.key}", place.one_file)
    parts: list[Part] = []
    for share in stored:
        if share.few:
            with pa.ipc.open_file(pa.BufferReader(files(share.few).read(share.few))) as reader:
                rows.add(reader.read_all())
        for at, (source, values, count) in enumerate(share.parts):
            part = place.work / f"share-{unit.key}-{share.number:05}-{at:05}.parquet"
            _fetch(source, part, place.work)
            parts.append(Part(part, values, count))
    return replace(found, tables=rows.tables, parts=[*rows.close(), *parts])


def _fetch(source: str, path: Path, work: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=work) as folder,
        files(source).fetched(source, "", Path(folder)) as copy,
    ):
        if copy.is_relative_to(folder):
            copy.rename(path)
        else:
            shutil.copyfile(copy, path)


def _delete(folder: str) -> None:
    """Delete what executors have left, of attempts that failed too."""
    if "://" not in folder:
        shutil.rmtree(folder, ignore_errors=True)
        return
    for stored in [*files(folder).list(folder)]:
        files(folder).delete(stored.uri)


def _absolute(place: str) -> str:
    """``place`` for processes that work in other folders."""
    return place if "://" in place else str(Path(place).absolute())
