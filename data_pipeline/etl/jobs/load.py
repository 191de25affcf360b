"""Job: load the files of data sets, publish their tables, and make the tables that are made of them.

Reads the units of a plan, or all of ``--input``. With ``--catalog glue:<database>`` it publishes Iceberg tables, in
which the rows of these units take the place of their earlier ones, and notes the files in ``<output>/state/datasets/``;
of each data set only if its quality rules hold. Without --catalog it writes ``<name>.parquet`` of each data set and
table, summary.json and quarantine/ to ``--output``, and needs no AWS for that.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from data_pipeline.etl import arguments, exits
from data_pipeline.etl.documents import datasets, findings, load_plan, profile, verdict
from data_pipeline.etl.documents import summary as summaries
from data_pipeline.etl.documents.datasets import Definitions
from data_pipeline.etl.documents.findings import Violation
from data_pipeline.etl.documents.load_plan import LoadPlan
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.jobs.prepare_datasets import listed
from data_pipeline.etl.loading import accepting, alone, deployed, documents, erasing, following, loader, plans
from data_pipeline.etl.loading.erasing import Erasing
from data_pipeline.etl.loading.following import Following
from data_pipeline.etl.loading.loader import Loaded
from data_pipeline.etl.loading.made import Made
from data_pipeline.etl.loading.reading import Runner, on_this_machine
from data_pipeline.etl.loading.target import Target
from data_pipeline.etl.loading.telling import Telling
from data_pipeline.etl.planning import comparing, earlier
from data_pipeline.etl.planning.report import few
from data_pipeline.etl.planning.selection import Selection
from data_pipeline.etl.quality.facts import Judgement
from data_pipeline.etl.quality.judging import finding
from data_pipeline.etl.state import made_tables
from data_pipeline.etl.state.entries import Entry
from data_pipeline.etl.storage.filesystem import files, join, write_json
from data_pipeline.etl.storage.scratch import GIB, Scratch

#: the folder of a run in which the executors of a cluster leave rows for its driver.
PARTS = "parts"


def main(argv: list[str]) -> None:
    """Load and publish what ``argv`` names. JobError for whatever the user can mend."""
    options = arguments.parse(_parser(), argv)
    definitions = datasets.read(files(options.definitions).read(options.definitions), options.definitions)
    accepted = accepting.accepted(options.output, options.accept) if options.catalog else ()
    plan = _plan(options, definitions)
    with tempfile.TemporaryDirectory(prefix="load-") as folder, _runner(options) as runner:
        target = Target(
            options.output,
            options.run or "alone",
            options.code_version,
            datetime.now(timezone.utc).replace(microsecond=0),
            Path(folder),
            Scratch(options.scratch_gb * GIB),
            _tables(options) if options.catalog else None,
            runner,
            options.engine,
            _buckets(runner),
            Telling(sum(len(unit.files) for unit in plan.units)),
            deployed.find(options.definitions, options.code_version) if options.catalog else None,
        )
        if target.at is None:
            run_alone(definitions, plan, target)
        else:
            told = RunOptions(accepted, options.defer_tables == "true", options.started_by)
            run(definitions, plan, target, told)


def _parser() -> argparse.ArgumentParser:
    parser = arguments.parser(__doc__ or "")
    add = parser.add_argument
    add("--input", required=True, help="where the files are: s3://bucket/prefix or a folder")
    add("--output", required=True, help="where the results go: s3://bucket/prefix or a folder")
    add("--definitions", required=True, help="the data sets and tables: s3://… or a file")
    add("--plan", help="plan.json of prepare: exactly these files are read; else all of --input")
    add("--catalog", help="glue:<database>: publish Iceberg tables there; --output must be on S3")
    add("--run", default="", help="the name of this run; needed with --catalog")
    add("--code-version", default="", help="the content hash of the code, for the lineage")
    add("--accept", default=accepting.NONE, help="what to let through: rule@run,rule@run")
    add("--defer-tables", **arguments.SWITCH, help="true: publish the data sets, and make nothing of them")
    add(
        "--started-by", default="unknown", help="who or what started the run: noted with what it lets through"
    )
    disk = "GiB of disk that files may hold at once, with Spark those of one task (default 20)"
    add("--scratch-gb", type=int, default=20, help=disk)
    what = "what reads files: DuckDB on this machine, or on every machine of a Spark cluster"
    add("--engine", choices=("duckdb", "spark"), default="duckdb", help=what)
    return parser


@contextmanager
def _runner(options: argparse.Namespace) -> Iterator[Runner]:
    """What reads files. Spark is started only where it is asked for; its executors leave rows in the run's folder."""
    if options.engine == "duckdb":
        yield on_this_machine
        return
    from data_pipeline.etl import spark_session
    from data_pipeline.etl.loading.cluster import Cluster

    run = ["runs", options.run] if options.catalog else []
    with spark_session.started(Path(__file__).parent) as context:
        yield Cluster(context, join(options.output, *run, PARTS))


