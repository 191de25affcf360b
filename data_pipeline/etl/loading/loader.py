"""Load one data set: read its units, judge what they have, publish it in one commit, and note it in the ledger.

Nothing of a data set is published before all of its rules hold.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from data_pipeline.etl.documents import rules
from data_pipeline.etl.documents.datasets import Dataset
from data_pipeline.etl.documents.erasures import NO_KEYS, Record
from data_pipeline.etl.documents.findings import Violation
from data_pipeline.etl.documents.load_plan import LoadPlan, PlannedFile, Unit
from data_pipeline.etl.documents.profile import Example, Table
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.planning import claims
from data_pipeline.etl.publishing import erased_keys
from data_pipeline.etl.publishing.parquet_parts import FILE_BYTES, Part, PartWriter, Split, whole
from data_pipeline.etl.publishing.rebuild import Rebuild
from data_pipeline.etl.quality import measuring, periods, profiling
from data_pipeline.etl.quality.facts import Facts, FileFacts, Judgement, Measurements, series
from data_pipeline.etl.quality.judging import judge
from data_pipeline.etl.quality.kept import KeptRows
from data_pipeline.etl.quality.series import Covered
from data_pipeline.etl.state import erased
from data_pipeline.etl.state.entries import Issue
from data_pipeline.etl.storage.filesystem import files

from . import columns, history, noting, pieces
from .columns import TableColumns
from .history import Past
from .pieces import Pieces, Taken, rebuild
from .reading import FileResult, Place, UnitResult
from .target import Target

if TYPE_CHECKING:
    import pyarrow as pa

    from data_pipeline.etl.publishing.table_columns import Wanted
    from data_pipeline.etl.publishing.units import Published

ROWS = "_rows"


@dataclass(frozen=True)
class Loaded:
    """What became of a data set. ``published``: None where nothing is; ``issues``: what is to be noted of it in the
    ledger, by shard; ``anew``: whether nothing else is in its table; ``adopted``: whether a new definition
    holds from now on. ``error``: why it could not be published, or empty. ``parts``: the finished files of a run alone.
    ``profile``: what its rows are like; ``examples``: a few of those that were refused; ``erased``: the keys whose rows
    were left out, None where nothing was read.
    """

    dataset: Dataset
    units: tuple[UnitResult, ...]
    judgement: Judgement = field(default_factory=Judgement)
    published: Published | None = None
    parts: tuple[Part, ...] = ()
    issues: Mapping[str, list[Issue]] = field(default_factory=dict)
    anew: bool = False
    adopted: bool = False
    error: str = ""
    profile: Table | None = None
    examples: Sequence[Example] = ()
    erased: Record | None = None

    @property
    def held(self) -> bool:
        """Whether what it has stays unpublished."""
        return bool(self.error or self.judgement.failed)


@dataclass(frozen=True)
class _Layout:
    """How rows are written: the columns, their files' schema, and which partition a row is in."""

    table: TableColumns
    schema: pa.Schema
    split: Split = whole
    spec: str = ""


def load(
    dataset: Dataset, plan: LoadPlan, target: Target, accepted: Collection[Violation], summary: str
) -> Loaded:
    """Load what ``plan`` has of ``dataset``. ``accepted``: what its rules let through; ``summary``: where the run's
    summary will be.
    """
    units = tuple(unit for unit in plan.units if unit.dataset == dataset.name)
    past = history.past(target.ledger, dataset, units)
    with tempfile.TemporaryDirectory(dir=target.work, prefix=f"{dataset.name}-") as folder:
        work = Path(folder)
        try:
            layout = _laid_out(dataset, plan, target)
        except JobError as error:  # a question about the table's columns, before anything is read
            return Loaded(dataset, (), error=f"{error}{_again(dataset.name, plan)}")
        record = erased.load(target.output, dataset.name) if target.at else NO_KEYS
        done = Loaded(dataset, (), erased=record)
        try:
            anew = dataset.name in plan.rebuilt
            results, parts, examples = _read(dataset, units, target, past, layout, work, anew, record)
            done = replace(done, units=results, examples=examples)
            if target.at is None:
                return replace(done, parts=_kept(parts, target))
            idle = dataset.name in plan.judged  # nothing is new
            judgement, profile = _judged(done, parts, layout, target, past, accepted, idle)
            done = replace(done, judgement=judgement, profile=profile)
            if done.judgement.failed or idle:
                return done
            return _published(done, parts, layout, plan, target, past, summary, work)
        except JobError as error:
            if target.at is None:
                raise
            return replace(done, error=str(error))


