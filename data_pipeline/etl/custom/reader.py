"""Readers of files (``read: module:name``): docs/how-to/custom-reader.md.

Most are a function of a file and the data set's options that yields rows::

    def rows(file: SourceFile, options: Mapping[str, str]) -> Iterator[Row]: ...

One that hands on whole Arrow tables, or sums rows up, is a class that keeps to ``Reader``.
"""

from data_pipeline.etl.documents.datasets import ROW, Dataset
from data_pipeline.etl.errors import FileError, JobError
from data_pipeline.etl.reading.project_reader import Refuse, Row
from data_pipeline.etl.reading.protocol import FileRows, Reader, SourceFile, Staged
from data_pipeline.etl.reading.quarantine import Quarantine, Refused
from data_pipeline.etl.reading.schemas import arrow_schema

__all__ = [
    "ROW",
    "Dataset",
    "FileError",
    "FileRows",
    "JobError",
    "Quarantine",
    "Reader",
    "Refuse",
    "Refused",
    "Row",
    "SourceFile",
    "Staged",
    "arrow_schema",
]