def _buckets(runner: Runner) -> Any:
    """What makes tables of keys on the cluster of ``runner``; None where that is this machine."""
    if runner is on_this_machine:
        return None
    from data_pipeline.etl.loading.cluster import Cluster
    from data_pipeline.etl.loading.cluster_keys import ClusterKeys

    assert isinstance(runner, Cluster)
    return ClusterKeys(runner.context, runner.folder)


def _tables(options: argparse.Namespace) -> Any:
    """The tables of --catalog. PyIceberg is imported only with one: a run alone does not need it."""
    from data_pipeline.etl.publishing import tables

    if not options.run:
        raise JobError("--catalog needs a name for the run: --run NAME")
    return tables.connect(options.catalog, join(options.output, "warehouse"))


def _plan(options: argparse.Namespace, definitions: Definitions) -> LoadPlan:
    """The plan that was made, or of all files of the input."""
    if options.plan:
        if options.catalog:
            plans.keep(options.plan, options.output, options.run)
        return load_plan.read(files(options.plan).read(options.plan), options.plan)
    found = comparing.compare(
        listed(options.input),
        definitions,
        _Nothing(),
        Selection(),
        lambda path: join(options.input, path),
    )
    for line in (*few(found.waiting), *found.unclaimed):
        exits.log(f"warning: {line}")
    if not found.plan.units:
        raise JobError(f"{options.input}: no data set claims any of its files; there is nothing to load")
    return found.plan


class _Nothing:
    """The ledger of a run alone."""

    def definition(self, dataset: str) -> str | None:  # noqa: ARG002 - nothing is known of any
        return None

    def shards(self, dataset: str) -> tuple[str, ...]:  # noqa: ARG002 - nothing is known of any
        return ()

    def entries(self, dataset: str, shard: str) -> Iterator[tuple[str, Entry]]:  # noqa: ARG002 - nothing is known
        return iter(())


@dataclass(frozen=True)
class Done:
    """What a run has made of data sets and tables, and why of some it could not."""

    summary: summaries.Summary
    loaded: Sequence[Loaded]
    made: Sequence[Made]
    judgement: Judgement
    errors: Sequence[str]


@dataclass(frozen=True)
class RunOptions:
    """What a run is told: what its rules let through, whether it leaves what is made of data sets for a later run, and
    who started it.
    """

    accepted: Sequence[Violation] = ()
    deferring: bool = False
    started_by: str = "unknown"


def run(definitions: Definitions, plan: LoadPlan, target: Target, told: RunOptions) -> summaries.Summary:
    """``publish``; JobError, when all else is done, with what could not be made."""
    done = publish(definitions, plan, target, told)
    if done.errors:
        raise JobError("; ".join(done.errors))
    return done.summary


