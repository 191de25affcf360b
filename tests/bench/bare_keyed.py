"""The least that DuckDB must do with files of orders that change: read them with explicit columns, keep the latest row
of each key, and write one Parquet file. A floor for ``keyed.py``, not a program.
"""

from __future__ import annotations

import sys

import duckdb

_COLUMNS = (
    "{'id': 'BIGINT', 'updated_at': 'TIMESTAMPTZ', 'customer': 'VARCHAR', 'amount': 'DECIMAL(12,2)', "
    "'status': 'VARCHAR'}"
)


def main(places: str, output: str) -> None:
    read = f"read_csv('{places}', columns={_COLUMNS}, header=true, auto_detect=false, filename=true)"
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        latest = "row_number() OVER (PARTITION BY id ORDER BY updated_at DESC, filename DESC) = 1"
        kept = f"SELECT * EXCLUDE (filename) FROM {read} QUALIFY {latest}"
        db.execute(f"COPY ({kept}) TO '{output}' (FORMAT parquet, COMPRESSION zstd)")


if __name__ == "__main__":
    main(*sys.argv[1:])
