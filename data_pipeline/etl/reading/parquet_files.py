"""Parquet files: columns go by their names, and a row's number is its place in the file, from 1.

The raw text of a refused row is a JSON object of the columns that the data set names. Times of the old type INT96
count as timestamps without a zone; their nanoseconds are looked at where Arrow can hold them (years 1678 to 2261), and
their seconds, which 64 bits always hold, tell where microseconds have run over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_pipeline.etl import row_groups
from data_pipeline.etl.documents import reasons
from data_pipeline.etl.documents.datasets import Dataset
from data_pipeline.etl.errors import FileError
from data_pipeline.etl.reading import (
    columns,
    json_values,
    parquet_opening,
    parquet_values,
    rows,
    threads,
    zones,
)
from data_pipeline.etl.reading.casts import Problems
from data_pipeline.etl.reading.checks import Checks
from data_pipeline.etl.reading.protocol import FileRows, SourceFile, Staged
from data_pipeline.etl.reading.quarantine import Quarantine
from data_pipeline.etl.reading.rows import Block, JudgedRows, Tally

BATCH = 1 << 16
"""Rows that are decoded together."""


@dataclass(frozen=True)
class _Layout:
    """``names``: what the file calls each column, None for one that is missing."""

    names: list[str | None]
    ignored: tuple[str, ...]
    old_times: tuple[str, ...]

    @property
    def wanted(self) -> list[str]:
        return list(dict.fromkeys(name for name in self.names if name is not None))


class ParquetReader:
    """Reads the Parquet files of one data set; with several ``workers`` columns are decoded side by side."""

    def __init__(self, dataset: Dataset, workers: int = 1) -> None:
        self.dataset = dataset
        self.plan = columns.plans(dataset)
        self.shapes = [json_values.shape_of(each.kind, dataset.format) for each in self.plan]
        self.checks = Checks(dataset)
        self.workers = workers

    def read(self, file: SourceFile, quarantine: Quarantine, staged: Staged) -> FileRows:
        """See ``protocol.Reader``."""
        tally = Tally(self.dataset, file.parts, quarantine, staged, file.before)
        with parquet_opening.opened(file.path) as content:
            layout = self._layout(content)
            groups = list(file.groups or range(content.num_row_groups))
            tally.ignored.update(dict.fromkeys(layout.ignored))
            if not file.before:
                tally.warnings += self._warnings(content, layout)

            def work(batch: tuple[Any, Any]) -> JudgedRows:
                block = self._block(*batch, layout)
                return rows.judge_rows(block, self.plan, self.checks, file.parts, quarantine.keeps_text)

            batches = self._batches(file.path, content, layout, groups)
            for judged in threads.in_order(work, batches, self.workers):
                tally.add(judged)
            said = content.metadata.num_rows
            if file.groups:
                said = sum(content.metadata.row_group(at).num_rows for at in groups)
            if tally.read != said:
                raise FileError(f"it says that it has {said} rows, and has {tally.read}")
        return tally.rows()

    def _layout(self, file: pq.ParquetFile) -> _Layout:
        schema = file.schema_arrow
        positions, ignored = columns.match(self.plan, schema.names)
        for each, shape, at in zip(self.plan, self.shapes, positions, strict=True):
            if at is not None:
                parquet_values.check(schema.field(at).type, shape, self.dataset.format, each.column.name)
        old = {
            file.schema.column(at).path
            for at in range(len(file.schema))
            if file.schema.column(at).physical_type == "INT96"
        }
        names = [None if at is None else schema.names[at] for at in positions]
        return _Layout(names, ignored, tuple(name for name in names if name is not None and name in old))

    def _warnings(self, content: pq.ParquetFile, layout: _Layout) -> list[str]:
        """Columns of wall-clock times that the file marks with another zone than the data set's."""
        zone = self.dataset.format.timezone
        clocks = [
            name
            for name, each in zip(layout.names, self.plan, strict=True)
            if name and str(each.kind) == "timestamp"
        ]
        private = self.dataset.private
        return [said for name in clocks if zone and (said := zones.warning(content, name, zone, private))]

    def _batches(
        self, path: Path, file: pq.ParquetFile, layout: _Layout, groups: list[int]
    ) -> Iterator[tuple[Any, Any]]:
        """The wanted columns of row ``groups``, and with them those of ``old_times`` in nanoseconds and in seconds."""
        taken = layout.wanted or file.schema_arrow.names[:1]
        with parquet_opening.readable():
            batches = row_groups.batches(file, BATCH, groups, taken, use_threads=self.workers > 1)
            if not layout.old_times:
                yield from ((batch, None) for batch in batches)
                return
            old, size = list(layout.old_times), parquet_opening.BUFFER_BYTES
            with (
                pq.ParquetFile(path, buffer_size=size) as nanos,
                pq.ParquetFile(path, buffer_size=size, coerce_int96_timestamp_unit="s") as seconds,
            ):
                others = (
                    row_groups.batches(each, BATCH, groups, old, use_threads=False)
                    for each in (nanos, seconds)
                )
                yield from zip(batches, zip(*others), strict=True)

    def _block(self, batch: Any, exact: Any, layout: _Layout) -> Block:
        found: list[tuple[Any, Problems]] = []
        for each, shape, name in zip(self.plan, self.shapes, layout.names, strict=True):
            if name is None:
                found.append((each.missing(len(batch)), {}))
                continue
            array = batch.column(name)
            values, problems = parquet_values.values(array, shape, self.dataset.format)
            if name in layout.old_times:
                nanos, seconds = (each.column(name) for each in exact)
                problems = {**problems, **_beyond_microseconds(array, nanos), **_run_over(array, seconds)}
            found.append(columns.filled(values, each, problems))
        numbers = np.arange(1, len(batch) + 1)

        def raw(refused: list[int]) -> dict[int, str]:
            return _raw(batch.select(layout.wanted), refused)

        return Block(len(batch), numbers, found, {}, raw)


