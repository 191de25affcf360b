"""Rules of what a data set or a table publishes: partitions, quality rules, series and comments speak of its columns.

Each yields findings; pure. The columns of what has SQL are known once an engine has looked at it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

from data_pipeline.core.config import column_types
from data_pipeline.core.config.datasets import Dataset, Series
from data_pipeline.core.config.tables import Table
from data_pipeline.core.facts import dataset_limits
from data_pipeline.core.problems import Path, Violation, did_you_mean, one_of, quoted
from data_pipeline.etl.documents import datasets as documents
from data_pipeline.etl.documents import partitions, rules, types
from data_pipeline.etl.documents.types import Primitive

Columns = Mapping[str, str]
"""Column → type, as in ``documents.types``."""

#: what the tool adds to the table of a data set.
ADDED = {
    documents.UNIT: "string",
    documents.FILE: "string",
    documents.PERIOD: "string",
    documents.AVAILABLE_AT: "timestamptz",
}
_TIMES = ("date", "timestamp", "timestamptz")
_HOUR = 60
_NUMBERS = ("int", "long", "float", "double", "decimal")


def added(dataset: Dataset) -> Columns:
    """What the tool adds to the table of a data set; rows that SQL or a transform has made have no number."""
    return ADDED if dataset.sql or dataset.transform else {**ADDED, documents.ROW: "long"}


def published(dataset: Dataset, parts: Sequence[str]) -> dict[str, str]:
    """The columns of the table of a data set without SQL."""
    if dataset.transform is None:
        return accepted(dataset, parts)
    made = {name: str(column_types.read(text).type) for name, text in dataset.transform.columns.items()}
    return {**made, **{part: "string" for part in parts if part not in made}}


def accepted(dataset: Dataset, parts: Sequence[str]) -> dict[str, str]:
    """The columns of the rows that are accepted: those that are kept, and the parts of the pattern."""
    kept = {
        name: "string" if column.pii == "hash" else str(column.kind)
        for name, column in dataset.columns.items()
        if column.pii != "drop"
    }
    return {**kept, **dict.fromkeys(parts, "string")}


def check(
    path: Path,
    given: Dataset | Table,
    columns: Columns,
    *,
    added: Columns,
    period: bool,
) -> Iterator[Violation]:
    """Everything that ``given``, at ``path``, says of the ``columns`` that it publishes, and of those that the tool
    adds to them."""
    there = {**columns, **added}
    yield from _partitions((*path, "partition"), given.partition, there)
    yield from _series((*path, "series"), given.series, there)
    files = isinstance(given, Dataset)
    for key, text in given.rules.items():
        yield from _rule((*path, "rules", key), key, text, there, files, period, given.series is not None)
    for name in given.comments:
        if name not in columns:
            yield unknown((*path, "comments", name), name, columns)


def unknown(path: Path, name: str, columns: Columns) -> Violation:
    """A column that is not there, with the nearest that is."""
    near = did_you_mean(name, columns)
    return Violation(path, f"the column {quoted(name)}, which is not there", one_of(columns), near)


def partition(path: Path, text: str, columns: Columns) -> Iterator[Violation]:
    """One partition, of one of ``columns``."""
    found = partitions.parse(text)
    if found.column not in columns:
        yield unknown(path, found.column, columns)
        return
    kind = types.parse(columns[found.column])
    fitting = partitions.TYPES[found.transform]
    if not isinstance(kind, Primitive) or kind.name not in fitting:
        what = "a plain column" if found.transform == partitions.IDENTITY else found.transform
        said = f"{quoted(text)}, and {quoted(found.column)} is {kind}"
        yield Violation(path, said, f"{what} of {one_of(fitting)}")


def _partitions(path: Path, given: Sequence[str], columns: Columns) -> Iterator[Violation]:
    at = [(*path, place) for place in range(len(given))]
    for where, text in zip(at, given, strict=True):
        yield from partition(where, text, columns)
    found = [partitions.parse(text) for text in given]
    for (_, one), (second, other) in combinations(enumerate(found), 2):
        times = one.transform in partitions.TIMES and other.transform in partitions.TIMES
        if one.column == other.column and (times or one.transform == other.transform):
            said = f"{quoted(str(other))} beside {quoted(str(one))}"
            yield Violation(at[second], said, "one of the two", "the finer one lets queries skip as much")


def _series(path: Path, series: Series | None, columns: Columns) -> Iterator[Violation]:
    if series is None:
        return
    if series.period == "hour" and _HOUR % dataset_limits.minutes(series.step):
        expected = "a length of windows that divides an hour, or a longer period"
        yield Violation((*path, "step"), f"{quoted(series.step)} in a period of one hour", expected)
    named = {"time": (series.time,), "by": series.by, "weight": (series.weight,), "values": series.values}
    for key, names in named.items():
        for name in names:
            if name is None:
                continue
            if name not in columns:
                yield unknown((*path, key), name, columns)
                continue
            kind = types.parse(columns[name])
            wanted = {"time": _TIMES, "weight": _NUMBERS, "values": _NUMBERS}.get(key)
            if wanted and (not isinstance(kind, Primitive) or kind.name not in wanted):
                yield Violation(
                    (*path, key), f"{quoted(name)}, which is {kind}", f"a column that is {one_of(wanted)}"
                )


def _rule(
    path: Path, key: str, text: str, columns: Columns, files: bool, period: bool, series: bool
) -> Iterator[Violation]:
    try:
        rule = rules.parse(key, text)
    except rules.RuleError as error:
        yield _wrong_rule(path, key, text, str(error))
        return
    if said := rules.problem(rule, columns, files=files, period=period, series=series):
        yield _wrong_rule(path, rule.key, text, said)


def _wrong_rule(path: Path, key: str, text: str, said: str) -> Violation:
    """What the rules' own module says, without the key, which the place names already."""
    problem = said.removeprefix(f"{key}: ")
    what, _, advice = problem.partition("; ")
    return Violation(path, f"{quoted(text)}: {what}", "", advice)
