"""Rules of feature groups and training sets that concern more than one value; pure. Each yields findings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from data_pipeline.core.config.environment import Step
from data_pipeline.core.config.feature_document import PLACEHOLDER, takes_features
from data_pipeline.core.config.feature_groups import COLUMN_TYPES, FeatureGroup, Labels, TrainingSet
from data_pipeline.core.facts import limits
from data_pipeline.core.facts.limits import FEATURE_GROUP_DESCRIPTION
from data_pipeline.core.naming import FEATURE_GROUP_NAME_LIMIT, Names
from data_pipeline.core.problems import Path, Violation, did_you_mean, one_of, quoted
from data_pipeline.etl.documents.datasets import AVAILABLE_AT
from data_pipeline.etl.documents.feature_records import AVAILABILITY

from .table_columns import Columns

#: what a column may be whose values are record identifiers; and what the stores cannot hold.
_IDENTIFIERS = ("string", "int", "long", "date")
_NESTED = ("list", "struct", "map", "binary")

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
        yield from _training_set(("training_sets", name), training_set, groups, tables, columns)


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
    if group.record_identifier == group.event_time:
        found = f"{quoted(group.event_time)}, the record identifier too"
        yield Violation((*path, "event_time"), found, "another feature")
    event = group.features.get(group.event_time)
    if event is not None and event.type not in (None, "string"):
        where = (*path, "features", group.event_time, "type")
        yield Violation(
            where, quoted(str(event.type)), "'string'", "an event time is written as 2021-07-01T00:15:00Z"
        )
    if event is not None and event.column and group.window:
        where = (*path, "features", group.event_time, "column")
        yield Violation(where, "a column", "none beside 'window'", "the event time is the window's end")


def _records(path: Path, group: FeatureGroup) -> Iterator[Violation]:
    """Each record names the same features, none of them one that all share."""
    first: frozenset[str] | None = None
    for record, columns in group.records.items():
        where = (*path, "records", record)
        for name in columns:
            if name in (group.record_identifier, group.event_time):
                yield Violation((*where, name), quoted(name), "a feature that is neither identifier nor time")
            elif name not in group.every_feature:
                yield _unknown((*where, name), name, group)
        if first is None:
            first = frozenset(columns)
        elif first != frozenset(columns):
            expected = f"those of the first record: {one_of(sorted(first))}"
            yield Violation(where, f"columns for {one_of(sorted(columns)) or 'nothing'}", expected)


def _columns(path: Path, group: FeatureGroup, there: Mapping[str, str]) -> Iterator[Violation]:
    """Each feature is read from a column that is there, and of the type of what is in it."""
    yield from _times(path, group, there)
    for name, feature in group.every_feature.items():
        for column, where in group.columns_of(name).items():
            if column not in there:
                yield _no_column((*path, *where), column, group, there)
                continue
            kind = _kind(there[column])
            if name == group.record_identifier and kind not in _IDENTIFIERS:
                found = f"{quoted(column)}, which is {there[column]}"
                yield Violation(
                    (*path, "record_identifier"), found, f"a column that is {one_of(_IDENTIFIERS)}"
                )
            elif group.managed and kind in _NESTED:
                found = f"{quoted(column)}, which is {there[column]}"
                advice = "the stores hold texts and numbers; take it apart by SQL"
                yield Violation((*path, *where), found, "a plain column", advice)
            elif feature.type and kind not in COLUMN_TYPES[feature.type]:
                fitting = [fits for fits, kinds in COLUMN_TYPES.items() if kind in kinds]
                advice = f"{quoted(column)} of {group.table} is {there[column]}"
                expected = one_of(fitting) or "a column of another type"
                yield Violation((*path, "features", name, "type"), quoted(feature.type), expected, advice)


def _times(path: Path, group: FeatureGroup, there: Mapping[str, str]) -> Iterator[Violation]:
    """Event time and availability come from times; and something says since when a record could be known."""
    feature = group.every_feature[group.event_time]
    written = ("features", group.event_time, "column") if feature.column else ("event_time",)
    times: dict[Path, tuple[str, tuple[str, ...]]] = {
        written: (feature.column or group.event_time, ("date", "timestamp", "timestamptz"))
    }
    if group.window:
        times = {("window", "start"): (group.window.start, ("timestamp", "timestamptz"))}
    if group.available_at:
        times[("available_at",)] = (group.available_at, ("timestamp", "timestamptz"))
    if group.valid_to:
        times[("valid_to",)] = (group.valid_to, ("date", "timestamp", "timestamptz"))
    for where, (column, kinds) in times.items():
        if column not in there:
            yield _no_column((*path, *where), column, group, there)
        elif _kind(there[column]) not in kinds:
            expected = f"a column of {group.table} that is a {' or '.join(kinds)}"
            yield Violation((*path, *where), f"{quoted(column)}, which is {there[column]}", expected)
    if not group.available_at and group.lag is None and not {AVAILABLE_AT, AVAILABILITY[0]} & {*there}:
        found = f"{group.table}, which does not say since when its rows could be known"
        advice = f"let its SQL select max({AVAILABLE_AT}) AS {AVAILABILITY[0]}, or give the group a 'lag'"
        yield Violation((*path, "table"), found, f"a table with a column {AVAILABILITY[0]}", advice)


def _kind(text: str) -> str:
    return re.split("[(<]", text)[0]


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
    if group.lag and group.ttl_days * limits.MINUTES_OF_A_DAY < (group.lag_minutes or 0):
        expected = f"at least the lag, {group.lag}"
        advice = "a record would have expired before it is there, since its life counts from its event time"
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


def _training_set(
    path: Path, made: TrainingSet, groups: Groups, tables: frozenset[str], columns: Columns
) -> Iterator[Violation]:
    labels = (*path, "labels")
    group = groups.get(made.labels.group) if made.labels.group else None
    identifier = group.record_identifier if group else made.labels.identifier
    if made.labels.group is not None:
        yield from _feature(labels, made.labels.group, made.labels.feature, groups)
    elif made.labels.table is not None:
        yield from _labels(labels, made.labels, tables, columns)
    if group is not None:
        for n, name in enumerate(made.labels.known):
            if name not in group.every_feature:
                yield _unknown((*labels, "known", n), name, group)
        for n, record in enumerate(made.labels.records):
            yield from _record((*labels, "records", n), record, group)
    for name, joined in made.features.items():
        where = (*path, "features", name)
        yield from _feature(where, joined.group, joined.feature, groups)
        other = groups.get(joined.group)
        if joined.record is not None and other is not None:
            yield from _record((*where, "record"), joined.record, other)
        if name in ("time", "label", identifier, *made.labels.known):
            yield Violation(where, f"{quoted(name)}, a column of the label's row", "a name of its own")
    yield from _clocks(path, made, groups)
    if made.split.test <= made.split.validation:
        expected = f"a day after the validation begins, {made.split.validation}"
        yield Violation((*path, "split", "test"), quoted(made.split.test), expected)


def _labels(path: Path, labels: Labels, tables: frozenset[str], columns: Columns) -> Iterator[Violation]:
    """Labels of a table, whose columns are there as far as they are known."""
    table = str(labels.table)
    if table not in tables:
        yield Violation((*path, "table"), quoted(table), _tables(tables), did_you_mean(table, tables))
    there = columns.get(table)
    if there is None:
        return
    named: list[tuple[Path, str]] = [
        ((key,), str(getattr(labels, key))) for key in ("identifier", "time", "feature")
    ]
    named += [(("known", n), name) for n, name in enumerate(labels.known)]
    for where, column in named:
        if column not in there:
            expected = f"a column of {table}: {one_of(there)}"
            yield Violation((*path, *where), quoted(column), expected, did_you_mean(column, there))
    kind = there.get(str(labels.time))
    if kind is not None and _kind(kind) not in ("date", "timestamp", "timestamptz"):
        found = f"{quoted(str(labels.time))}, which is {kind}"
        yield Violation((*path, "time"), found, "a column that is a date, timestamp or timestamptz")


def _clocks(path: Path, made: TrainingSet, groups: Groups) -> Iterator[Violation]:
    """Times are compared as they stand: so all groups of a training set are on one wall clock."""
    used: dict[Path, str | None] = {("labels", "group"): made.labels.group}
    used |= {("features", name, "group"): joined.group for name, joined in made.features.items()}
    clocks = {where: groups[name] for where, name in used.items() if name is not None and name in groups}
    first = next((group.timezone for group in clocks.values() if group), None)
    for where, group in clocks.items():
        if group and group.timezone != first:
            found = f"a group on the wall clock of {group.timezone}"
            yield Violation(
                (*path, *where), found, f"one of {first}, as the others", "their times are compared"
            )


def _feature(path: Path, group: str, feature: str, groups: Groups) -> Iterator[Violation]:
    if group not in groups:
        expected = f"a feature group: {one_of(sorted(groups))}" if groups else "a feature group"
        yield Violation((*path, "group"), quoted(group), expected, did_you_mean(group, groups))
        return
    found = groups[group]
    if found is None:
        return
    if feature not in found.every_feature:
        yield _unknown((*path, "feature"), feature, found)
    elif feature in (found.record_identifier, found.event_time):
        yield Violation((*path, "feature"), quoted(feature), "a feature that is neither identifier nor time")


def _record(path: Path, record: str, group: FeatureGroup) -> Iterator[Violation]:
    if group.records and record not in group.records:
        expected = f"a record of the group: {one_of(group.records)}"
        yield Violation(path, quoted(record), expected, did_you_mean(record, group.records))


def _unknown(path: Path, name: str, group: FeatureGroup) -> Violation:
    expected = f"a feature of the group: {one_of(group.every_feature)}"
    return Violation(path, quoted(name), expected, did_you_mean(name, group.every_feature))