def _run_over(micros: Any, seconds: Any) -> Problems:
    """Where a time is too far away for microseconds of 64 bits, in which it would be another one."""
    found = pc.fill_null(micros.view(pa.int64()), 0).to_numpy()
    there = pc.fill_null(seconds.view(pa.int64()), 0).to_numpy()
    return dict.fromkeys(np.flatnonzero(found // 1_000_000 != there).tolist(), reasons.OUT_OF_RANGE)


def _beyond_microseconds(micros: Any, nanos: Any) -> Problems:
    """Where a time has nanoseconds that are no whole microseconds."""
    whole = pc.fill_null(micros.view(pa.int64()), 0).to_numpy()
    exact = pc.fill_null(nanos.view(pa.int64()), 0).to_numpy()
    wrong = (exact // 1000 == whole) & (exact % 1000 != 0)
    return dict.fromkeys(np.flatnonzero(wrong).tolist(), reasons.INEXACT)


def _raw(batch: Any, numbers: list[int]) -> dict[int, str]:
    table = pa.table(batch)
    try:
        found = table.take(pa.array([number - 1 for number in numbers]))
    except pa.ArrowNotImplementedError:  # Arrow takes no rows of views
        found = pa.concat_tables([table.slice(number - 1, 1) for number in numbers])
    kept = [
        dict(zip(found.column_names, row, strict=True))
        for row in zip(*map(_plain, found.columns), strict=True)
    ]
    texts = (json.dumps(row, ensure_ascii=False, default=str) for row in kept)
    return dict(zip(numbers, texts, strict=True))


def _plain(column: Any) -> list[Any]:
    """Python's values of a column, or texts of those that Python has no value for."""
    try:
        values: list[Any] = column.to_pylist()
        return values
    except UnicodeDecodeError:
        content = (
            column.cast(pa.binary()).to_pylist()
            if parquet_values.is_text(column.type)
            else [None] * len(column)
        )
        return [None if each is None else each.decode("utf-8", "replace") for each in content]
    except (ValueError, OverflowError):
        return [str(getattr(each, "value", None)) for each in column]
