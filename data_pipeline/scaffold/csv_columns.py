"""The columns of CSV files."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow.compute as pc

from data_pipeline.core.errors import UserError
from data_pipeline.etl.errors import FileError
from data_pipeline.etl.reading import csv_blocks, csv_records, text_files
from data_pipeline.etl.reading.casts import BLANKS
from data_pipeline.etl.reading.csv_records import Dialect

from . import column_names, dialects, shared_columns, texts
from .dialects import Written
from .guesses import Conventions, Texts
from .proposal import Columns, ProposedColumn
from .samples import Head
from .shared_columns import Shared


@dataclass(frozen=True)
class _File:
    """A file's text in UTF-8 and its columns' names, empty if it has no record."""

    head: Head
    text: bytes
    names: tuple[str, ...]


def columns(heads: Sequence[Head], tabs: bool, parts: Sequence[str] = ()) -> Columns:
    """What the CSV files of these beginnings hold, the newest last. ``tabs``: their name says that they have tabs;
    ``parts``: names that are columns already. UserError if none has a record.
    """
    encoding, unsure = dialects.encoding([head.raw for head in heads])
    decoded = [head.text(encoding) for head in heads]
    written = dialects.written([text for text in decoded if text], tabs)
    if written is None:
        raise UserError(f"{heads[0].path}: found no row, expected a header and rows; nothing was changed")
    dialect = Dialect(written.delimiter.encode(), written.quote.encode())
    files = [_File(h, text, _names(text, written, dialect)) for h, text in zip(heads, decoded, strict=True)]
    fits = shared_columns.alike([file.names for file in files])
    used = [file for file, alike in zip(files, fits, strict=True) if alike]
    twice = {name for file in used for name in file.names if file.names.count(name) > 1}
    shared = [
        each
        for each in shared_columns.shared([f.names for f in used if f.names])
        if not twice & {*each.names}
    ]
    gathered = _gathered(used, shared, written, dialect)
    conventions = texts.conventions(gathered, written.delimiter)
    named = column_names.column_names([each.names[0] for each in shared], parts)
    of = sum(1 for file in used if file.names)
    made, doubts = _made(gathered, shared, conventions, named, of)
    return Columns(
        made,
        _options(written, conventions, encoding, tabs, made),
        tuple(f"{name!r} stands more than once in a header" for name in sorted(twice)),
        (*unsure, *written.unsure, *conventions.unsure, *doubts),
        tuple(file.head.path for file, alike in zip(files, fits, strict=True) if not alike),
    )


def _names(text: bytes, written: Written, dialect: Dialect) -> tuple[str, ...]:
    at = csv_records.first(text, 0)
    if at == len(text):
        return ()
    if not written.header:
        return written.names
    found = csv_records.record(text, at, dialect, True)
    assert found is not None
    return tuple(field.decode("utf-8", "replace").strip() for field in found.fields or ())


def _gathered(
    files: Sequence[_File], shared: Sequence[Shared], written: Written, dialect: Dialect
) -> list[Texts]:
    """The texts of each column, over all files."""
    found: list[Counter[str]] = [Counter() for _ in shared]
    periods: list[dict[str, Counter[str]]] = [{} for _ in shared]
    for file in files:
        wanted = [next((file.names.index(n) for n in each.names if n in file.names), None) for each in shared]
        for column, counts in _counted(file, written, dialect, wanted).items():
            found[column] += counts
            if file.head.period:
                periods[column].setdefault(file.head.period, Counter()).update(counts)
    return [Texts(each.names[0], c, p) for each, c, p in zip(shared, found, periods, strict=True)]


def _counted(
    file: _File, written: Written, dialect: Dialect, wanted: Sequence[int | None]
) -> Mapping[int, Counter[str]]:
    """The wanted column → its texts, of the records that have as many fields as the header."""
    found: dict[int, Counter[str]] = {at: Counter() for at, place in enumerate(wanted) if place is not None}
    data = file.text
    if written.header and file.names:
        header = csv_records.record(data, csv_records.first(data, 0), dialect, True)
        assert header is not None
        data = data[header.end :]
    places = [place for place in wanted if place is not None]
    if not places:
        return found
    try:
        for piece in csv_blocks.pieces(text_files.TextFile(io.BytesIO(data), "utf-8"), dialect, b""):
            read = csv_blocks.texts(piece, dialect, len(file.names), places)
            for at, column in zip(found, read.columns, strict=True):
                counted = pc.value_counts(pc.utf8_trim(column, BLANKS))
                pairs = zip(counted.field(0).to_pylist(), counted.field(1).to_pylist(), strict=True)
                found[at].update(dict(pairs))
    except FileError:
        return found
    return found


def _made(
    gathered: Sequence[Texts],
    shared: Sequence[Shared],
    written: Conventions,
    named: Mapping[str, str],
    of: int,
) -> tuple[tuple[ProposedColumn, ...], list[str]]:
    made: list[ProposedColumn] = []
    unsure: list[str] = []
    for each, group in zip(gathered, shared, strict=True):
        name = named[each.name]
        looked = texts.looked_at(replace(each, name=name), written.nulls)
        guess = texts.guess(looked, written)
        unsure += guess.unsure
        column = ProposedColumn(
            name, guess.type, guess.nullable, _other_names(name, group.names), None, guess.about
        )
        if group.files < of:
            column = replace(
                column, nullable=True, default="", about=f"in {group.files} of {of} files; {guess.about}"
            )
            unsure.append(f"{name}: in {group.files} of the {of} files looked at; null in the others")
        made.append(column)
    return tuple(made), unsure


def _other_names(name: str, names: tuple[str, ...]) -> tuple[str, ...]:
    return () if names == (name,) else names


def _options(
    written: Written, conventions: Conventions, encoding: str, tabs: bool, made: Sequence[ProposedColumn]
) -> dict[str, object]:
    """What is not as usual."""
    kinds = {str(column.type).partition("(")[0] for column in made}
    options: dict[str, object] = {}
    if written.delimiter != ("\t" if tabs else ","):
        options["delimiter"] = written.delimiter
    if written.quote != '"':
        options["quote"] = written.quote
    if not written.header:
        options["header"] = False
    if conventions.nulls != ("",):
        options["nulls"] = list(conventions.nulls)
    if encoding != "utf-8":
        options["encoding"] = encoding
    if conventions.decimal != "." and kinds & {"float", "double", "decimal"}:
        options["decimal"] = conventions.decimal
    if conventions.date and "date" in kinds:
        options["date_format"] = conventions.date
    if conventions.timestamp and kinds & {"timestamp", "timestamptz"}:
        options["timestamp_format"] = conventions.timestamp
    return options
