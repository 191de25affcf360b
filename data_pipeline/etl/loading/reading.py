"""Read the files of a data set's units by several threads, each unit whole and in the order of the plan."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from data_pipeline.etl.documents.datasets import AVAILABLE_AT, FILE, PERIOD, ROW, UNIT, Dataset
from data_pipeline.etl.documents.load_plan import PlannedFile, Unit
from data_pipeline.etl.errors import FileError, JobError
from data_pipeline.etl.exits import one_line
from data_pipeline.etl.publishing.erased_keys import ErasedKeys
from data_pipeline.etl.publishing.parquet_parts import Part, Split, whole
from data_pipeline.etl.reading import spans
from data_pipeline.etl.reading.files import reader
from data_pipeline.etl.reading.protocol import FileRows, Reader, SourceFile
from data_pipeline.etl.reading.quarantine import Quarantine
from data_pipeline.etl.reading.span import Span
from data_pipeline.etl.reading.threads import in_order
from data_pipeline.etl.storage.filesystem import files
from data_pipeline.etl.storage.objects import MissingError
from data_pipeline.etl.storage.scratch import Scratch

from . import columns, transforms
from .staging import UnitRows, Values

WORKERS = 2
BATCH = 100_000


@dataclass(frozen=True)
class FileResult:
    """What became of a file; ``error``: why nothing of it can be used, or empty. ``missing``: it is not there any more
    as it was planned, so the next run looks at it again.
    """

    file: PlannedFile
    rows: FileRows
    error: str = ""
    missing: bool = False


@dataclass(frozen=True)
class UnitResult:
    """What became of a unit. Its rows are ``tables``, few of them, or finished ``parts``; none if a file of it is
    unreadable.
    """

    unit: Unit
    files: tuple[FileResult, ...]
    tables: Sequence[pa.Table] = ()
    parts: Sequence[Part] = ()

    @property
    def readable(self) -> bool:
        return not any(each.error for each in self.files)


@dataclass(frozen=True)
class Place:
    """Where rows go: staged ones below ``work`` as ``schema``, split by ``split`` and, with ``one_file``, never parted
    by size; refused ones below ``quarantine``. ``erased``: the keys whose rows are left out.
    """

    work: Path
    quarantine: Path
    schema: pa.Schema
    split: Split
    one_file: bool
    scratch: Scratch
    erased: ErasedKeys | None = None


Available = Callable[[PlannedFile], datetime]
"""Since when a file's version is available."""
Runner = Callable[[Dataset, Place, Available, Sequence[Unit]], Iterator[UnitResult]]
"""Reads units of a data set on one machine or on many: the results in the order of the units, what they have on this
machine.
"""