def _again(name: str, plan: LoadPlan) -> str:
    """What to say of an answer that was not taken up, since another question came up: it has to be given again."""
    if name not in plan.adopted:
        return ""
    return f"; --from-now-on {name} is not noted yet: give it again, unless you say --rebuild {name}"


def _laid_out(dataset: Dataset, plan: LoadPlan, target: Target) -> _Layout:
    table = columns.of(dataset)
    if target.at is None:
        return _Layout(table, table.schema)
    from data_pipeline.etl.publishing import table_columns

    _same_key(dataset, plan, target)
    found = table_columns.layout(target.at, dataset.versions, _wanted(dataset, plan, table))
    return _Layout(table, found.schema, found.split, found.spec)


def _wanted(dataset: Dataset, plan: LoadPlan, table: TableColumns) -> Wanted:
    from data_pipeline.etl.publishing.definition import Definition
    from data_pipeline.etl.publishing.table_columns import Wanted

    partition = columns.versions_partition(dataset)
    definition = Definition(table.schema, dataset.comment, table.comments, partition)
    dropped = frozenset(plan.dropped_columns)
    return Wanted(definition, table.columns, dataset.name in plan.rebuilt, dropped, dataset.name)


def _same_key(dataset: Dataset, plan: LoadPlan, target: Target) -> None:
    """JobError if the data set has got or lost its key since its files were loaded, and old rows are to stay."""
    from data_pipeline.etl.publishing import keyed

    assert target.at is not None
    if dataset.name in plan.adopted and keyed.has_key(target.at, dataset.name) != bool(dataset.key):
        what = "got a key" if dataset.key else "lost its key"
        raise JobError(
            f"{dataset.name}: it has {what} since its files were loaded, so that they make other tables now: read them "
            f"again with --rebuild {dataset.name}"
        )


def _read(
    dataset: Dataset,
    units: Sequence[Unit],
    target: Target,
    past: Past,
    layout: _Layout,
    work: Path,
    anew: bool,
    record: Record,
) -> tuple[tuple[UnitResult, ...], list[Part], list[Example]]:
    """What became of each unit, the finished files of those that are readable, and a few refused rows. If the table is
    made ``anew``, what an earlier run has read is taken up, and what is read now is kept in pieces.
    """
    refused, staged = work / "quarantine", work / "staged"
    refused.mkdir()
    staged.mkdir()
    alone = target.at is None

    def since(file: PlannedFile) -> datetime:
        return past.since(file, dataset, target.now)

    keeping, taken = None, Taken()
    if anew and not alone:
        kept = rebuild(dataset, layout.schema, layout.spec, target, record)
        keeping = Pieces(kept, layout.split, refused, since)
        taken = keeping.taken_up(units, staged)
    left = [unit for unit in units if unit.key not in taken.units]
    keys = erased_keys.of(record, dataset, layout.schema)
    place = Place(staged, refused, layout.schema, layout.split, alone, target.scratch, keys)
    results = target.telling.counted(target.runner(dataset, place, since, left))
    found, parts = _gathered(results, place, keeping)
    examples = [] if alone or dataset.private else profiling.examples(refused)
    where = target.quarantine(dataset.name)
    files(where).replace_folder(refused, where)
    by_unit = {**taken.units, **{each.unit.key: each for each in found}}
    return tuple(by_unit[unit.key] for unit in units), [*taken.parts, *parts], examples


