"""Job: publish readings/readings.csv as the table readings, in one commit. A run with the same rows changes nothing."""

from __future__ import annotations

import sys
from importlib import resources

import pyarrow as pa
import readings
from pyarrow import csv

from data_pipeline.etl import arguments, exits
from data_pipeline.etl.publishing import tables
from data_pipeline.etl.publishing.commits import commit_with_retry
from data_pipeline.etl.publishing.definition import Definition
from data_pipeline.etl.storage.filesystem import join

COLUMNS = pa.schema([("station", pa.string()), ("taken_at", pa.timestamp("us")), ("celsius", pa.float64())])
READINGS = Definition(
    COLUMNS,
    "Temperatures by station and time",
    {
        "station": "where it was taken",
        "taken_at": "when, in UTC",
        "celsius": "temperature in degrees Celsius",
    },
)


def main(argv: list[str]) -> None:
    """Publish the file's rows in place of those that the table has."""
    parser = arguments.parser(__doc__ or "")
    parser.add_argument("--output", required=True, help="where the results are: s3://bucket/prefix")
    parser.add_argument("--catalog", required=True, help="glue:<database>")
    parser.add_argument("--run", required=True, help="the name of this run")
    parser.add_argument("--code-version", default="", help="the content hash of the code, for the log")
    options = arguments.parse(parser, argv)
    types = {field.name: field.type for field in COLUMNS}
    # not beside __file__: Glue copies the script elsewhere, and gets what is beside it as an archive
    file = resources.files(readings).joinpath("readings.csv").read_bytes()
    rows = csv.read_csv(
        pa.BufferReader(file),
        convert_options=csv.ConvertOptions(column_types=types, include_columns=COLUMNS.names),
    )
    at = tables.connect(options.catalog, join(options.output, "warehouse"), {"readings": READINGS})
    changed = commit_with_retry("readings", lambda: publish(at, rows, options.run))
    exits.log(f"readings: {rows.num_rows} rows {'published' if changed else 'are published already'}")


def publish(at: tables.Tables, rows: pa.Table, run: str) -> bool:
    """Replace the table's rows unless they are the same; whether they were not."""
    table = at.load("readings")
    files = tables.files_in(table, table.current_snapshot())
    if files and tables.read_files(table, files).cast(rows.schema).equals(rows):
        return False
    tables.replace(table, files, [rows], {"pipeline.run": run})
    return True


if __name__ == "__main__":
    exits.run(main, sys.argv[1:])
