"""Rules of feature groups and training sets that concern more than one value; pure. Each yields findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from data_pipeline.core.config.environment import Step
from data_pipeline.core.config.feature_document import PLACEHOLDER, takes_features
from data_pipeline.core.config.feature_groups import COLUMN_TYPES, FeatureGroup, TrainingSet
from data_pipeline.core.facts.limits import FEATURE_GROUP_DESCRIPTION
from data_pipeline.core.naming import FEATURE_GROUP_NAME_LIMIT, Names
from data_pipeline.core.problems import Path, Violation, did_you_mean, one_of, quoted

from .table_columns import Columns

Groups = Mapping[str, FeatureGroup | None]
"""By name; None where the group is wrong, which is reported by itself."""


def check(
    groups: Groups,
    sets: Mapping[str, TrainingSet],
    tables: frozenset[str],
    columns: Columns,
    names: Names | None,
) -> Iterator[Violation]:
    """Everything about these groups and sets, in a pipeline that publishes ``tables``, some with ``columns``."""
    for name, group in groups.items():
        path: Path = ("features", name)
        if group is None:
            continue
        if group.table not in tables:
            advice = did_you_mean(group.table, tables)
            yield Violation((*path, "table"), quoted(group.table), _tables(tables), advice)
        yield from _keys(path, group)
        yield from _records(path, group)
        if group.table in columns:
            yield from _columns(path, group, columns[group.table])
        yield from _stores(path, group)
        if names and group.managed:
            yield from _managed(path, name, group, names)
    for name, training_set in sets.items():
        yield from _training_set(("training_sets", name), training_set, groups)


def ingestion(groups: Groups, steps: Mapping[str, Step], all_steps: bool) -> Iterator[Violation]:
    """Stores are filled by a step; and no other one follows it, for it is left out where there is no store."""
    ingesting = [name for name, step in steps.items() if takes_features(step.arguments)]
    managed = [name for name, group in groups.items() if group is not None and group.managed]
    if managed and not ingesting and all_steps:
        found = "a store that no step fills"
        advice = f"give a step that follows the publication the argument 'features: \"{PLACEHOLDER}\"'"
        yield Violation(
            ("features", managed[0]), found, f"a step with {PLACEHOLDER} in its arguments", advice
        )
    for name, step in steps.items():
        if step.after in ingesting:
            found = f"{quoted(str(step.after))}, which is left out where no feature group has a store"
            yield Violation(
                ("steps", name, "after"), found, "a step that is always there", "let it follow another one"
            )


def _tables(tables: frozenset[str]) -> str:
    return f"a table of a step: {one_of(sorted(tables))}" if tables else "a table that a step publishes"


def _keys(path: Path, group: FeatureGroup) -> Iterator[Violation]:
    for key, value in (("record_identifier", group.record_identifier), ("event_time", group.event_time)):
        if value not in group.features:
            yield _unknown((*path, key), value, group)
    if group.record_identifier == group.event_time:
        found = f"{quoted(group.event_time)}, the record identifier too"
        yield Violation((*path, "event_time"), found, "another feature")
    event = group.features.get(group.event_time)
    if event is not None and event.type != "string":
        where = (*path, "features", group.event_time, "type")
        yield Violation(
            where, quoted(event.type), "'string'", "an event time is written as 2021-07-01T00:15:00Z"
        )


def _records(path: Path, group: FeatureGroup) -> Iterator[Violation]:
    """Each record names the same features, none of them one that all share."""
    first: frozenset[str] | None = None
    for record, columns in group.records.items():
        where = (*path, "records", record)
        for name in columns:
            if name in (group.record_identifier, group.event_time):
                yield Violation((*where, name), quoted(name), "a feature that is neither identifier nor time")
            elif name not in group.features:
                yield _unknown((*where, name), name, group)
        if first is None:
            first = frozenset(columns)
        elif first != frozenset(columns):
            expected = f"those of the first record: {one_of(sorted(first))}"
            yield Violation(where, f"columns for {one_of(sorted(columns)) or 'nothing'}", expected)


def _columns(path: Path, group: FeatureGroup, there: Mapping[str, str]) -> Iterator[Violation]:
    """Each feature is read from a column that is there, and of the type of what is in it."""
    start = group.window.start
    if start not in there:
        yield _no_column((*path, "window", "start"), start, group, there)
    elif there[start] != "timestamp":
        expected = f"a column of {group.table} that is a timestamp"
        yield Violation((*path, "window", "start"), f"{quoted(start)}, which is {there[start]}", expected)
    for name, feature in group.features.items():
        for column, where in group.columns_of(name).items():
            if column not in there:
                yield _no_column((*path, *where), column, group, there)
            elif (kind := there[column].partition("(")[0]) not in COLUMN_TYPES[feature.type]:
                fitting = [fits for fits, kinds in COLUMN_TYPES.items() if kind in kinds]
                advice = f"{quoted(column)} of {group.table} is {there[column]}"
                expected = one_of(fitting) or "a column of another type"
                yield Violation((*path, "features", name, "type"), quoted(feature.type), expected, advice)


def _no_column(path: Path, column: str, group: FeatureGroup, there: Mapping[str, str]) -> Violation:
    expected = f"a column of {group.table}: {one_of(there)}"
    return Violation(path, quoted(column), expected, did_you_mean(column, there))


def _stores(path: Path, group: FeatureGroup) -> Iterator[Violation]:
    if group.ttl_days is None:
        return
    if not group.online:
        found = "a time to live without an online store"
        yield Violation(
            (*path, "ttl_days"), found, "a group with 'online: true'", "the offline store keeps all"
        )
    if group.ttl_days < group.source_lag_days:
        expected = f"at least {group.source_lag_days}, the source's lag"
        advice = (
            "a record would have expired before its month is there, since its life counts from its event time"
        )
        yield Violation((*path, "ttl_days"), f"the number {group.ttl_days}", expected, advice)


def _managed(path: Path, name: str, group: FeatureGroup, names: Names) -> Iterator[Violation]:
    """What SageMaker takes."""
    called = names.feature_group(name)
    over = len(called) - FEATURE_GROUP_NAME_LIMIT
    if over > 0:
        found = f"a feature group called {quoted(called)}, of {len(called)} characters"
        advice = f"shorten the group, the environment or the pipeline by {over}"
        yield Violation(path, found, f"at most {FEATURE_GROUP_NAME_LIMIT}", advice)
    if len(group.description) > FEATURE_GROUP_DESCRIPTION:
        expected = f"at most {FEATURE_GROUP_DESCRIPTION}, for a group with a store"
        yield Violation((*path, "description"), f"{len(group.description)} characters", expected)


def _training_set(path: Path, made: TrainingSet, groups: Groups) -> Iterator[Violation]:
    labels = (*path, "labels")
    yield from _feature(labels, made.labels.group, made.labels.feature, groups)
    group = groups.get(made.labels.group)
    if group is not None:
        for n, name in enumerate(made.labels.known):
            if name not in group.features:
                yield _unknown((*labels, "known", n), name, group)
        for n, record in enumerate(made.labels.records):
            yield from _record((*labels, "records", n), record, group)
    for name, joined in made.features.items():
        where = (*path, "features", name)
        yield from _feature(where, joined.group, joined.feature, groups)
        other = groups.get(joined.group)
        if joined.record is not None and other is not None:
            yield from _record((*where, "record"), joined.record, other)
        if group is not None and name in ("time", "label", group.record_identifier, *made.labels.known):
            yield Violation(where, f"{quoted(name)}, a column of the label's row", "a name of its own")
    if made.split.test <= made.split.validation:
        expected = f"a day after the validation begins, {made.split.validation}"
        yield Violation((*path, "split", "test"), quoted(made.split.test), expected)


def _feature(path: Path, group: str, feature: str, groups: Groups) -> Iterator[Violation]:
    if group not in groups:
        expected = f"a feature group: {one_of(sorted(groups))}" if groups else "a feature group"
        yield Violation((*path, "group"), quoted(group), expected, did_you_mean(group, groups))
        return
    found = groups[group]
    if found is None:
        return
    if feature not in found.features:
        yield _unknown((*path, "feature"), feature, found)
    elif feature in (found.record_identifier, found.event_time):
        yield Violation((*path, "feature"), quoted(feature), "a feature that is neither identifier nor time")


def _record(path: Path, record: str, group: FeatureGroup) -> Iterator[Violation]:
    if group.records and record not in group.records:
        expected = f"a record of the group: {one_of(group.records)}"
        yield Violation(path, quoted(record), expected, did_you_mean(record, group.records))


def _unknown(path: Path, name: str, group: FeatureGroup) -> Violation:
    expected = f"a feature of the group: {one_of(group.features)}"
    return Violation(path, quoted(name), expected, did_you_mean(name, group.features))