def _gathered(
    units: Iterable[UnitResult], place: Place, keeping: Pieces | None
) -> tuple[list[UnitResult], list[Part]]:
    """What became of ``units``, few rows of several put together. Each piece is kept once it is large enough."""
    file_bytes = None if place.one_file else FILE_BYTES
    results: list[UnitResult] = []
    parts: list[Part] = []
    first, size = 0, 0
    writer, mine = PartWriter(place.work, place.schema, place.split, "units", file_bytes), list[Part]()
    for result in units:
        for rows in result.tables:
            writer.write(rows)
        mine += result.parts
        results.append(replace(result, tables=(), parts=()))
        size += sum(file.size for file in result.unit.files)
        if keeping is not None and size >= pieces.PIECE_BYTES:
            mine = [*writer.close(), *mine]
            keeping.keep(results[first:], mine)
            parts += mine
            first, size = len(results), 0
            writer, mine = PartWriter(place.work, place.schema, place.split, f"units-{first}", file_bytes), []
    return results, [*parts, *writer.close(), *mine]


def _judged(
    done: Loaded,
    parts: Sequence[Part],
    layout: _Layout,
    target: Target,
    past: Past,
    accepted: Collection[Violation],
    idle: bool = False,
) -> tuple[Judgement, Table | None]:
    """What the rules say of what is about to be published, of an ``idle`` data set those about its age; and what its
    rows are like.
    """
    dataset = done.dataset
    units = [pattern.unit for pattern in claims.parsed(dataset)]
    held = _held(dataset, period=any(units), idle=idle)
    given = [_facts(one) for each in done.units for one in each.files if not one.missing]
    now = target.now.timestamp()
    with duckdb.connect(config={"temp_directory": str(target.work)}) as db:
        if parts:
            db.read_parquet([str(part.path) for part in parts]).create_view(ROWS)
        else:
            db.register(ROWS, layout.table.schema.empty_table())
        measured = measuring.measure(
            db,
            dataset.name,
            ROWS,
            held,
            now,
            published=_beside(done, target),
            series=dataset.series,
            complete=dataset.series is not None and periods.complete(units, dataset.series.period),
            covered=_covered(dataset, given, past),
            version=digest([[one.path, one.etag] for one in given]),
            private=dataset.private,
        )
        profile = None if idle else _profile(db, dataset, measured, given, past)
    facts = Facts(dataset.name, now, given, measured.values, measured.report)
    return judge(held, facts, past.earlier, accepted), profile


def _held(dataset: Dataset, *, period: bool, idle: bool) -> tuple[rules.Rule, ...]:
    """The rules that a data set is held to now."""
    every = rules.effective(dataset.rules, files=True, period=period, series=dataset.series is not None)
    return tuple(rule for rule in every if not idle or rule.name == "freshness")


def _profile(
    db: duckdb.DuckDBPyConnection,
    dataset: Dataset,
    measured: Measurements,
    given: Sequence[FileFacts],
    past: Past,
) -> Table | None:
    found = profiling.profile(
        db,
        ROWS,
        hidden=frozenset(column.name for column in dataset.columns if column.pii),
        texts=not dataset.private,
        time=dataset.series.time if dataset.series else "",
        timeline=measured.timeline,
    )
    if found is not None:
        found["periods"] = profiling.periods(given, past.earlier)
    return found


def _covered(dataset: Dataset, given: Iterable[FileFacts], past: Past) -> Covered | None:
    """The periods that the data set has files of; rows of other periods that stray into a file make it none of theirs.
    None where its files do not tell periods that are short enough.
    """
    patterns = claims.parsed(dataset)
    series = dataset.series
    if series is None or not periods.complete([each.unit for each in patterns], series.period):
        return None
    told = {each.names for each in patterns}
    names = next(iter(told)) if len(told) == 1 and set().union(*told) <= {*series.by} else ()
    there = {(one.series, one.period) for one in given if not one.error}
    there |= {(one.series, one.period) for one in past.earlier.values()}
    width = periods.width(series.period)
    return Covered(
        tuple(names), frozenset((which if names else "", period[:width]) for which, period in there if period)
    )


