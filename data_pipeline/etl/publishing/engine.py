"""DuckDB with bounds: so much memory, and a folder for what is beyond."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

LEAST_THREADS = 2
"""DuckDB 1.5 hangs with one thread, once a stream of rows is read whose query uses a materialised one twice."""


@dataclass(frozen=True)
class Engine:
    """What DuckDB may use: ``memory`` as it spells it, and the folder ``scratch`` for what is beyond."""

    memory: str = "1GB"
    scratch: Path | None = None

    @contextmanager
    def connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with (
            tempfile.TemporaryDirectory(dir=self.scratch, prefix="duckdb-") as folder,
            duckdb.connect(":memory:", config={"memory_limit": self.memory, "temp_directory": folder}) as db,
        ):
            db.execute("SET TimeZone = 'UTC'")
            db.execute("SET preserve_insertion_order = false")
            db.execute(f"SET threads = {max(_processors(db), LEAST_THREADS)}")
            yield db


def _processors(db: duckdb.DuckDBPyConnection) -> int:
    """As many threads as DuckDB takes by itself."""
    (found,) = db.execute("SELECT current_setting('threads')").fetchone() or (1,)
    return int(found)
