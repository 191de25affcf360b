"""What executors and the driver do with units, in one process: the same as one machine makes of them."""

import pickle
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_pipeline.etl.documents.datasets import Column, Dataset, Format
from data_pipeline.etl.documents.load_plan import PlannedFile, Unit
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.loading import cluster, columns, staging
from data_pipeline.etl.loading.cluster import Cluster, Share
from data_pipeline.etl.loading.reading import Place, UnitResult, on_this_machine
from data_pipeline.etl.publishing.parquet_parts import whole
from data_pipeline.etl.reading import spans
from data_pipeline.etl.storage.filesystem import files
from data_pipeline.etl.storage.objects import FILE_CHANGED
from data_pipeline.etl.storage.scratch import GIB, Scratch

ORDERS = Dataset(
    "orders", ("{shop}/*.csv",), Format("csv"), (Column("id", "long"), Column("status", "string"))
)
BY_STATUS = """
def by_status(rows, options):
    return rows.read_all().group_by("status").aggregate([([], "count_all")]).rename_columns(["status", "n"])
"""
SQL = "SELECT status, count(*) AS n FROM orders GROUP BY status ORDER BY status"


class Executors:
    """Runs tasks in this process; whatever they are given and return is copied, as Spark does."""

    defaultParallelism = 2  # noqa: N815 - Spark's name

    def __init__(self) -> None:
        self.tasks: list[list[Any]] = []
        self.given: list[list[list[Share]]] = []

    def parallelize(self, tasks: list[list[Any]], count: int) -> "Executors":
        assert count == len(tasks)
        self.tasks = tasks
        if isinstance(tasks[0][0], Share):
            self.given.append(tasks)
        return self

    def flatMap(self, each) -> "Executors":  # noqa: N802 - Spark's name
        self.done = [*map(pickle.loads(pickle.dumps(each)), pickle.loads(pickle.dumps(self.tasks)))]
        self.done = [[*one] for one in reversed(self.done)]
        return self

    def collect(self) -> list:
        return pickle.loads(pickle.dumps([one for each in self.done for one in each]))


def since(file: PlannedFile) -> datetime:
    return datetime(2024, 1, 1, 0, 0, len(file.path), tzinfo=UTC)


def units_of(folder: Path) -> list[Unit]:
    """One of several files, one with a file that cannot be used, one that has gone, and one of a file."""
    contents = {
        "01/a.csv": "id,status\n1,paid\nx,paid\n2,open\n",
        "01/b.csv": "id,status\n" + "3,paid\n" * 5000,
        "02/a.csv": "id,status\n4,open\ny,open\n",
        "02/b.csv": "nothing of this\n",
        "04/a.csv": "id,status\n5,open\n",
    }
    found: dict[str, list[PlannedFile]] = {"03": []}
    for path, text in contents.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        etag = files(str(place)).fingerprint(str(place))
        file = PlannedFile(str(place), path, etag, len(text), "", {"shop": path[:2]})
        found.setdefault(path[:2], []).append(file)
    return [Unit(f"unit{shop}", "orders", tuple(found[shop]), "new") for shop in sorted(found)]


def read(folder: Path, dataset: Dataset, units: list[Unit], runner) -> tuple[list, dict]:
    """The files of each unit and its rows, and what is in quarantine."""
    staged, refused = folder / "staged", folder / "refused"
    staged.mkdir(parents=True)
    refused.mkdir()
    place = Place(staged, refused, columns.of(dataset).schema, whole, False, Scratch(GIB))
    found = [(one.unit, one.files, rows_of(one)) for one in runner(dataset, place, since, units)]
    kept = {
        path.relative_to(refused).as_posix(): pq.read_table(path).to_pylist()
        for path in refused.rglob("*.parquet")
    }
    return found, kept


def rows_of(one: UnitResult) -> list[dict]:
    tables = [*one.tables, *(pq.ParquetFile(part.path).read() for part in one.parts)]
    assert sum(part.rows for part in one.parts) + sum(map(len, one.tables)) == sum(map(len, tables))
    return sorted((row for table in tables for row in table.to_pylist()), key=repr)


