"""Rules of data sets and tables that concern more than one value, as far as they can be told without an SQL engine."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from data_pipeline.core.config import definitions
from data_pipeline.core.config.datasets import Dataset
from data_pipeline.core.config.tables import Table
from data_pipeline.core.problems import Path, Violation, did_you_mean, one_of, quoted
from data_pipeline.etl.documents import partitions

from . import dataset_columns, dataset_files, key_rules, publication_rules


def check(
    datasets: Mapping[str, Dataset],
    tables: Mapping[str, Table],
    names: Collection[str],
    files: Collection[str],
) -> Iterator[Violation]:
    """Everything about those that are right by themselves. ``names``: of all data sets, right or not; ``files``: the
    paths below jobs/."""
    for name, dataset in datasets.items():
        yield from _dataset(("datasets", name), dataset, files)
        for made in definitions.tables_of(name, dataset)[1:]:
            if made in names or made in tables:
                found = f"a key, with which it makes {quoted(made)}, which is another's name"
                yield Violation(("datasets", name, "key"), found, "another name for one of the two")
    yield from dataset_files.claimed_twice(datasets)
    beside = {made for name, dataset in datasets.items() for made in definitions.tables_of(name, dataset)}
    for name, table in tables.items():
        yield from _table(name, table, datasets, {*names, *tables, *beside}, files)
        if name in names:
            said = f"{quoted(name)}, which is a data set, too"
            yield Violation(
                ("tables", name), said, "a name of its own", "both would be one table of the catalog"
            )
    if tables and not names:
        yield Violation(
            ("tables",), "tables without data sets", "data sets that they are made of", "add 'datasets'"
        )
    yield from _exports(datasets, tables)


def _dataset(path: Path, dataset: Dataset, files: Collection[str]) -> Iterator[Violation]:
    yield from dataset_files.check(path, dataset)
    yield from dataset_columns.check(path, dataset)
    yield from key_rules.check(path, dataset)
    yield from _code(path, dataset, files)
    if dataset.sql is not None:
        yield from _sql_file((*path, "sql"), dataset.sql, files)
        if dataset.transform is not None:
            yield Violation((*path, "transform"), "a transform beside 'sql'", "one of the two")
        return
    if dataset.comments and dataset.transform is None:
        name = next(iter(dataset.comments))
        advice = f"write it there: {{type: …, comment: …}} of {quoted(name)}"
        found = "comments of the result of 'sql', which is not there"
        yield Violation((*path, "comments"), found, "a 'comment' with each column", advice)
    pattern = dataset_files.parsed(dataset)[0]
    columns = publication_rules.published(dataset, pattern.names)
    given = dataset if dataset.transform else dataset.model_copy(update={"comments": {}})
    added = publication_rules.added(dataset)
    yield from key_rules.columns(path, dataset, columns)
    yield from publication_rules.check(path, given, columns, added=added, period=bool(pattern.unit))


def _code(path: Path, dataset: Dataset, files: Collection[str]) -> Iterator[Violation]:
    """A reader and a transform of one's own are modules in jobs/; nothing else takes options."""
    named: dict[Path, str] = {}
    if dataset.read is not None:
        named[(*path, "read")] = dataset.read
    if dataset.transform is not None:
        named[(*path, "transform", "function")] = dataset.transform.function
    if dataset.options and not named:
        found = "options without code of the project's own"
        expected = "'read' or 'transform' beside them"
        yield Violation((*path, "options"), found, expected, "or remove 'options'")
    modules = [file.removesuffix(".py").replace("/", ".") for file in files if file.endswith(".py")]
    for at, text in named.items():
        module = text.partition(":")[0].replace(".", "/")
        if not {f"{module}.py", f"{module}/__init__.py"} & set(files):
            near = did_you_mean(text.partition(":")[0], modules)
            yield Violation(at, quoted(text), "a module in jobs/", near or f"write jobs/{module}.py")


def _sql_file(path: Path, file: str, files: Collection[str]) -> Iterator[Violation]:
    if file not in files:
        there = [each for each in files if each.endswith(".sql")]
        yield Violation(
            path, quoted(file), "a file in jobs/", did_you_mean(file, there) or f"write jobs/{file}"
        )


def _table(
    name: str, table: Table, datasets: Mapping[str, Dataset], known: Collection[str], files: Collection[str]
) -> Iterator[Violation]:
    path: Path = ("tables", name)
    yield from _sql_file((*path, "sql"), table.sql, files)
    for source, text in table.follows.items():
        at = (*path, "follows", source)
        if source not in known or source == name:
            others = sorted(set(known) - {name})
            yield Violation(at, quoted(source), f"an input: {one_of(others)}", did_you_mean(source, others))
        elif source in datasets and datasets[source].sql is None:
            pattern = dataset_files.parsed(datasets[source])[0]
            columns = {
                **publication_rules.published(datasets[source], pattern.names),
                **publication_rules.ADDED,
            }
            yield from publication_rules.partition(at, text, columns)
        if partitions.parse(text).transform in partitions.SIZED:
            advice = "a time, as in day(ordered_at), or a plain column"
            yield Violation(at, quoted(text), advice)
    if table.follows and not table.partition:
        found = "what the partition follows from, and no partition"
        yield Violation((*path, "follows"), found, "'partition' beside it", "or remove 'follows'")
    if table.reach is not None and not table.follows:
        yield Violation(
            (*path, "reach"), "a reach without 'follows'", "'follows' beside it", "or remove 'reach'"
        )


def _exports(datasets: Mapping[str, Dataset], tables: Mapping[str, Table]) -> Iterator[Violation]:
    """Two tables are not written out into one file."""
    taken: dict[str, str] = {}
    given: list[tuple[Path, str, str | None]] = [
        *((("datasets", name, "export"), name, each.export) for name, each in datasets.items()),
        *((("tables", name, "export"), name, each.export) for name, each in tables.items()),
    ]
    for path, name, export in given:
        if export in taken:
            found = f"{quoted(export)}, into which {quoted(taken[export])} is written, too"
            yield Violation(path, found, "a file of its own")
        elif export:
            taken[export] = name
