"""Transactions that remember a table's metadata: what PyIceberg makes of them, made once for each change."""

import pyarrow as pa
import pyiceberg.table

from data_pipeline.etl.publishing import tables, transactions
from data_pipeline.etl.publishing.definition import Definition
from data_pipeline.etl.rehearsal import catalog

SCHEMA = pa.schema([("id", pa.int64())])


def test_metadata_are_made_once_for_each_change(tmp_path, monkeypatch):
    """The same until there is another change, and then what PyIceberg's own transaction has."""
    table = catalog.connect(tmp_path).load("orders", Definition(SCHEMA, "", {}))
    mine, other = transactions.begin(table), table.transaction()
    first = mine.table_metadata
    assert mine.table_metadata is first
    for each in (mine, other):
        each.set_properties({"a": "b"})
    assert first.properties != mine.table_metadata.properties == other.table_metadata.properties
    assert mine.table_metadata is mine.table_metadata
    mine.commit_transaction()
    assert table.properties["a"] == "b"
    assert mine.table_metadata.properties["a"] == "b"


def test_a_commit_copies_few_metadata(tmp_path, monkeypatch):
    """PyIceberg's own transaction makes them some twenty times."""
    made = []
    original = pyiceberg.table.update_table_metadata
    monkeypatch.setattr(
        pyiceberg.table,
        "update_table_metadata",
        lambda *told, **more: made.append(0) or original(*told, **more),
    )
    table = catalog.connect(tmp_path).load("orders", Definition(SCHEMA, "", {}))
    tables.replace(table, [], [pa.table({"id": [1, 2]}, SCHEMA)], {"pipeline.run": "one"})
    assert table.scan().to_arrow().to_pylist() == [{"id": 1}, {"id": 2}]
    assert 1 <= len(made) <= 3
