"""All SQL of an environment's data sets and tables: what is wrong with it, what each reads and what each publishes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from data_pipeline.core.config import definitions
from data_pipeline.core.config.datasets import Dataset
from data_pipeline.core.config.tables import Table
from data_pipeline.core.loading import dataset_files, key_rules, publication_rules
from data_pipeline.core.problems import Path, Violation, one_of, quoted
from data_pipeline.etl.documents import datasets as documents
from data_pipeline.etl.documents import partitions, rules

from . import statements
from .engine import Columns
from .trees import Fault

#: names of the tool's own that a table may give: since when its rows are available.
_CARRIED = frozenset({documents.AVAILABLE_AT})


@dataclass(frozen=True)
class SqlProblem:
    """What is wrong at a path of the configuration or, where ``file`` is named, at a line of that file in jobs/."""

    violation: Violation
    file: str = ""
    line: int = 0


@dataclass(frozen=True)
class Reviewed:
    """``inputs``: table → what it reads; ``columns``: data set or table → what it publishes, as far as it is known,
    without what the tool adds.
    """

    findings: tuple[SqlProblem, ...]
    inputs: Mapping[str, tuple[str, ...]]
    columns: Mapping[str, Columns]


def review(datasets: Mapping[str, Dataset], tables: Mapping[str, Table], sql: Mapping[str, str]) -> Reviewed:
    """``sql``: file in jobs/ → its text. The data sets and tables are right as far as they can be told without it."""
    findings: list[SqlProblem] = []
    columns: dict[str, Columns] = {}
    relations: dict[str, Columns] = {}
    for name, dataset in datasets.items():
        published, found = _dataset(name, dataset, sql)
        findings += found
        if published is not None:
            for table, made in definitions.columns_of(name, dataset, published).items():
                columns[table] = {each: kind for each, kind in made.items() if each != documents.ROW}
                relations[table] = {**made, **publication_rules.added(dataset)}
    every = [table for name, dataset in datasets.items() for table in definitions.tables_of(name, dataset)]
    names = frozenset((*every, *tables))
    inputs = {name: statements.inputs(sql[table.sql], names) for name, table in tables.items()}
    inputs = {
        name: tuple(each for each in (*every, *tables) if each in read) for name, read in inputs.items()
    }
    findings += _circles(inputs)
    for name in definitions.in_order({name: tuple(set(read) & set(tables)) for name, read in inputs.items()}):
        published, found = _table(name, tables[name], sql, relations, inputs[name], names)
        findings += found
        if published is not None:
            columns[name] = relations[name] = published
    return Reviewed(tuple(findings), inputs, columns)


def _dataset(name: str, dataset: Dataset, sql: Mapping[str, str]) -> tuple[Columns | None, list[SqlProblem]]:
    path: Path = ("datasets", name)
    pattern = dataset_files.parsed(dataset)[0]
    read = {each: str(column.kind) for each, column in dataset.columns.items()}
    seen = {**read, **dict.fromkeys(pattern.names, "string")}
    findings = [
        SqlProblem(_violation((*path, "checks", check), fault))
        for check, text in dataset.checks.items()
        for fault in statements.expression(text, seen)
    ]
    added = publication_rules.added(dataset)
    if dataset.sql is None:
        published = publication_rules.published(dataset, pattern.names)
        findings += _deleted(path, dataset, published)
        return published, [*findings, *_own_rules(path, name, dataset, {**published, **added})]
    accepted = publication_rules.accepted(dataset, pattern.names)
    given = {**accepted, documents.ROW: "long"} if dataset.key else accepted
    checked = statements.select(sql[dataset.sql], {name: given}, own=_own_names(dataset))
    findings += [_in_file((*path, "sql"), dataset.sql, fault) for fault in checked.faults]
    if checked.columns is None:
        return None, findings
    published = {
        **checked.columns,
        **{part: "string" for part in pattern.names if part not in checked.columns},
    }
    said = publication_rules.check(path, dataset, published, added=added, period=bool(pattern.unit))
    findings += [SqlProblem(each) for each in said]
    if dataset.key:
        findings += [SqlProblem(each) for each in key_rules.columns(path, dataset, published)]
        findings += _deleted(path, dataset, published)
    return published, [*findings, *_own_rules(path, name, dataset, {**published, **added})]


def _own_names(dataset: Dataset) -> frozenset[str]:
    """Names of the tool's own that the SQL of a data set may give: with a key, the number of a row in its file."""
    return frozenset({documents.ROW} if dataset.key else ())


def _deleted(path: Path, dataset: Dataset, published: Columns) -> Iterator[SqlProblem]:
    """What says that a key is deleted is an expression on a published row."""
    if dataset.deleted:
        for fault in statements.expression(dataset.deleted, published):
            yield SqlProblem(_violation((*path, "deleted"), fault))


