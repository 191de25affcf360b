"""The least that DuckDB must do with files of orders: read them with explicit columns, drop what is not right, and
write one Parquet file. A floor for ``datasets.py``, not a program: it says nothing of what it drops.
"""

from __future__ import annotations

import sys

import duckdb

TYPES = {
    "id": "BIGINT",
    "ordered_at": "TIMESTAMPTZ",
    "customer": "VARCHAR",
    "amount": "DECIMAL(12,2)",
    "status": "VARCHAR",
}
_COLUMNS = "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in TYPES.items()) + "}"
_READ = {
    "csv": f"read_csv($places, columns={_COLUMNS}, header=true, auto_detect=false, ignore_errors=true)",
    "json": f"read_json($places, columns={_COLUMNS}, format='newline_delimited', ignore_errors=true)",
    "parquet": "read_parquet($places)",
}


def main(form: str, places: str, output: str) -> None:
    with duckdb.connect() as db:
        db.execute("SET preserve_insertion_order = true")
        read = _READ[form].replace("$places", f"'{places}'")
        db.execute(
            f"COPY (FROM {read} WHERE amount IS NOT NULL) TO '{output}' (FORMAT parquet, COMPRESSION zstd)"
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
