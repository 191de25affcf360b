"""Lists of structs come back as they were written: null is not empty, alone and within a struct."""

from __future__ import annotations

import subprocess
import sys

import pyarrow as pa
import pytest

from data_pipeline.etl.publishing import data_files, tables
from data_pipeline.etl.publishing.definition import Definition
from data_pipeline.etl.rehearsal import catalog

LISTS = pa.list_(pa.struct([("a", pa.int64())]))
ROWS = pa.table(
    {
        "id": pa.array([1, 2, 3]),
        "lists": pa.array([None, [], [{"a": 1}, None]], LISTS),
        "inner": pa.array([{"l": None}, {"l": [{"a": None}]}, None], pa.struct([("l", LISTS)])),
    }
)


def test_what_is_read_to_be_written_again_keeps_its_nulls(tmp_path):
    at = catalog.connect(tmp_path)
    table = at.load("orders", Definition(ROWS.schema, "", {}, ()))
    tables.replace(table, [], [ROWS], {})
    found = at.find("orders")
    (file,) = tables.files_in(found, found.current_snapshot())
    for read in (found.scan().to_arrow(), pa.concat_tables(data_files.batches(found, file))):
        assert read.to_pylist() == ROWS.to_pylist()


@pytest.mark.parametrize(
    "read",
    [
        "iceberg_state(found, None).read()",
        "Tables(Catalog(), 'db').load('orders').scan().to_arrow()",
    ],
)
def test_what_is_read_for_a_user_keeps_its_nulls(tmp_path, read):
    """In a process that has nothing of the jobs: as a query, and as a table by its name."""
    at = catalog.connect(tmp_path)
    tables.replace(at.load("orders", Definition(ROWS.schema, "", {}, ())), [], [ROWS], {})
    place = at.find("orders").metadata_location
    code = f"""
from types import SimpleNamespace
from pyiceberg.table import StaticTable
from data_pipeline.features.queries import iceberg_state
from data_pipeline.features.snapshots import Tables
found = StaticTable.from_metadata({place!r})
Catalog = lambda: SimpleNamespace(load_table=lambda name: found)
print(({read}).sort_by("id").to_pylist())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == str(ROWS.to_pylist()), done.stderr