def _table(
    name: str,
    table: Table,
    sql: Mapping[str, str],
    relations: Mapping[str, Columns],
    inputs: tuple[str, ...],
    names: frozenset[str],
) -> tuple[Columns | None, list[SqlProblem]]:
    path: Path = ("tables", name)
    if not set(inputs) <= set(relations):  # of an input something is wrong, which is said there
        return None, []
    checked = statements.select(sql[table.sql], _known(relations, names - {name}), own=_CARRIED)
    findings = [_in_file((*path, "sql"), table.sql, fault) for fault in checked.faults]
    if inputs:
        findings += [
            SqlProblem(each) for each in _follows(path, table, inputs, relations, checked.columns or {})
        ]
    if checked.columns is None:
        return None, findings
    findings += [
        SqlProblem(each)
        for each in publication_rules.check(path, table, checked.columns, added={}, period=False)
    ]
    return checked.columns, [*findings, *_own_rules(path, name, table, checked.columns)]


def _known(relations: Mapping[str, Columns], names: frozenset[str]) -> Mapping[str, Columns]:
    return {name: columns for name, columns in relations.items() if name in names}


def _follows(
    path: Path, table: Table, inputs: tuple[str, ...], relations: Mapping[str, Columns], made: Columns
) -> Iterator[Violation]:
    """What the partition follows from is read by the SQL, and of the same kind: times of times, values of values."""
    kinds: dict[str, str] = {}
    for source, text in table.follows.items():
        at = (*path, "follows", source)
        if source not in inputs:
            yield Violation(
                at, f"{quoted(source)}, which the SQL does not read", f"an input: {one_of(inputs)}"
            )
            continue
        wrong = [*publication_rules.partition(at, text, relations[source])]
        yield from wrong
        if not wrong:
            kinds[source] = _kind(text, relations[source])
            if not kinds[source]:
                yield Violation(
                    at, f"{quoted(text)}, a moment", "a time of some length, as in day(ordered_at)"
                )
    if len({*kinds.values()}) > 1:
        yield Violation((*path, "follows"), "times of one input and values of another", "one kind of both")
    elif kinds and made:
        wanted = next(iter(kinds.values()))
        there = [_kind(text, made) for text in table.partition if partitions.parse(text).column in made]
        if wanted and wanted not in there:
            expected = "a time, as in day(ordered_at)" if wanted == _TIME else "a column of values"
            yield Violation(
                (*path, "partition"), f"a partition without {wanted}", f"{expected}, that follows"
            )
    if table.reach and _TIME not in kinds.values():
        yield Violation((*path, "reach"), "a reach in days of what is no time", "'follows' by a time")


_TIME, _VALUE = "a time", "a value"


def _kind(text: str, columns: Columns) -> str:
    """What a partition tells rows apart by: a time or a value; nothing for a moment and a bucket."""
    found = partitions.parse(text)
    kind = columns[found.column]
    if found.transform in partitions.TIMES or kind == "date":
        return _TIME
    plain = found.transform == partitions.IDENTITY and not kind.startswith("timestamp")
    return _VALUE if plain else ""


def _own_rules(path: Path, name: str, given: Dataset | Table, columns: Columns) -> Iterator[SqlProblem]:
    """Rules of the project's own, whose SQL returns a number."""
    for key, text in given.rules.items():
        try:
            rule = rules.parse(key, text)
        except rules.RuleError:
            continue  # said where rules are
        if rule.own:
            for fault in statements.number(rule.query, name, columns):
                yield SqlProblem(_violation((*path, "rules", key), fault))


def _circles(inputs: Mapping[str, tuple[str, ...]]) -> Iterator[SqlProblem]:
    """Tables that are made of each other; a circle is reported once, at its first table."""
    seen: set[str] = set()
    for start in inputs:
        circle = _circle(start, inputs)
        if circle and not seen & set(circle):
            seen |= set(circle)
            if len(circle) == 1:
                found, expected = f"a table that reads itself, {quoted(start)}", "data sets and other tables"
            else:
                found = "a circle: " + " reads ".join([*circle, circle[0]])
                expected = "tables that do not read each other round"
            yield SqlProblem(
                Violation(("tables", circle[0], "sql"), found, expected, "take one of them apart")
            )


def _circle(start: str, inputs: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The shortest way from a table back to itself, or nothing."""
    ways = [[start]]
    reached: set[str] = set()
    while ways:
        way = ways.pop(0)
        for name in inputs.get(way[-1], ()):
            if name == start:
                return way
            if name not in reached:
                reached.add(name)
                ways.append([*way, name])
    return []


def _violation(path: Path, fault: Fault) -> Violation:
    return Violation(path, fault.found, fault.expected, fault.advice)


def _in_file(path: Path, file: str, fault: Fault) -> SqlProblem:
    return SqlProblem(_violation(path, fault), file, fault.line)
