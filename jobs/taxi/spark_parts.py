"""What an executor does: count one part of a trip file with the code of the DuckDB engine.

A part is a whole file, or the lines of a plain CSV file that begin in a range of its bytes. It is brought to
the executor's disk as a trip file of its own, with the file's header, and counted as such.
"""

from __future__ import annotations

import io
import re
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from data_pipeline.etl.errors import FileError, JobError
from data_pipeline.etl.reading import quarantine
from data_pipeline.etl.reading.quarantine import SCHEMA, Quarantine
from data_pipeline.etl.storage.filesystem import files
from data_pipeline.etl.storage.objects import BLOCK, MissingError
from taxi import counting, csvfiles
from taxi.rules import Policy
from taxi.sources import TripFile

PART_BYTES = 64 << 20
"""About how many bytes of a CSV file make a part."""
_HEADER = re.compile(rb"(?:\xef\xbb\xbf)?[\r\n]*[^\r\n]*[\r\n]")

ReadAt = Callable[[int, int], bytes]
"""(position, most bytes) → the bytes there; none at the end of the file."""


@dataclass(frozen=True)
class Part:
    """The lines of ``source`` that begin in bytes ``start`` to ``end``, the header not among them."""

    source: TripFile
    start: int
    end: int

    @property
    def whole(self) -> bool:
        """Whether this is the whole file."""
        return self.start == 0 and self.end >= self.source.size


@dataclass(frozen=True)
class Read:
    """What became of one part: its counts, an error that spoils its file, or one that ends the job. ``etag``
    is told by a file's first part alone.
    """

    part: Part
    etag: str
    counted: counting.Counted | None = None
    seconds: float = 0.0
    error: str | None = None
    fatal: str | None = None


def parts_of(source: TripFile, size: int = PART_BYTES) -> list[Part]:
    """``source`` in parts of about ``size`` bytes; one that cannot be split is a part by itself."""
    if source.form != "csv" or source.size <= size:
        return [Part(source, 0, source.size)]
    starts = range(0, source.size, size)
    return [Part(source, start, min(start + size, source.size)) for start in starts]


def read(part: Part, policy: Policy) -> tuple[Read, bytes]:
    """Count ``part``; with it its rows that do not count, as a quarantine file that numbers them from the
    part's first row (no bytes: there are none).
    """
    source, started = part.source, time.monotonic()
    with tempfile.TemporaryDirectory(prefix="part-") as name:
        folder = Path(name)
        refused = Quarantine(folder / "refused.parquet", source.path, policy.quarantine_limit)
        try:
            with _fetched(part, folder) as path, counting.Engine(folder, threads=1) as engine, refused:
                counted = counting.count(engine, source, path, policy, refused)
            etag = _etag(source) if part.start == 0 else ""
        except (FileError, MissingError) as error:
            return Read(part, source.etag, error=str(error)), b""
        except JobError as error:
            return Read(part, source.etag, fatal=str(error)), b""
        rows = refused.path.read_bytes() if refused.path.exists() else b""
        return Read(part, etag, counted, time.monotonic() - started), rows


def line_start(read_at: ReadAt, position: int) -> int:
    """Where the first line begins that begins at ``position`` or after it: after a line feed, or at the end
    of the file.
    """
    if position == 0:
        return 0
    at = position - 1
    while block := read_at(at, BLOCK):
        end = block.find(b"\n")
        if end >= 0:
            return at + end + 1
        at += len(block)
        if at - position > csvfiles.LONGEST_LINE:
            raise FileError(f"it has a line of more than {csvfiles.LONGEST_LINE >> 20} MiB")
    return at


def copy_part(read_at: ReadAt, part: Part, target: Path) -> None:
    """Write the header and the lines of ``part`` to ``target``. Raises FileError."""
    start, end = line_start(read_at, part.start), line_start(read_at, part.end)
    with target.open("wb") as file:
        if part.start > 0:
            file.write(_header(read_at(0, csvfiles.HEADER_BYTES)))
        while start < end and (block := read_at(start, min(8 * BLOCK, end - start))):
            file.write(block)
            start += len(block)


def write_quarantine(place: str, pieces: Iterable[tuple[int, int, bytes]]) -> str:
    """Put the quarantine file of one source at ``place``: pieces (rows of the file before the part, rows to
    keep, the part's quarantine file) in order. Returns why it could not, or ''.
    """
    with tempfile.TemporaryDirectory(prefix="quarantine-") as folder:
        path = Path(folder) / "quarantine.parquet"
        with quarantine.writer(path) as writer:
            for before, kept, refused in pieces:
                table = pq.ParquetFile(io.BytesIO(refused)).read().slice(0, kept)
                at = table.schema.get_field_index("row")
                writer.write_table(table.set_column(at, SCHEMA.field("row"), pc.add(table["row"], before)))
        try:
            files(place).upload(path, place)
        except JobError as error:
            return str(error)
    return ""


@contextmanager
def _fetched(part: Part, folder: Path) -> Iterator[Path]:
    """A local trip file with the lines of ``part``. Raises MissingError, FileError."""
    source = part.source
    storage = files(source.uri)
    if part.whole:
        with storage.fetched(source.uri, source.etag, folder) as path:
            yield path
        return
    target = folder / "part.csv"
    copy_part(lambda at, size: storage.read_at(source.uri, source.etag, at, size), part, target)
    yield target


def _etag(source: TripFile) -> str:
    etag: str = files(source.uri).fingerprint(source.uri)
    if source.etag and etag != source.etag:
        raise MissingError("the file has changed since the plan was made")
    return etag


def _header(start: bytes) -> bytes:
    """The header's line, with what may stand before it, and a line end that no later line can be part of."""
    match = _HEADER.match(start)
    return match.group() + b"\n" if match else start
