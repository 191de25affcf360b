"""What reads the files of a data set: what its format says, or a reader of one's own."""

from __future__ import annotations

from typing import Callable

from data_pipeline.etl.documents.datasets import Dataset
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.reading import project_reader
from data_pipeline.etl.reading.protocol import Reader


def _csv() -> Callable[[Dataset, int], Reader]:
    from data_pipeline.etl.reading.csv_files import CsvReader

    return CsvReader


def _json() -> Callable[[Dataset, int], Reader]:
    from data_pipeline.etl.reading.json_files import JsonReader

    return JsonReader


def _parquet() -> Callable[[Dataset, int], Reader]:
    from data_pipeline.etl.reading.parquet_files import ParquetReader

    return ParquetReader


#: each imported only where it is needed: most jobs need one of them.
_KINDS = {"csv": _csv, "json": _json, "parquet": _parquet}


def reader(dataset: Dataset, workers: int = 1) -> Reader:
    """What reads the files of ``dataset``; ``workers`` threads share a large file. JobError for a definition that
    cannot be followed.
    """
    if dataset.reader:
        return project_reader.load(dataset)
    if dataset.format.kind not in _KINDS:
        known = ", ".join(_KINDS)
        raise JobError(f"data set {dataset.name}: format {dataset.format.kind} is not one of {known}")
    return _KINDS[dataset.format.kind]()(dataset, workers)
