"""A CSV file in blocks of whole records, and the texts of a block's columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from data_pipeline.etl.documents import reasons
from data_pipeline.etl.errors import FileError
from data_pipeline.etl.reading import csv_records, text_files
from data_pipeline.etl.reading.columns import whole
from data_pipeline.etl.reading.csv_records import LONGEST, Dialect, Record
from data_pipeline.etl.reading.text_files import Readable

BLOCK = 8 << 20
"""Bytes that are read and parsed together."""
_BY_HAND = 1 << 20
"""Bytes behind an odd quote that are taken apart record by record, before Arrow goes on."""
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Piece:
    """Whole records. ``quotes``: positions (NumPy) of the plain quotes in ``data``. ``records`` are given where
    quotes are not plain.
    """

    data: bytes
    quotes: Any
    records: list[Record] | None = None

    @cached_property
    def extents(self) -> tuple[Any, Any]:
        """Where the records begin and end in ``data``."""
        if self.records is not None:
            return np.array([each.start for each in self.records]), np.array(
                [each.end for each in self.records]
            )
        return csv_records.extents(np.frombuffer(self.data, np.uint8), self.quotes)

    def raw(self, numbers: list[int]) -> dict[int, str]:
        """The texts of the records with these numbers, from 1."""
        starts, ends = self.extents
        return {n: self.data[starts[n - 1] : ends[n - 1]].decode("utf-8", "replace") for n in numbers}


@dataclass(frozen=True)
class Texts:
    """``read`` records: the ``columns`` (Arrow arrays of strings without null) of those with the ``numbers``, and
    why the others are refused.
    """

    read: int
    numbers: Any
    columns: list[Any]
    refused: Mapping[int, str]


def pieces(file: Readable, dialect: Dialect, rest: bytes) -> Iterator[Piece]:
    """The records of ``rest`` and what follows it in ``file``. FileError for a line longer than ``LONGEST``."""
    ended = False
    while not ended:
        more = file.read(BLOCK)
        ended = not more
        rest += more
        while rest:
            piece = _piece(rest, dialect, ended)
            if piece is None:
                break
            yield piece
            rest = rest[len(piece.data) :]
        if len(rest) > LONGEST + BLOCK:
            raise FileError(f"it has a line of more than {LONGEST >> 20} MiB")


def _piece(data: bytes, dialect: Dialect, ended: bool) -> Piece | None:
    """The first records of ``data``; None if more of the file is needed."""
    if not dialect.plain:
        return _by_hand(data, dialect, ended)
    none = np.zeros(0, np.int64)
    if not dialect.quote or dialect.quote not in data:
        cut = len(data) if ended else max(data.rfind(b"\n"), data.rfind(b"\r")) + 1
        return Piece(data[:cut], none) if cut else None
    text = np.frombuffer(data, np.uint8)
    found = csv_records.quotes(text, dialect)
    cut = len(data)
    if found.odd is not None or len(found.positions) % 2 or not ended:
        ends = csv_records.line_ends(text[: found.odd], found.positions)
        cut = int(ends[-1]) + 1 if len(ends) else 0
    if cut:
        return Piece(data[:cut], found.positions[: np.searchsorted(found.positions, cut)])
    if found.odd is None and not ended and len(data) < LONGEST:
        return None
    return _by_hand(data, dialect, ended)


def _by_hand(data: bytes, dialect: Dialect, ended: bool) -> Piece | None:
    records: list[Record] = []
    at = csv_records.first(data, 0)
    while at < min(len(data), _BY_HAND):
        found = csv_records.record(data, at, dialect, ended)
        if found is None:
            break
        records.append(found)
        at = csv_records.first(data, found.end)
    return Piece(data[:at], None, records) if at else None


def texts(piece: Piece, dialect: Dialect, fields: int, wanted: Sequence[int]) -> Texts:
    """The texts of the ``wanted`` of a piece's ``fields`` columns, by their positions from 0."""
    if piece.records is not None:
        return _of_records(piece, piece.records, fields, wanted)
    data, wrong = piece.data, text_files.undecodable(piece.data)
    if wrong:
        patched = np.frombuffer(data, np.uint8).copy()
        patched[wrong] = ord("?")
        data = patched.tobytes()
    table, odd = _parsed(data, piece, dialect, fields, wanted)
    read = table.num_rows + len(odd)
    refused = dict.fromkeys(odd, reasons.FIELD_COUNT)
    numbers = np.delete(np.arange(1, read + 1), np.array(odd, np.int64) - 1)
    if wrong:
        coded = np.unique(np.searchsorted(piece.extents[0], wrong, side="right"))
        refused.update(dict.fromkeys(coded.tolist(), reasons.ENCODING))
        keep = ~np.isin(numbers, coded)
        table, numbers = table.filter(pa.array(keep)), numbers[keep]
    columns = [whole(table.column(str(at))).view(pa.string()) for at in wanted]
    return Texts(read, numbers, columns, refused)


def _parsed(
    data: bytes, piece: Piece, dialect: Dialect, fields: int, wanted: Sequence[int]
) -> tuple[Any, list[int]]:
    """The wanted columns of the records that have as many ``fields``, and the numbers of the others."""
    odd: list[int] = []

    def note(row: Any) -> str:
        odd.append(row.number)
        return "skip"

    if data.startswith(_BOM):
        data = b"\n" + data  # in the middle of a file it is a character, which Arrow would drop
    quoted = len(piece.quotes) > 0
    names = [str(at) for at in range(fields)]
    taken = [str(at) for at in sorted(set(wanted))] or names[:1]
    table = pa_csv.read_csv(
        pa.BufferReader(data),
        pa_csv.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=names),
        pa_csv.ParseOptions(
            delimiter=dialect.delimiter.decode(),
            quote_char=dialect.quote.decode() if quoted else False,
            newlines_in_values=quoted,
            invalid_row_handler=note,
        ),
        pa_csv.ConvertOptions(
            column_types={name: pa.binary() for name in taken},
            include_columns=taken,
            strings_can_be_null=False,
            check_utf8=False,
        ),
    )
    return table, odd


def _of_records(piece: Piece, records: list[Record], fields: int, wanted: Sequence[int]) -> Texts:
    refused: dict[int, str] = {}
    kept: list[list[bytes]] = []
    for number, each in enumerate(records, 1):
        if not text_files.is_utf8(piece.data[each.start : each.end]):
            refused[number] = reasons.ENCODING
        elif each.fields is None:
            refused[number] = reasons.MALFORMED
        elif len(each.fields) != fields:
            refused[number] = reasons.FIELD_COUNT
        else:
            kept.append(each.fields)
    numbers = np.array([n for n in range(1, len(records) + 1) if n not in refused], np.int64)
    columns = [pa.array([row[at] for row in kept], pa.binary()).view(pa.string()) for at in wanted]
    return Texts(len(records), numbers, columns, refused)
