"""PyIceberg: ``load_catalog`` with the variables of ``local env`` alone, on Glue."""

from __future__ import annotations

import uuid

import pyarrow as pa
from cases import DATABASE, ROWS, case
from pyiceberg.catalog import load_catalog
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError
from pyiceberg.types import StringType

PACKAGES = ("pyiceberg", "pyarrow")
NAMES = pa.schema([pa.field("id", pa.int64()), pa.field("name", pa.string())])


@case
def what_there_is() -> None:
    catalog = load_catalog()
    assert (DATABASE,) in catalog.list_namespaces()
    assert (DATABASE, "orders") in catalog.list_tables(DATABASE)


@case
def rows_of_a_table() -> None:
    table = load_catalog().load_table((DATABASE, "orders"))
    assert table.scan(row_filter="id > 20", selected_fields=("id",)).to_arrow().num_rows == ROWS - 20
    assert len(table.history()) == 1


@case
def a_table_from_its_beginning_to_its_end() -> None:
    catalog, space = load_catalog(), f"n{uuid.uuid4().hex[:8]}"
    catalog.create_namespace(space, {"location": f"s3://{DATABASE}/{space}"})
    table = catalog.create_table((space, "names"), NAMES)
    table.append(pa.table({"id": [1, 2, 3], "name": ["a", "b", None]}, schema=NAMES))
    table.delete("id = 1")
    table.upsert(pa.table({"id": [2, 4], "name": ["B", "d"]}, schema=NAMES), join_cols=["id"])
    with table.update_schema() as change:
        change.add_column("note", StringType())
    table.manage_snapshots().create_tag(table.current_snapshot().snapshot_id, "kept").commit()
    renamed = catalog.rename_table((space, "names"), (space, "people"))
    rows = sorted(renamed.scan().to_arrow().to_pylist(), key=lambda row: row["id"])
    assert [(row["id"], row["name"], row["note"]) for row in rows] == [
        (2, "B", None),
        (3, None, None),
        (4, "d", None),
    ]
    assert not catalog.table_exists((space, "names"))
    catalog.update_namespace_properties(space, updates={"owner": "me"})
    assert catalog.load_namespace_properties(space)["owner"] == "me"
    catalog.purge_table((space, "people"))
    catalog.drop_namespace(space)


@case
def two_writers() -> None:
    catalog = load_catalog()
    first = catalog.create_table((DATABASE, "raced"), NAMES, location=f"s3://{DATABASE}/raced")
    second = catalog.load_table((DATABASE, "raced"))
    row = pa.table({"id": [1], "name": ["a"]}, schema=NAMES)
    first.append(row)
    try:
        with second.transaction() as late:
            late.set_properties(a="b")
    except CommitFailedException:
        pass
    assert len(catalog.load_table((DATABASE, "raced")).scan().to_arrow()) == 1
    catalog.drop_table((DATABASE, "raced"))


@case
def what_is_not_there() -> None:
    try:
        load_catalog().load_table((DATABASE, "nothing"))
    except NoSuchTableError:
        return
    raise AssertionError("the table was found")