def _facts(one: FileResult) -> FileFacts:
    file, rows = one.file, one.rows
    mine = series(file.parts)
    read = rows.read - rows.erased  # what was erased is neither accepted nor refused
    return FileFacts(file.path, file.etag, file.period, mine, read, rows.accepted, one.error)


def _beside(done: Loaded, target: Target) -> KeptRows:
    """The rows that stay in the table beside the new ones."""
    from data_pipeline.etl.publishing.kept_rows import UnitsBeside

    assert target.at is not None
    return UnitsBeside(
        target.at, done.dataset.versions, frozenset(each.unit.key for each in done.units if each.readable)
    )


def _published(
    done: Loaded,
    parts: Sequence[Part],
    layout: _Layout,
    plan: LoadPlan,
    target: Target,
    past: Past,
    summary: str,
    work: Path,
) -> Loaded:
    from data_pipeline.etl.publishing import units as publishing

    assert target.at is not None
    assert target.ledger is not None
    dataset, ledger = done.dataset, target.ledger
    name = dataset.name
    anew = name in plan.rebuilt
    readable = [each for each in done.units if each.readable]
    if anew and len(readable) < len(done.units):
        raise JobError(
            f"{name}: its table cannot be made anew while files are unreadable; mend them and run again"
        )
    if ledger.definition(name) is None or name in plan.adopted:
        ledger.define(name, dataset.definition)
    staged = publishing.Staged(
        _wanted(dataset, plan, layout.table),
        parts,
        frozenset(each.unit.key for each in readable),
        layout.spec,
    )
    published = publishing.publish(target.at, dataset.versions, staged, lineage(done, target, summary), work)
    issues = noting.issues(
        ledger, dataset, readable, past, target.run, target.now, published.sequence, published.available
    )
    return replace(done, published=published, issues=issues, anew=anew, adopted=name in plan.adopted)


def note(loaded: Loaded, target: Target) -> None:
    """Note in the ledger what is published. It is done after whatever is made of the table: a run that is killed before
    is planned again, and finds that its rows are there.
    """
    if loaded.published is None or target.ledger is None:
        return
    name, sequence = loaded.dataset.name, loaded.published.sequence
    target.ledger.note(name, loaded.published.table, loaded.issues, sequence if loaded.anew else None)
    if loaded.anew:
        target.ledger.define(name, loaded.dataset.definition)
    if loaded.anew or loaded.adopted:  # any other run leaves a rebuild as far as it got
        Rebuild(target.output, name, "").finish()


def lineage(done: Loaded, target: Target, summary: str) -> dict[str, str]:
    """Where published rows come from, in a few short texts: the full list of files stays in the summary.

    ``pipeline.sources-digest`` is the SHA-256 of ``[[path, etag], …]`` as compact JSON, of the files that were read.
    """
    read = [[one.file.path, one.file.etag] for each in done.units if each.readable for one in each.files]
    accepted = ",".join(sorted({breach.rule for breach in done.judgement.accepted}))
    return {
        "pipeline.run": target.run,
        "pipeline.code-version": target.code_version,
        "pipeline.sources": str(len(read)),
        "pipeline.sources-digest": digest(read),
        "pipeline.summary": summary,
        **({"pipeline.accepted": accepted} if accepted else {}),
    }


def digest(value: list[list[str]]) -> str:
    return hashlib.sha256(json.dumps(value, separators=(",", ":")).encode()).hexdigest()


def _kept(parts: Sequence[Part], target: Target) -> tuple[Part, ...]:
    """The finished files of a run alone, out of the way of the next data set."""
    folder = Path(tempfile.mkdtemp(dir=target.work))
    return tuple(replace(part, path=part.path.rename(folder / part.path.name)) for part in parts)


def rows_of(units: Sequence[UnitResult]) -> Mapping[str, int]:
    """Rows read, counted (accepted), in quarantine and erased."""
    every = [one.rows for each in units for one in each.files]
    return {
        "read": sum(rows.read for rows in every),
        "counted": sum(rows.accepted for rows in every),
        "quarantined": sum(rows.quarantined for rows in every),
        "erased": sum(rows.erased for rows in every),
    }
