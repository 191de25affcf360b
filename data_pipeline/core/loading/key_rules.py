"""Rules of a data set's key and of what goes with it. Each yields findings; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from data_pipeline.core.config.datasets import Dataset
from data_pipeline.core.config.feature_groups import FeatureGroup, TrainingSet
from data_pipeline.core.problems import Path, Violation, one_of, quoted
from data_pipeline.etl.documents import datasets as documents
from data_pipeline.etl.documents import rules, types
from data_pipeline.etl.documents.types import Primitive

from . import dataset_files, publication_rules
from .publication_rules import Columns

_TIMES = ("date", "timestamp", "timestamptz")
_UNEQUAL = ("float", "double")


def check(path: Path, dataset: Dataset) -> Iterator[Violation]:
    """What can be told without the columns: what belongs to a key, and which rules hold of themselves."""
    if not dataset.key:
        for name in ("latest", "deleted", "history"):
            if getattr(dataset, name):
                found = f"{quoted(name)} without a key"
                yield Violation((*path, name), found, "'key' beside it", f"or remove {quoted(name)}")
        return
    if dataset.history:
        yield from _history((*path, "history"), dataset)
    for text in dataset.rules:
        if _of_key(text, dataset):
            found = f"{quoted(text)} of rows of which a key may have several"
            advice = "the table has each key once by itself: remove the rule"
            yield Violation((*path, "rules", text), found, "another rule", advice)


def _history(path: Path, dataset: Dataset) -> Iterator[Violation]:
    """Versions have a time, each key its own snapshots, and the table the columns that a history adds."""
    pattern = dataset_files.parsed(dataset)[0]
    if not dataset.latest and not pattern.unit:
        found = "a history of versions without a time"
        yield Violation(path, found, "'latest', or a period in 'files'", "write 'latest: COLUMN'")
    if (
        apart := [name for name in pattern.names if name not in dataset.key]
        if dataset.replaces == "all"
        else []
    ):
        found = f"a history of snapshots of each {quoted(apart[0])}, which is not of the key"
        yield Violation(path, found, f"{quoted(apart[0])} in 'key'", "or leave out 'history'")


def corrected(
    datasets: Mapping[str, Dataset],
    inputs: Mapping[str, tuple[str, ...]],
    groups: Mapping[str, FeatureGroup | None],
    sets: Mapping[str, TrainingSet],
) -> Iterator[Violation]:
    """Features of training sets that come from the newest versions alone. ``inputs``: table → what it is made of, each
    after those.
    """
    newest = {name for name, dataset in datasets.items() if dataset.key}
    for table, made_of in inputs.items():
        if newest & {*made_of}:
            newest.add(table)
    for name, made in sets.items():
        for feature, joined in {} if made.as_corrected else made.features.items():
            group = groups.get(joined.group)
            if group is not None and group.table in newest:
                found = f"{quoted(joined.group)}, whose table {quoted(group.table)} has only the newest of each key"
                expected = "a group of its versions or its history, known as of each prediction"
                advice = "or 'as_corrected: true', if it may learn from what became known later"
                yield Violation(
                    ("training_sets", name, "features", feature, "group"), found, expected, advice
                )


def _hashed(dataset: Dataset, column: str) -> bool:
    """Whether what is published of a column of the files is a hash; of what SQL makes nobody can tell."""
    read = None if dataset.sql or dataset.transform else dataset.columns.get(column)
    return read is not None and read.pii == "hash"


def _of_key(text: str, dataset: Dataset) -> bool:
    """Whether a rule asks for what no versions hold: that each key is there once."""
    try:
        rule = rules.parse(text, "fail")
    except rules.RuleError:
        return False  # said where rules are
    return rule.name == "unique" and {*rule.columns} <= {*dataset.key}


def columns(path: Path, dataset: Dataset, published: Columns) -> Iterator[Violation]:
    """The columns of ``key`` and ``latest`` are among those that the data set publishes, and of types that fit."""
    for name in ("key", "latest"):
        given: tuple[str, ...] = getattr(dataset, name)
        for place, column in enumerate(given):
            at: Path = (*path, name, place) if len(given) > 1 else (*path, name)
            if column not in published:
                yield publication_rules.unknown(at, column, published)
                continue
            kind = types.parse(published[column])
            what = "a key" if name == "key" else "what tells the newest"
            if not isinstance(kind, Primitive):
                said = f"{quoted(column)}, which is {kind}"
                yield Violation(at, said, f"{what} of a single value", "take it apart with 'sql'")
            elif name == "key" and kind.name in _UNEQUAL:
                said = f"{quoted(column)}, which is {kind}: equal ones may differ in their last digit"
                yield Violation(at, said, "a key that is a whole number, a decimal, a string or a time")
            elif name == "latest" and _hashed(dataset, column):
                said = f"{quoted(column)}, which is published as a hash: hashes have no order of time"
                yield Violation(at, said, "a column without 'pii'")
            elif name == "latest" and dataset.history and not place and kind.name not in _TIMES:
                said = f"{quoted(column)}, which is {kind}, and a history"
                advice = "a history tells times: put one first"
                yield Violation(at, said, f"{one_of(_TIMES)} as its first column", advice)
    if dataset.history:
        for name in (documents.VALID_FROM, documents.VALID_TO):
            if name in published:
                yield Violation(
                    (*path, "history"), f"a column {quoted(name)}, which a history adds", "another name"
                )
