"""A catalog of Iceberg tables in a folder, without AWS: quick, and as strict about lost races as Glue's."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from pyiceberg.catalog import Catalog, MetastoreCatalog
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError, TableAlreadyExistsError
from pyiceberg.io import load_file_io
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC
from pyiceberg.serializers import FromInputFile
from pyiceberg.table import CommitTableResponse, Table
from pyiceberg.table.locations import load_location_provider
from pyiceberg.table.metadata import new_table_metadata
from pyiceberg.table.sorting import UNSORTED_SORT_ORDER

from data_pipeline.etl.publishing.tables import Tables


def connect(folder: Path) -> Tables:
    """The tables of a new database whose files are below ``folder``."""
    return Tables(_catalog(), "db", str(folder / "warehouse"))


def _catalog() -> Any:
    """One that publishing takes for Glue's."""
    catalog: Any = FolderCatalog
    return catalog()


class FolderCatalog(MetastoreCatalog):
    """Where each table's newest metadata are. What publishing does not ask of a catalog is not there."""

    def __init__(self) -> None:
        super().__init__("folder")
        self.locations: dict[tuple[str, ...], str] = {}
        self.lock = threading.Lock()

    def create_table(
        self,
        identifier: Any,
        schema: Any,
        location: Any = None,
        partition_spec: Any = UNPARTITIONED_PARTITION_SPEC,
        sort_order: Any = UNSORTED_SORT_ORDER,
        properties: Any = None,
    ) -> Table:
        properties = properties or {}
        place = load_location_provider(location, properties).new_table_metadata_file_location()
        metadata = new_table_metadata(schema, partition_spec, sort_order, location, properties)
        self._write_metadata(metadata, load_file_io(self.properties, place), place)
        with self.lock:
            if identifier in self.locations:
                raise TableAlreadyExistsError(str(identifier))
            self.locations[identifier] = place
        return self.load_table(identifier)

    def load_table(self, identifier: Any) -> Table:
        name = Catalog.identifier_to_tuple(identifier)
        place = self.locations.get(name)
        if place is None:
            raise NoSuchTableError(str(identifier))
        io = load_file_io(self.properties, place)
        metadata = FromInputFile.table_metadata(io.new_input(place))
        return Table(name, metadata, place, io, self)

    def commit_table(self, table: Table, requirements: Any, updates: Any) -> CommitTableResponse:
        current = self.load_table(table.name())
        staged = self._update_and_stage_table(current, table.name(), requirements, updates)
        if staged.metadata == current.metadata:
            return CommitTableResponse(metadata=current.metadata, metadata_location=current.metadata_location)
        self._write_metadata(staged.metadata, staged.io, staged.metadata_location)
        with self.lock:
            if self.locations[table.name()] != current.metadata_location:
                raise CommitFailedException("another was faster")
            self.locations[table.name()] = staged.metadata_location
        return CommitTableResponse(metadata=staged.metadata, metadata_location=staged.metadata_location)


FolderCatalog.__abstractmethods__ = frozenset()  # what publishing does not ask for
