"""Job: count the trips in each 15-minute window and publish the counts as features.

Reads the trip files of a plan, or all below ``--input``. With ``--catalog glue:<database>`` it publishes the
tables trip_counts and ride_counts and ``<output>/export/X.parquet``, in which the rows of these files take the
place of their earlier ones, and notes the files in ``<output>/state/processed.json``; but only if the quality
rules hold. Without --catalog it writes X.parquet, trip_counts.parquet, summary.json and quarantine/ to
``--output``, and needs no AWS for that.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from taxi import features, gate, planning, processed, reports, rules, sources
from taxi.counting import Engine
from taxi.reading import TRIP_COUNTS, Result, read_all
from taxi.sources import TripFile

from data_pipeline.etl import arguments, exits
from data_pipeline.etl.documents import summary as summaries
from data_pipeline.etl.documents import verdict as verdicts
from data_pipeline.etl.documents.summary import Published, Summary
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.publishing import coverage
from data_pipeline.etl.storage.filesystem import files, join, write_json
from data_pipeline.etl.storage.scratch import GIB, Scratch

if TYPE_CHECKING:
    from data_pipeline.etl.publishing.tables import Tables


@dataclass(frozen=True)
class Target:
    """Where a run's results go, what they are called after, and what counts: ``duckdb`` or ``spark``."""

    input: str
    output: str
    run: str
    code_version: str
    engine: str
    quarantine: str
    fill: bool


def main(argv: list[str]) -> None:
    """Count and publish what ``argv`` names. Raises JobError for whatever the user can mend."""
    options = arguments.parse(_parser(), argv)
    quality = {name: gate.rule(name, getattr(options, _attribute(name))) for name in gate.RULES}
    accept = gate.accepted(options.accept)
    tables = connect(options) if options.catalog else None
    target = Target(
        options.input,
        options.output,
        options.run or "alone",
        options.code_version,
        options.engine,
        join(options.output, "quarantine", *([f"run={options.run}"] if options.catalog else [])),
        options.fill_windows == "zero",
    )
    listing = (
        sources.read_plan(options.plan, options.input)
        if options.plan
        else sources.list_sources(options.input)
    )
    if not listing.sources and not (options.plan and tables):
        raise sources.nothing_to_read(options.input)
    warnings = listing.repeated()
    for line in warnings:
        exits.log(f"warning: {line}")
    with tempfile.TemporaryDirectory(prefix="ride_counts-") as folder, Engine(Path(folder)) as engine:
        policy, scratch = rules.policy_of(options), Scratch(options.scratch_gb * GIB)
        results = read(engine, target, listing.sources, policy, scratch, Path(folder))
        if tables is None:
            summary = write_files(engine, results, target, Path(folder))
        else:
            publication = Publication(tables, target, quality, accept, warnings)
            summary = publication.run(engine, results, frozenset(listing.removed))
    _say(summary)


def _say(summary: Summary) -> None:
    rows = summary["rows"]
    counts = (
        f"{rows['read']:,} rows read, {rows['counted']:,} counted, {rows['quarantined']:,} in quarantine; "
    )
    if summary["export"] is None:
        exits.log(f"{counts}nothing is published, because a quality rule failed")
    else:
        exits.log(f"{counts}{summary['windows']:,} windows in {summary['export']}")


def _attribute(rule: str) -> str:
    return f"rule_{rule.replace('-', '_')}"


def _parser() -> argparse.ArgumentParser:
    parser = arguments.parser(__doc__ or "")
    add = parser.add_argument
    add("--input", required=True, help="where the trip files are: s3://bucket/prefix or a folder")
    add("--output", required=True, help="where the results go: s3://bucket/prefix or a folder")
    add("--plan", help="plan.json of prepare: exactly these files are read; else all of --input")
    add("--catalog", help="glue:<database>: publish Iceberg tables there; --output must be on S3")
    rules.add_arguments(parser)
    disk = "GiB of disk that downloaded trip files may hold at once (default 20)"
    add("--scratch-gb", type=rules.whole_number, default=20, help=disk)
    add("--run", default="", help="the name of this run; needed with --catalog")
    add("--code-version", default="", help="the content hash of the code, for the lineage")
    windows = "zero: windows of covered months in which nobody rode have a row with 0"
    add("--fill-windows", choices=("none", "zero"), default="none", help=windows)
    add("--accept", default=gate.NONE, help="quality rules to let through this time: rule,rule")
    for name, (default, limit) in gate.RULES.items():
        say = f"fail LIMIT, warn LIMIT or off, with --catalog; LIMIT: {limit}"
        add(f"--rule-{name}", default=default, help=say)
    what = "what counts: DuckDB on this machine, or on every machine of a Spark cluster"
    add("--engine", choices=("duckdb", "spark"), default="duckdb", help=what)
    return parser


def read(
    engine: Engine,
    target: Target,
    sources: Sequence[TripFile],
    policy: rules.Policy,
    scratch: Scratch,
    work: Path,
) -> list[Result]:
    """Count ``sources`` on the engine of ``target`` into the table trip_counts of ``engine``, and replace
    what is at the target's quarantine by the rows that were refused. A plan may have no sources, only what is
    to be pruned.
    """
    if sources and target.engine == "spark":
        from taxi import spark_engine

        from data_pipeline.etl import spark_session

        with spark_session.started(Path(__file__).parent) as context:
            return spark_engine.read_all(context, engine, sources, target.quarantine, policy)
    refused = work / "quarantine"
    refused.mkdir()
    if sources:
        results = read_all(engine, sources, refused, policy, scratch)
    else:
        results = []
        engine.keep(TRIP_COUNTS.empty_table())
    files(target.quarantine).replace_folder(refused, target.quarantine)
    return results


