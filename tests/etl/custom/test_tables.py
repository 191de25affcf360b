"""Tables that a script reads and publishes whole."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from data_pipeline.etl.custom.tables import JobError, Tables, TableText, publish_table, read_table
from data_pipeline.etl.publishing.tables import properties_of
from data_pipeline.etl.rehearsal import catalog

ROWS = pa.table({"id": ["a", "b", "b"], "n": pa.array([1, 2, None], pa.int8()), "tags": [["x"], [], None]})


@pytest.fixture
def at(tmp_path: Path) -> Tables:
    return catalog.connect(tmp_path)


def rows(at: Tables, *columns: str) -> list[dict]:
    return sorted(read_table(at, "t", columns).read_all().to_pylist(), key=repr)


def test_what_is_published_is_read(at: Tables) -> None:
    """With types that a table has, comments, partitions and the run's name; columns may be chosen."""
    done = publish_table(at, "t", ROWS, "r1", ("id",), TableText("What", {"n": "how many"}))
    assert (done.rows, done.committed) == (3, True)
    assert rows(at) == sorted(ROWS.to_pylist(), key=repr)
    assert rows(at, "n") == [{"n": 1}, {"n": 2}, {"n": None}]
    table = at.find("t")
    assert table is not None
    assert table.properties["comment"] == "What"
    assert [(field.name, str(field.field_type), field.doc) for field in table.schema().fields][:2] == [
        ("id", "string", None),
        ("n", "int", "how many"),
    ]
    assert [field.name for field in table.spec().fields] == ["id"]
    assert properties_of(table.current_snapshot())["pipeline.run"] == "r1"


def test_the_same_rows_make_no_snapshot(at: Tables) -> None:
    """In whatever order and chunks they come; other rows replace all that there were."""
    first = publish_table(at, "t", ROWS, "r1")
    turned = pa.concat_tables([ROWS.slice(2), ROWS.slice(0, 2)])
    again = publish_table(at, "t", turned, "r2")
    assert (again.snapshot, again.committed) == (first.snapshot, False)
    for other in (ROWS.slice(1), ROWS.slice(0, 0), pa.concat_tables([ROWS, ROWS])):
        done = publish_table(at, "t", other, "r3")
        assert (done.rows, done.committed) == (len(other), True)
        assert rows(at) == sorted(other.to_pylist(), key=repr)


def test_columns_and_partitions_change_with_the_rows(at: Tables) -> None:
    publish_table(at, "t", ROWS, "r1", ("id",))
    changed = pa.table({"day": pa.array([20_000], pa.int32()).cast(pa.date32()), "n": ["many"]})
    assert publish_table(at, "t", changed, "r2", ("month(day)",)).committed
    assert rows(at, "day", "n") == changed.to_pylist()
    assert not publish_table(at, "t", changed, "r3", ("month(day)",)).committed


def test_what_is_not_there(at: Tables) -> None:
    with pytest.raises(JobError, match="there is no table t in db; the step has to follow"):
        read_table(at, "t")
    publish_table(at, "t", ROWS, "r1")
    with pytest.raises(JobError, match="the table t has no column m, only id, n, tags"):
        read_table(at, "t", ["n", "m"])
    with pytest.raises(JobError, match=r"^table t: column n: a table has no column of type time64\[us\]"):
        publish_table(at, "t", pa.table({"n": pa.array([1], pa.time64("us"))}), "r2")
