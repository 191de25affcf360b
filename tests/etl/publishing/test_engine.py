"""DuckDB as jobs use it."""

import threading

import pytest

from data_pipeline.etl.publishing import engine

STREAMED = """
    WITH sevenths AS MATERIALIZED (SELECT i FROM range(300000) t(i) WHERE i % 7 = 0)
    SELECT * FROM range(300000) t(i) ANTI JOIN sevenths USING (i)
    UNION ALL SELECT * FROM range(1000000) t(i) SEMI JOIN sevenths USING (i)
"""


@pytest.mark.parametrize(("processors", "threads"), [(1, 2), (5, 5)])
def test_a_stream_ends_on_one_processor(processors, threads, monkeypatch):
    """With one thread DuckDB would wait for ever."""
    monkeypatch.setattr(engine, "_processors", lambda _: processors)
    rows = []

    def stream() -> None:
        with engine.Engine().connection() as db:
            rows.append(db.execute("SELECT current_setting('threads')").fetchall())
            rows.append(sum(len(batch) for batch in db.execute(STREAMED).to_arrow_reader(100_000)))

    thread = threading.Thread(target=stream, daemon=True)
    thread.start()
    thread.join(20)
    assert rows == [[(threads,)], 300_000]
