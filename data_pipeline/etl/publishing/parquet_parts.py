"""Rows as Parquet files on this machine, for each partition its own, in bounded memory.

Rows wait until they make a row group worth writing; of all that wait, the most go first when there are too many. So
many small tables, and tables whose rows are of many partitions, make few and large row groups. A thread of its own
writes a row group, while the next one is put together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable

import pyarrow as pa
import pyarrow.parquet as pq

from data_pipeline.etl.documents.datasets import ROW
from data_pipeline.etl.errors import JobError

Values = tuple[Any, ...]
Split = Callable[[pa.Table], Iterable[tuple[Values, pa.Table]]]

GROUP_BYTES = 48 << 20
"""Arrow's bytes that make a row group."""
WAITING_BYTES = 96 << 20
"""Arrow's bytes that may wait, of all partitions together."""
FILE_BYTES = 256 << 20
"""A file that has reached as many is closed, and another one begun."""
MOST_OPEN = 64
_SAMPLE = 50_000
_FEW = 0.3
"""The share of distinct values below which a dictionary pays."""


@dataclass(frozen=True)
class Part:
    """A finished file, the values of its partition, and its rows."""

    path: Path
    values: Values
    rows: int


@dataclass
class _Open:
    """A partition's rows that wait, and its file."""

    waiting: list[pa.Table] = field(default_factory=list)
    bytes: int = 0
    path: Path | None = None
    sink: Any = None
    writer: Any = None
    rows: int = 0


def whole(rows: pa.Table) -> Iterable[tuple[Values, pa.Table]]:
    """The split of a table without partitions."""
    return [((), rows)] if len(rows) else []


class PartWriter:
    """Writes tables of ``schema`` into ``folder``, from one thread. ``name`` begins the files' names; ``file_bytes``:
    when a file is closed, or None for one file a partition.
    """

    def __init__(
        self,
        folder: Path,
        schema: pa.Schema,
        split: Split = whole,
        name: str = "part",
        file_bytes: int | None = FILE_BYTES,
    ) -> None:
        self.folder, self.schema, self.split = folder, schema, split
        self.name, self.file_bytes = name, file_bytes
        self._open: dict[Values, _Open] = {}
        self._done: list[Part] = []
        self._bytes = 0
        self._number = 0
        self._options: dict[str, Any] | None = None
        self._pool = ThreadPoolExecutor(1)
        self._writing: tuple[Values, Future[None]] | None = None

    def write(self, rows: pa.Table) -> None:
        """Take the next rows. JobError if the disk takes no more."""
        if not len(rows):
            return
        if not rows.schema.equals(self.schema, check_metadata=True):
            rows = rows.cast(self.schema)
        for values, part in self.split(rows):
            there = self._open.setdefault(values, _Open())
            there.waiting.append(part)
            size = part.get_total_buffer_size() if part.num_rows == rows.num_rows else part.nbytes
            there.bytes += size
            self._bytes += size
            if there.bytes >= GROUP_BYTES:
                self._flush(values)
        while self._bytes > WAITING_BYTES:
            self._flush(max(self._open, key=lambda values: self._open[values].bytes))

    def close(self) -> list[Part]:
        """Write what waits; all files, in the order in which they were begun."""
        while self._open:
            values = next(iter(self._open))
            self._flush(values)
            self._settle()
            if values in self._open:
                self._finish(values)
        self._pool.shutdown()
        return sorted(self._done, key=lambda part: part.path.name)

    def discard(self) -> None:
        """Leave nothing behind."""
        with suppress(JobError):
            self._settle()
        self._pool.shutdown()
        for there in self._open.values():
            if there.writer is not None:
                there.writer.close()
                there.sink.close()
            if there.path is not None:
                there.path.unlink(missing_ok=True)
        for part in self._done:
            part.path.unlink(missing_ok=True)
        self._open, self._done, self._bytes = {}, [], 0

    def _flush(self, values: Values) -> None:
        """Begin to write what waits of a partition, once all that was begun before is written."""
        self._settle()
        there = self._open.get(values)
        if there is None or not there.waiting:
            return
        rows = pa.concat_tables(there.waiting)
        self._bytes -= there.bytes
        there.waiting, there.bytes = [], 0
        there.rows += len(rows)
        if there.writer is None:
            self._begin(there, rows)
        self._writing = (values, self._pool.submit(_write, there.writer, rows))

    def _settle(self) -> None:
        """Wait for what is being written. A file that is full is finished, and another one where too many are open."""
        if self._writing is None:
            return
        (values, written), self._writing = self._writing, None
        with self._disk():
            written.result()
            full = self.file_bytes is not None and self._open[values].sink.tell() >= self.file_bytes
        if full:
            self._finish(values)
            return
        begun = [key for key, each in self._open.items() if each.writer is not None]
        if len(begun) > MOST_OPEN:
            self._finish(begun[0] if begun[0] != values else begun[1])

    @contextmanager
    def _disk(self) -> Iterator[None]:
        """JobError where the disk takes no more."""
        try:
            yield
        except OSError as error:
            raise JobError(
                f"accepted rows cannot be written to {self.folder}: {error}; free some disk, or set TMPDIR to a folder "
                "that has more"
            ) from error

    def _begin(self, there: _Open, rows: pa.Table) -> None:
        if self._options is None:
            self._options = _encodings(rows)
        there.path = self.folder / f"{self.name}-{self._number:05}.parquet"
        self._number += 1
        with self._disk():
            self.folder.mkdir(parents=True, exist_ok=True)
            there.sink = pa.OSFile(str(there.path), "wb")
        there.writer = pq.ParquetWriter(
            there.sink, self.schema, compression="zstd", store_decimal_as_integer=True, **self._options
        )

    def _finish(self, values: Values) -> None:
        there = self._open.pop(values)
        if there.waiting:  # it is closed to make room for others: its rows wait for another file
            self._open[values] = _Open(there.waiting, there.bytes)
        if there.writer is None or there.path is None:
            return
        with self._disk():
            there.writer.close()
            there.sink.close()
        self._done.append(Part(there.path, values, there.rows))


def _write(writer: pq.ParquetWriter, rows: pa.Table) -> None:
    writer.write_table(rows, row_group_size=max(len(rows), 1))


def _encodings(rows: pa.Table) -> dict[str, Any]:
    """Dictionaries where there are few values, else differences for whole numbers and times."""
    sample = rows.slice(0, _SAMPLE)
    few, encodings = [], {}
    for column in rows.schema:
        if pa.types.is_nested(column.type):
            continue
        distinct = len(sample[column.name].unique())
        if column.name != ROW and distinct <= max(1, _FEW * len(sample)):
            few.append(column.name)
        elif pa.types.is_integer(column.type) or pa.types.is_timestamp(column.type):
            encodings[column.name] = "DELTA_BINARY_PACKED"
    return {"use_dictionary": few, "column_encoding": encodings}
