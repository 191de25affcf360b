"""The least that DuckDB must do with Parquet trip files: read the pickup column, and all columns of the rows that are
not of the file's month.

A floor for ``engine.py``, not a program: it checks nothing, numbers no row and writes nothing. One connection per
processor, each the next file, since most files are one row group. Prints how many rows are of their month.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb


def counted(db: duckdb.DuckDBPyConnection, path: Path) -> int:
    """How many rows of a file are of its month; the others are read whole."""
    file, first = f"read_parquet('{path}')", f"{path.stem[-7:]}-01"
    with db.cursor() as cursor:
        columns = [name for name, *_ in cursor.execute(f"DESCRIBE FROM {file}").fetchall()]
        (pickup,) = [name for name in columns if "pickup_date" in name.lower()]
        time = f'TRY_CAST("{pickup}" AS TIMESTAMP)'
        inside = f"coalesce(date_trunc('month', {time}) = '{first}', false)"
        windows = (
            f"SELECT time_bucket(INTERVAL 15 MINUTE, {time}), count(*) FROM {file} WHERE {inside} GROUP BY 1"
        )
        found = cursor.execute(windows).fetchnumpy()["count_star()"].sum()
        cursor.execute(f"FROM {file} WHERE NOT {inside}").fetchall()
    return int(found)


def main(folder: str) -> None:
    threads = os.cpu_count() or 1
    paths = sorted(Path(folder).glob("*_tripdata_*.parquet"))
    with duckdb.connect(config={"threads": 1}) as db, ThreadPoolExecutor(threads) as pool:
        print(sum(pool.map(lambda path: counted(db, path), paths)))


if __name__ == "__main__":
    main(*sys.argv[1:])
