"""The rows of one file that do not count: a bounded number of them kept as Parquet, all of them counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tlc.csvrows import Refused

SCHEMA = pa.schema(
    [("source", pa.string()), ("row", pa.int64()), ("reason", pa.string()), ("raw", pa.string())]
)


class Quarantine:
    """Keeps the first ``limit`` rows of ``source`` in the Parquet file ``path``, which is made with the first
    row. ``reasons`` counts every row. Use it in a ``with`` statement: an exception leaves no file.
    """

    def __init__(self, path: Path, source: str, limit: int) -> None:
        self.path = path
        self.source = source
        self.room = limit
        self.reasons: Counter[str] = Counter()
        self._writer: pq.ParquetWriter | None = None

    def __enter__(self) -> Quarantine:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()
            if kind is not None:
                self.path.unlink()

    def add(self, rows: Iterable[Refused]) -> None:
        """Take the next rows, in order of their numbers."""
        kept = []
        for row in rows:
            self.reasons[row.reason] += 1
            if self.room > 0:
                kept.append(row)
                self.room -= 1
        if kept:
            self._write(kept)

    def _write(self, rows: list[Refused]) -> None:
        if self._writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = pq.ParquetWriter(self.path, SCHEMA, compression="zstd")
        columns = [[self.source] * len(rows), *zip(*rows, strict=True)]
        self._writer.write_table(
            pa.Table.from_arrays([pa.array(c) for c in columns], SCHEMA.names).cast(SCHEMA)
        )
