"""The rows of one file that do not count: a bounded number of them kept as Parquet, all of them counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.fs import LocalFileSystem

from data_pipeline.etl.errors import JobError

SCHEMA = pa.schema(
    [
        ("source", pa.string()),
        ("row", pa.int64()),
        ("reason", pa.string()),
        ("raw", pa.string()),
        ("column", pa.string()),
    ]
)
_DISK = LocalFileSystem()
_SOME = 1_000
"""Rows that are taken at once."""
GROUP = 4 << 20
"""Characters of raw text and reasons that make a row group."""


class Refused(NamedTuple):
    """A row that does not count: its number, from 1, the reason, its text, and the column that the reason is about."""

    row: int
    reason: str
    raw: str | None
    column: str | None = None


def writer(path: Path) -> pq.ParquetWriter:
    """What writes a file of quarantine. Only raw text is worth compressing: source, reason and column are the same
    again and again, and of rows the steps are kept.
    """
    return pq.ParquetWriter(
        str(path),
        SCHEMA,
        compression={"source": "none", "row": "none", "reason": "none", "raw": "zstd", "column": "none"},
        use_dictionary=["source", "reason", "column"],
        column_encoding={"row": "DELTA_BINARY_PACKED"},
        filesystem=_DISK,
    )


class Quarantine:
    """Keeps the first ``limit`` rows of ``source`` in the Parquet file ``path``, which is made with the first
    row. ``reasons`` counts every row. Use it in a ``with`` statement: an exception leaves no file. JobError if the
    file cannot be written.

    Of a ``private`` data set no text is kept, whatever its reader hands over; of any other none that is ``hidden``.

    ``whole``, if it is set, gives the raw text of rows by their numbers, where only the rows that are kept are worth
    the reading; a row that it does not know keeps the text that it came with.
    """

    def __init__(
        self,
        path: Path,
        source: str,
        limit: int,
        private: bool = False,
        hidden: Callable[[str], bool] | None = None,
    ) -> None:
        self.path = path
        self.source = source
        self.room = limit
        self.private = private
        self.hidden = hidden
        self.whole: Callable[[list[Refused]], dict[int, str]] | None = None
        self.reasons: Counter[str] = Counter()
        self._waiting: list[Refused] = []
        self._characters = 0
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> Quarantine:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._write()
        if self._writer is not None:
            with self._writing():
                self._writer.close()
            if kind is not None:
                self.path.unlink()

    @property
    def keeps_text(self) -> bool:
        """Whether the raw text of the next row is kept."""
        return self.room > 0 and not self.private

    def add(self, rows: Iterable[Refused]) -> None:
        """Take the next rows, in order of their numbers."""
        rest = iter(rows)
        while some := list(islice(rest, _SOME)):
            self.reasons.update(row.reason for row in some)
            kept = some[: self.room]
            self.room -= len(kept)
            self._waiting += [row._replace(raw=None) for row in kept] if self.private else kept
            self._characters += sum(len(row.raw or "") + len(row.reason) for row in kept)
            if self._characters > GROUP:
                self._write()

    def _write(self) -> None:
        if not self._waiting:
            return
        raw = self.whole(self._waiting) if self.whole and not self.private else {}
        rows = self._waiting
        if raw:
            rows = [row._replace(raw=raw.get(row.row, row.raw)) for row in rows]
        if self.hidden:
            rows = [row._replace(raw=None) if row.raw and self.hidden(row.raw) else row for row in rows]
        columns = [[self.source] * len(rows), *zip(*rows, strict=True)]
        arrays = [pa.array(column, kind) for column, kind in zip(columns, SCHEMA.types, strict=True)]
        with self._writing():
            if self._writer is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._writer = writer(self.path)
            self._writer.write_table(pa.Table.from_arrays(arrays, schema=SCHEMA))
        self._waiting, self._characters = [], 0

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A disk that takes no more spoils the job, not the source file."""
        try:
            yield
        except OSError as error:
            raise JobError(
                f"rows of {self.source} that do not count cannot be written to {self.path}: {error}; free some disk, "
                "or set TMPDIR to a folder that has more"
            ) from error
