"""Read the files of a data set's units on every machine of a Spark cluster, with the code of one machine.

An executor reads a file, a span of a large one (see ``reading.spans``), or all files of a unit where SQL makes its rows
of them; several small ones make a task. It leaves what it has made of them in a folder that every machine reaches:
accepted rows as Parquet, or as an Arrow file where they are few, and the files of quarantine. The driver takes them
from there in the order of the plan, and deletes the folder: what it judges and publishes is what one machine would.

Where anything is wrong with a span, its file is read as a whole, so that errors are those of the file.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Callable

import pyarrow as pa
import pyarrow.parquet as pq

from data_pipeline.etl.documents.datasets import Dataset
from data_pipeline.etl.documents.load_plan import PlannedFile, Unit
from data_pipeline.etl.errors import FileError, JobError
from data_pipeline.etl.publishing.erased_keys import ErasedKeys
from data_pipeline.etl.publishing.parquet_parts import Part, Split, Values
from data_pipeline.etl.reading import spans
from data_pipeline.etl.reading.quarantine import Quarantine, Refused
from data_pipeline.etl.reading.span import Span
from data_pipeline.etl.reading.threads import in_order
from data_pipeline.etl.storage.filesystem import files, join
from data_pipeline.etl.storage.objects import MissingError
from data_pipeline.etl.storage.scratch import Scratch

from .reading import Available, FileResult, Place, UnitReader, UnitResult
from .staging import UnitRows

TASK_BYTES = 64 << 20
"""About how many bytes of small files make a task."""
SPAN_BYTES = 64 << 20
"""About the bytes of the smallest span."""
SPANS_A_WORKER = 4
"""How many spans would be all that a worker has to read, unless they were smaller than ``SPAN_BYTES``."""
FETCHERS = 4


@dataclass(frozen=True)
class Share:
    """What one executor reads of the unit with the number ``unit`` in the plan: ``files`` are its own, which are
    available ``since`` then, or a ``span`` of the one; ``number``: of the share in its unit, which spans of a file
    have in common.
    """

    unit: int
    number: int
    files: Unit
    since: tuple[datetime, ...]
    span: Span | None = None

    @property
    def size(self) -> int:
        if self.span is not None:
            return self.span.end - self.span.start
        return sum(file.size for file in self.files.files)

    @property
    def order(self) -> tuple[int, int]:
        """Its place in its unit."""
        return self.number, self.span.start if self.span else 0

    @property
    def name(self) -> str:
        """Its own in its unit. A file of which spans were read has another when it is read as a whole."""
        return f"{self.number:05}-{self.span.start:015}" if self.span else f"{self.number:05}"


@dataclass(frozen=True)
class Cut:
    """A part of a file that may become a span, from its byte ``start`` to ``end``: of the one with the place ``at``
    among the shares.
    """

    at: int
    file: PlannedFile
    start: int
    end: int


@dataclass(frozen=True)
class Work:
    """What executors need to know: how rows are written, and the ``folder`` where they are left. ``scratch``: bytes of
    disk for the files of one task; ``erased``: the keys whose rows are left out.
    """

    dataset: Dataset
    schema: pa.Schema
    split: Split
    one_file: bool
    scratch: int
    folder: str
    erased: ErasedKeys | None = None


@dataclass(frozen=True)
class Stored:
    """What became of a share. ``few``: where its rows are, if they are few, or nothing; ``parts``: place, values of the
    partition, and rows of each finished file; ``refused``: path and place of each file of quarantine. ``fatal``: why
    the job cannot go on, or nothing.
    """

    share: Share
    files: tuple[FileResult, ...] = ()
    few: str = ""
    parts: tuple[tuple[str, Values, int], ...] = ()
    refused: tuple[tuple[str, str], ...] = ()
    fatal: str = ""

    @property
    def torn(self) -> bool:
        """Whether it is a span that says nothing of its file."""
        span = self.share.span
        return span is not None and any(each.error or each.rows.read != span.records for each in self.files)


@dataclass(frozen=True)
class Cluster:
    """Reads units with the executors of the SparkContext ``context``. Everything in ``folder`` is its own."""

    context: Any
    folder: str

    def __call__(
        self, dataset: Dataset, place: Place, available: Available, units: Sequence[Unit]
    ) -> Iterator[UnitResult]:
        """The units in their order. JobError as on one machine."""
        folder = absolute(join(self.folder, dataset.name))
        scratch = place.scratch.limit
        work = Work(dataset, place.schema, place.split, place.one_file, scratch, folder, place.erased)
        try:
            yield from self._read(work, place, shares(dataset, units, available), units)
        finally:
            delete(folder)

    def _read(
        self, work: Work, place: Place, given: Sequence[Share], units: Sequence[Unit]
    ) -> Iterator[UnitResult]:
        done = self._done(work, self._cut(work.dataset, given))
        torn = {(each.share.unit, each.share.number) for each in done if each.torn}
        done = [each for each in done if (each.share.unit, each.share.number) not in torn]
        done += self._done(work, [share for share in given if (share.unit, share.number) in torn])
        stored: dict[int, list[Stored]] = {}
        for each in sorted(done, key=lambda each: each.share.order):
            stored.setdefault(each.share.unit, []).append(each)
        numbered = ((unit, stored.get(number, [])) for number, unit in enumerate(units))
        yield from in_order(partial(_taken, place, work.dataset), numbered, FETCHERS)

    def _cut(self, dataset: Dataset, given: Sequence[Share]) -> list[Share]:
        """``given``, with spans in place of the large files that may be cut."""
        found: dict[int, list[Span | None]] = {}
        cuts = cuts_of(dataset, given, self.context.defaultParallelism)
        for at, span in self._collected([[cut] for cut in cuts], partial(look_at, dataset)):
            found.setdefault(at, []).append(span)
        shares: list[Share] = []
        for at, share in enumerate(given):
            mine = found.get(at, [])
            sure = spans.joined(span for span in mine if span is not None) if None not in mine else []
            shares += [replace(share, span=span) for span in sure] if len(sure) > 1 else [share]
        return shares

    def _done(self, work: Work, given: Sequence[Share]) -> list[Stored]:
        tasks = tasks_of(given, self.context.defaultParallelism)
        done: list[Stored] = self._collected(tasks, partial(read_shares, work))
        for each in done:
            if each.fatal:
                raise JobError(each.fatal)
        return done

    def _collected(self, tasks: list[Any], work: Callable[[Any], Iterator[Any]]) -> list[Any]:
        """What executors do with ``tasks``, in whatever order they end."""
        return self.context.parallelize(tasks, len(tasks)).flatMap(work).collect() if tasks else []


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


def cuts_of(dataset: Dataset, given: Sequence[Share], workers: int) -> list[Cut]:
    """Where the large files of ``given`` are to be cut. A file of at most two spans is not: it would be read twice, the
    first time to look at it, and does not end long after the others.
    """
    most = max(SPAN_BYTES, sum(share.size for share in given) // (SPANS_A_WORKER * workers))
    found = []
    for at, share in enumerate(given):
        if share.size > 2 * most and spans.may_be_cut(dataset, share.files.files[0].uri):
            file = share.files.files[0]
            found += [Cut(at, file, start, end) for start, end in spans.cuts(file.size, most)]
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


def look_at(dataset: Dataset, given: Sequence[Cut]) -> Iterator[tuple[int, Span | None]]:
    """What an executor does first: the span of each cut, or None if its file has to be read as a whole."""
    for cut in given:
        span = None
        with suppress(FileError, JobError, MissingError):
            read = partial(files(cut.file.uri).read_at, cut.file.uri, cut.file.etag)
            span = spans.looked_at(read, cut.file.size, (cut.start, cut.end), dataset.format)
        yield cut.at, span


def read_shares(work: Work, given: Sequence[Share]) -> Iterator[Stored]:
    """What an executor does: read the files of these shares, and leave their rows where all machines find them."""
    pa.set_cpu_count(1)  # the other processors have tasks of their own
    since = {
        file.path: time for share in given for file, time in zip(share.files.files, share.since, strict=True)
    }
    with tempfile.TemporaryDirectory(prefix="shares-") as name:
        staged, refused = Path(name) / "staged", Path(name) / "refused"
        staged.mkdir()
        scratch = Scratch(work.scratch)
        place = Place(staged, refused, work.schema, work.split, work.one_file, scratch, work.erased)
        reads = UnitReader(work.dataset, place, lambda file: since[file.path], alone=False)
        for share in given:
            refused.mkdir()
            try:
                yield _stored(work, share, reads.read(share.files, share.span), refused)
            except JobError as error:
                yield Stored(share, fatal=str(error))
            shutil.rmtree(refused)


def _stored(work: Work, share: Share, result: UnitResult, refused: Path) -> Stored:
    folder = join(work.folder, share.files.key, share.name)
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
    return Stored(share, result.files, few, tuple(parts), tuple(kept))


def _written(tables: Sequence[pa.Table]) -> bytes:
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_file(sink, tables[0].schema, options=options) as writer:
        for table in tables:
            writer.write_table(table)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def _taken(place: Place, dataset: Dataset, given: tuple[Unit, list[Stored]]) -> UnitResult:
    """A unit with its refused rows on this machine, and the accepted ones unless a file of it is unreadable."""
    unit, stored = given
    _take_refused(place, dataset, stored)
    found = UnitResult(unit, _joined(stored))
    if not found.readable:
        return found
    rows = UnitRows(place.work, place.schema, place.split, f"unit-{unit.key}", place.one_file)
    parts: list[Part] = []
    for each in stored:
        if each.few:
            with pa.ipc.open_file(pa.BufferReader(files(each.few).read(each.few))) as reader:
                rows.add(reader.read_all())
        for at, (source, values, count) in enumerate(each.parts):
            part = place.work / f"share-{unit.key}-{each.share.name}-{at:05}.parquet"
            fetch(source, part, place.work)
            parts.append(Part(part, values, count))
    return replace(found, tables=rows.tables, parts=[*rows.close(), *parts])


def _joined(stored: Sequence[Stored]) -> tuple[FileResult, ...]:
    """The files of a unit, each with the rows of all its spans."""
    found: dict[str, FileResult] = {}
    for each in (file for one in stored for file in one.files):
        before = found.get(each.file.path)
        rows = spans.added(before.rows, each.rows) if before else each.rows
        found[each.file.path] = replace(each, rows=rows)
    return tuple(found.values())


def _take_refused(place: Place, dataset: Dataset, stored: Sequence[Stored]) -> None:
    """Fetch the files of quarantine; those of several spans of a file become one, with as many rows as it may have."""
    sources: dict[str, list[str]] = {}
    for path, source in (each for one in stored for each in one.refused):
        sources.setdefault(path, []).append(source)
    for path, every in sources.items():
        if len(every) == 1:
            fetch(every[0], place.quarantine / path, place.work)
            continue
        name = path.removesuffix(".parquet")
        limit, private = dataset.quarantine_limit, dataset.private
        with Quarantine(place.quarantine / path, name, limit, private) as quarantine:
            for source in every:
                quarantine.add(_refused(source, place.work))


def _refused(source: str, work: Path) -> Iterator[Refused]:
    with (
        tempfile.TemporaryDirectory(dir=work) as folder,
        files(source).fetched(source, "", Path(folder)) as path,
        pq.ParquetFile(path) as file,
    ):
        for batch in file.iter_batches(columns=list(Refused._fields)):
            yield from (Refused(**row) for row in batch.to_pylist())


def fetch(source: str, path: Path, work: Path) -> None:
    """Leave what is at ``source`` as ``path`` of this machine, by way of ``work``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=work) as folder,
        files(source).fetched(source, "", Path(folder)) as copy,
    ):
        if copy.is_relative_to(folder):
            copy.rename(path)
        else:
            shutil.copyfile(copy, path)


def delete(folder: str) -> None:
    """Delete what executors have left, of attempts that failed too."""
    if "://" not in folder:
        shutil.rmtree(folder, ignore_errors=True)
        return
    for stored in [*files(folder).list(folder)]:
        files(folder).delete(stored.uri)


def absolute(place: str) -> str:
    """``place`` for processes that work in other folders."""
    return place if "://" in place else str(Path(place).absolute())
