"""The feature groups to ingest into: the tool writes the list, the job that ingests records reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from . import form

VERSION = 2


@dataclass(frozen=True)
class Feature:
    """``column`` of the table; ``type``: ``string``, ``integral`` or ``fractional``, or empty: as the column is."""

    column: str
    type: str = ""


@dataclass(frozen=True)
class RecordSource:
    """How the rows of a table are the records of a group.

    ``identifier`` and ``event_time`` are features; ``features``: all of them by name, in order. The event time is the
    column of that feature or, with a ``time_column``, that column and ``window_minutes``. ``records``: where a row
    holds several records, record identifier → feature → column. ``available``: the column that says since when a row
    could be known, or empty: the table decides. ``ends``: the column that says until when a
    record holds, that time excluded, or empty. ``lag_minutes``: after the end of the ``period`` (a word of
    ``patterns.UNITS``, or empty: that of ``periods``, data set → period, or none). ``timezone``: of the wall clock.
    """

    table: str
    identifier: str
    event_time: str
    features: Mapping[str, Feature]
    records: Mapping[str, Mapping[str, str]]
    time_column: str
    window_minutes: int
    available: str
    ends: str
    lag_minutes: int | None
    period: str
    periods: Mapping[str, str]
    timezone: str


@dataclass(frozen=True)
class Group:
    """One group with a store. ``features``: what each record of it has, in order."""

    name: str
    feature_group: str
    source: RecordSource
    features: list[str]
    online: bool
    offline: bool
    ttl_days: int | None

    @property
    def identifier(self) -> str:
        return self.source.identifier

    @property
    def event_time(self) -> str:
        return self.source.event_time

    @property
    def table(self) -> str:
        return self.source.table


def write(groups: Iterable[Group]) -> str:
    """The list as JSON: the same for the same groups."""
    found = []
    for group in groups:
        listed = asdict(group)
        listed["source"]["features"] = [
            [name, *each.values()] for name, each in listed["source"]["features"].items()
        ]
        found.append(listed)
    return form.text({"version": VERSION, "groups": found})


def read(content: str | bytes, place: str) -> list[Group]:
    """The groups of the list. JobError, with the place, if it is no such list."""
    return form.read(content, place, "a list of feature groups", VERSION, _read)


def _read(document: Mapping[str, Any]) -> list[Group]:
    return [Group(**{**fields, "source": _source(fields["source"])}) for fields in document["groups"]]


def _source(fields: Mapping[str, Any]) -> RecordSource:
    features = {name: Feature(column, kind) for name, column, kind in fields["features"]}
    return RecordSource(**{**fields, "features": features})
