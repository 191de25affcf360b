"""A table as one Parquet file on S3: its rows in order, what it was made of, and no second PUT for the same."""

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_pipeline.etl.errors import JobError
from data_pipeline.etl.publishing import export, tables
from data_pipeline.etl.publishing.definition import Definition
from data_pipeline.etl.storage.filesystem import files

SCHEMA = pa.schema([("day", pa.date32()), ("tags", pa.list_(pa.string())), ("n", pa.int64())])


def test_an_export_is_a_function_of_a_snapshot(at, output, embedded):
    """Rows in the order of their columns; the same snapshot is not written again, another one is."""
    place = export.place(output, "days.parquet")
    with pytest.raises(JobError, match=r"days\.parquet: the table days has no rows to export"):
        export.publish(at, "days", place)
    table = at.load("days", Definition(SCHEMA, "", {}, ("day",)))
    rows = [{"day": day, "tags": [str(n)], "n": n} for day in (19000, None, 18000) for n in (2, 1)]
    long = "x" * 3000
    lineage = {"pipeline.run": "one", "pipeline.sources": long}
    tables.replace(table, [], [pa.Table.from_pylist(rows, SCHEMA)], lineage)
    assert export.publish(at, "days", place)
    found = pq.read_table(io.BytesIO(files(place).read(place)))
    assert found.schema.equals(SCHEMA)
    assert [(row["n"], row["day"] and row["day"].year) for row in found.to_pylist()] == [
        (1, 2019),
        (2, 2019),
        (1, 2022),
        (2, 2022),
        (1, None),
        (2, None),
    ]
    snapshot = str(at.find("days").current_snapshot().snapshot_id)
    said = {key.decode(): value.decode() for key, value in found.schema.metadata.items()}
    assert said == {**lineage, "pipeline.days-snapshot": snapshot}
    assert files(place).head(place).metadata == {"run": "one", "days-snapshot": snapshot}
    before = files(place).head(place).etag
    assert not export.publish(at, "days", place)
    tables.replace(at.find("days"), [], [pa.Table.from_pylist(rows[:1], SCHEMA)], {"pipeline.run": "two"})
    assert export.publish(at, "days", place)
    assert files(place).head(place).etag != before
    assert pq.read_metadata(io.BytesIO(files(place).read(place))).num_rows == 7


def test_a_rival_that_was_faster_is_not_overwritten(at, output, monkeypatch):
    """What is written depends on the object that was seen before the table was read."""
    place = export.place(output, "days.parquet")
    table = at.load("days", Definition(SCHEMA, "", {}))
    tables.replace(table, [], [pa.table({"day": [1], "tags": [["a"]], "n": [1]}, SCHEMA)], {})
    original, seen = export._write, []

    def slow(*arguments):
        original(*arguments)
        if not seen:
            seen.append(1)
            tables.replace(at.find("days"), [], [pa.table({"day": [2], "tags": [[]], "n": [2]}, SCHEMA)], {})
            monkeypatch.setattr(export, "_write", original)
            export.publish(at, "days", place)

    monkeypatch.setattr(export, "_write", slow)
    monkeypatch.setattr("time.sleep", lambda _: None)
    assert not export.publish(at, "days", place)
    assert pq.read_metadata(io.BytesIO(files(place).read(place))).num_rows == 2
