"""The list of processed files of an earlier version stands in for shards of the ledger that are not there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from data_pipeline.etl.documents.datasets import Dataset, Format
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.planning import earlier, units
from data_pipeline.etl.state.entries import lines

ORDERS = Dataset("orders", ("{region:north|south}_{year}-{month:02}.csv",), Format("csv"), ())


def noted(output: Path, *paths: str, **more: str) -> str:
    objects = {path: {"etag": "e", "size": 7, "rows": 5, "run": "r", **more} for path in paths}
    (output / "state").mkdir()
    (output / "state" / "processed.json").write_text(json.dumps({"version": 1, "objects": objects}))
    return str(output)


def test_files_of_any_folder_are_known_by_their_names(tmp_path):
    """Earlier versions took them from every folder; those that could not be read are not known."""
    output = noted(tmp_path, "north_2024-01.csv", "old/south_2023-12.csv", "notes.txt")
    found = earlier.entries(ORDERS, earlier.read(output))
    assert {shard: sorted(files) for shard, files in found.items()} == {
        "2024": ["north_2024-01.csv"],
        "2023": ["old/south_2023-12.csv"],
    }
    entry = found["2023"]["old/south_2023-12.csv"]
    unit = units.key(ORDERS, "old/south_2023-12.csv", "2023-12", {"region": "south"})
    assert (entry.etag, entry.size, entry.accepted, entry.unit) == ("e", 7, 5, unit)


def test_unreadable_files_are_not_known(tmp_path):
    assert earlier.read(noted(tmp_path, "north_2024-01.csv", error="it is empty")) == {}


def test_a_shard_of_the_ledger_goes_before(tmp_path):
    """The list stands in for the others."""
    known = earlier.known(noted(tmp_path, "north_2024-01.csv", "north_2023-01.csv"), {"orders": ORDERS})
    assert known.shards("orders") == ("2023", "2024")
    ((_, before),) = known.entries("orders", "2024")
    shard = "".join(lines("table", {}, [("north_2024-01.csv", before._replace(etag="newer"))]))
    (tmp_path / "state" / "datasets" / "orders").mkdir(parents=True)
    (tmp_path / "state" / "datasets" / "orders" / "2024.json").write_text(shard)
    assert [entry.etag for _, entry in known.entries("orders", "2024")] == ["newer"]
    assert [entry.etag for _, entry in known.entries("orders", "2023")] == ["e"]


def test_without_a_list_there_is_the_ledger_alone(tmp_path):
    assert earlier.known(str(tmp_path), {}) == earlier.Ledger(str(tmp_path))


def test_a_damaged_list_is_named(tmp_path):
    output = noted(tmp_path, "north_2024-01.csv")
    (tmp_path / "state" / "processed.json").write_text('{"version": 1}')
    with pytest.raises(JobError, match="this is not a list of processed objects"):
        earlier.read(output)
