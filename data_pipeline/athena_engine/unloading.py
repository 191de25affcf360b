"""UNLOAD: the rows of a query as Parquet files at a place in S3, and a manifest that lists them.

https://docs.aws.amazon.com/athena/latest/ug/unload.html
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow.fs import FileSelector, S3FileSystem

from data_pipeline.athena_sql.types import Type

from .errors import QueryError

_UNLOAD = re.compile(
    r"\s*UNLOAD\s*\((?P<query>.*)\)\s*TO\s*'(?P<place>[^']*)'\s*WITH\s*\((?P<options>[^()]*)\)\s*;?\s*",
    re.IGNORECASE | re.DOTALL,
)
_OPTION = re.compile(r"(\w+)\s*=\s*('[^']*'|ARRAY\s*\[[^\]]*\]|[^\s,']+)", re.IGNORECASE)
_NOT_OF_HIVE = (
    "interval day to second",
    "interval year to month",
    "time",
    "timestamp with time zone",
    "unknown",
    "uuid",
    "zoned timestamp within another type",
)
_COMPRESSIONS = ("gzip", "none", "snappy", "zstd")
_FILE_ROWS = 5_000_000


@dataclass(frozen=True)
class Unload:
    """``place`` is a URI that ends with a slash; ``compression`` is Parquet's."""

    query: str
    place: str
    compression: str


def read(text: str) -> Unload:
    """The parts of the statement. QueryError for what is no UNLOAD, and for what is not done here."""
    found = _UNLOAD.fullmatch(text)
    if found is None:
        words = "line 1:1: expected UNLOAD (SELECT …) TO 's3://…' WITH (format = '…')"
        raise QueryError("SYNTAX_ERROR", words)
    scheme, _, rest = found["place"].partition("://")
    if scheme != "s3" or not rest.strip("/"):
        raise QueryError("INVALID_LOCATION", f"'{found['place']}' is no place in S3")
    options = _options(found["options"])
    form, compression = options.pop("format", "missing"), options.pop("compression", "'GZIP'")
    for name, value in {**options, **({} if form.lower() == "'parquet'" else {"format": form})}.items():
        raise QueryError("NOT_SUPPORTED", f"the embedded AWS does not run UNLOAD with {name} = {value}")
    if compression.lower() not in [f"'{each}'" for each in _COMPRESSIONS]:
        words = f"the embedded AWS does not run UNLOAD with compression = {compression}"
        raise QueryError("NOT_SUPPORTED", words)
    return Unload(found["query"], f"s3://{rest.rstrip('/')}/", compression.strip("'").lower())


def _options(text: str) -> dict[str, str]:
    """Name of each option, in lower case → its value as it is written."""
    rest = _OPTION.sub("", text).strip(", \t\r\n")
    if rest:
        raise QueryError("SYNTAX_ERROR", f"expected name = value in WITH (…) of UNLOAD, found: {rest}")
    return {name.lower(): value for name, value in _OPTION.findall(text)}


def check_columns(columns: Sequence[tuple[str, Type]]) -> None:
    """QueryError for columns that files of Hive's tables cannot have."""
    for at, (name, kind) in enumerate(columns):
        if name == f"_col{at}":
            raise QueryError("MISSING_COLUMN_NAME", f"Column name not specified at position {at + 1}")
        for inner in _within(kind):
            if inner.name in _NOT_OF_HIVE:
                raise QueryError("NOT_SUPPORTED", f"Unsupported Hive type: {inner}")
    twice = [name for name, number in Counter(name.lower() for name, _ in columns).items() if number > 1]
    if twice:
        raise QueryError("DUPLICATE_COLUMN_NAME", f"Column name '{twice[0]}' specified more than once")


def _within(kind: Type) -> Iterator[Type]:
    yield kind
    for part in kind.parts:
        yield from _within(part)


def write(
    files: S3FileSystem, unload: Unload, name: str, rows: pa.Table, columns: Sequence[tuple[str, Type]]
) -> list[str]:
    """Write the rows to files whose names begin with ``name``; their URIs, none where there are no rows. QueryError
    where the place has objects already.
    """
    folder = unload.place.removeprefix("s3://").rstrip("/")
    if files.get_file_info(FileSelector(folder, allow_not_found=True)):
        raise QueryError("HIVE_PATH_ALREADY_EXISTS", f"Target directory already exists: {unload.place}")
    named = rows.rename_columns([column for column, _ in columns])
    places = []
    for number, start in enumerate(range(0, len(rows), _FILE_ROWS)):
        place = f"{unload.place}{name}_{number:05}"
        piece = named.slice(start, _FILE_ROWS)
        with files.open_output_stream(place.removeprefix("s3://")) as out:
            # Trino writes times of Hive's tables as INT96
            pq.write_table(
                piece, out, compression=unload.compression.upper(), use_deprecated_int96_timestamps=True
            )
        places.append(place)
    return places
