"""The columns of the tables that the project publishes, for tests that make such tables themselves."""

from __future__ import annotations

import pyarrow as pa

from data_pipeline.etl.publishing.definition import Definition

RIDE_COUNTS = pa.schema(
    [
        ("timestamp", pa.timestamp("us")),
        ("num_rides", pa.int64()),
        *((name, pa.int32()) for name in ("minutes", "dow", "month", "doy")),
        *((name, pa.int64()) for name in ("yellow", "green", "fhv", "fhvhv")),
    ]
)
TRIP_COUNTS = pa.schema(
    [
        ("month", pa.string()),
        ("window_start", pa.timestamp("us")),
        ("trips", pa.int64()),
        ("dataset", pa.string()),
    ]
)
TABLES = {
    "trip_counts": Definition(TRIP_COUNTS, "", {}, ("dataset", "month")),
    "ride_counts": Definition(RIDE_COUNTS, "", {}),
}
