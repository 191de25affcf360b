"""A data set's table: the rows of units that are replaced, in one commit.

Each attempt looks at the newest snapshot, reads the data files that may hold rows of these units (each file says
between which ids its units lie), keeps the rows of other units, and commits only if that changes any row and nobody
else has committed meanwhile. Since when a row is available is not compared: the same row was there before.
"""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table
from pyiceberg.table.metadata import TableMetadata

from data_pipeline.etl import row_groups
from data_pipeline.etl.documents.datasets import UNIT
from data_pipeline.etl.storage.filesystem import join

from . import data_files, prints, small_files, table_columns, tables
from .commits import commit_with_retry
from .parquet_parts import Part, PartWriter
from .table_columns import Wanted

_READ_AT_ONCE = 4
"""Data files that are looked at for rows of the units: most have none, and say so after a few requests."""


@dataclass(frozen=True)
class Staged:
    """What is to be published of a data set: what its table is to be, finished ``parts`` on this machine, and the
    ``units`` whose rows they are or, of a unit without rows, were; if the table is made ``anew``, nothing else stays.
    ``spec``: by which partitions the parts are split.
    """

    wanted: Wanted
    parts: Sequence[Part]
    units: frozenset[str]
    spec: str = ""


@dataclass(frozen=True)
class Published:
    """What is published now: the table's UUID, its snapshot with its sequence number, its rows, and whether this run
    has committed it. ``available``: unit → path of its file → since when the table has these very rows, of units that
    are as they were.
    """

    table: str
    snapshot: str
    sequence: int
    rows: int
    committed: bool
    available: Mapping[str, Mapping[str, datetime]] = field(default_factory=dict)


def publish(
    at: tables.Tables, name: str, staged: Staged, lineage: Mapping[str, str], work: Path
) -> Published:
    """Put ``staged`` in place of what the table ``name`` has of its units. ``work``: a folder for files that are made
    on the way. JobError for columns that the table cannot take.
    """
    uploaded: dict[Path, str] = {}
    return commit_with_retry(name, lambda: _attempt(at, name, staged, lineage, work, uploaded))


def _attempt(
    at: tables.Tables,
    name: str,
    staged: Staged,
    lineage: Mapping[str, str],
    work: Path,
    uploaded: dict[Path, str],
) -> Published:
    anew = staged.wanted.anew
    table = at.load(name, staged.wanted.definition)
    transaction, altered = table_columns.changed(table, name, staged.wanted)
    metadata = transaction.table_metadata
    every = tables.files_in(table, table.current_snapshot())
    touched = every if anew else [file for file in every if may_hold(table, file, staged.units)]
    old, new = _prints(table, metadata, touched, staged)
    before = prints.together(old.values())
    same = {unit for unit in staged.units if before.rows.get(unit) == new.rows.get(unit)}
    changed = staged.units - same
    available = {unit: before.since[unit] for unit in same if unit in before.since}
    if not changed and not before.rows.keys() - staged.units:
        if altered:
            transaction.commit_transaction()
        return _now(table, False, available)
    with tempfile.TemporaryDirectory(dir=work) as folder:
        here = Path(folder)
        gone, kept = touched, []
        if anew:
            same, available = set(), {}
        else:
            gone = [file for file in touched if old[file.file_path].rows.keys() & changed]
            gone += small_files.crowded(table, every, gone, {part.values for part in staged.parts})
            kept = _kept(table, metadata, gone, changed, here)
        parts = [*kept, *_fitting(metadata, staged, frozenset(same & new.rows.keys()), here)]
        come = [data_files.uploaded(metadata, part, _place(table, part, uploaded)) for part in parts]
        tables.exchange_in(transaction, table, gone, come, dict(lineage))
        transaction.commit_transaction()
    return _now(table, True, available)


def _prints(
    table: Table, metadata: TableMetadata, touched: Sequence[DataFile], staged: Staged
) -> tuple[dict[str, prints.Prints], prints.Prints]:
    """Of the rows that the units have in the files ``touched``, by file, and of those that are staged. A column that
    one of both lacks is null there.
    """
    schema = metadata.schema()
    mine = {*staged.wanted.definition.columns.names}
    names = [field.name for field in schema.fields if field.name in mine]
    units = None if staged.wanted.anew else staged.units

    def printed(file: DataFile) -> prints.Prints:
        return prints.of_file(table, file, schema, names, units)

    with ThreadPoolExecutor(_READ_AT_ONCE) as pool:
        old = dict(zip((file.file_path for file in touched), pool.map(printed, touched)))
    return old, prints.of_parts(staged.parts, names)


def may_hold(table: Table, file: DataFile, units: Iterable[str]) -> bool:
    """Whether ``file`` may have rows of one of ``units``, by the bounds of their ids, which are never cut."""
    number = table.schema().find_field(UNIT).field_id
    lower, upper = file.lower_bounds.get(number), file.upper_bounds.get(number)
    if lower is None or upper is None:
        return True
    return any(lower <= unit.encode() <= upper for unit in units)


def _kept(
    table: Table, metadata: TableMetadata, gone: Sequence[DataFile], changed: Iterable[str], folder: Path
) -> list[Part]:
    """The rows of other units that the files ``gone`` have, as parts."""
    writer = _writer(metadata, folder, "kept")
    leaving = pa.array(sorted(changed))
    for file in gone:
        for rows in data_files.batches(table, file, schema=metadata.schema()):
            writer.write(rows.filter(pc.invert(pc.is_in(rows[UNIT], leaving))))
    return writer.close()


def _fitting(metadata: TableMetadata, staged: Staged, same: frozenset[str], folder: Path) -> list[Part]:
    """The parts as the table's columns are numbered and its rows are partitioned, without rows of units that are the
    same. The parts are so already, unless the table has changed since they were laid out.
    """
    schema = data_files.arrow_schema(metadata.schema())
    partitioned = staged.spec == str(metadata.spec())
    leaving = pa.array(sorted(same), pa.string())
    found: list[Part] = []
    writer = _writer(metadata, folder, "fresh")
    for part in staged.parts:
        as_it_is = partitioned and pq.read_schema(part.path).equals(schema, check_metadata=True)
        if as_it_is and not (same and same & prints.units_in(part)):
            found.append(part)
            continue
        with pq.ParquetFile(part.path) as file:
            for batch in row_groups.batches(file, data_files.ROWS):
                rows = data_files.filled(pa.Table.from_batches([batch]), schema)
                writer.write(rows.filter(pc.invert(pc.is_in(rows[UNIT], leaving))))
    return [*found, *writer.close()]


def _writer(metadata: TableMetadata, folder: Path, name: str) -> PartWriter:
    laid_out = table_columns.laid_out(metadata.schema(), metadata.spec())
    return PartWriter(folder, laid_out.schema, laid_out.split, name)


def _place(table: Table, part: Part, uploaded: dict[Path, str]) -> str:
    """Where a part goes: the same place again in another attempt."""
    return uploaded.setdefault(part.path, join(table.location(), "data", f"{uuid.uuid4()}.parquet"))


def _now(table: Table, committed: bool, available: Mapping[str, Mapping[str, datetime]]) -> Published:
    snapshot = table.current_snapshot()
    number, sequence, rows = "", 0, 0
    if snapshot is not None:
        number, sequence = str(snapshot.snapshot_id), snapshot.sequence_number or 0
        rows = tables.rows_in(snapshot)
    return Published(str(table.metadata.table_uuid), number, sequence, rows, committed, available)
