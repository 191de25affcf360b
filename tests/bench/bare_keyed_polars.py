"""The least that Polars must do with files of orders that change: as ``bare_keyed.py`` does with DuckDB."""

from __future__ import annotations

import sys

import polars as pl

_COLUMNS = {
    "id": pl.Int64,
    "updated_at": pl.String,
    "customer": pl.String,
    "amount": pl.Decimal(12, 2),
    "status": pl.String,
}
_TIME = pl.col("updated_at").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us", time_zone="UTC")


def main(places: str, output: str) -> None:
    rows = pl.scan_csv(places, schema=_COLUMNS).with_columns(_TIME)
    rows.sort("updated_at").unique("id", keep="last", maintain_order=True).sink_parquet(
        output, compression="zstd"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
