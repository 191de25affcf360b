"""One DuckDB for all engines of a test: to start one takes longer than what a test of ten rows asks of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
import pytest

from data_pipeline.etl.publishing.engine import LEAST_THREADS, Engine


def share(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on each engine's connection has an empty database of its own in one DuckDB. Its views and tables go with
    it; bounds of memory are not kept.
    """
    one = duckdb.connect(":memory:")
    one.execute("SET preserve_insertion_order = false")
    one.execute(f"SET threads = {LEAST_THREADS}")
    number = iter(range(1_000_000))

    @contextmanager
    def connection(self: Engine) -> Iterator[duckdb.DuckDBPyConnection]:
        name = f"engine_{next(number)}"
        with one.cursor() as db:
            db.execute("SET TimeZone = 'UTC'")
            db.execute(f"ATTACH ':memory:' AS {name}")
            db.execute(f"USE {name}")
            try:
                yield db
            finally:
                db.execute("USE memory")
                db.execute(f"DETACH {name}")

    monkeypatch.setattr(Engine, "connection", connection)
