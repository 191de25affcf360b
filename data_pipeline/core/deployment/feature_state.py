"""Where a feature group's definition, the deployed group, the published table and the records differ; pure.

What SageMaker can do to a group that is there: add features, change the time to live. Everything else would be
another group in the place of this one, and its records would be lost: a deployment refuses it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from data_pipeline.core.config.feature_groups import COLUMN_TYPES, FeatureGroup
from data_pipeline.core.problems import one_of, quoted

from .changes import Change

Where = Literal["group", "table", "records"]

_GROUP = "AWS::SageMaker::FeatureGroup"
_DEPLOY = "deploy"


@dataclass(frozen=True)
class Difference:
    """One difference: what is compared with the definition, what differs, and what to do."""

    where: Where
    what: str
    todo: str
    #: a deployment cannot bring it about.
    refused: bool = False


def of_group(name: str, group: FeatureGroup, deployed: Mapping[str, Any] | None) -> Iterator[Difference]:
    """The definition against DescribeFeatureGroup's answer (None: there is no such group)."""
    if deployed is None:
        if group.managed:
            yield Difference("group", "is not deployed", _DEPLOY)
        return
    there = {f["FeatureName"]: f["FeatureType"].lower() for f in deployed["FeatureDefinitions"]}
    wanted: Mapping[str, str] = group.stored
    version = new_version(name)
    for feature, kind in there.items():
        if feature not in wanted:
            what = f"has the feature {quoted(feature)}, which the definition does not have"
            yield Difference("group", what, f"write it again, since none can be removed; or {version}", True)
        elif wanted[feature] != kind:
            what = f"has {quoted(feature)} as {kind}, the definition as {wanted[feature]}"
            yield Difference(
                "group", what, f"write {quoted(kind)}, since no type can change; or {version}", True
            )
    added = [feature for feature in wanted if feature not in there]
    if added:
        what = f"lacks {_several('the feature', added)}"
        yield Difference("group", what, _DEPLOY)
    yield from _create_only(group, deployed, version)
    ttl = deployed.get("OnlineStoreConfig", {}).get("TtlDuration")
    days = ttl["Value"] if ttl and ttl["Unit"] == "Days" else None
    if group.online and days != group.ttl_days:
        what = f"keeps records {_days(days)}, the definition {_days(group.ttl_days)}"
        taken = group.ttl_days is None
        todo = (
            f"write a 'ttl_days', since a time to live cannot be taken away; or {version}"
            if taken
            else _DEPLOY
        )
        yield Difference("group", what, todo, taken)
    status = deployed.get("OfflineStoreStatus", {})
    if status.get("Status") == "Blocked":
        todo = "let the role of the group do what is denied; the records that wait are written then"
        yield Difference("group", f"its offline store is blocked: {status.get('BlockedReason', '')}", todo)


def _create_only(group: FeatureGroup, deployed: Mapping[str, Any], version: str) -> Iterator[Difference]:
    pairs = (
        ("record_identifier", deployed["RecordIdentifierFeatureName"], group.record_identifier),
        ("event_time", deployed["EventTimeFeatureName"], group.event_time),
        ("description", deployed.get("Description", ""), group.description),
        ("online", bool(deployed.get("OnlineStoreConfig", {}).get("EnableOnlineStore")), group.online),
        ("offline", bool(deployed.get("OfflineStoreConfig")), group.offline),
    )
    for key, there, wanted in pairs:
        if there != wanted:
            values = [
                str(value).lower() if isinstance(value, bool) else quoted(value) for value in (there, wanted)
            ]
            what = f"has {key} {values[0]}, the definition {values[1]}"
            yield Difference("group", what, f"write {values[0]}, since it cannot change; or {version}", True)


def of_table(group: FeatureGroup, columns: Mapping[str, str] | None) -> Iterator[Difference]:
    """The definition against the published table: column → type of Iceberg (None: there is no table yet)."""
    if columns is None:
        yield Difference("table", f"there is no table {group.table} yet", "run the pipeline")
        return
    for name, feature in group.every_feature.items():
        for column in group.columns_of(name):
            if column not in columns:
                what = f"{group.table} has no column {quoted(column)}, which {quoted(name)} is read from"
                yield Difference("table", what, f"name one of its columns: {one_of(columns)}")
            elif feature.type and columns[column].partition("(")[0] not in COLUMN_TYPES[feature.type]:
                what = f"{quoted(column)} is {columns[column]}, and {quoted(name)} is {feature.type}"
                yield Difference("table", what, "give the feature the type of its column")


def of_records(published: Mapping[str, str], online: Mapping[str, str]) -> Iterator[Difference]:
    """The newest event time of each record identifier: of the published table and of the online store."""
    for identifier, time in published.items():
        there = online.get(identifier)
        if there != time:
            has = f"has {there}" if there else "has no record, or it has expired"
            what = f"the newest of {quoted(identifier)} is {time}, the online store {has}"
            yield Difference("records", what, "run the pipeline: its ingestion brings what is missing")


def new_version(name: str) -> str:
    """The safe way to what cannot be changed."""
    stem, _, number = name.rpartition("_v")
    following = f"{stem}_v{int(number) + 1}" if stem and number.isdecimal() else f"{name}_v2"
    return f"add a group {quoted(following)} beside it, and take this one away when nothing reads it any more"


def replaced(changes: Iterable[Change]) -> list[str]:
    """The logical ids of feature groups that a change set would replace: by a change of what is create-only, the
    stack's tags among it, whatever the change set says of them.
    """
    return [
        f"{change.logical_id} ({', '.join(change.because) or 'AWS does not say of what'})"
        for change in changes
        if change.type == _GROUP
        and change.action == "Modify"
        and (change.replaces or "Tags" in change.because)
    ]


def _several(what: str, names: list[str]) -> str:
    return f"{what}{'s' if len(names) > 1 else ''} {', '.join(quoted(name) for name in names)}"


def _days(days: int | None) -> str:
    return "for ever" if days is None else f"for {days} days"
