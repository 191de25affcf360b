"""The least that Polars, streaming, must do with files of orders: read them with explicit columns, drop what is not
right, and write one Parquet file. A floor for ``datasets.py``, as ``bare_datasets.py`` is with DuckDB.
"""

from __future__ import annotations

import sys

import polars as pl

_COLUMNS = {
    "id": pl.Int64,
    "ordered_at": pl.String,
    "customer": pl.String,
    "amount": pl.Decimal(12, 2),
    "status": pl.String,
}
_TIME = pl.col("ordered_at").str.to_datetime(
    "%Y-%m-%dT%H:%M:%SZ", time_unit="us", time_zone="UTC", strict=False
)


def main(form: str, places: str, output: str) -> None:
    if form == "parquet":
        rows = pl.scan_parquet(places)
    else:
        scan = pl.scan_csv if form == "csv" else pl.scan_ndjson
        rows = scan(places, schema=_COLUMNS, ignore_errors=True).with_columns(_TIME)
    rows.filter(pl.col("amount").is_not_null()).sink_parquet(output, compression="zstd")


if __name__ == "__main__":
    main(*sys.argv[1:])
