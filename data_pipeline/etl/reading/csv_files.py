"""CSV files: the header, and the rows below it.

With a header, columns go by its names, blanks around them aside; every row has as many fields as the header.
Without one (``header: false``) they go by position, and a row has as many fields as the data set has columns. A
row's number is that of its record, from 1, the header not counted; empty lines are no records. Quotes make no
difference to a value: ``""`` is the empty text, and so null where the null words have it. A file without a byte has
no rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from data_pipeline.etl.documents.datasets import Dataset
from data_pipeline.etl.errors import FileError
from data_pipeline.etl.reading import columns, csv_blocks, csv_records, rows, text_files, threads
from data_pipeline.etl.reading.checks import Checks
from data_pipeline.etl.reading.columns import ColumnPlan
from data_pipeline.etl.reading.csv_blocks import Piece
from data_pipeline.etl.reading.csv_records import Dialect
from data_pipeline.etl.reading.protocol import FileRows, SourceFile, Staged
from data_pipeline.etl.reading.quarantine import Quarantine
from data_pipeline.etl.reading.rows import Block, JudgedRows, Tally
from data_pipeline.etl.reading.text_files import TextFile


@dataclass(frozen=True)
class Layout:
    """A file's ``fields``, and for each column of the data set its position among them, or None if it is missing."""

    fields: int
    positions: list[int | None]
    ignored: tuple[str, ...]


class CsvReader:
    """Reads the CSV files of one data set, with ``workers`` threads for a large one."""

    def __init__(self, dataset: Dataset, workers: int = 1) -> None:
        self.dataset = dataset
        self.plan = columns.plans(dataset)
        self.checks = Checks(dataset)
        self.workers = workers
        written = dataset.format
        self.dialect = Dialect(written.delimiter.encode(), written.quote.encode())

    def read(self, file: SourceFile, quarantine: Quarantine, staged: Staged) -> FileRows:
        """See ``protocol.Reader``."""
        tally = Tally(self.dataset, file.parts, quarantine, staged, file.before)
        with text_files.opened(file.path, self.dataset.format.encoding) as text:
            layout, rest = self._layout(text)
            if layout is None:
                return tally.rows()
            tally.ignored.update(dict.fromkeys(layout.ignored))
            found = csv_blocks.pieces(text, self.dialect, rest)

            def work(piece: Piece) -> JudgedRows:
                block = self._block(piece, layout)
                return rows.judge_rows(block, self.plan, self.checks, file.parts, quarantine.keeps_text)

            for judged in threads.in_order(work, found, self.workers):
                tally.add(judged)
        return tally.rows()

    def _layout(self, file: TextFile) -> tuple[Layout | None, bytes]:
        """What the file's first record says, and what was read behind it. None for a file without a record."""
        if not self.dataset.format.header:
            return Layout(len(self.plan), list(range(len(self.plan))), ()), b""
        header, rest = _header(file, self.dialect, self.dataset.private)
        if not header:
            return None, b""
        positions, ignored = columns.match(self.plan, header)
        return Layout(len(header), positions, ignored), rest

    def _block(self, piece: Piece, layout: Layout) -> Block:
        wanted = [at for at in layout.positions if at is not None]
        found = csv_blocks.texts(piece, self.dialect, layout.fields, wanted)
        taken = iter(found.columns)
        values = [
            _values(plan, None if at is None else next(taken), len(found.numbers))
            for plan, at in zip(self.plan, layout.positions, strict=True)
        ]
        refused: dict[int, rows.Why] = {number: (reason, None) for number, reason in found.refused.items()}
        return Block(found.read, found.numbers, values, refused, piece.raw)


def _values(plan: ColumnPlan, texts: Any, count: int) -> tuple[Any, dict[int, str]]:
    return (plan.missing(count), {}) if texts is None else columns.from_texts(texts, plan)


def _header(file: TextFile, dialect: Dialect, private: bool) -> tuple[Sequence[str], bytes]:
    """The names of the first record, none if there is no record, and what was read behind it."""
    data, ended = b"", False
    while not ended:
        more = file.read(csv_blocks.BLOCK)
        ended = not more
        data += more
        at = csv_records.first(data, 0)
        if at == len(data):
            continue
        found = csv_records.record(data, at, dialect, ended)
        if found:
            text = b"" if private else data[found.start : found.end]
            return _names(text, found.fields), data[found.end :]
        if len(data) > csv_records.LONGEST:
            raise FileError(f"its header is longer than {csv_records.LONGEST >> 20} MiB")
    return [], b""


def _names(text: bytes, fields: list[bytes] | None) -> list[str]:
    if fields is None:
        shown = f": {text[:200].decode('utf-8', 'replace')}" if text else ""
        raise FileError(f"its header has a quote that does not close{shown}")
    try:
        return [name.decode().strip() for name in fields]
    except UnicodeDecodeError as error:
        raise FileError("its header is no text in the data set's encoding") from error