def connect(options: argparse.Namespace) -> Tables:
    """The tables of --catalog. PyIceberg is imported only here and in ``publish``: a run alone does not need
    it.
    """
    from taxi import definitions

    from data_pipeline.etl.publishing import tables

    if not options.run:
        raise JobError("--catalog needs a name for the run: --run NAME")
    return tables.connect(options.catalog, join(options.output, "warehouse"), definitions.TABLES)


@dataclass(frozen=True)
class Publication:
    """With a catalog: where, by which rules, and under what name a run's counts are published."""

    at: Tables
    target: Target
    rules: dict[str, gate.Rule | None]
    accept: frozenset[str]
    warnings: list[str]

    def run(self, engine: Engine, results: list[Result], removed: frozenset[str]) -> Summary:
        """Judge the counts, publish both tables and the export if they pass, and write summary.json and
        verdict.json of the run.

        The summary is written twice: its list of sources is there before any snapshot refers to it.
        """
        folder = join(self.target.output, "runs", self.target.run)
        place = join(folder, summaries.NAME)
        about = (results, self.target.run, self.target.code_version)
        judgement, drift = self._judge(engine, results)
        summary = reports.summary(*about, None, {}, None, self.target.quarantine, self.target.engine)
        summary |= {"quality": reports.quality(judgement), "drift": drift}
        write_json(place, summary)
        if not judgement.failed:
            lineage = reports.lineage(*about, place, judgement.accepted)
            summary = {**summary, **self._publish(engine, results, removed, lineage)}
            write_json(place, summary)
        verdict = reports.verdict(summary, place, results, self.warnings, judgement)
        write_json(join(folder, verdicts.NAME), verdict)
        return summary

    def _judge(self, engine: Engine, results: list[Result]) -> tuple[gate.Judgement, dict[str, Any]]:
        from taxi import observing

        history = processed.read(processed.place(self.target.output)).objects
        counted = reports.counted(engine.db, results)
        # The wall clock of New York is 4 or 5 hours behind UTC.
        latest = datetime.now(UTC).replace(tzinfo=None) + timedelta(days=1, hours=-4)
        snapshot, drifts = observing.drifts(self.at, engine.db)
        judgement = gate.judge(self.rules, counted, history, latest, self.accept, drifts)
        for kind in ("failed", "accepted", "warnings"):
            for line in planning.few([str(breach) for breach in getattr(judgement, kind)]):
                exits.log(f"quality, {kind}: {line}")
        return judgement, reports.drift(snapshot, drifts)

    def _publish(
        self, engine: Engine, results: list[Result], removed: frozenset[str], lineage: dict[str, str]
    ) -> Published:
        from taxi import observing, publication, recording
        from taxi.work import Work

        work = Work(engine.db, results, self.target.input, removed)
        trips, choice = publication.publish_trip_counts(self.at, work, lineage)
        rides = publication.publish_ride_counts(self.at, self.target.fill)
        export = join(self.target.output, "export", "X.parquet")
        with ThreadPoolExecutor(1) as pool:
            described = pool.submit(observing.described, self.at, rides.snapshot)
            exported = publication.publish_export(self.at, export)
        noted = recording.record(processed.place(self.target.output), work, choice, self.target.run)
        for name, done in (
            ("trip_counts", trips.committed),
            ("ride_counts", rides.committed),
            ("X.parquet", exported),
            ("processed.json", noted),
        ):
            exits.log(f"{name}: {'published' if done else 'unchanged'}")
        tables = {"trip_counts": asdict(trips), "ride_counts": asdict(rides)}
        statistics = reports.statistics(described.result())
        return {"tables": tables, "windows": rides.rows, "export": export, "statistics": statistics}


def write_files(engine: Engine, results: list[Result], target: Target, work: Path) -> Summary:
    """Without a catalog: replace X.parquet, trip_counts.parquet and summary.json."""
    about = (results, target.run, target.code_version)
    place = join(target.output, summaries.NAME)
    export, trips = join(target.output, "X.parquet"), join(target.output, "trip_counts.parquet")
    months = {(r.source.dataset, r.source.month) for r in results if r.rows_counted}
    covered = features.covered(engine.db, months)
    lineage = reports.lineage(*about, summaries.NAME) | {coverage.COVERED: covered}
    with tempfile.TemporaryDirectory(dir=work) as folder:
        x, t = Path(folder) / "X.parquet", Path(folder) / "trip_counts.parquet"
        with ThreadPoolExecutor(1) as pool:
            written = pool.submit(features.write_rows, engine.trip_counts, lineage, t)
            windows = features.write_parquet(
                engine.db, features.ride_counts(target.fill), features.RIDE_COUNTS, lineage, x
            )
            written.result()
        files(trips).upload(t, trips)
        files(export).upload(x, export)
    tables = {"trip_counts": {"rows": len(engine.trip_counts)}, "ride_counts": {"rows": windows}}
    summary = reports.summary(*about, windows, tables, export, target.quarantine, target.engine)
    write_json(place, summary)
    return summary


if __name__ == "__main__":
    exits.run(main, sys.argv[1:])
