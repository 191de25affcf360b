"""Trip files in CSV, plain or gzipped: the header, and the rows in chunks of whole lines.

A row is a line. TLC's files hold no line break inside quotes, so a quote that is never closed costs its own
row and not the rest of the file. Lines may end in LF, CRLF or CR, mixed; blank lines are not rows. DuckDB
counts; it does not read the file itself, because its CSV reader fails on mixed line ends and drops lines
where it should not (1.5.6).
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc

from tlc.errors import FileError

CHUNK_BYTES = 8 << 20
LONGEST_LINE = 16 << 20
HEADER_BYTES = 1 << 16
_NEAR = 40
_BOM = b"\xef\xbb\xbf"
_OTHER_FORMATS = {
    b"PAR1": "it is a Parquet file with the name of a CSV file",
    b"\x1f\x8b": "it is a gzip file with the name of a plain one",
    b"PK\x03\x04": "it is a ZIP archive",
    b"\xff\xfe": "it is UTF-16, not UTF-8",
    b"\xfe\xff": "it is UTF-16, not UTF-8",
}


def header(path: Path, gzipped: bool) -> list[str]:
    """The column names in the first line that is not blank. Raises FileError if there is no such line."""
    blocks = _blocks(path, gzipped, HEADER_BYTES)
    start = next(blocks, b"")
    for magic, what in _OTHER_FORMATS.items():
        if start.startswith(magic):
            raise FileError(what)
    text = start.removeprefix(_BOM).lstrip(b"\r\n")
    while text == b"" and (block := next(blocks, b"")):
        text = block.lstrip(b"\r\n")
    if text == b"":
        raise FileError("it is empty")
    if text.lstrip().startswith(b"<"):
        raise FileError("it is a web page (HTML or XML), not a CSV file")
    line = text.splitlines()[0]
    try:
        return next(csv.reader([line.decode("utf-8")]))
    except (UnicodeDecodeError, csv.Error) as error:
        raise FileError(f"its header cannot be read: {error}") from error


def chunks(path: Path, gzipped: bool, size: int = CHUNK_BYTES) -> Iterator[bytes]:
    """The file's bytes after its header line, in order, each chunk of about ``size`` ending where a line
    does.

    Raises FileError for gzip data that is cut off or damaged, and for a line that is too long to be a trip.
    """
    rest = b""
    started = False
    for block in _blocks(path, gzipped, size):
        block = rest + block
        if not started:
            block, started = _without_header(block)
        end = max(block.rfind(b"\n") + 1, 0)
        rest = block[end:]
        if len(rest) > LONGEST_LINE:
            raise FileError(f"it has a line of more than {LONGEST_LINE >> 20} MiB")
        if started and end:
            yield block[:end]
        elif not started:
            rest = block
    if not started:
        rest = _without_header(rest + b"\n")[0]
    if rest:
        yield rest


def _without_header(block: bytes) -> tuple[bytes, bool]:
    """``block`` less its first line that is not blank, and whether that line ended in it. A CR at the very
    end may be half a line end, so it does not count as one.
    """
    text = block.removeprefix(_BOM).lstrip(b"\r\n")
    ends = [at for at in (text.find(b"\n"), text.find(b"\r", 0, max(len(text) - 1, 0))) if at >= 0]
    return (text[min(ends) + 1 :], True) if ends else (block, False)


def _blocks(path: Path, gzipped: bool, size: int) -> Iterator[bytes]:
    try:
        with _open(path, gzipped) as file:
            while block := file.read(size):
                yield block
    except EOFError as error:
        raise FileError("the gzip data is cut off: the file is not complete") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise FileError(f"the gzip data is damaged: {error}") from error


def _open(path: Path, gzipped: bool) -> BinaryIO:
    return gzip.open(path, "rb") if gzipped else path.open("rb", buffering=0)  # type: ignore[return-value]


def lines(chunk: bytes) -> pa.Table:
    """The lines of ``chunk``, in order, as a table with one column ``line``, without line ends. Blank ones
    are ''.

    A CR within a line is left: it takes ``with_cr_as_line_end`` to make two lines of it. Raises FileError if
    the bytes are not UTF-8.
    """
    ends = pa.py_buffer((0).to_bytes(4, "little") + len(chunk).to_bytes(4, "little"))
    text = pa.Array.from_buffers(pa.string(), 1, [None, ends, pa.py_buffer(chunk)])
    found = pc.ascii_rtrim(pc.split_pattern(text, "\n").flatten(), characters="\r")
    try:
        found.validate(full=True)
    except pa.ArrowInvalid as error:
        raise FileError("it is not UTF-8 text") from error
    return pa.table({"line": found})


def with_cr_as_line_end(chunk: bytes) -> bytes:
    """``chunk`` with LF for every CRLF and CR."""
    return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def field(position: int) -> str:
    """SQL: the text of the field at ``position`` (from 0) of the VARCHAR ``line``, as Python's csv module
    would read it; NULL if the line has fewer fields."""
    return f"CASE WHEN contains(line, '\"') THEN {_quoted_field(position)} ELSE {_plain_field(position)} END"


def quick_field(position: int, quoted: bool) -> str:
    """As ``field`` for every field that is a time; other fields may come back longer, but never as a time.

    Nearly every time is 19 characters long and is cut out by position; splitting the line costs several
    times as much. ``quoted`` says whether any line may hold a double quote.
    """
    start = "0"
    for n in range(position):
        near = "line" if n == 0 else f"substr(line, {start} + 1, {_NEAR})"
        start = f"{start} + nullif(instr({near}, ','), 0)"
    quick = (
        f"CASE WHEN substr(line, {start} + 20, 1) IN (',', '') THEN substr(line, {start} + 1, 19) "
        f"ELSE {_plain_field(position)} END"
    )
    if not quoted:
        return quick
    return f"CASE WHEN contains(line, '\"') THEN {_quick_quoted(position)} ELSE {quick} END"


def _quick_quoted(position: int) -> str:
    """The first two fields of a line whose every field is quoted, as TLC wrote in 2017 and 2018, are cut out
    too.
    """
    if position == 0:
        opens, start = "1", "starts_with(line, '\"')"
    elif position == 1:
        opens = f"(instr(substr(line, 2, {_NEAR}), '\"') + 3)"
        start = f"starts_with(line, '\"') AND substr(line, {opens} - 2, 3) = '\",\"'"
    else:
        return _quoted_field(position)
    return (
        f"CASE WHEN {start} AND substr(line, {opens} + 20, 2) = '\",' THEN substr(line, {opens} + 1, 19) "
        f"ELSE {_quoted_field(position)} END"
    )


def _plain_field(position: int) -> str:
    return f"string_split(line, ',')[{position + 1}]"


def _quoted_field(position: int) -> str:
    one = r'(?:[^",][^,]*|"(?:[^"]|"")*"(?:[^",][^,]*)?|)'
    last = r'([^",][^,]*|"(?:[^"]|"")*"(?:[^",][^,]*)?|"(?:[^"]|"")*$|)'
    pattern = f"^(?:{one},){{{position}}}{last}(?:,|$)"
    found = f"CASE WHEN regexp_matches(line, '{pattern}') THEN regexp_extract(line, '{pattern}', 1) END"
    return f"""regexp_replace({found}, '^"([^"]*)"?([^"]*)$', '\\1\\2')"""
