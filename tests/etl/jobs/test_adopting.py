"""A table and a list of processed files of an earlier version go on as a data set's: no file is read again."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from shop import Shop, orders

from data_pipeline.etl.loading import adopting
from data_pipeline.etl.publishing import availability, coverage, tables
from data_pipeline.etl.publishing.definition import Definition
from data_pipeline.etl.storage.filesystem import files

BEFORE = pa.schema(
    [
        ("region", pa.string()),
        ("source", pa.string()),
        ("etag", pa.string()),
        ("id", pa.int64()),
        ("ordered_at", pa.timestamp("us", "UTC")),
        ("amount", pa.decimal128(12, 2)),
        ("status", pa.string()),
    ]
)
NOTED = {
    "pipeline.run": "old-1",
    coverage.COVERED: "north 2024-01; south 2024-01",
    availability.AVAILABLE: "2025-01-02T03:04:05Z north 2024-01",
}
PATHS = ("orders/north/2024-01.csv", "orders/south/2024-01.csv")
LATER = "orders/north/2024-02.csv"


def row(number: int) -> tuple[str, str, str, str]:
    return (str(number), f"2024-01-0{number}T00:00:00Z", "1.00", "")


@pytest.fixture
def before(shop: Shop) -> Shop:
    """A shop of which an earlier version has published two files, and noted one that it could not read."""
    shop.define(orders(partition=("region", "_period"), reissues="corrections"))
    for number, path in enumerate(PATHS, 1):
        shop.put(path, [row(number)])
    shop.put_bytes("orders/north/2024-03.csv", b"")
    heads = {path: files(shop.input).head(f"{shop.input}/{path}") for path in shop.contents}
    rows = [
        {
            "region": path.split("/")[1],
            "source": path,
            "etag": "x",
            "id": number,
            "ordered_at": datetime(2024, 1, number, tzinfo=UTC),
            "amount": 1,
            "status": None,
        }
        for number, path in enumerate(PATHS, 1)
    ]
    table = shop.at.load("orders", Definition(BEFORE, "", {}, ("region",)))
    tables.replace(table, [], [pa.Table.from_pylist(rows, BEFORE)], NOTED)
    objects = {
        path: {
            "etag": head.etag,
            "size": len(files(shop.input).read(f"{shop.input}/{path}")),
            "rows": 1,
            "run": "old-1",
        }
        for path, head in heads.items()
        if head
    }
    bad = files(shop.input).head(f"{shop.input}/orders/north/2024-03.csv")
    objects["orders/north/2024-03.csv"] = {
        "etag": bad.etag,
        "size": 0,
        "rows": 0,
        "run": "old-1",
        "error": "empty",
    }
    place = f"{shop.output}/state/processed.json"
    files(place).write(place, json.dumps({"version": 1, "objects": objects}).encode())
    shop.delete("orders/north/2024-03.csv")
    return shop


def test_nothing_is_read_again(before: Shop) -> None:
    """What the earlier version has published is unchanged for the plan, before and after the table is taken on."""
    first = before.prepare()
    assert (first["proceed"], first["new"], first["changed"], first["unchanged"]) == (False, 0, 0, 2)
    before.put(LATER, [row(3)])
    summary = before.run()
    assert [file["source"] for file in summary["files"]] == [LATER]
    again = before.prepare()
    assert (again["proceed"], again["unchanged"]) == (False, 3)


def test_rows_say_their_file_and_since_when_they_are_available(before: Shop) -> None:
    """As the snapshot has noted it, or by when it must have been. Columns that came from the file's name go."""
    newest = before.at.find("orders").current_snapshot().timestamp_ms // 1000
    before.put(LATER, [row(3)])
    before.run()
    found = {found["id"]: found for found in before.rows()}
    assert {"source", "etag"} & found[1].keys() == set()
    assert [found[n]["_file"] for n in (1, 2, 3)] == [*PATHS, LATER]
    assert [found[n]["_period"] for n in (1, 2, 3)] == ["2024-01", "2024-01", "2024-02"]
    assert [found[n]["_row"] for n in (1, 2, 3)] == [None, None, 1]
    assert found[1]["_available_at"] == datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert found[2]["_available_at"] == datetime.fromtimestamp(newest, UTC)
    entries = dict(before.ledger.entries("orders", "2024"))
    assert entries[PATHS[0]].first_published == "2025-01-02T03:04:05Z"
    assert (entries[PATHS[0]].unit, entries[PATHS[0]].run) == (found[1]["_unit"], "old-1")


def test_a_corrected_file_replaces_its_rows_and_is_available_since_the_first_one(before: Shop) -> None:
    """Those that an earlier version has published."""
    before.put(PATHS[0], [row(4), row(5)])
    before.run()
    found = {found["id"]: found for found in before.rows()}
    assert sorted(found) == [2, 4, 5]
    assert found[5]["_available_at"] == datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_run_that_was_killed_in_between_is_taken_up(before: Shop, monkeypatch) -> None:
    """The table was taken on, the ledger was not written."""
    before.put(LATER, [row(3)])
    with monkeypatch.context() as patch:
        patch.setattr(adopting.Ledger, "note", None)
        with pytest.raises(TypeError):
            before.run()
    assert before.prepare()["unchanged"] == 2
    assert before.load()["files"][0]["source"] == LATER
    entries = dict(before.ledger.entries("orders", "2024"))
    assert entries[PATHS[0]].first_published == "2025-01-02T03:04:05Z"
    assert len(before.rows()) == 3