@pytest.mark.parametrize("few", [0, staging.FEW_BYTES], ids=["many rows", "few rows"])
@pytest.mark.parametrize("made", ["", "sql", "transform"])
def test_a_cluster_makes_of_units_what_one_machine_does(tmp_path, monkeypatch, made, few):
    """Files with their counts and errors, rows, and quarantine; in whatever order the tasks end. Nothing is left."""
    monkeypatch.setattr(staging, "FEW_BYTES", few)
    (tmp_path / "own_by_status.py").write_text(BY_STATUS)
    monkeypatch.syspath_prepend(str(tmp_path))
    result = (Column("n", "long"), Column("status", "string"))
    transform = {"transform": "own_by_status:by_status", "result": result}
    how = {"": {}, "sql": {"sql": SQL}, "transform": transform}[made]
    dataset = Dataset("orders", ORDERS.patterns, ORDERS.format, ORDERS.columns, "period", **how)
    units = units_of(tmp_path / "in")
    runner = Cluster(Executors(), str(tmp_path / "parts"))
    expected = read(tmp_path / "here", dataset, units, on_this_machine)
    assert read(tmp_path / "there", dataset, units, runner) == expected
    assert sorted(expected[1]) == ["01/a.csv.parquet", "02/a.csv.parquet"]
    assert [len(rows) for _, _, rows in expected[0]] == ([2, 0, 0, 1] if made else [5002, 0, 0, 1])
    assert not [path for path in (tmp_path / "parts").rglob("*") if path.is_file()]


def large_units(folder: Path) -> list[Unit]:
    """Of a large file each: one with faults all over, one whose quotes a cut is in, and one without the columns."""
    rows = [f"{n},{'paid' if n % 5 else 'open,'}\r\n" if n % 7 else f"x{n},paid\n\n" for n in range(500)]
    contents = {
        "01/a.csv": "id,status\n" + "".join(rows),
        "02/a.csv": "more,id,status\n" + "1,2,paid\n" * 300 + '1,2,"' + "\n" * 2000 + '"\n',
        "03/a.csv": "id,state\n" + "1,paid\n" * 500,
    }
    found = []
    for path, text in contents.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode())
        etag = files(str(place)).fingerprint(str(place))
        file = PlannedFile(str(place), path, etag, len(text), "", {"shop": path[:2]})
        found.append(Unit(f"unit{path[:2]}", "orders", (file,), "new"))
    return found


@pytest.mark.parametrize("wrong", [False, True], ids=["counts that hold", "counts that do not hold"])
@pytest.mark.parametrize("few", [0, staging.FEW_BYTES], ids=["many rows", "few rows"])
def test_spans_of_large_files_make_what_one_machine_does(tmp_path, monkeypatch, few, wrong):
    """Rows with their numbers, in their order, counts, errors, and quarantine up to its limit. Files that may not be
    cut are read as a whole, and those too of which a span turns out to be other than it seemed.
    """
    monkeypatch.setattr(cluster, "SPAN_BYTES", 500)
    monkeypatch.setattr(staging, "FEW_BYTES", few)
    seen = spans.looked_at

    def one_too_many(*given):
        span = seen(*given)
        return replace(span, records=span.records + (span.start > 0))

    if wrong:
        monkeypatch.setattr(spans, "looked_at", one_too_many)
    dataset = replace(ORDERS, quarantine_limit=50)
    units = large_units(tmp_path / "in")
    executors = Executors()
    expected = read(tmp_path / "here", dataset, units, on_this_machine)
    found = read(tmp_path / "there", dataset, units, Cluster(executors, str(tmp_path / "parts")))
    assert found == expected
    assert [one.error for _, files, _ in found[0] for one in files][:2] == ["", ""]
    assert len(found[1]["01/a.csv.parquet"]) == 50
    assert [len(rows) for _, _, rows in found[0]] == [343, 301, 0]
    every = [share for tasks in executors.given for task in tasks for share in task]
    assert {share.unit for share in every if share.span} == {0, 2}
    first = [share for share in every if share.unit == 0]
    spans_read = [share.span for share in first if share.span]
    assert len(spans_read) == 4
    assert (len(first) > len(spans_read)) is wrong
    assert not [path for path in (tmp_path / "parts").rglob("*") if path.is_file()]


def test_a_file_that_has_changed_since_the_plan_is_missing_whole(tmp_path, monkeypatch):
    """It is looked at, and changes before its spans are read."""
    monkeypatch.setattr(cluster, "SPAN_BYTES", 500)
    units = large_units(tmp_path / "in")[:1]
    place = Path(units[0].files[0].uri)

    class Meanwhile(Executors):
        def collect(self) -> list:
            place.write_text("id,status\n1,paid\n")
            return super().collect()

    runner = Cluster(Meanwhile(), str(tmp_path / "parts"))
    ((_, (file,), rows),), kept = read(tmp_path / "there", ORDERS, units, runner)
    assert (file.error, file.missing, rows, kept) == (FILE_CHANGED, True, [], {})


