"""A run without a catalog: each data set and each table as one Parquet file, without any AWS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from data_pipeline.etl import row_groups
from data_pipeline.etl.arrow_types import of_arrow, to_arrow
from data_pipeline.etl.documents.datasets import PERIOD, Dataset, Table
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.exits import one_line
from data_pipeline.etl.publishing import coverage
from data_pipeline.etl.publishing.engine import Engine
from data_pipeline.etl.publishing.keyed_sql import PERIODS
from data_pipeline.etl.publishing.parquet_parts import Part, PartWriter
from data_pipeline.etl.quality.sql import name as quoted
from data_pipeline.etl.storage.filesystem import files, join

from . import columns, keyed
from .loader import Loaded

if TYPE_CHECKING:
    from data_pipeline.etl.publishing.keyed_table import (
        Keyed,
    )  # PyIceberg, which a run without keys does without

BATCH = 100_000
FEW = 2_000_000
"""Rows of a table's inputs, all together, for which a second thread of DuckDB costs more than it gains: each groups
rows for itself, and the groups are put together then."""


def write_dataset(loaded: Loaded, output: str, work: Path) -> dict[str, tuple[Path, int]]:
    """Replace ``<name>.parquet`` of each of its tables in the output: name → the file of this machine that was
    uploaded, and its rows.
    """
    dataset = loaded.dataset
    schema = columns.of(dataset).schema
    path = (
        loaded.parts[0].path if len(loaded.parts) == 1 else _one(loaded.parts, schema, work, dataset.versions)
    )
    made = {dataset.versions: (path, sum(part.rows for part in loaded.parts))}
    for table in keyed.tables_of(dataset) if dataset.key else ():
        made[table.name] = _of_versions(table, path, work)
    for name, (each, _) in made.items():
        place = join(output, f"{name}.parquet")
        files(place).upload(each, place)
    return made


def _of_versions(table: Keyed, versions: Path, work: Path) -> tuple[Path, int]:
    """The file of a table that is made of the ``versions``, about in their order, and its rows."""
    schema = table.wanted.definition.columns
    with Engine(keyed.MEMORY, work).connection() as db:
        db.execute("SET preserve_insertion_order = true")  # far less than to sort all rows
        db.read_parquet(str(versions)).create_view("_versions")
        if table.periods:
            db.execute(f"CREATE TEMP VIEW {PERIODS} AS {table.periods}")
        writer = PartWriter(work, schema, name=table.name, file_bytes=None)
        rows = f"SELECT {', '.join(map(quoted, schema.names))} FROM ({table.select})"  # noqa: S608 - quoted names
        try:
            for batch in db.execute(rows).to_arrow_reader(BATCH):
                writer.write(pa.Table.from_batches([batch]))
        except (duckdb.Error, pa.ArrowException) as error:
            raise JobError(
                f"{table.name}: it cannot be made of its versions: {one_line(str(error))}"
            ) from error
    parts = writer.close()
    path = parts[0].path if parts else _one((), schema, work, table.name)
    return path, sum(part.rows for part in parts)


def _one(parts: Sequence[Part], schema: pa.Schema, work: Path, name: str) -> Path:
    if not parts:
        path = work / f"{name}.parquet"
        pq.write_table(schema.empty_table(), path)
        return path
    writer = PartWriter(work, schema, name=name, file_bytes=None)
    for part in parts:
        with pq.ParquetFile(part.path) as file:
            for batch in row_groups.batches(file, BATCH):
                writer.write(pa.Table.from_batches([batch]))
        part.path.unlink()
    (whole,) = writer.close()
    return whole.path


def write_table(
    table: Table, inputs: Mapping[str, Path], datasets: Mapping[str, Dataset], output: str, work: Path
) -> tuple[Path, int]:
    """Replace the table's export, or ``<name>.parquet`` of the output, by what the table's SQL makes of ``inputs``; the
    file of this machine, and its rows. Its metadata say which months those of ``datasets`` cover.
    """
    few = sum(pq.read_metadata(inputs[name]).num_rows for name in table.inputs) <= FEW
    with duckdb.connect(config={"temp_directory": str(work)}) as db:
        db.execute("SET TimeZone = 'UTC'")
        if few:  # the order of all rows is made before the first one is streamed: see LEAST_THREADS of Engine
            db.execute("SET threads = 1")
        for name in table.inputs:
            db.read_parquet(str(inputs[name])).create_view(name)
        try:
            covered = _covered(db, [datasets[name] for name in table.inputs if name in datasets])
            found = db.execute(f"SELECT * FROM ({table.sql}) ORDER BY ALL").to_arrow_reader(BATCH)  # noqa: S608 - the project's own
            fields = [pa.field(field.name, to_arrow(of_arrow(field.type))) for field in found.schema]
            schema = pa.schema(fields, covered)
            writer = PartWriter(work, schema, name=f"{table.name}-table", file_bytes=None)
            for batch in found:
                writer.write(pa.Table.from_batches([batch]))
        except (duckdb.Error, pa.ArrowException) as error:
            raise JobError(f"table {table.name}: its SQL cannot be run: {one_line(str(error))}") from error
    parts = writer.close()
    path = parts[0].path if parts else _one((), schema, work, table.name)
    place = join(output, table.export or f"{table.name}.parquet")
    files(place).upload(path, place)
    return path, sum(part.rows for part in parts)


def _covered(db: duckdb.DuckDBPyConnection, datasets: Sequence[Dataset]) -> dict[str, str]:
    """What a snapshot would say of the months that ``datasets``, relations of ``db``, cover: see
    ``publishing.months``.
    """
    parted = {
        each.name: next(column for column in each.partition if column != PERIOD)
        for each in datasets
        if PERIOD in each.partition and len(each.partition) == 2
    }
    months: list[tuple[str, str]] = []
    for name, series in parted.items():
        columns = f"SELECT DISTINCT {quoted(series)}, {PERIOD} FROM {quoted(name)}"  # noqa: S608 - quoted names
        months += db.execute(columns).fetchall()
    return {coverage.COVERED: coverage.text(months)} if parted else {}
