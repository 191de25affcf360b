"""Trip files, as their names tell them apart."""

from __future__ import annotations

import re
from dataclasses import dataclass

from data_pipeline.etl.errors import FileError

DATASETS = ("yellow", "green", "fhv", "fhvhv")
NAME = re.compile(
    r"(?P<dataset>yellow|green|fhv|fhvhv)_tripdata_(?P<month>[0-9]{4}-(?:0[1-9]|1[0-2]))\.(?P<form>csv|csv\.gz|parquet)"
)


@dataclass(frozen=True)
class TripFile:
    """One trip file: its ``path`` below the input, which is its name everywhere; its ``month``, ``YYYY-MM``; its
    ``form``, ``csv``, ``csv.gz`` or ``parquet``.
    """

    path: str
    dataset: str
    month: str
    form: str


def as_trip_file(path: str) -> TripFile:
    """The trip file whose path below the input is ``path``. FileError if that is no name of a trip file."""
    match = NAME.fullmatch(path.rpartition("/")[2])
    if match is None:
        raise FileError(
            "its name is not that of a trip file: DATASET_tripdata_YYYY-MM.csv, .csv.gz or .parquet"
        )
    return TripFile(path, **match.groupdict())