def publish(definitions: Definitions, plan: LoadPlan, target: Target, told: RunOptions) -> Done:
    """Load each data set of the plan, then make the tables that are made of them, and say what became of it.

    Summary and profile are written twice: their files are there before any table is made of them.
    """
    chosen = _of_plan(definitions, plan)
    place = join(target.folder, summaries.NAME)
    _adopt(definitions, target, place)
    taken = [erasing.take_out(definitions.datasets[name], target, place) for name in plan.erased]
    loaded: list[Loaded] = []
    for dataset in chosen:
        loaded.append(loader.load(dataset, plan, target, told.accepted, place))
        _say(loaded[-1])
    tables: dict[str, Any] = {
        each.dataset.versions: _published(each) for each in loaded if each.published is not None
    }
    judgement = documents.together(each.judgement for each in loaded)
    write_json(place, documents.summary(target, loaded, tables, (), judgement))
    write_json(join(target.folder, profile.NAME), documents.profile(target, loaded, ()))
    then = _follow(definitions, plan, target, told, loaded)
    judgement = documents.together([judgement, *(one.judgement for one in then.derived)])
    cleared = _cleared(taken, definitions, then.back, target)
    told_of = erasing.committed(tables | then.tables, taken)
    summary = documents.summary(target, loaded, told_of, then.exports, judgement, then.versions)
    if cleared:
        summary["erasures"] = {each.dataset.name: each.document for each in cleared}
    write_json(place, summary)
    write_json(join(target.folder, profile.NAME), documents.profile(target, loaded, then.derived))
    made_tables.note(target.output, definitions, then.back)
    accepting.note(target.output, target.run, told.started_by, judgement.accepted)
    erasing.look_again([(each.dataset, each.erased) for each in loaded], target.output)
    for each in loaded:
        loader.note(each, target)
    found = _findings(target, judgement)
    problems = [*then.errors, *(each.problem for each in cleared if each.problem)]
    notes = [str(one) for one in then.derived if one.because]
    said = documents.verdict(summary, place, loaded, judgement, found, problems, notes)
    write_json(join(target.folder, verdict.NAME), said)
    errors = [*(each.error for each in loaded if each.error), *problems]
    return Done(summary, loaded, then.derived, judgement, errors)


def _follow(
    definitions: Definitions, plan: LoadPlan, target: Target, told: RunOptions, loaded: Sequence[Loaded]
) -> Following:
    """Make the tables that are made of what was loaded, or put that off, and say so."""
    held = {each.dataset.name for each in loaded if each.held} | {*(plan.held or ())}
    then = (
        following.deferred(definitions)
        if told.deferring and not plan.erased  # what is erased is to leave the tables, too
        else following.make(definitions, held, target, told.accepted, join(target.folder, summaries.NAME))
    )
    _say_following(then)
    return then


def _cleared(
    taken: Sequence[Erasing], definitions: Definitions, held: Collection[str], target: Target
) -> list[Erasing]:
    """What became of erased keys in older snapshots, once all is made that is not ``held``."""
    cleared = [erasing.finish(each, definitions, held, target) for each in taken]
    for each in cleared:
        exits.log(str(each))
    return cleared


def _adopt(definitions: Definitions, target: Target, summary: str) -> None:
    """Take on the tables and the state of an earlier version, if there are any."""
    processed = earlier.read(target.output)
    if processed and target.at and target.ledger:
        from data_pipeline.etl.loading import adopting

        told = {"run": target.run, "code-version": target.code_version, "summary": summary}
        lineage = {f"pipeline.{key}": text for key, text in told.items()}
        for name in adopting.adopt(target.at, target.ledger, definitions.datasets, processed, lineage):
            exits.log(f"{name}: the table and the list of processed files of an earlier version are taken on")


def _of_plan(definitions: Definitions, plan: LoadPlan) -> list[datasets.Dataset]:
    """The data sets that the plan has anything to load of. JobError for one that the definitions do not have."""
    names = {unit.dataset for unit in plan.units} | {*plan.rebuilt, *plan.adopted, *plan.judged}
    strange = sorted({*names, *plan.erased} - definitions.datasets.keys())
    if strange:
        raise JobError(f"the plan has a data set {strange[0]}, and the definitions have not; deploy again")
    return [each for name, each in definitions.datasets.items() if name in names]


