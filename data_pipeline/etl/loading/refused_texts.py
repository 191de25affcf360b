"""Raw texts of rows that earlier runs have refused, emptied where they show an erased key."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from data_pipeline.etl.documents.datasets import Dataset
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.publishing.erased_keys import ErasedKeys
from data_pipeline.etl.reading.quarantine import writer
from data_pipeline.etl.storage.filesystem import files, join
from data_pipeline.etl.storage.objects import FILE_GONE, GONE, MissingError, Stored


def empty(output: str, dataset: Dataset, keys: ErasedKeys, work: Path) -> int:
    """Empty the raw texts in the quarantine of ``dataset`` that show one of ``keys``; how many. Of a data set with
    personal data all of them: they are of a time when it was not known to have any. ``work``: a folder for files on the
    way. JobError for a file that is there and cannot be read.
    """

    def shown(raw: str) -> bool:
        return dataset.private or keys.shown(raw)

    found = 0
    for stored in _stored(join(output, "quarantine")):
        if f"/dataset={dataset.name}/" in f"/{stored.path}" and stored.path.endswith(".parquet"):
            found += _emptied(stored, shown, work)
    return found


def _emptied(stored: Stored, shown: Callable[[str], bool], work: Path) -> int:
    store = files(stored.uri)
    try:
        with (
            tempfile.TemporaryDirectory(dir=work) as folder,
            store.fetched(stored.uri, "", Path(folder)) as path,
            pq.ParquetFile(path) as file,
        ):
            made = Path(folder) / "emptied"
            found = _copied(file, made, shown)
            if found:
                store.upload(made, stored.uri)
            return found
    except MissingError as error:
        if str(error) in (GONE, FILE_GONE):  # it has expired meanwhile
            return 0
        raise JobError(f"{stored.uri}, texts of refused rows: {error}") from error


def _copied(file: pq.ParquetFile, made: Path, shown: Callable[[str], bool]) -> int:
    """Copy the rows of ``file`` to ``made`` without the texts that are ``shown``; how many these are."""
    found = 0
    with writer(made) as target:
        for batch in file.iter_batches():
            rows = pa.Table.from_batches([batch])
            raw = rows["raw"].to_pylist()
            left = [None if text and shown(text) else text for text in raw]
            found += sum(one != other for one, other in zip(raw, left, strict=True))
            target.write_table(
                rows.set_column(rows.column_names.index("raw"), "raw", pa.array(left, pa.string()))
            )
    return found


def _stored(folder: str) -> Iterator[Stored]:
    if folder.startswith("s3://") or Path(folder).is_dir():
        yield from files(folder).list(folder)