def test_row_groups_of_large_files_too(tmp_path, monkeypatch):
    """Each executor reads a few of them, of a copy that has no others."""
    monkeypatch.setattr(cluster, "SPAN_BYTES", 1000)
    path = tmp_path / "in" / "a.parquet"
    path.parent.mkdir()
    rows = {"status": ["paid"] * 2000, "id": [2**70 if n % 300 == 7 else n for n in range(2000)]}
    columns = {"status": pa.array(rows["status"]), "id": pa.array(rows["id"], pa.decimal128(30, 0))}
    pq.write_table(pa.table(columns), path, row_group_size=100)
    etag = files(str(path)).fingerprint(str(path))
    file = PlannedFile(str(path), "a.parquet", etag, path.stat().st_size, "", {"shop": "01"})
    units = [Unit("a", "orders", (file,), "new")]
    dataset = replace(ORDERS, patterns=("{shop}.parquet",), format=Format("parquet"))
    executors = Executors()
    expected = read(tmp_path / "here", dataset, units, on_this_machine)
    found = read(tmp_path / "there", dataset, units, Cluster(executors, str(tmp_path / "parts")))
    assert found == expected
    assert (len(expected[0][0][2]), len(expected[1]["a.parquet.parquet"])) == (1993, 7)
    (tasks,) = executors.given
    assert sum(len(share.span.groups) for task in tasks for share in task) == 20
    assert sum(map(len, tasks)) > 3


@pytest.mark.parametrize(
    ("sizes", "workers", "expected"),
    [
        ([50, 201], 4, [67, 67, 67]),
        ([200], 4, []),
        ([4000], 4, [250] * 16),
        ([250] * 100, 4, []),
        ([1001, *[100] * 30], 2, [333, 334, 334]),
    ],
)
def test_files_are_cut_that_might_end_long_after_the_others(sizes, workers, expected, monkeypatch):
    """Into spans of 100 bytes and more here: a worker has at least four of them to read, or none is needed."""
    monkeypatch.setattr(cluster, "SPAN_BYTES", 100)
    given = [
        Share(at, 0, Unit("u", "orders", (PlannedFile("a.csv", "", "", size, "", {}),), "new"), (since,))
        for at, size in enumerate(sizes)
    ]
    assert [cut.end - cut.start for cut in cluster.cuts_of(ORDERS, given, workers)] == expected
    assert cluster.cuts_of(replace(ORDERS, sql=SQL), given, workers) == []


def test_what_ends_a_job_ends_it_here_too(tmp_path):
    """With its own words, not those of a traceback of an executor."""
    dataset = Dataset("orders", ORDERS.patterns, ORDERS.format, ORDERS.columns, reader="nowhere:Reader")
    runner = Cluster(Executors(), str(tmp_path / "parts"))
    with pytest.raises(JobError, match=r"^data set orders: its reader nowhere:Reader cannot be imported"):
        read(tmp_path / "there", dataset, units_of(tmp_path / "in"), runner)
    assert not (tmp_path / "parts" / "orders").exists()


@pytest.mark.parametrize(
    ("sizes", "workers", "expected"),
    [
        ([], 4, []),
        ([1, 1, 1, 1], 2, [[1, 1], [1, 1]]),
        ([5, 200, 7, 90], 1, [[200], [90, 7, 5]]),
        ([5, 200, 7, 90], 100, [[200], [90], [7], [5]]),
        ([0, 0], 8, [[0], [0]]),
    ],
)
def test_small_files_share_a_task(sizes, workers, expected):
    """The largest first, tasks of about 100 bytes here, and no fewer than there are workers."""
    given = [
        Share(at, 0, Unit("u", "orders", (PlannedFile("", "", "", size, "", {}),), "new"), (since,))
        for at, size in enumerate(sizes)
    ]
    found = cluster.tasks_of(given, workers, 100)
    assert [[share.size for share in task] for task in found] == expected


def test_arrow_s_own_files_keep_every_type(tmp_path):
    """And the numbers of fields that Iceberg needs."""
    schema = pa.schema([pa.field("a", pa.decimal128(30, 2), metadata={"PARQUET:field_id": "7"})])
    table = schema.empty_table()
    with pa.ipc.open_file(pa.BufferReader(cluster._written([table]))) as reader:
        assert reader.read_all().schema.equals(schema, check_metadata=True)
