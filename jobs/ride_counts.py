"""Job: count the trips in each 15-minute window and publish the counts as features.

Reads the trip files of a plan, or all below ``--input``. With ``--catalog glue:<database>`` it publishes the
tables trip_counts and ride_counts and ``<output>/export/X.parquet``; without it writes X.parquet,
trip_counts.parquet, summary.json and quarantine/ to ``--output``, and needs no AWS for that.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from tlc import arguments, exits, features, reports, sources
from tlc.counting import Engine
from tlc.errors import JobError
from tlc.reading import TRIP_COUNTS, Result, read_all
from tlc.storage import files, join, write_json


def main(argv: list[str]) -> None:
    """Count and publish what ``argv`` names. Raises JobError for whatever the user can mend."""
    parser = arguments.parser(__doc__ or "")
    parser.add_argument(
        "--input", required=True, help="where the trip files are: s3://bucket/prefix or a folder"
    )
    parser.add_argument(
        "--output", required=True, help="where the results go: s3://bucket/prefix or a folder"
    )
    parser.add_argument(
        "--plan", help="plan.json of prepare: exactly these files are read; else all below --input"
    )
    parser.add_argument(
        "--catalog", help="glue:<database>: publish Iceberg tables there; --output must be on S3"
    )
    parser.add_argument("--run", default="", help="the name of this run; needed with --catalog")
    parser.add_argument("--code-version", default="", help="the content hash of the code, for the lineage")
    options = arguments.parse(parser, argv)
    listing = (
        sources.read_plan(options.plan, options.input)
        if options.plan
        else sources.list_sources(options.input)
    )
    if not listing.sources:
        raise sources.nothing_to_read(options.input)
    for line in listing.repeated():
        exits.log(f"warning: {line}")
    with tempfile.TemporaryDirectory(prefix="ride_counts-") as folder, Engine(Path(folder)) as engine:
        quarantine = Path(folder) / "quarantine"
        quarantine.mkdir()
        if options.catalog:
            raise JobError("--catalog: not there yet")
        results = read_all(engine, listing.sources, quarantine)
        summary = write_files(
            engine, results, options.run or "alone", options.code_version, options.output, quarantine
        )
    rows = summary["rows"]
    exits.log(
        f"{rows['read']:,} rows read, {rows['counted']:,} counted in {summary['windows']:,} windows, "
        f"{rows['quarantined']:,} in quarantine; features in {summary['export']}"
    )


def write_files(
    engine: Engine, results: list[Result], run: str, code_version: str, output: str, quarantine: Path
) -> dict[str, Any]:
    """Without a catalog: replace X.parquet, trip_counts.parquet, quarantine/ and summary.json."""
    place = join(output, "summary.json")
    lineage = reports.lineage(results, run, code_version, place)
    export, trips = join(output, "X.parquet"), join(output, "trip_counts.parquet")
    with tempfile.TemporaryDirectory(dir=quarantine.parent) as folder:
        x, t = Path(folder) / "X.parquet", Path(folder) / "trip_counts.parquet"
        windows = features.write_parquet(engine.db, features.ride_counts(), features.RIDE_COUNTS, lineage, x)
        rows = features.write_parquet(engine.db, features.TRIP_COUNTS_IN_ORDER, TRIP_COUNTS, lineage, t)
        files(output).upload(t, trips)
        files(output).upload(x, export)
    refused = join(output, "quarantine")
    files(output).replace_folder(quarantine, refused)
    tables = {"trip_counts": {"rows": rows}, "ride_counts": {"rows": windows}}
    summary = reports.summary(results, run, code_version, windows, tables, export, refused)
    write_json(place, summary)
    return summary


if __name__ == "__main__":
    exits.run(main, sys.argv[1:])
