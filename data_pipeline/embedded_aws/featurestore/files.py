"""The offline store's catalog and files; PyIceberg loads these classes by their names."""

from __future__ import annotations

import io
import secrets
from typing import TYPE_CHECKING

from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.io import OutputStream
from pyiceberg.io.pyarrow import PyArrowFile, PyArrowFileIO
from pyiceberg.partitioning import PartitionKey
from pyiceberg.table.locations import LocationProvider

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class Catalog(GlueCatalog):
    """The Glue catalog, without a look at whether the database is one of S3 Tables: the role may not read databases."""

    def _is_s3tables_database(self, database_name: str) -> bool:  # noqa: ARG002
        return False


class Locations(LocationProvider):
    """Data files in the service's layout."""

    def new_data_location(self, data_file_name: str, partition_key: PartitionKey | None = None) -> str:
        """``data/<8 characters>/<event time>_trunc=<day>/<day>_<16 characters>.parquet``; the service has the newest
        event time of the file in the place of the day.
        """
        assert partition_key is not None, f"{data_file_name}: the table is partitioned"
        day, where = str(partition_key.partition[0]), partition_key.to_path()
        name = f"{day.replace('-', '')}T000000Z_{secrets.token_hex(8)}.parquet"
        return f"{self.data_path}/{secrets.token_hex(4)}/{where}/{name}"


class _Counted(io.RawIOBase):
    """A stream that knows how much was written to it."""

    def __init__(self, stream: OutputStream) -> None:
        super().__init__()
        self._stream = stream
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, content: ReadableBuffer) -> int:
        written = memoryview(content).nbytes
        self._stream.write(bytes(content))
        self.size += written
        return written

    def tell(self) -> int:
        return self.size

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
        super().close()


class _New(PyArrowFile):
    """A file that is written once. To ask S3 whether it is there, or how long it is, the role would need permissions
    that AWS does not ask for.
    """

    _written: _Counted | None = None

    def exists(self) -> bool:
        """No: its name is random."""
        return False

    def create(self, overwrite: bool = False) -> OutputStream:
        self._written = _Counted(super().create(overwrite))
        return self._written

    def __len__(self) -> int:
        return self._written.size if self._written else super().__len__()


class Files(PyArrowFileIO):
    """Files of S3 whose writer does not look whether they are there already."""

    def new_output(self, location: str) -> PyArrowFile:
        made = super().new_output(location)
        return _New(location, made._path, made._filesystem, made._buffer_size)
