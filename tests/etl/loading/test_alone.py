"""Tables that a run without a catalog makes."""

import threading

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_pipeline.etl.documents.datasets import Table
from data_pipeline.etl.loading import alone

TWICE = """
    WITH sevenths AS MATERIALIZED (SELECT i FROM numbers WHERE i % 7 = 0)
    SELECT i FROM numbers ANTI JOIN sevenths USING (i)
    UNION ALL SELECT n.i FROM numbers n SEMI JOIN sevenths USING (i)
"""
ROWS = 300_000


@pytest.mark.parametrize("few", [ROWS, ROWS - 1])
def test_its_rows_are_in_their_order_with_one_thread_and_with_many(few, tmp_path, monkeypatch):
    """DuckDB has hung with one thread where a stream uses a materialised relation twice: here it must not."""
    monkeypatch.setattr(alone, "FEW", few)
    path = tmp_path / "numbers.parquet"
    pq.write_table(pa.table({"i": range(ROWS)}), path)
    made = []

    def make() -> None:
        table = Table("sorted", sql=TWICE, inputs=("numbers",))
        made.append(alone.write_table(table, {"numbers": path}, {}, str(tmp_path / "output"), tmp_path))

    thread = threading.Thread(target=make, daemon=True)
    thread.start()
    thread.join(30)
    assert [rows for _, rows in made] == [ROWS]
    assert pq.read_table(tmp_path / "output" / "sorted.parquet")["i"].to_pylist() == [*range(ROWS)]
