"""Read a run's trip files one by one: their counts go to DuckDB's table ``trip_counts``, their bad rows to
quarantine.

What cannot be read of a file spoils that file alone, and all of it: its error is reported, nothing of it is
counted and nothing of it is in quarantine.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tlc import counting
from tlc.errors import FileError, JobError
from tlc.exits import log
from tlc.sources import Source
from tlc.storage import MissingError, files

QUARANTINE = pa.schema([("source", pa.string()), *counting.BAD_ROW])
TRIP_COUNTS = pa.schema(
    [
        ("dataset", pa.string()),
        ("source", pa.string()),
        ("etag", pa.string()),
        ("month", pa.string()),
        ("window_start", pa.timestamp("us")),
        ("trips", pa.int64()),
    ]
)
NAMED = 3
"""How many failures an error or a verdict names; the summary names all."""


@dataclass(frozen=True)
class Result:
    """What became of one file. ``rows_read`` = ``rows_counted`` + ``rows_quarantined``; all are 0 if there is
    an error.
    """

    source: Source
    etag: str
    layout: str | None = None
    rows_read: int = 0
    rows_counted: int = 0
    rows_quarantined: int = 0
    error: str | None = None


def read_all(engine: counting.Engine, sources: Iterable[Source], quarantine: Path) -> list[Result]:
    """Count ``sources`` into the table ``trip_counts`` of ``engine`` and write their unreadable rows below
    the local folder ``quarantine``, one Parquet file for each source that has any. JobError if no file
    could be read.
    """
    create_table(engine)
    results = []
    for source in sources:
        started = time.monotonic()
        result = _read(engine, source, quarantine)
        log(line(result) + f", {time.monotonic() - started:.1f} s")
        results.append(result)
    check(results)
    return results


def create_table(engine: counting.Engine) -> None:
    """Make the empty table ``trip_counts``."""
    engine.db.register("nothing", TRIP_COUNTS.empty_table())
    engine.db.execute("CREATE TABLE trip_counts AS FROM nothing")


def check(results: list[Result]) -> None:
    """JobError if no file could be read."""
    if all(result.error for result in results):
        raise JobError(
            f"none of the {len(results)} trip files could be read: " + "; ".join(failures(results))
        )


def failures(results: list[Result]) -> list[str]:
    """One line for each of the first few files that could not be read, and one that counts the others."""
    failed = [f"{result.source.path}: {result.error}" for result in results if result.error]
    more = [f"and {len(failed) - NAMED} more"] if len(failed) > NAMED else []
    return [line[:200] for line in failed[:NAMED]] + more


def _read(engine: counting.Engine, source: Source, quarantine: Path) -> Result:
    with tempfile.TemporaryDirectory(dir=quarantine.parent) as folder:
        try:
            if source.form == "folder":
                raise FileError("it is a folder; a trip file is one object")
            path = files(source.uri).fetch(source.uri, source.etag, Path(folder))
            counted = counting.count(engine, source, path)
            etag = source.etag or files(source.uri).fingerprint(source.uri)
        except (FileError, MissingError) as error:
            return Result(source, source.etag, error=str(error))
        if counted.unreadable:
            _write_quarantine(engine, source, path, counted, quarantine / f"{source.path}.parquet")
    return insert(engine, source, etag, counted)


def insert(engine: counting.Engine, source: Source, etag: str, counted: counting.Counted) -> Result:
    """Put the counts of one file into ``trip_counts``."""
    windows = sorted(counted.windows)
    n = len(windows)
    columns = [
        [source.dataset] * n,
        [source.path] * n,
        [etag] * n,
        [source.month] * n,
        pa.array(windows, pa.int64()).cast(pa.timestamp("us")),
        [counted.windows[window] for window in windows],
    ]
    engine.db.register(
        "counted", pa.Table.from_arrays([pa.array(c) for c in columns], TRIP_COUNTS.names).cast(TRIP_COUNTS)
    )
    engine.db.execute("INSERT INTO trip_counts FROM counted")
    good = sum(counted.windows.values())
    return Result(source, etag, counted.layout.layout, counted.rows, good, counted.unreadable)


def _write_quarantine(
    engine: counting.Engine, source: Source, path: Path, counted: counting.Counted, target: Path
) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    with pq.ParquetWriter(target, QUARANTINE, compression="zstd") as writer:
        for batch in counting.bad_rows(engine, source, path, counted):
            name = pa.array([source.path] * len(batch), pa.string())
            writer.write_batch(pa.RecordBatch.from_arrays([name, *batch.columns], schema=QUARANTINE))
            written += len(batch)
    if written != counted.unreadable:
        raise RuntimeError(
            f"{source.path}: {counted.unreadable} rows refused, {written} in quarantine: a bug of the job"
        )


def line(result: Result) -> str:
    """What the log says of a file."""
    if result.error:
        return f"{result.source.path}: not read: {result.error}"
    refused = f", {result.rows_quarantined:,} to quarantine" if result.rows_quarantined else ""
    layout = result.layout or "layout of its own"
    return f"{result.source.path}: {result.rows_read:,} rows ({layout}){refused}"
