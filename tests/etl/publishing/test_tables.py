"""Tables of any columns and partitions, in the catalog of the embedded AWS."""

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace

import pyarrow as pa
import pytest
from pyiceberg.manifest import ManifestContent

from data_pipeline.etl import arrow_types
from data_pipeline.etl.documents import types
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.publishing import tables
from data_pipeline.etl.publishing.definition import Definition

COLUMNS = {
    "id": "long",
    "ordered_at": "timestamptz",
    "day": "date",
    "amount": "decimal(12,2)",
    "status": "string",
    "tags": "list<string>",
    "place": "struct<city:string,at:timestamp>",
}


def test_a_table_of_every_type_with_partitions_of_time(at):
    """Rows come back as they were written, from a data file for each day and bucket; a comment is in the schema."""
    schema = pa.schema((name, arrow_types.to_arrow(types.parse(text))) for name, text in COLUMNS.items())
    definition = Definition(schema, "Orders", {"id": "its number"}, ("day(ordered_at)", "bucket(2, id)"))
    place = {"city": "Ulm", "at": datetime.fromisoformat("2024-01-01")}
    rows = [
        {
            "id": 1,
            "ordered_at": datetime(2024, 1, day, 23, tzinfo=UTC) if day else None,
            "day": date(2024, 1, 1),
            "amount": Decimal("-1.25"),
            "status": None,
            "tags": ["a", None],
            "place": place,
        }
        for day in (1, 1, 2, 0)
    ]
    table = at.load("orders", definition)
    tables.replace(table, [], [pa.Table.from_pylist(rows, schema)], {"pipeline.run": "one"})
    table = at.load("orders", definition)
    found = tables.files_in(table, table.current_snapshot())
    assert sorted(file.record_count for file in found) == [1, 1, 2]
    assert sorted(str(file.partition[0]) for file in found) == ["19723", "19724", "None"]
    read = table.scan().to_arrow().to_pylist()
    assert sorted(read, key=str) == sorted(rows, key=str)
    assert len(table.scan("ordered_at >= '2024-01-02T00:00:00+00:00'").to_arrow()) == 1
    assert table.schema().find_field("id").doc == "its number"
    assert table.schema().find_field("day").doc is None


def test_rows_that_another_program_deleted_stop_a_run():
    """They would come back with whatever is made of the data files. A delete file that is gone is none."""
    table = SimpleNamespace(name=lambda: ("shop", "orders"), io=None)
    files = {"has_added_files": lambda: True, "has_existing_files": lambda: False}
    none = {"has_added_files": lambda: False, "has_existing_files": lambda: False}
    deletes = SimpleNamespace(content=ManifestContent.DELETES, **files)
    with pytest.raises(
        JobError, match=r"table shop\.orders: another program has deleted rows.*OPTIMIZE shop\.orders"
    ):
        tables._live(table, [deletes])
    assert tables._live(table, [SimpleNamespace(content=ManifestContent.DELETES, **none)]) == {}
