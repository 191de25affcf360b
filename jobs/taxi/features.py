"""The features: ride counts by 15-minute window, a function of trip counts; and the Parquet files of both."""

# ruff: noqa: S608 - SQL is put together from this package's own expressions and quoted names

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from data_pipeline.etl.publishing import coverage
from taxi import schemas
from taxi.sources import DATASETS

ROW_GROUP = 122_880
RIDE_COUNTS = schemas.arrow("ride_counts")
_TRIPS = "sum(CAST(trips AS DOUBLE))"
"""Exact up to 2**53 trips, and quicker than DuckDB's sum of whole numbers, which has 128 bits."""
_TEXT_ONCE = pa.dictionary(pa.int32(), pa.string())


def ride_counts(fill: bool = False) -> str:
    """SQL: the rows of RIDE_COUNTS, by time, from a relation ``trip_counts`` (dataset, window_start, trips).

    ``dow`` is 1 on Sunday to 7 on Saturday, ``minutes`` counts from midnight, ``doy`` is 1 on 1 January. A
    window without a ride has no row; with ``fill`` it has one with 0 if it is in a month of the relation
    ``covered`` (month, as its first midnight).
    """
    each = "".join(
        f", CAST(coalesce({_TRIPS} FILTER (dataset = '{dataset}'), 0) AS BIGINT) AS {dataset}"
        for dataset in DATASETS
    )
    counted = "SELECT dataset, window_start, trips FROM trip_counts"
    if fill:
        windows = "unnest(generate_series(month, month + INTERVAL 1 MONTH - INTERVAL 15 MINUTE, INTERVAL 15 MINUTE))"
        counted += f" UNION ALL SELECT NULL, {windows}, 0 FROM (SELECT DISTINCT month FROM covered)"
    return (
        f"SELECT window_start AS timestamp, CAST({_TRIPS} AS BIGINT) AS num_rides, "
        "CAST(hour(window_start) * 60 + minute(window_start) AS INTEGER) AS minutes, "
        "CAST(dayofweek(window_start) + 1 AS INTEGER) AS dow, CAST(month(window_start) AS INTEGER) AS month, "
        f"CAST(dayofyear(window_start) AS INTEGER) AS doy{each} FROM ({counted}) GROUP BY window_start "
        f"HAVING {_TRIPS} > 0{' OR bool_or(dataset IS NULL)' if fill else ''} ORDER BY timestamp"
    )


def covered(db: duckdb.DuckDBPyConnection, months: Iterable[tuple[str, str]]) -> str:
    """Make ``db``'s relation ``covered`` of these months of data sets, and return them as one text."""
    texts = pa.array(sorted({month for _, month in months}), pa.string())
    db.register("months", pa.table({"text": texts}))
    db.execute(
        "CREATE OR REPLACE TEMP VIEW covered AS SELECT CAST(text || '-01' AS TIMESTAMP) AS month FROM months"
    )
    return coverage.text(months)


def write_parquet(
    db: duckdb.DuckDBPyConnection, query: str, schema: pa.Schema, metadata: dict[str, str], target: Path
) -> int:
    """Write the rows of ``query`` to the local file ``target``, in their order, and return how many they are.

    Equal rows and ``metadata`` (which goes into the file's own) make equal files.
    """
    rows = 0
    with pq.ParquetWriter(target, schema.with_metadata(metadata), **_steps(schema)) as writer:
        for batch in db.execute(query).to_arrow_reader(ROW_GROUP):
            writer.write_batch(batch.cast(schema))
            rows += len(batch)
    return rows


def write_rows(rows: pa.Table, metadata: dict[str, str], target: Path | BinaryIO) -> None:
    """Write ``rows`` to ``target``, as ``write_parquet`` writes those of a query."""
    schema = rows.schema.with_metadata(metadata)
    pq.write_table(rows.cast(schema), target, row_group_size=ROW_GROUP, **_steps(schema))


def _steps(schema: pa.Schema) -> dict[str, Any]:
    """How to write rows in the order of time: numbers as the steps from one to the next, which are small."""
    texts = [field.name for field in schema if field.type in (pa.string(), _TEXT_ONCE)]
    numbers = [name for name in schema.names if name not in texts]
    steps = dict.fromkeys(numbers, "DELTA_BINARY_PACKED")
    return {"compression": "zstd", "use_dictionary": texts or False, "column_encoding": steps}