def _published(each: Loaded) -> dict[str, Any]:
    assert each.published is not None
    told = asdict(each.published)
    return {name: told[name] for name in ("snapshot", "rows", "committed")}


def _findings(target: Target, judgement: Judgement) -> str:
    """Write down what failed, so that a later run can let it through; where, or nothing where nothing did."""
    if not judgement.failed:
        return ""
    place = join(target.folder, findings.NAME)
    write_json(place, findings.document(target.run, [finding(breach) for breach in judgement.failed]))
    return place


def run_alone(definitions: Definitions, plan: LoadPlan, target: Target) -> summaries.Summary:
    """Load each data set and make each table as a Parquet file of the output. JobError, when all else is written, if a
    file could not be read; nothing is written if none could.
    """
    paths: dict[str, Path] = {}
    loaded: list[Loaded] = []
    tables: dict[str, Any] = {}
    for dataset in definitions.datasets.values():
        loaded.append(loader.load(dataset, plan, target, (), summaries.NAME))
        _say(loaded[-1])
    unreadable, files_ = _unreadable(loaded)
    named = "; ".join(few(unreadable))
    if files_ and len(unreadable) == files_:
        raise JobError(f"none of the {files_} files could be read: {named}")
    for each in loaded:
        made = alone.write_dataset(each, target.output, target.work)
        paths |= {name: path for name, (path, _) in made.items()}
        tables |= {name: {"rows": rows} for name, (_, rows) in made.items()}
    for table in definitions.tables.values():
        made_of = definitions.datasets
        paths[table.name], rows = alone.write_table(table, paths, made_of, target.output, target.work)
        tables[table.name] = {"rows": rows}
        exits.log(f"{table.name}: {rows:,} rows")
    done = [replace(each, parts=()) for each in loaded]
    summary = documents.summary(target, done, tables, (), Judgement())
    write_json(join(target.output, summaries.NAME), summary)
    if unreadable:
        raise JobError(
            f"{len(unreadable)} of {files_} files could not be read, the others are written: {named}"
        )
    return summary


def _unreadable(loaded: Sequence[Loaded]) -> tuple[list[str], int]:
    """The files that could not be read, each with the reason, and how many files there are."""
    every = [one for each in loaded for unit in each.units for one in unit.files]
    return [f"{one.file.path}: {one.error}" for one in every if one.error], len(every)


def _say(each: Loaded) -> None:
    """Of a data set, in the log."""
    rows = loader.rows_of(each.units)
    end = f"not published: {each.error}" if each.error else "not published: a quality rule failed"
    if not each.held:
        done = each.published
        end = "" if done is None else "published" if done.committed else "unchanged"
    exits.log(
        f"{each.dataset.name}: {rows['read']:,} rows read, {rows['counted']:,} accepted, {rows['quarantined']:,} in "
        f"quarantine{'; ' if end else ''}{end}"
    )
    _say_judgement(each.judgement)
    for line in few(_unreadable([each])[0]):
        exits.log(f"unreadable: {line}")
    for line in few(documents.doubtful([each])):
        exits.log(f"warning: {line}")


def _say_following(then: Following) -> None:
    if then.deferred:
        exits.log(f"left for a later run: {', '.join(sorted(then.back))}")
    for each in then.newest:
        exits.log(str(each))
    for one in then.derived:
        exits.log(str(one))
        _say_judgement(one.judgement)


def _say_judgement(judgement: Judgement) -> None:
    for kind in ("failed", "accepted", "warnings"):
        for line in few(str(breach) for breach in getattr(judgement, kind)):
            exits.log(f"quality, {kind}: {line}")


if __name__ == "__main__":
    exits.run(main, sys.argv[1:])
