"""The columns of the published tables, with their types as Iceberg calls them.

COLUMNS is a literal: whoever renders the pipeline reads it from this file, without running it, and holds the types of
the features against it.
"""

from __future__ import annotations

import pyarrow as pa

COLUMNS = {
    "trip_counts": {
        "dataset": "string",
        "source": "string",
        "etag": "string",
        "month": "string",
        "window_start": "timestamp",
        "trips": "long",
    },
    "ride_counts": {
        "timestamp": "timestamp",
        "num_rides": "long",
        "minutes": "int",
        "dow": "int",
        "month": "int",
        "doy": "int",
        "yellow": "long",
        "green": "long",
        "fhv": "long",
        "fhvhv": "long",
    },
}
_TYPES = {"string": pa.string(), "int": pa.int32(), "long": pa.int64(), "timestamp": pa.timestamp("us")}


def arrow(table: str) -> pa.Schema:
    """The columns of a table with Arrow's types, in order."""
    return pa.schema([(name, _TYPES[kind]) for name, kind in COLUMNS[table].items()])
