"""Try a data set on the files of a folder: plan, load, judge and publish as a run does, into a scratch folder.

Where rules fail, what they have found is let through afterwards, as ``--accept`` would, until all tables are made: so
there are rows to look at, and what fails behind the first failure is found, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from fnmatch import fnmatchcase
from pathlib import Path

from data_pipeline.etl.documents import rehearsal as documents
from data_pipeline.etl.documents.datasets import Dataset, Definitions, Table
from data_pipeline.etl.documents.findings import Violation
from data_pipeline.etl.documents.load_plan import LoadPlan
from data_pipeline.etl.documents.rehearsal import Rehearsal, Unclaimed
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.jobs import load
from data_pipeline.etl.jobs.load import Done, RunOptions
from data_pipeline.etl.jobs.prepare_datasets import listed
from data_pipeline.etl.loading import documents as said
from data_pipeline.etl.loading.reading import FileResult
from data_pipeline.etl.loading.target import Target
from data_pipeline.etl.planning import claims, comparing, earlier
from data_pipeline.etl.planning.claims import Claims
from data_pipeline.etl.planning.comparing import Comparison
from data_pipeline.etl.planning.selection import Selection
from data_pipeline.etl.publishing.tables import Tables, rows_in
from data_pipeline.etl.quality import changes
from data_pipeline.etl.quality.facts import RuleResult
from data_pipeline.etl.quality.judging import finding
from data_pipeline.etl.storage.filesystem import join
from data_pipeline.etl.storage.objects import Stored
from data_pipeline.etl.storage.scratch import GIB, Scratch

from . import samples
from .catalog import connect

NAMED = 20
"""Files that nobody claims of which each is named."""
SCRATCH = 20 * GIB
_MOST_ROWS = 100_000
"""Rows that are looked at for what they are like."""


@dataclass(frozen=True)
class Trial:
    """What is tried: the data set ``name`` on the folder ``input``, or on those of its files whose paths fit one of
    ``globs``. ``rows``: how many first rows, and refused ones of each reason, are to be shown.
    """

    name: str
    input: str
    globs: Sequence[str] = ()
    rows: int = 5


@dataclass(frozen=True)
class _Input:
    """What the folder has: the ``wanted`` files and how many of the data set are ``left_out``; who claims them; what a
    run would load; ``definitions`` of what is tried: the data set, what follows from it, and what that needs besides.
    """

    found: Comparison
    claimed: Claims
    left_out: int
    definitions: Definitions


def rehearse(definitions: Definitions, trial: Trial, folder: Path) -> Rehearsal:
    """What a run would make of it. ``folder``: an empty one, for all that is made on the way. JobError for a folder
    that has nothing of the data set.
    """
    output = str(folder / "output")
    tried = _planned(definitions, trial, output)
    at = connect(folder)
    work = folder / "work"
    work.mkdir()
    now = datetime.now(timezone.utc).replace(microsecond=0)
    target = Target(output, "1", "", now, work, Scratch(SCRATCH), at)
    passes = _passes(tried.definitions, tried.found.plan, target)
    return _document(tried, definitions, trial, target, passes)


def _planned(definitions: Definitions, trial: Trial, output: str) -> _Input:
    listing = [*_visible(trial.input)]
    if not listing:
        raise JobError(f"{trial.input}: this folder has no files")
    claimed = claims.claim(listing, definitions, NAMED)
    dataset = definitions.datasets[trial.name]
    mine = {*_paths(claimed, trial.name)}
    if not mine:
        raise JobError(_nothing(trial, dataset, claimed, definitions, listing))
    fits = {path for path in mine if any(fnmatchcase(path, glob) for glob in trial.globs)}
    if trial.globs and not fits:
        raise JobError(
            f"--file {' '.join(trial.globs)}: none of the {len(mine):,} files of {trial.name} fits, such as {min(mine)}"
        )
    out = mine - fits if trial.globs else set()
    needed = _needed(definitions, trial.name)
    found = comparing.compare(
        (each for each in listing if each.path not in out),
        definitions,
        earlier.known(output, definitions.datasets),
        Selection(frozenset(needed.datasets)),
        lambda path: join(trial.input, path),
    )
    return _Input(found, claimed, len(out), needed)


def _visible(folder: str) -> Iterator[Stored]:
    """The files as ``run --source`` would bring them: without hidden ones."""
    for each in listed(folder):
        if not any(part.startswith(".") for part in each.path.split("/")):
            yield each


def _paths(claimed: Claims, name: str) -> Iterator[str]:
    for texts in claimed.files.get(name, {}).values():
        for text in texts:
            yield claims.unpacked(text)[0]


def _nothing(
    trial: Trial, dataset: Dataset, claimed: Claims, definitions: Definitions, listing: Sequence[Stored]
) -> str:
    """Why there is nothing to try, and what is probably meant."""
    patterns = " or ".join(dataset.patterns)
    one = len(listing) == 1
    number = f"{'its one file is' if one else f'none of its {len(listing):,} files is'}"
    start = f"{trial.input}: {number} {'not ' * one}one of {trial.name}, whose pattern is {patterns}"
    above = _above(trial.input, dataset, listing)
    if above:
        return f"{start}; paths begin at the folder of the input, here {above}: try {trial.name} {above}"
    first = listing[0].path
    near = claims.nearest(replace(claimed, samples=[first]), definitions.datasets)[first]
    owner = next((name for name in definitions.datasets if first in {*_paths(claimed, name)}), None)
    if owner:
        return f"{start}; {first} is one of {owner}"
    return f"{start}; found {first}" + (f", nearest to {near[0]} of {near[1]}" if near else "")


def _above(folder: str, dataset: Dataset, listing: Sequence[Stored]) -> str:
    """The folder above from which the paths would fit the pattern, or nothing."""
    texts = claims.parsed(dataset)
    here = Path(folder).resolve()
    for above in here.parents[: max(text.count("/") for text in dataset.patterns)]:
        below = here.relative_to(above).as_posix()
        if any(claims.of(f"{below}/{each.path}", texts) for each in listing[:1000]):
            return str(above)
    return ""


def _needed(definitions: Definitions, name: str) -> Definitions:
    """The data set, the tables that follow from it, and what these are made of besides. Nothing is exported."""
    following = {name}
    for table in definitions.tables.values():
        if following & {*map(definitions.made_by, table.inputs)}:
            following.add(table.name)
    wanted = {*following}
    for table in reversed([*definitions.tables.values()]):
        if table.name in wanted:
            wanted |= {*map(definitions.made_by, table.inputs)}
    return Definitions(
        {
            each.name: replace(each, export="")
            for each in definitions.datasets.values()
            if each.name in wanted
        },
        {each.name: replace(each, export="") for each in definitions.tables.values() if each.name in wanted},
    )


def _passes(definitions: Definitions, plan: LoadPlan, target: Target) -> list[Done]:
    """The run, and what becomes of it where all is let through that its rules have found: at most a pass for each table
    more.
    """
    accepted: list[Violation] = []
    passes: list[Done] = []
    for number in range(len(definitions.tables) + 2):
        done = load.publish(definitions, plan, replace(target, run=str(number + 1)), RunOptions(accepted))
        passes.append(done)
        if not done.judgement.failed:
            break
        accepted += [finding(breach) for breach in done.judgement.failed]
        held = {each.dataset.name for each in done.loaded if each.judgement.failed}
        plan = replace(plan, units=tuple(unit for unit in plan.units if unit.dataset in held))
    return passes


def _document(
    tried: _Input, definitions: Definitions, trial: Trial, target: Target, passes: Sequence[Done]
) -> Rehearsal:
    assert target.at is not None
    dataset = definitions.datasets[trial.name]
    first = passes[0]
    files = {each.dataset.name: [one for unit in each.units for one in unit.files] for each in first.loaded}
    mine = files.get(trial.name, [])
    reasons = _reasons(mine)
    failed = list(dict.fromkeys(breach for done in passes for breach in done.judgement.failed))
    errors = list(dict.fromkeys(error for done in passes for error in done.errors))
    quarantine = replace(target, run="1").quarantine(trial.name)
    with_reasons = {one.file.path: one.rows.reasons for one in mine if one.rows.reasons}
    own = [each for each in first.loaded if each.dataset.name == trial.name]
    following = (*dataset.tables[1:], *tried.definitions.tables)
    return {
        "version": documents.VERSION,
        "dataset": trial.name,
        "input": trial.input,
        "passed": not failed and not errors,
        "errors": errors,
        "accept": list(dict.fromkeys(breach.rule.partition("(")[0] for breach in failed)),
        "rows": _rows(mine),
        "files": [_file(one) for one in mine],
        "left_out": tried.left_out,
        "waiting": list(tried.found.waiting),
        "unclaimed": tried.claimed.unclaimed,
        "unclaimed_files": _unclaimed(tried.claimed, definitions),
        "others": _others(tried.claimed, definitions, trial.name),
        "also_read": {name: _rows(each) for name, each in files.items() if name != trial.name},
        "private": dataset.private,
        "reasons": dict(reasons.most_common()),
        "refused": samples.refused(quarantine, with_reasons, trial.rows),
        "checks": [{"name": n, "sql": sql, "refused": reasons[n]} for n, sql in dataset.checks.items()],
        "rules": _rules(passes),
        "sql": dataset.by_unit,
        "table": _table(target.at, trial.name, passes, trial.rows),
        "tables": [_table(target.at, name, passes, trial.rows) for name in following],
        "messages": [*said.ignored(own), *said.doubtful(own), *_about_keys(target.at, dataset)],
    }


def _unclaimed(claimed: Claims, definitions: Definitions) -> list[Unclaimed]:
    """A few files that nobody claims, with the pattern that is nearest."""
    return [
        {"path": path, "nearest": near[0] if near else None, "of": near[1] if near else None}
        for path, near in claims.nearest(claimed, definitions.datasets).items()
    ]


def _others(claimed: Claims, definitions: Definitions, tried: str) -> dict[str, int]:
    """How many files the other data sets have, of those that have any."""
    counts = {name: sum(1 for _ in _paths(claimed, name)) for name in definitions.datasets if name != tried}
    return {name: number for name, number in counts.items() if number}


def _about_keys(at: Tables, dataset: Dataset) -> Iterator[str]:
    """That the rows of a data set without a key look like changes."""
    table = at.find(dataset.name)
    if dataset.key or table is None or table.current_snapshot() is None:
        return
    names = [column.name for column in dataset.columns if column.name in table.schema().column_names]
    if dataset.by_unit or not names:
        return
    found = changes.found(table.scan(selected_fields=tuple(names), limit=_MOST_ROWS).to_arrow())
    if found is not None:
        yield (
            f"{dataset.name}: {found}: with key: {found.key} and latest: {found.latest} its table has the newest of "
            f"each {found.key}, and {dataset.name}_versions all of them (docs/how-to/keyed-data.md)"
        )


def _reasons(files: Sequence[FileResult]) -> Counter[str]:
    found: Counter[str] = Counter()
    for one in files:
        found.update(one.rows.reasons)
    return found


def _rows(files: Sequence[FileResult]) -> documents.Rows:
    every = [one.rows for one in files]
    return {
        "read": sum(rows.read for rows in every),
        "accepted": sum(rows.accepted for rows in every),
        "refused": sum(rows.quarantined for rows in every),
    }


def _file(one: FileResult) -> documents.File:
    return {
        "path": one.file.path,
        "bytes": one.file.size,
        "rows": _rows([one]),
        "reasons": dict(one.rows.reasons),
        "error": one.error or None,
    }


def _rules(passes: Sequence[Done]) -> list[documents.Rule]:
    """What each rule has found: in the first pass that has looked at anything for it."""
    found: dict[tuple[str, str], documents.Rule] = {}
    for done in passes:
        judgement = done.judgement
        breaches = [*judgement.failed, *judgement.warnings]
        broken = Counter((each.of, each.rule) for each in breaches)
        notes = {(each.of, each.rule): each.note for each in reversed(breaches) if each.note}
        for result in judgement.results:
            key = (result.of, result.rule)
            if key not in found or found[key]["outcome"] == "nothing":
                found[key] = _rule(result, broken[key], notes.get(key, ""))
    return list(found.values())


def _rule(result: RuleResult, breaches: int, note: str) -> documents.Rule:
    outcome = {"fail": "fails", "warn": "warns"}[result.severity] if breaches else "holds"
    return {
        "of": result.of,
        "rule": result.rule,
        "severity": result.severity,
        "limit": result.limit,
        "value": result.value,
        "source": result.source,
        "outcome": outcome if result.values else "nothing",
        "breaches": breaches,
        "note": note,
    }


def _table(at: Tables, name: str, passes: Sequence[Done], shown: int) -> documents.Table:
    table = at.find(name)
    snapshot = table.current_snapshot() if table is not None else None
    made = [one for done in passes for one in done.made if one.table.name == name]
    loaded = [each for done in passes for each in done.loaded if name in each.dataset.tables]
    judgements = [*(one.judgement for one in made), *(each.judgement for each in loaded)]
    held_by = [name] if any(judgement.failed for judgement in judgements) else []
    held_by += [by for one in made for by in one.because]
    errors = [error for error in (*(one.error for one in made), *(each.error for each in loaded)) if error]
    return {
        "name": name,
        "rows": rows_in(snapshot) if snapshot else 0,
        "columns": samples.columns(table) if table is not None else [],
        "first_rows": samples.first_rows(table, shown) if table is not None and snapshot else [],
        "held_by": list(dict.fromkeys(held_by)),
        "missing": _missing(at, made[0].table) if made and not snapshot else [],
        "error": errors[0] if errors else None,
    }


def _missing(at: Tables, table: Table) -> list[str]:
    found = {name: at.find(name) for name in table.inputs}
    return [name for name, each in found.items() if each is None or each.current_snapshot() is None]
