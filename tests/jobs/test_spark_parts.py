"""Parts of trip files, without Spark: however a file is divided, its parts are counted as the whole is."""

import random
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from randomness import SEED, times
from taxi import counting, reading, sources, spark_engine, spark_parts
from taxi.rules import Policy
from taxi.sources import TripFile
from taxi.spark_parts import Part
from test_random_csv import some_file

from data_pipeline.etl.errors import FileError
from data_pipeline.etl.storage.scratch import GIB, Scratch

HEADER = "Dispatching_base_num,Pickup_date,locationID\n"


def whole(folder: Path, source: TripFile, policy: Policy) -> tuple:
    """Rows, trips by window, and quarantine of a file as the DuckDB engine gives them."""
    quarantine = folder / "quarantine"
    quarantine.mkdir(parents=True)
    with counting.Engine(folder) as engine:
        (result,) = reading.read_all(engine, [source], quarantine, policy, Scratch(GIB))
        windows = engine.db.execute("SELECT window_start, trips FROM trip_counts ORDER BY 1").fetchall()
    return result, windows, refused(quarantine / f"{source.path}.parquet")


def in_parts(folder: Path, source: TripFile, size: int, policy: Policy) -> tuple:
    """The same, from parts of about ``size`` bytes."""
    found = [spark_parts.read(part, policy) for part in spark_parts.parts_of(source, size)]
    reads = [read for read, _ in found]
    kept = {piece.part: piece for piece in spark_engine.pieces_of(reads, policy.quarantine_limit)}
    pieces = [(kept[r.part].before, kept[r.part].kept, rows) for r, rows in found if r.part in kept]
    target = folder / "parts.parquet"
    if pieces:
        assert spark_parts.write_quarantine(str(target), pieces) == ""
    with counting.Engine(folder) as engine:
        counted = spark_engine.merged(reads)
        result = reading.result_of(source, reads[0].etag, counted)
        reading.gathered(engine, [(result, counted, 0.0)])
        windows = engine.db.execute("SELECT window_start, trips FROM trip_counts ORDER BY 1").fetchall()
    return result, windows, refused(target)


def refused(path: Path) -> list[dict]:
    return pq.ParquetFile(path).read().to_pylist() if path.exists() else []


def as_source(path: Path) -> TripFile:
    (found,) = sources.list_sources(str(path.parent)).sources
    return found


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("csv")))
def test_parts_of_random_files_add_up_to_the_file(tmp_path, attempt):
    """Rows, windows, and every refused row with its number agree, wherever the file is cut."""
    choice = random.Random(f"{SEED}-parts-{attempt}")
    content, dataset, _ = some_file(choice)
    path = tmp_path / "in" / f"{dataset}_tripdata_2015-01.csv"
    path.parent.mkdir()
    path.write_bytes(content)
    source = as_source(path)
    size = max(1, len(content) // choice.choice([1, 2, 3, 5, 9]))
    policy = Policy(keep_outside=choice.random() < 0.5, quarantine_limit=choice.choice([0, 3, 100_000]))
    expected = whole(tmp_path / "whole", source, policy)
    if expected[0].error:
        assert any(spark_parts.read(p, policy)[0].error for p in spark_parts.parts_of(source, size))
    else:
        assert in_parts(tmp_path, source, size, policy) == expected


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", ["", "B1,x"])
def test_many_cuts_of_a_small_file(tmp_path, end, last):
    """Cut in many places, line ends included: each row is counted once, the last one as cut off
    or not.
    """
    path = tmp_path / "in" / "fhv_tripdata_2015-01.csv"
    path.parent.mkdir()
    rows = ["B1,2015-01-01 00:00:00,1", "", "B1,never,2", "B1,2015-01-01 00:20:00,3"]
    path.write_bytes((HEADER.strip() + end + end.join(rows) + end + last).encode())
    source = as_source(path)
    expected = whole(tmp_path / "whole", source, Policy())
    for size in range(11, source.size, 13):
        assert in_parts(tmp_path / str(size), source, size, Policy()) == expected


def test_a_file_that_changes_while_it_is_read_is_not_counted(tmp_path):
    """A part whose file no longer has the ETag of the plan is an error of that file."""
    path = tmp_path / "fhv_tripdata_2015-01.csv"
    path.write_text(HEADER + "B1,2015-01-01 00:00:00,1\n" * 10)
    source = replace(as_source(path), etag="0" * 32)
    first, *_ = [spark_parts.read(part, Policy())[0] for part in spark_parts.parts_of(source, 100)]
    assert first.error == "the file has changed since the plan was made"
    path.unlink()
    assert spark_parts.read(Part(source, 0, 100), Policy())[0].error == "the file is gone"


def test_a_line_that_no_trip_has_is_refused_without_reading_on(monkeypatch):
    """A search for the end of a line gives up after the longest one that the DuckDB engine takes."""
    monkeypatch.setattr(spark_parts.csvfiles, "LONGEST_LINE", 100)
    asked = []

    def read_at(at, size):
        asked.append(at)
        return b"x" * 60

    with pytest.raises(FileError, match="it has a line of more than"):
        spark_parts.line_start(read_at, 10)
    assert asked == [9, 69]


def test_only_plain_csv_is_divided():
    """A gzip stream and a Parquet file are one part each, however large."""
    big = TripFile("s3://b/x", "x", "fhv", "2015-01", "csv", "e", 1000)
    assert [(p.start, p.end) for p in spark_parts.parts_of(big, 400)] == [(0, 400), (400, 800), (800, 1000)]
    for form in ("csv.gz", "parquet"):
        (part,) = spark_parts.parts_of(replace(big, form=form), 400)
        assert part.whole


def test_small_files_share_tasks_and_every_worker_has_one():
    """Each part is in one task; no task has much more than its share; large parts come first."""
    parts = [Part(TripFile(f"{n}", f"{n}", "fhv", "2015-01", "csv", "", n), 0, n) for n in range(1, 101)]
    tasks = spark_engine.tasks_of(parts, 4, 10**9)
    assert sorted((part.end for task in tasks for part in task), reverse=True) == [
        part.end for task in tasks for part in task
    ]
    assert sorted(part.end for task in tasks for part in task) == list(range(1, 101))
    assert len(tasks) == 4
    assert all(len(task) == 1 for task in spark_engine.tasks_of(parts, 4, 1))
