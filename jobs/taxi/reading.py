"""Read a run's trip files, a few at a time: their counts go to DuckDB's relation ``trip_counts``, the rows that
do not count to quarantine.

What cannot be read of a file spoils that file alone, and all of it: its error is reported, nothing of it is
counted and nothing of it is in quarantine.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from data_pipeline.etl.errors import FileError, JobError
from data_pipeline.etl.exits import log
from data_pipeline.etl.reading.quarantine import Quarantine
from data_pipeline.etl.storage.filesystem import files
from data_pipeline.etl.storage.objects import MissingError
from data_pipeline.etl.storage.scratch import Scratch
from taxi import counting, csvrows, schemas
from taxi.rules import Policy
from taxi.sources import TripFile

TRIP_COUNTS = schemas.arrow("trip_counts")
_TEXTS_ONCE = pa.schema(
    [
        field.with_type(pa.dictionary(pa.int32(), pa.string())) if field.type == pa.string() else field
        for field in TRIP_COUNTS
    ]
)
_BATCH = 1 << 17
NAMED = 3
"""How many failures an error or a verdict names; the summary names all."""


@dataclass(frozen=True)
class Result:
    """What became of one file. ``rows_read`` = ``rows_counted`` + ``rows_quarantined``, and ``reasons`` says
    of all these last why; all are 0 if there is an error.
    """

    source: TripFile
    etag: str
    layout: str | None = None
    rows_read: int = 0
    rows_counted: int = 0
    rows_quarantined: int = 0
    error: str | None = None
    reasons: dict[str, int] = field(default_factory=dict)


def read_all(
    engine: counting.Engine,
    sources: Iterable[TripFile],
    quarantine: Path,
    policy: Policy,
    scratch: Scratch,
) -> list[Result]:
    """Count ``sources`` into the relation ``trip_counts`` of ``engine`` and write the rows that do not count
    below the local folder ``quarantine``, one Parquet file for each source that has any. JobError if no file
    could be read. Fetched files hold no more disk at once than ``scratch`` has.
    """
    return gathered(engine, _read_some(engine, sources, quarantine, policy, scratch))


def gathered(engine: counting.Engine, reads: Iterable[Read]) -> list[Result]:
    """The results of ``reads``, and their counts in the relation ``trip_counts`` of ``engine``, in the order of
    data set, source and window. JobError if no file could be read.
    """
    results, found = [], []
    for result, counted, seconds in reads:
        if counted:
            found.append((result, counted.windows))
        log(_file_line(result, seconds))
        results.append(result)
    engine.keep(_trip_counts(found))
    if all(result.error for result in results):
        raise JobError(
            f"none of the {len(results)} trip files could be read: " + "; ".join(failures(results))
        )
    return results


def failures(results: list[Result]) -> list[str]:
    """One line for each of the first few files that could not be read, and one that counts the others."""
    failed = [f"{result.source.path}: {result.error}" for result in results if result.error]
    more = [f"and {len(failed) - NAMED} more"] if len(failed) > NAMED else []
    return [line[:200] for line in failed[:NAMED]] + more


Read = tuple[Result, counting.Counted | None, float]
"""What became of a file, its counts unless there is an error, and the seconds that it took."""


def _read_some(
    engine: counting.Engine,
    sources: Iterable[TripFile],
    quarantine: Path,
    policy: Policy,
    scratch: Scratch,
) -> Iterator[Read]:
    """What became of each source, in order, and the seconds it took. As many are read at once as the engine
    has threads, so that small files keep all of them busy and a download waits for nothing but the network.
    """
    sources = list(sources)
    csvrows.slow_path_budget.expect(sum(source.size for source in sources if source.form.startswith("csv")))
    waiting: deque[Future[Read]] = deque()
    with ThreadPoolExecutor(engine.threads) as pool, engine.reading(len(sources)):
        try:
            for source in sources:
                waiting.append(pool.submit(_read, engine, source, quarantine, policy, scratch))
                if len(waiting) > engine.threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


def _read(
    engine: counting.Engine, source: TripFile, quarantine: Path, policy: Policy, scratch: Scratch
) -> Read:
    started = time.monotonic()
    target, store = quarantine / f"{source.path}.parquet", files(source.uri)
    try:
        if source.form == "folder":
            raise FileError("it is a folder; a trip file is one object")
        with (
            scratch.room(store.copied(source.size)),
            store.fetched(source.uri, source.etag, quarantine.parent) as path,
            Quarantine(target, source.path, policy.quarantine_limit) as refused,
        ):
            etag = source.etag or store.fingerprint(source.uri)
            counted = counting.count(engine, source, path, policy, refused)
    except (FileError, MissingError) as error:
        return Result(source, source.etag, error=str(error)), None, time.monotonic() - started
    return result_of(source, etag, counted), counted, time.monotonic() - started


def result_of(source: TripFile, etag: str, counted: counting.Counted) -> Result:
    """What became of a file that could be read."""
    good, reasons = counted.trips, dict(sorted(counted.reasons.items()))
    return Result(source, etag, counted.layout.layout, counted.rows, good, counted.refused, reasons=reasons)


def _trip_counts(found: list[tuple[Result, tuple[Any, Any]]]) -> pa.Table:
    """The windows of each file as one table, in batches that DuckDB's threads share."""
    found = sorted(found, key=lambda each: (each[0].source.dataset, each[0].source.path))
    sizes = [len(starts) for _, (starts, _) in found]
    results = [result for result, _ in found]
    texts = [
        _repeated(values, sizes)
        for values in (
            [result.source.dataset for result in results],
            [result.source.path for result in results],
            [result.etag for result in results],
            [result.source.month for result in results],
        )
    ]
    nothing = np.zeros(0, np.int64)
    start, trips = (np.concatenate([nothing, *(pair[n] for _, pair in found)]) for n in (0, 1))
    start = pa.array(start).cast(pa.timestamp("us"))
    table = pa.Table.from_arrays([*texts, start, pa.array(trips)], schema=_TEXTS_ONCE)
    return pa.Table.from_batches(table.to_batches(_BATCH), _TEXTS_ONCE)


def _repeated(texts: list[str], times: list[int]) -> pa.DictionaryArray:
    """Each of ``texts`` so many times."""
    encoded = pa.array(texts, pa.string()).dictionary_encode()
    return pa.DictionaryArray.from_arrays(np.repeat(encoded.indices.to_numpy(), times), encoded.dictionary)


def _file_line(result: Result, seconds: float) -> str:
    if result.error:
        return f"{result.source.path}: not read: {result.error}"
    refused = f", {result.rows_quarantined:,} to quarantine" if result.rows_quarantined else ""
    layout = result.layout or "layout of its own"
    return f"{result.source.path}: {result.rows_read:,} rows ({layout}){refused}, {seconds:.1f} s"
