"""Job: count the trips in each 15-minute window and publish the counts as features.

Reads the trip files of a plan, or all below ``--input``. With ``--catalog glue:<database>`` it publishes the
tables trip_counts and ride_counts and ``<output>/export/X.parquet``; without it writes X.parquet,
trip_counts.parquet, summary.json and quarantine/ to ``--output``, and needs no AWS for that.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tlc import arguments, exits, features, reports, rules, sources
from tlc.counting import Engine
from tlc.errors import JobError
from tlc.reading import TRIP_COUNTS, Result, read_all
from tlc.sources import Source
from tlc.storage import files, join, write_json

if TYPE_CHECKING:
    from tlc.tables import Tables


@dataclass(frozen=True)
class Target:
    """Where a run's results go, what they are called after, and what counts: ``duckdb`` or ``spark``."""

    input: str
    output: str
    run: str
    code_version: str
    engine: str
    quarantine: str


def main(argv: list[str]) -> None:
    """Count and publish what ``argv`` names. Raises JobError for whatever the user can mend."""
    options = arguments.parse(_parser(), argv)
    tables = connect(options) if options.catalog else None
    target = Target(
        options.input,
        options.output,
        options.run or "alone",
        options.code_version,
        options.engine,
        join(options.output, "quarantine", *([f"run={options.run}"] if options.catalog else [])),
    )
    listing = (
        sources.read_plan(options.plan, options.input)
        if options.plan
        else sources.list_sources(options.input)
    )
    if not listing.sources:
        raise sources.nothing_to_read(options.input)
    warnings = listing.repeated()
    for line in warnings:
        exits.log(f"warning: {line}")
    with tempfile.TemporaryDirectory(prefix="ride_counts-") as folder, Engine(Path(folder)) as engine:
        results = read(engine, target, listing.sources, rules.policy_of(options), Path(folder))
        if tables is None:
            summary = write_files(engine, results, target, Path(folder))
        else:
            summary = publish(engine, results, target, tables, warnings)
    rows = summary["rows"]
    exits.log(
        f"{rows['read']:,} rows read, {rows['counted']:,} counted, {rows['quarantined']:,} in quarantine; "
        f"{summary['windows']:,} windows in {summary['export']}"
    )


def _parser() -> argparse.ArgumentParser:
    parser = arguments.parser(__doc__ or "")
    parser.add_argument(
        "--input", required=True, help="where the trip files are: s3://bucket/prefix or a folder"
    )
    parser.add_argument(
        "--output", required=True, help="where the results go: s3://bucket/prefix or a folder"
    )
    parser.add_argument(
        "--plan", help="plan.json of prepare: exactly these files are read; else all of --input"
    )
    parser.add_argument(
        "--catalog", help="glue:<database>: publish Iceberg tables there; --output must be on S3"
    )
    rules.add_arguments(parser)
    parser.add_argument("--run", default="", help="the name of this run; needed with --catalog")
    parser.add_argument("--code-version", default="", help="the content hash of the code, for the lineage")
    parser.add_argument(
        "--engine",
        choices=("duckdb", "spark"),
        default="duckdb",
        help="what counts: DuckDB on this machine, or on every machine of a Spark cluster",
    )
    return parser


def read(
    engine: Engine, target: Target, sources: Iterable[Source], policy: rules.Policy, work: Path
) -> list[Result]:
    """Count ``sources`` on the engine of ``target`` into the table trip_counts of ``engine``, and replace
    what is at the target's quarantine by the rows that were refused.
    """
    if target.engine == "spark":
        from tlc import spark_engine, spark_session

        with spark_session.started() as context:
            return spark_engine.read_all(context, engine, sources, target.quarantine, policy)
    refused = work / "quarantine"
    refused.mkdir()
    results = read_all(engine, sources, refused, policy)
    files(target.quarantine).replace_folder(refused, target.quarantine)
    return results


def connect(options: argparse.Namespace) -> Tables:
    """The tables of --catalog. PyIceberg is imported only here and in ``publish``: a run alone does not need
    it.
    """
    from tlc import tables

    if not options.run:
        raise JobError("--catalog needs a name for the run: --run NAME")
    return tables.connect(options.catalog, join(options.output, "warehouse"))


def publish(
    engine: Engine, results: list[Result], target: Target, at: Tables, warnings: list[str]
) -> dict[str, Any]:
    """With a catalog: publish both tables and the export, and write summary.json and verdict.json of the run.

    The summary is written twice: its list of sources is there before any snapshot refers to it.
    """
    from tlc import publication

    folder = join(target.output, "runs", target.run)
    place, refused = join(folder, "summary.json"), target.quarantine
    about = (results, target.run, target.code_version)
    write_json(place, reports.summary(*about, None, {}, None, refused, target.engine))
    lineage = reports.lineage(*about, place)
    trips = publication.publish_trip_counts(at, engine.db, results, target.input, lineage)
    rides = publication.publish_ride_counts(at)
    export = join(target.output, "export", "X.parquet")
    exported = publication.publish_export(at, export)
    for name, done in (
        ("trip_counts", trips.committed),
        ("ride_counts", rides.committed),
        ("X.parquet", exported),
    ):
        exits.log(f"{name}: {'published' if done else 'unchanged'}")
    made = {"trip_counts": asdict(trips), "ride_counts": asdict(rides)}
    summary = reports.summary(*about, rides.rows, made, export, refused, target.engine)
    write_json(place, summary)
    write_json(join(folder, "verdict.json"), reports.verdict(summary, place, results, warnings))
    return summary


def write_files(engine: Engine, results: list[Result], target: Target, work: Path) -> dict[str, Any]:
    """Without a catalog: replace X.parquet, trip_counts.parquet and summary.json."""
    about = (results, target.run, target.code_version)
    place = join(target.output, "summary.json")
    export, trips = join(target.output, "X.parquet"), join(target.output, "trip_counts.parquet")
    lineage = reports.lineage(*about, "summary.json")
    with tempfile.TemporaryDirectory(dir=work) as folder:
        x, t = Path(folder) / "X.parquet", Path(folder) / "trip_counts.parquet"
        windows = features.write_parquet(engine.db, features.ride_counts(), features.RIDE_COUNTS, lineage, x)
        rows = features.write_parquet(engine.db, features.TRIP_COUNTS_IN_ORDER, TRIP_COUNTS, lineage, t)
        files(trips).upload(t, trips)
        files(export).upload(x, export)
    tables = {"trip_counts": {"rows": rows}, "ride_counts": {"rows": windows}}
    summary = reports.summary(*about, windows, tables, export, target.quarantine, target.engine)
    write_json(place, summary)
    return summary


if __name__ == "__main__":
    exits.run(main, sys.argv[1:])
