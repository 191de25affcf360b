"""A Parquet file is read whole and in order, and little of it is held at once."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_pipeline.etl import row_groups


@pytest.fixture
def path(tmp_path):
    """A file of 20 row groups of 100 KB, which cannot be compressed."""
    found = tmp_path / "a.parquet"
    rows = pa.table({"id": range(20 * 12_500), "twice": range(0, 2 * 20 * 12_500, 2)})
    pq.write_table(rows, found, row_group_size=12_500, use_dictionary=False, compression="none")
    return found


@pytest.mark.parametrize("at_once", [1, 250_000, 1 << 30])
def test_all_rows_in_their_order(path, monkeypatch, at_once):
    monkeypatch.setattr(row_groups, "AT_ONCE_BYTES", at_once)
    with pq.ParquetFile(path) as file:
        whole = pa.Table.from_batches(row_groups.batches(file, 5_000))
        some = pa.Table.from_batches(row_groups.batches(file, 5_000, [3, 4, 9], ["twice"]))
        assert whole.equals(file.read())
        assert some.equals(file.read_row_groups([3, 4, 9], ["twice"]))
        assert [*row_groups.batches(file, 5_000, [])] == []


def test_what_was_read_is_let_go(path, monkeypatch):
    """Arrow alone holds nearly the whole file at its end."""
    monkeypatch.setattr(row_groups, "AT_ONCE_BYTES", 1)

    def most(given):
        before = pa.total_allocated_bytes()
        return max(pa.total_allocated_bytes() - before for _ in given)

    with pq.ParquetFile(path) as file:
        held = most(row_groups.batches(file, 5_000, use_threads=False))
        assert held < most(file.iter_batches(5_000, use_threads=False)) / 3
