"""Rows as files on this machine: every row once, in its partition, in bounded files."""

import random
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from randomness import SEED

from data_pipeline.etl.publishing import parquet_parts
from data_pipeline.etl.publishing.parquet_parts import PartWriter

SCHEMA = pa.schema(
    [
        ("n", pa.int64()),
        ("key", pa.int32()),
        ("at", pa.timestamp("us", "UTC")),
        ("day", pa.date32()),
        ("text", pa.string()),
        ("amount", pa.decimal128(12, 2)),
        ("tags", pa.list_(pa.field("element", pa.string()))),
    ]
)


def rows(first: int, count: int, keys: int) -> pa.Table:
    made = [
        {
            "n": n,
            "key": n % keys,
            "at": datetime.fromtimestamp(n, UTC),
            "day": date(2024, 1, 1) if n % 7 else None,
            "text": f"row {n}",
            "amount": Decimal(n).scaleb(-2),
            "tags": None if n % 5 == 0 else [str(n), None],
        }
        for n in range(first, first + count)
    ]
    return pa.Table.from_pylist(made, SCHEMA)


def by_key(table: pa.Table):
    for key in table["key"].unique().to_pylist():
        yield (key,), table.filter(pa.compute.equal(table["key"], key))


@pytest.mark.parametrize("attempt", range(6))
def test_every_row_is_in_a_file_of_its_partition(attempt, tmp_path, monkeypatch):
    """Whatever waits, is flushed, is closed and is begun again."""
    chance = random.Random(f"{SEED}-parts-{attempt}")
    monkeypatch.setattr(parquet_parts, "GROUP_BYTES", chance.choice([1_000, 10_000, 1 << 20]))
    monkeypatch.setattr(parquet_parts, "WAITING_BYTES", chance.choice([1_000, 20_000, 1 << 20]))
    monkeypatch.setattr(parquet_parts, "MOST_OPEN", chance.choice([1, 3, 64]))
    keys = chance.choice([1, 5, 9])
    writer = PartWriter(tmp_path, SCHEMA, by_key, file_bytes=chance.choice([1, 4_000, None]))
    given, first = [], 0
    for _ in range(12):
        given.append(rows(first, chance.randrange(0, 40), keys))
        first += len(given[-1])
        writer.write(given[-1])
    parts = writer.close()
    assert sum(part.rows for part in parts) == first
    found = []
    for part in parts:
        read = pq.read_table(part.path)
        assert read.schema.equals(SCHEMA)
        assert len(read) == part.rows
        assert set(read["key"].to_pylist()) == {part.values[0]}
        found += read.to_pylist()
    assert sorted(found, key=lambda row: row["n"]) == pa.concat_tables(given).to_pylist()
    assert sorted(tmp_path.iterdir()) == [part.path for part in parts]


def test_what_is_discarded_leaves_nothing(tmp_path, monkeypatch):
    """Neither finished files nor those that are being written."""
    monkeypatch.setattr(parquet_parts, "GROUP_BYTES", 1)
    writer = PartWriter(tmp_path, SCHEMA, file_bytes=1)
    writer.write(rows(0, 10, 1))
    writer.write(rows(10, 10, 1))
    assert len([*tmp_path.iterdir()]) == 2
    writer.discard()
    assert [*tmp_path.iterdir()] == []
    assert writer.close() == []
