"""A table as one Parquet file, for those who read no Iceberg: made of a snapshot, replaced in one conditional PUT.

Rows are in the order of their columns, so the file is the same for the same rows. Its metadata say what it was made of;
the object's, which S3 limits to 2 KB, say it shortly.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.table import Table

from data_pipeline.etl.errors import JobError
from data_pipeline.etl.storage.filesystem import files, join

from . import inputs, tables
from .commits import commit_with_retry
from .engine import Engine
from .tables import Tables

ROWS = 100_000
_LONGEST = 256
"""Characters of a text that is noted with the object; the file itself has it whole."""


def place(output: str, export: str) -> str:
    """Where the table's ``export: X.parquet`` is."""
    return join(output, "export", export)


def publish(at: Tables, name: str, place: str, engine: Engine | None = None) -> bool:
    """Make the object ``place`` the newest snapshot of the table ``name``; whether it was not that already. JobError if
    the table has no snapshot.
    """
    return commit_with_retry(place, lambda: _publish(at, name, place, engine or Engine()))


def _publish(at: Tables, name: str, place: str, engine: Engine) -> bool:
    """The object is looked at before the table: so nothing older can follow something newer."""
    head = files(place).head(place)
    table = at.find(name)
    snapshot = table.current_snapshot() if table is not None else None
    if table is None or snapshot is None:
        raise JobError(f"{place}: the table {name} has no rows to export")
    made_of = {tables.made_of(name): str(snapshot.snapshot_id)}
    if (
        head is not None
        and made_of.items() <= {f"pipeline.{key}": v for key, v in head.metadata.items()}.items()
    ):
        return False
    said = {key: text for key, text in tables.properties_of(snapshot).items() if key.startswith("pipeline.")}
    lineage = {**said, **made_of}
    headers = {key.removeprefix("pipeline."): text for key, text in lineage.items() if len(text) <= _LONGEST}
    with tempfile.TemporaryDirectory(dir=engine.scratch, prefix="export-") as folder:
        path = Path(folder) / "export.parquet"
        _write(table, lineage, path, engine)
        files(place).write_if(place, path, head.etag if head else None, headers)
    return True


def _write(table: Table, lineage: dict[str, str], path: Path, engine: Engine) -> None:
    schema = inputs.arrow_schema(table).with_metadata(lineage)
    with engine.connection() as db, pq.ParquetWriter(path, schema, compression="zstd") as writer:
        inputs.register(db, "_rows", table, tables.files_in(table, table.current_snapshot()))
        for batch in db.execute("FROM _rows ORDER BY ALL").to_arrow_reader(ROWS):
            writer.write_table(pa.Table.from_batches([batch]).cast(schema))
