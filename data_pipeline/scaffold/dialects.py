"""How text files are written: encoding, delimiter, quote, header.

The records are taken apart by the grammar of the reader itself (``csv_records``), so that what is found is what will
be read. DuckDB's ``sniff_csv`` was looked at: it gives up on files with faulty rows, and knows quotes that the reader
does not.
"""

from __future__ import annotations

import codecs
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from data_pipeline.etl.reading import csv_records, text_files
from data_pipeline.etl.reading.csv_records import Dialect

from . import number_types, time_types
from .guesses import Texts

DELIMITERS = (",", ";", "\t", "|")
_QUOTES = ('"', "'", "")
_MOST_RECORDS = 1000
_MOST_BYTES, _LEAST_BYTES = 1 << 18, 1 << 13


@dataclass(frozen=True)
class Written:
    """``names``: the columns of the header, or of no header as ``column_1`` and on. ``unsure``: sentences."""

    delimiter: str
    quote: str
    header: bool
    names: tuple[str, ...]
    unsure: tuple[str, ...] = ()


def encoding(heads: Sequence[bytes]) -> tuple[str, tuple[str, ...]]:
    """The encoding of the beginnings of files, and what is unsure about it. UTF-8, unless more lines speak against it
    than for it.
    """
    marked = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # is read as what it is, whatever the others are
    heads = [head for head in heads if not head.startswith(marked)]
    high = [line for head in heads for line in head.split(b"\n")[:-1] if not line.isascii()]
    wrong = [line for line in high if not text_files.is_utf8(line)]
    if len(wrong) * 2 <= len(high):
        return "utf-8", ()
    shown = wrong[0].decode("windows-1252", "replace").strip()[:60]
    for name in ("windows-1252", "iso-8859-1"):
        try:
            for line in wrong:
                line.decode(name)
        except UnicodeDecodeError:
            continue
        return name, (
            f"the files are no UTF-8; {name} is a guess, which reads {shown!r}: look at its letters",
        )
    return "utf-8", ("some lines are no text in any encoding that was tried",)


def written(heads: Sequence[bytes], tabs: bool = False) -> Written | None:
    """How CSV files are written whose beginnings are ``heads``, in UTF-8. ``tabs``: their name says that they have
    tabs. None if no file has a record.
    """
    candidates = ("\t", *DELIMITERS[:2], "|") if tabs else DELIMITERS
    if not heads:
        return None
    best: tuple[float, Dialect] | None = None
    for delimiter in candidates:
        for quote in _QUOTES:
            dialect = Dialect(delimiter.encode(), quote.encode())
            score = _score(heads, dialect)
            if best is None or score > best[0] + 1e-9:
                best = (score, dialect)
    assert best is not None
    dialect = best[1]
    if not any(quote in head for head in heads for quote in (dialect.quote,) if quote):
        dialect = Dialect(dialect.delimiter, b'"')
    rows = [read for head in heads if (read := [*_records(head, dialect)]) and read[0]]
    return _with_header(dialect, rows) if rows else None


def _score(heads: Sequence[bytes], dialect: Dialect) -> float:
    """How well the files fit the dialect, each by itself: they may have other columns."""
    most = max(_LEAST_BYTES, _MOST_BYTES // len(heads))
    scores = [_score_of(rows) for head in heads if (rows := [*_records(head, dialect, most)])]
    return sum(scores) / len(scores) if scores else 0.0


def _score_of(rows: Sequence[Sequence[str]]) -> float:
    """The share of a file's records that have as many fields as most, and whether those are several."""
    counts = Counter(len(row) for row in rows)
    counts.pop(0, None)
    if not counts:
        return 0.0
    fields, most = max(counts.items(), key=lambda each: (each[1], each[0]))
    share = most / len(rows)
    # A delimiter that is nowhere splits every record alike, into one field.
    return share * 0.5 if fields == 1 else share + min(fields, 50) / 10_000 - _left(rows)


def _left(rows: Sequence[Sequence[str]]) -> float:
    """The share of the fields that still begin and end with a quote, which another dialect takes away."""
    odd = sum(len(f) > 1 and f[0] == f[-1] and f[0] in "\"'" for row in rows for f in row)
    return min(0.4, odd / max(1, sum(map(len, rows))))


def _records(head: bytes, dialect: Dialect, bytes_: int = 1 << 17) -> Iterator[list[str]]:
    """The fields of the first records, none of one that is malformed; the last, which may be cut off, only alone."""
    data = head[:bytes_]
    at = csv_records.first(data, 0)
    for _ in range(_MOST_RECORDS):
        if at >= len(data):
            return
        found = csv_records.record(data, at, dialect, last=len(data) == len(head))
        if found is None:
            return
        yield [field.decode("utf-8", "replace") for field in found.fields or ()]
        at = csv_records.first(data, found.end)


def _with_header(dialect: Dialect, rows: Sequence[Sequence[Sequence[str]]]) -> Written:
    firsts = [tuple(name.strip() for name in file[0]) for file in rows]
    below = [row for file in rows for row in file[1:] if len(row) == len(firsts[-1])]
    signs = dialect.delimiter.decode(), dialect.quote.decode()
    names = firsts[-1]
    said = _says_header(names, below)
    if said is None and len(set(firsts)) < len(firsts):
        said = True  # two files begin with the same record
    if said is None or said:
        wide = _wider(rows)
        doubt = "every column is text, and so is the first line: it is taken for a header; else write header: false"
        return Written(*signs, True, names, (*wide, *(() if said else (doubt,))))
    count = Counter(len(row) for file in rows for row in file).most_common(1)[0][0]
    doubt = "the first line is taken for data, not for a header: name the columns"
    return Written(*signs, False, tuple(f"column_{at}" for at in range(1, count + 1)), (doubt,))


def _wider(rows: Sequence[Sequence[Sequence[str]]]) -> tuple[str, ...]:
    """What is said of the newest file whose rows have another number of fields than its header."""
    for header, *below in reversed(rows):
        fields = Counter(map(len, below)).most_common(1)[0][0] if below else len(header)
        if fields != len(header):
            said = f"a header of {len(header)} columns stands above rows of {fields} fields"
            return (f"{said}, as in {header[0]!r}, …: such rows are refused",)
    return ()


def _says_header(names: Sequence[str], below: Sequence[Sequence[str]]) -> bool | None:
    """Whether the first line names the columns: it is of other kinds than what stands below. None if that says
    nothing.
    """
    if any(_is_value(name) for name in names):
        again = [
            sum(_is_value(row[at]) for row in below) * 2 > len(below)
            for at, n in enumerate(names)
            if _is_value(n)
        ]
        return None if below and not any(again) else False
    typed = any(sum(_is_value(row[at]) for row in below) * 2 > len(below) > 0 for at in range(len(names)))
    return True if typed or not below else None


def _is_value(text: str) -> bool:
    bare = text.strip()
    if number_types.is_number(bare) or number_types.is_number(bare.replace(",", ".")):
        return True
    return bare.lower() in ("true", "false") or time_types.form(Texts("", {bare: 1})) is not None
