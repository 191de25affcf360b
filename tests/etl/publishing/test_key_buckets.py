"""How a table of keys is parted among machines."""

import pytest

from data_pipeline.etl.publishing import key_buckets


@pytest.mark.parametrize(
    ("rows", "workers", "expected"), [(0, 1, 1), (10, 8, 8), (4_000_001, 1, 2), (100_000_000, 8, 25)]
)
def test_buckets_are_as_many_as_workers_or_more(rows, workers, expected):
    assert key_buckets.how_many(rows, workers) == expected


@pytest.mark.parametrize(
    ("sizes", "workers", "expected"),
    [
        ([], 4, []),
        ([1, 1, 1, 1], 2, [["a", "b"], ["c", "d"]]),
        ([5, 200, 7, 90], 1, [["b"], ["d", "c", "a"]]),
        ([0, 0], 8, [["a"], ["b"]]),
    ],
)
def test_small_data_files_share_a_task(sizes, workers, expected, monkeypatch):
    """The largest first; each task has its own number, and each file is in one."""
    monkeypatch.setattr(key_buckets, "SPLIT_BYTES", 100)
    found = key_buckets.tasks_of([*zip("abcd", sizes, strict=False)], workers)
    assert found == [(number, tuple(places)) for number, places in enumerate(expected)]
