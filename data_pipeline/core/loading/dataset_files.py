"""Rules of the files of data sets: their patterns, and how they are written. Each yields findings; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from data_pipeline.core.config import definitions
from data_pipeline.core.config.datasets import Dataset
from data_pipeline.core.problems import Path, Violation, one_of, quoted
from data_pipeline.etl.documents import patterns
from data_pipeline.etl.documents.patterns import Pattern
from data_pipeline.etl.documents.types import Primitive

#: keys of one kind of file alone.
_OF_CSV = ("delimiter", "quote", "header", "nulls", "decimal")
_OF_TEXT = ("encoding", "date_format", "timestamp_format")


def check(path: Path, dataset: Dataset) -> Iterator[Violation]:
    """Everything about the files of the data set at ``path``."""
    found = parsed(dataset)
    yield from _one_data_set(path, found)
    yield from _parts(path, dataset, found)
    yield from _issues(path, dataset, found)
    yield from _format(path, dataset)
    yield from _signs(path, dataset)
    yield from _idle(path, dataset)


def parsed(dataset: Dataset) -> list[Pattern]:
    return [patterns.parse(text) for text in dataset.files]


def claimed_twice(datasets: Mapping[str, Dataset]) -> Iterator[Violation]:
    """A path that two data sets claim would be counted twice; reported once for two data sets, at the later one."""
    for (first, one), (second, other) in combinations(datasets.items(), 2):
        pairs = ((left, right) for left in parsed(one) for right in parsed(other))
        example = next((path for left, right in pairs if (path := patterns.overlap(left, right))), None)
        if example:
            found = f"a pattern of paths that {quoted(first)} claims too, as {quoted(example)}"
            advice = "narrow one of the patterns, for instance to a folder or to listed values of a part"
            yield Violation(("datasets", second, "files"), found, "each file in one data set", advice)


def _one_data_set(path: Path, found: list[Pattern]) -> Iterator[Violation]:
    """Patterns of one data set mean the same: the same period and parts, and each path once."""
    at = (*path, "files")
    for place, pattern in enumerate(found[1:], 1):
        first = found[0]
        if pattern in found[:place]:
            yield Violation(
                (*at, place), f"{quoted(pattern.text)} a second time", "each pattern once", "remove it"
            )
            return
        if (pattern.unit, set(pattern.names)) != (first.unit, set(first.names)):
            expected = f"the same names in braces as in {quoted(first.text)}"
            yield Violation((*at, place), quoted(pattern.text), expected, "or make two data sets of them")
            return
    for one, other in combinations(found, 2):
        if example := patterns.overlap(one, other):
            said = f"{quoted(other.text)}, and {quoted(one.text)} claims {quoted(example)} too"
            yield Violation((*at, found.index(other)), said, "patterns that have no path in common")
            return


def _parts(path: Path, dataset: Dataset, found: list[Pattern]) -> Iterator[Violation]:
    """Parts become columns."""
    for name in found[0].names:
        if name in dataset.columns:
            said = f"the column {quoted(name)}, and {{{name}}} in 'files', which is a column, too"
            advice = "leave out the column if both are the same, or name one of them otherwise"
            yield Violation((*path, "columns", name), said, "each column once", advice)


def _issues(path: Path, dataset: Dataset, found: list[Pattern]) -> Iterator[Violation]:
    period = "a pattern with {year}, {year} and {month}, …"
    if dataset.replaces == "period" and not found[0].unit:
        said = "'period' without a period in 'files'"
        yield Violation((*path, "replaces"), said, period, "or write 'replaces: file' or 'all'")
    if dataset.complete is None:
        return
    at = (*path, "complete")
    if not found[0].unit:
        yield Violation(at, "a marker without a period in 'files'", period, "or leave out 'complete'")
    for pattern in found:
        folder, _, name = pattern.text.rpartition("/")
        if found[0].unit and any(f"{{{time}" in name for time in patterns.UNITS[1:]):
            said = f"a marker, and {quoted(name)} in which the file's name tells the period"
            yield Violation(at, said, "a folder for each period", "or leave out 'complete'")
        elif example := patterns.overlap(pattern, patterns.parse(f"{folder}/{dataset.complete}".lstrip("/"))):
            said = f"a marker that {quoted(pattern.text)} claims as a file, as {quoted(example)}"
            yield Violation(
                at, said, "a pattern that leaves out the marker", "write the files' ending into it"
            )


def _format(path: Path, dataset: Dataset) -> Iterator[Violation]:
    """How the files are written is said once, and can be read."""
    endings = {pattern: definitions.ending(pattern) for pattern in dataset.files}
    kinds = {pattern: definitions.KINDS.get(suffix) for pattern, (suffix, _) in endings.items()}
    if dataset.format is None and dataset.read is None:
        if unknown := next((pattern for pattern, kind in kinds.items() if kind is None), None):
            said = f"{quoted(unknown)}, whose ending does not say how the files are written"
            expected = f"an ending of {one_of(definitions.KINDS)}, or 'format'"
            yield Violation((*path, "files"), said, expected, "write 'format: csv', 'json' or 'parquet'")
        elif len(set(kinds.values())) > 1:
            said = f"endings of {' and '.join(sorted({str(kind) for kind in kinds.values()}))} files"
            yield Violation((*path, "files"), said, "files of one kind", "make two data sets of them")
    for pattern, (_, compressed) in endings.items():
        if compressed and (dataset.format or kinds[pattern]) == "parquet":
            said = f"{quoted(pattern)}: Parquet files that are compressed once more"
            yield Violation(
                (*path, "files"), said, "Parquet files as they are", "leave out the second ending"
            )


def _signs(path: Path, dataset: Dataset) -> Iterator[Violation]:
    """Keys that belong to another kind of file, and signs that mean two things."""
    if dataset.read:  # a class may use all of them; a function is looked up in its source
        return
    kind = definitions.kind(dataset)
    foreign = {"json": _OF_CSV, "parquet": (*_OF_CSV, *_OF_TEXT)}.get(kind, ())
    for key in foreign:
        if _is_said(dataset, key):
            owner = "text files" if key in _OF_TEXT else "CSV files"
            said = f"a key of {owner}, and the files are {kind}"
            yield Violation((*path, key), said, f"no {quoted(key)}", "remove the line")
    if foreign:
        return
    written = definitions.definition_of_format(dataset)
    if written.quote and written.quote == written.delimiter:
        said = f"{quoted(written.quote)}, which separates fields, too"
        yield Violation((*path, "quote"), said, "another character than the delimiter")
    if written.decimal == written.delimiter:
        said = f"{quoted(written.decimal)} as the decimal sign, which separates fields, too"
        yield Violation(
            (*path, "decimal"), said, "another sign than the delimiter", "write the files' 'delimiter'"
        )
    if not dataset.header:
        for name, column in dataset.columns.items():
            if column.named:
                said = f"a name in the file, {quoted(column.named[0])}, and files without a header"
                advice = "leave it out: the columns stand in the order here"
                yield Violation((*path, "columns", name), said, "a type alone", advice)


def without_use(dataset: Dataset) -> tuple[str, ...]:
    """The keys of a data set whose rows a function yields that nobody uses: it opens the files itself."""
    return tuple(key for key in (*_OF_CSV, "encoding") if _is_said(dataset, key))


def _is_said(dataset: Dataset, key: str) -> bool:
    return key in dataset.model_fields_set and getattr(dataset, key) is not None


def _idle(path: Path, dataset: Dataset) -> Iterator[Violation]:
    """A format for columns that are not there."""
    kinds = {str(column.kind) for column in dataset.columns.values() if isinstance(column.kind, Primitive)}
    nested = any(not isinstance(column.kind, Primitive) for column in dataset.columns.values())
    wanted = {
        "date_format": {"date"},
        "timestamp_format": {"timestamp", "timestamptz"},
        "timezone": {"timestamp", "timestamptz"},
        "decimal": {"float", "double"} | {kind for kind in kinds if kind.startswith("decimal")},
    }
    for key, needed in wanted.items():
        if getattr(dataset, key) is not None and not nested and not kinds & needed:
            said = f"{quoted(key)}, and no column that it is about"
            expected = (
                f"a column that is {one_of(sorted(needed))}"
                if key != "decimal"
                else "a number that is not whole"
            )
            yield Violation((*path, key), said, expected, "remove the line, or look at the columns' types")