class UnitReader:
    """Reads units of ``dataset``, of ``size`` bytes in all, if that is known."""

    def __init__(
        self, dataset: Dataset, place: Place, available: Available, alone: bool, size: int = 0
    ) -> None:
        self.dataset, self.place, self.available, self.size = dataset, place, available, size
        self._names = columns.parts_of(dataset)
        self._workers = WORKERS if alone else 1
        self._own = threading.local()

    def read(self, unit: Unit, span: Span | None = None) -> UnitResult:
        """Read all files of ``unit``, which has no rows without any; of its one file the ``span``, if it is given."""
        if not unit.files:
            return UnitResult(unit, ())
        staged = self._given(unit) if self.dataset.by_unit else self._staged(unit)
        try:
            results = tuple(self._file(unit, file, staged, span) for file in unit.files)
            if any(each.error for each in results):
                staged.discard()
                return UnitResult(unit, results)
            found = staged
            if self.dataset.by_unit:
                found, gone = self._made(unit, staged)
                results = _without(results, gone)
        except BaseException:
            staged.discard()
            raise
        return UnitResult(unit, results, found.tables, found.close())

    def _staged(self, unit: Unit) -> UnitRows:
        place = self.place
        return UnitRows(place.work, place.schema, place.split, f"unit-{unit.key}", place.one_file)

    def _given(self, unit: Unit) -> UnitRows:
        """Of rows for SQL or a transform, as reading hands them on."""
        return UnitRows(self.place.work, columns.given(self.dataset), whole, f"given-{unit.key}", True)

    def _file(self, unit: Unit, file: PlannedFile, staged: UnitRows, span: Span | None) -> FileResult:
        kept = self.place.quarantine / f"{file.path}.parquet"
        parts = {name: file.parts.get(name, "") for name in self._names}
        values = Values(self._values(unit, file), self.place.schema)
        erased, gone = self.place.erased, 0

        def take(rows: pa.Table) -> None:
            nonlocal gone
            if self.dataset.by_unit:
                staged.add(rows)
                return
            kept, number = self._kept(self._with_keys(values.beside(rows)))
            gone += number
            staged.add(kept)

        try:
            with (
                self._fetched(file, span) as path,
                self._scratch() as scratch,
                Quarantine(
                    kept,
                    file.path,
                    self.dataset.quarantine_limit,
                    self.dataset.private,
                    erased.shown if erased else None,
                ) as quarantine,
            ):
                before, groups = (span.before, span.groups) if span else (0, ())
                source = SourceFile(path, scratch, parts, file.period, before, groups, self.size)
                rows = self._reader().read(source, quarantine, take)
        except (FileError, MissingError) as error:
            missing = isinstance(error, MissingError)
            return FileResult(file, FileRows(0, 0, 0), one_line(str(error)), missing)
        if rows.read != rows.accepted + rows.quarantined + rows.erased:
            raise RuntimeError(f"{file.path}: {rows} do not add up: a bug of its reader")
        return FileResult(file, _less(rows, gone))

    def _kept(self, rows: pa.Table) -> tuple[pa.Table, int]:
        """The rows of keys that are not erased, and how many others there were."""
        if self.place.erased is None:
            return rows, 0
        kept = self.place.erased.without(rows)
        return kept, len(rows) - len(kept)

    @contextmanager
    def _fetched(self, file: PlannedFile, span: Span | None) -> Iterator[Path]:
        """A local path of the file, or of a copy of the ``span``."""
        store, room = files(file.uri), self.place.scratch.room
        if span is None:
            with (
                room(store.copied(file.size)),
                store.fetched(file.uri, file.etag, self.place.work) as path,
            ):
                yield path
            return
        with room(span.end - span.start), tempfile.TemporaryDirectory(dir=self.place.work) as folder:
            copy = Path(folder) / "span"
            spans.copy(partial(store.read_at, file.uri, file.etag), file.size, span, copy)
            yield copy

    @contextmanager
    def _scratch(self) -> Iterator[Path]:
        """An empty folder for a reader of one's own: this thread's, until the reader has used it; the others write
        nothing.
        """
        if not self.dataset.reader:
            yield self.place.work
            return
        if not hasattr(self._own, "scratch"):
            self._own.scratch = Path(tempfile.mkdtemp(dir=self.place.work))
        try:
            yield self._own.scratch
        finally:
            if not _still_empty(self._own.scratch):
                self._drop_scratch()

    def _drop_scratch(self) -> None:
        """Remove the folder, if it is there, as one that may not be written to: an archive may say so."""
        used: Path = self._own.scratch
        del self._own.scratch
        with (
            tempfile.TemporaryDirectory(dir=self.place.work, ignore_cleanup_errors=True) as removed,
            suppress(OSError),
        ):
            used.chmod(0o700)
            used.rename(Path(removed) / used.name)

    def _reader(self) -> Reader:
        """This thread's own."""
        if not hasattr(self._own, "reader"):
            self._own.reader = reader(self.dataset, self._workers)
        found: Reader = self._own.reader
        return found

    def _values(self, unit: Unit, file: PlannedFile) -> dict[str, Any]:
        told = {name: file.parts.get(name, "") for name in self._names}
        own = {UNIT: unit.key, FILE: file.path, PERIOD: file.period or None}
        return {**told, **own, AVAILABLE_AT: self.available(file)}

    def _with_keys(self, rows: pa.Table) -> pa.Table:
        """``rows``, of which none lacks its key or what tells its versions apart. JobError if one does: those that are
        read by the tool are refused before, so they come from SQL or from code of the project's own.
        """
        for name in (*self.dataset.key, *self.dataset.latest):
            if rows[name].null_count:
                made = "SQL" if self.dataset.sql else "transform" if self.dataset.transform else "reader"
                raise JobError(
                    f"data set {self.dataset.name}: its {made} gives rows whose {name} is null, which is "
                    "of the key, or says which is the latest; refuse such rows with a check, or leave them out"
                )
        return rows

    def _made(self, unit: Unit, staged: UnitRows) -> tuple[UnitRows, int]:
        """What the data set's SQL or transform makes of a unit's rows, and how many of those were of erased keys alone:
        0 where what is made does not say its row.
        """
        own = self._values(unit, unit.files[0])
        own[FILE] = unit.files[0].path if len(unit.files) == 1 else None
        own[AVAILABLE_AT] = max(self.available(file) for file in unit.files)
        values = Values(own, self.place.schema)
        found = self._staged(unit)
        make = self._by_transform if self.dataset.transform else self._by_sql
        numbered = len(unit.files) == 1 and ROW in self.place.schema.names
        gone: set[int] = set()
        left: set[int] = set()
        for table in make(unit, staged):
            rows = self._with_keys(values.beside(table))
            kept, number = self._kept(rows)
            if number and numbered and table.column_names.count(ROW):
                gone |= {*rows[ROW].to_pylist()} - {None}
                left |= {*kept[ROW].to_pylist()}
            found.add(kept)
        staged.discard()
        return found, len(gone - left)

    def _by_sql(self, _: Unit, staged: UnitRows) -> Iterator[pa.Table]:
        parts = staged.close()
        with duckdb.connect(config={"threads": self._workers, "temp_directory": str(self.place.work)}) as db:
            places = [str(part.path) for part in parts]
            rows = db.read_parquet(places) if places else db.from_arrow(self._few(staged))
            seen = rows if self.dataset.key else rows.project(f'* EXCLUDE ("{ROW}")')
            done = columns.run(db, self.dataset, seen)
            for batch in columns.batches(done, self.dataset, BATCH):
                yield pa.Table.from_batches([batch])

    def _by_transform(self, unit: Unit, staged: UnitRows) -> Iterator[pa.Table]:
        names = [name for name in columns.given(self.dataset).names if name != ROW]
        parts = staged.close()
        if parts:
            import pyarrow.dataset as ds

            rows = ds.dataset([str(part.path) for part in parts]).scanner(names, batch_size=BATCH).to_reader()
        else:
            rows = self._few(staged).select(names).to_reader()
        yield from transforms.run(self.dataset, rows, unit.files[0].period or unit.files[0].path)

    def _few(self, staged: UnitRows) -> pa.Table:
        return pa.concat_tables([columns.given(self.dataset).empty_table(), *staged.tables])


def _still_empty(folder: Path) -> bool:
    """Whether the folder is there, can be read, and has nothing in it."""
    try:
        return not any(folder.iterdir())
    except OSError:
        return False


def _less(rows: FileRows, erased: int) -> FileRows:
    """``rows``, of those accepted so many ``erased``."""
    return replace(rows, accepted=rows.accepted - erased, erased=rows.erased + erased) if erased else rows


def _without(results: tuple[FileResult, ...], erased: int) -> tuple[FileResult, ...]:
    """The results of a unit of one file, of whose accepted rows so many are ``erased``."""
    if not erased:
        return results
    (only,) = results
    return (replace(only, rows=_less(only.rows, erased)),)


def on_this_machine(
    dataset: Dataset, place: Place, available: Available, units: Sequence[Unit]
) -> Iterator[UnitResult]:
    """Some units are read ahead."""
    size = sum(file.size for unit in units for file in unit.files)
    reads = UnitReader(dataset, place, available, len(units) == 1, size)
    return in_order(reads.read, units, WORKERS if len(units) > 1 else 1)
