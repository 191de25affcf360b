"""Opening Parquet files for any reader of them, and saying what cannot be read.

Pages are checked against their checksums where the file has them. Times of the old type INT96 come in microseconds.
Formats: https://parquet.apache.org/docs/file-format/, https://parquet.apache.org/docs/file-format/data-pages/encryption/
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from data_pipeline.etl.errors import FileError

BUFFER_BYTES = 1 << 20
_MAGIC = b"PAR1"
_ENCRYPTED = b"PARE"


@contextmanager
def opened(path: Path) -> Iterator[pq.ParquetFile]:
    """The open file, whose columns are read in a stream. FileError if it is no Parquet file, or its footer is
    encrypted or damaged.
    """
    with path.open("rb") as content:
        start = content.read(4)
    if not start:
        raise FileError("it is empty")
    if start == _ENCRYPTED:
        raise FileError(
            "it is a Parquet file with an encrypted footer (it starts with b'PARE'), for which there is no key here; "
            "write it without encryption"
        )
    if start != _MAGIC:
        raise FileError(f"it is not a Parquet file: it starts with {start!r}")
    with readable():
        file = pq.ParquetFile(
            path, buffer_size=BUFFER_BYTES, coerce_int96_timestamp_unit="us", page_checksum_verification=True
        )
    with file:
        yield file


@contextmanager
def readable() -> Iterator[None]:
    """FileError for what Arrow cannot read."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise FileError("the Parquet data cannot be read: a name in its footer is not UTF-8") from error
    except (pa.ArrowException, OSError) as error:
        said = " ".join(str(error).split())[:300]
        raise FileError(f"the Parquet data cannot be read: {said}") from error
