"""How a table of keys is parted among machines."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_pipeline.etl.publishing import key_buckets
from data_pipeline.etl.publishing.parquet_parts import whole


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


def test_a_late_attempt_overwrites_nothing(tmp_path, monkeypatch):
    """Two attempts at a task leave the same rows, each at places of its own."""
    monkeypatch.setattr(pa, "set_cpu_count", lambda _: None)  # the whole process has it
    ids = [*range(100)]
    file = tmp_path / "versions.parquet"
    pq.write_table(pa.table({"id": ids}), file)
    schema = pa.schema([("id", pa.int64())])
    given = key_buckets.Given(
        "orders",
        ((str(file), file.stat().st_size),),
        len(ids),
        {"id": "BIGINT"},
        None,
        ("id",),
        "SELECT id FROM _versions",
        "SELECT count(*) FROM _versions",
        schema,
        whole,
    )

    def rows(places):
        return sorted(each for place in places for each in pq.read_table(place)["id"].to_pylist())

    folder = str(tmp_path / "parts")
    pieces = [[*key_buckets.split(given, 3, folder, (0, (str(file),)))] for _ in range(2)]
    places = [[place for _, place in each] for each in pieces]
    assert not {*places[0]} & {*places[1]}
    assert [rows(each) for each in places] == [ids, ids]
    task = (0, tuple(places[0]))
    (one,), (other,) = (key_buckets.make(given, folder, task) for _ in range(2))
    finished = [[part[0] for part in bucket.parts] for bucket in (one, other)]
    assert not {*finished[0]} & {*finished[1]}
    assert [rows(each) for each in finished] == [ids, ids]
    assert (one.keys, one.fatal) == (100, "")
