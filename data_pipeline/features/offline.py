"""The offline store of SageMaker as its readers should see it: its table is append-only, and holds every repetition.

Of all records of one identifier and event time, the one that was written last counts; of those written at once, the
one that was asked for last. A marker that says deleted takes its record away.
"""

# ruff: noqa: S608 - SQL is put together from names that the configuration has checked

from __future__ import annotations

import duckdb
import pyarrow as pa

from data_pipeline.core.config.feature_groups import FeatureGroup

ADDED = ("write_time", "api_invocation_time", "is_deleted")


def view(group: FeatureGroup, table: str) -> str:
    """SQL of the view of ``table``, for DuckDB and for Athena."""
    keys = f'"{group.record_identifier}", "{group.event_time}"'
    columns = ", ".join(f'"{name}"' for name in group.stored)
    return (
        f"SELECT {columns} FROM (SELECT *, row_number() OVER (PARTITION BY {keys} ORDER BY write_time DESC, "
        f"api_invocation_time DESC) AS newest_first FROM {table}) AS records WHERE newest_first = 1 AND NOT is_deleted"
    )


def records(group: FeatureGroup, table: str) -> str:
    """SQL of the records in the view of ``table``, by identifier and event time."""
    return f'{view(group, table)} ORDER BY "{group.record_identifier}", "{group.event_time}"'


def read(group: FeatureGroup, rows: pa.Table) -> pa.Table:
    """The records of the offline store, from all rows of its table."""
    with duckdb.connect(":memory:") as db:
        db.register("appended", rows)
        return db.execute(records(group, "appended")).to_arrow_table()
