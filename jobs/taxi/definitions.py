"""The two tables that the taxi example publishes, and what they say of themselves."""

from __future__ import annotations

from collections.abc import Mapping

from data_pipeline.etl.publishing.definition import Definition
from taxi import schemas
from taxi.sources import DATASETS

TABLES: Mapping[str, Definition] = {
    "trip_counts": Definition(
        schemas.arrow("trip_counts"),
        "Trips by data set, source file and window of 15 minutes",
        {
            "dataset": f"{', '.join(DATASETS[:-1])} or {DATASETS[-1]}",
            "source": "path of the source file below the input",
            "etag": "ETag of the version of the source file that was counted",
            "month": "month that the source file is of, as YYYY-MM",
            "window_start": "start of the window, on New York's wall clock",
            "trips": "trips of the file that began in the window",
        },
        ("dataset", "month"),
    ),
    "ride_counts": Definition(
        schemas.arrow("ride_counts"),
        "Rides by window of 15 minutes, all data sets together and each; a window without a ride has no row "
        "unless the pipeline fills it",
        {
            "timestamp": "start of the window, on New York's wall clock",
            "num_rides": "rides that began in the window, of all data sets",
            "minutes": "minutes from midnight to the start of the window",
            "dow": "day of the week, 1 on Sunday to 7 on Saturday",
            "month": "month of the year, 1 to 12",
            "doy": "day of the year, 1 on 1 January",
            **{dataset: f"rides of {dataset} that began in the window" for dataset in DATASETS},
        },
    ),
}
