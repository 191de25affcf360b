"""Which files are looked at, and how much of each."""

from __future__ import annotations

import codecs
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import BinaryIO, Protocol

import pyarrow as pa

from data_pipeline.core.config.definitions import COMPRESSIONS, KINDS, ending
from data_pipeline.core.errors import UserError
from data_pipeline.etl.documents import patterns
from data_pipeline.etl.reading import text_files

from .names import Naming

MOST_BYTES = 2 << 20
"""Bytes of a file's text that are looked at, and of a Parquet file that is read whole."""
#: files from the beginning, the middle and the end each, and further ones so that every series is seen.
_EACH, _SERIES = 3, 6
#: and as many more, spread evenly, as together are small.
_MORE, _SMALL = 40, 2 << 20
_PARQUET_START, _GZIP_START = b"PAR1", b"\x1f\x8b"


class SampleSource(Protocol):
    """Where the files are: a folder, or a prefix in S3."""

    @property
    def where(self) -> str:
        """What messages call it."""

    def paths(self) -> Sequence[str]:
        """The files, by their paths below it, with ``/``."""

    def size(self, path: str) -> int:
        """Bytes of the file."""

    def opened(self, path: str) -> BinaryIO:
        """The file's bytes; what it returns can seek."""

    def local(self, path: str) -> Path | None:
        """The file on this machine, None if it is elsewhere."""


@dataclass(frozen=True)
class Found:
    """Files of one ``kind`` (csv, json or parquet), and paths of the source that are left out."""

    kind: str
    paths: tuple[str, ...]
    left_out: tuple[str, ...]


@dataclass(frozen=True)
class Head:
    """The beginning of a file: ``raw`` bytes, decompressed, and whether they are all. ``fault``: why no more of it
    could be read.
    """

    path: str
    raw: bytes
    whole: bool
    period: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""

    def text(self, encoding: str) -> bytes:
        """In UTF-8, without a byte order mark; whole lines, if it is not the whole file."""
        file = text_files.TextFile(io.BytesIO(self.raw), encoding)
        data = b"".join(iter(lambda: file.read(1 << 20), b""))
        return data if self.whole else data[: max(data.rfind(b"\n"), data.rfind(b"\r")) + 1]


def found(source: SampleSource, match: str | None) -> Found:
    """The files of ``source`` that are of one kind, by their endings. UserError if there are none, or of several."""
    every = [path for path in source.paths() if not any(_hidden(part) for part in path.split("/"))]
    wanted = [path for path in every if match is None or fnmatchcase(path, match)]
    if not wanted:
        said = f" of {len(every):,} that is like {match!r}" if match and every else ""
        raise UserError(
            f"{source.where}: found no file{said}, expected files of a data set; nothing was changed"
        )
    kinds: dict[str, list[str]] = {}
    for path in wanted:
        kinds.setdefault(KINDS.get(ending(_escaped(path))[0], ""), []).append(path)
    known = {kind: paths for kind, paths in kinds.items() if kind}
    if len(known) > 1:
        listed = ", ".join(f"{len(paths):,} {kind} ({paths[0]})" for kind, paths in sorted(known.items()))
        glob = "*" + ending(_escaped(max(known.values(), key=len)[0]))[0] + "*"
        raise UserError(
            f"{source.where}: found files of several kinds: {listed}; expected one kind; "
            f"choose with --match, as in --match '{glob}'; nothing was changed"
        )
    if known:
        kind, paths = next(iter(known.items()))
        return Found(kind, tuple(paths), tuple(kinds.get("", ())))
    return Found(_kind_of(source, wanted[0]), tuple(wanted), ())


def _escaped(path: str) -> str:
    """A path as a pattern without wildcards, for what only looks at its ending."""
    return path.translate(str.maketrans("*?{}", "____"))


def _hidden(part: str) -> bool:
    return part.startswith((".", "_"))


def _kind_of(source: SampleSource, path: str) -> str:
    """The kind of a file whose name does not say it. UserError if it is none that is read."""
    with source.opened(path) as file:
        start = file.read(1 << 12)
    expected = "expected CSV, JSON lines or Parquet; nothing was changed"
    if start.startswith(_PARQUET_START):
        return "parquet"
    if start.startswith(_GZIP_START) and not path.lower().endswith(COMPRESSIONS):
        raise UserError(f"{source.where}: {path} is a gzip file, which its name does not say, {expected}")
    if path.lower().endswith(COMPRESSIONS):
        start = _head(source, path, patterns.Match("", {})).raw[: 1 << 12]
    if b"\0" in start[:100] and not start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UserError(f"{source.where}: {path} is no text, {expected}")
    return "json" if start.lstrip().startswith(b"{") else "csv"


def refuse_what_is_no_text(heads: Sequence[Head]) -> None:
    """UserError if every file has bytes that no text has, as UTF-16 without a mark has them."""
    full = [head for head in heads if head.raw]
    marks = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    if full and all(
        head.raw.count(0) * 10 > len(head.raw) and not head.raw.startswith(marks) for head in full
    ):
        raise UserError(
            f"{full[0].path}: found bytes that are no text, expected UTF-8, or UTF-16 with a byte order mark; "
            "nothing was changed"
        )


def chosen(naming: Naming, size: Callable[[str], int]) -> dict[str, patterns.Match]:
    """The files to look at, by period and path, with what their names say: some from the beginning, the middle and
    the end, one of each series that is not among them, and of small files some more.
    """
    matches = {path: naming.match(path) for path in naming.covered}
    ordered = sorted(matches, key=lambda path: (matches[path].period, path))
    middle = len(ordered) // 2
    places = {
        *range(_EACH),
        *range(middle - 1, middle + _EACH - 1),
        *range(len(ordered) - _EACH, len(ordered)),
    }
    picked = {ordered[at] for at in places if 0 <= at < len(ordered)}
    seen = {tuple(matches[path].parts.values()) for path in picked}
    for path in reversed(ordered):
        series = tuple(matches[path].parts.values())
        if series not in seen and len(picked) < 3 * _EACH + _SERIES:
            picked.add(path)
            seen.add(series)
    left = _SMALL - sum(map(size, picked))
    for path in ordered[:: max(1, len(ordered) // _MORE)]:
        left -= 0 if path in picked else size(path)
        if left >= 0:
            picked.add(path)
    return {path: matches[path] for path in ordered if path in picked}


def heads(source: SampleSource, files: Mapping[str, patterns.Match]) -> Iterator[Head]:
    """The beginnings of text files."""
    for path, match in files.items():
        yield _head(source, path, match)


def _head(source: SampleSource, path: str, match: patterns.Match) -> Head:
    kind = text_files.COMPRESSIONS.get(Path(path).suffix.lower())
    data, fault, ended = bytearray(), "", False
    with source.opened(path) as file:
        stream = pa.PythonFile(file, "r")
        content = pa.CompressedInputStream(stream, kind) if kind else stream
        try:
            while len(data) < MOST_BYTES and not ended:
                more = content.read(1 << 18)
                data += more
                ended = not more
            ended = ended or not content.read(1)
        except (pa.ArrowException, OSError) as error:
            fault = f"its compressed data is damaged or cut off: {error}" if source.size(path) else ""
            ended = True
    return Head(path, bytes(data), ended, match.period, match.parts, fault)
