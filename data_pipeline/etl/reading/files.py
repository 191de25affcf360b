"""Read one local file of a data set: what its format says, or a reader of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Callable

from data_pipeline.etl.documents.datasets import Dataset
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.reading import protocol
from data_pipeline.etl.reading.csv_files import CsvReader
from data_pipeline.etl.reading.json_files import JsonReader
from data_pipeline.etl.reading.parquet_files import ParquetReader
from data_pipeline.etl.reading.protocol import FileRows, Reader, Staged
from data_pipeline.etl.reading.quarantine import Quarantine

__all__ = ["FileRows", "read_file", "reader"]
_KINDS: dict[str, Callable[[Dataset, int], Reader]] = {
    "csv": CsvReader,
    "json": JsonReader,
    "parquet": ParquetReader,
}


def reader(dataset: Dataset, workers: int = 1) -> Reader:
    """What reads the files of ``dataset``; ``workers`` threads share a large file. JobError for a definition that
    cannot be followed.
    """
    if dataset.reader:
        return protocol.load(dataset)
    if dataset.format.kind not in _KINDS:
        known = ", ".join(_KINDS)
        raise JobError(f"data set {dataset.name}: format {dataset.format.kind} is not one of {known}")
    return _KINDS[dataset.format.kind](dataset, workers)


def read_file(
    path: Path,
    dataset: Dataset,
    parts: Mapping[str, str],
    quarantine: Quarantine,
    staged: Staged,
    *,
    scratch: Path | None = None,
    workers: int = 1,
    period: str = "",
) -> FileRows:
    """Read one file; where many are read, ``reader(dataset)`` once and its ``read`` for each is quicker. See
    ``protocol.Reader``.
    """
    read = reader(dataset, workers).read
    return read(path, parts, quarantine, staged, scratch=scratch or path.parent, period=period)
