"""The feature groups to ingest into: the tool writes the list, the job that ingests records reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from . import form

VERSION = 1


@dataclass(frozen=True)
class Group:
    """One group. ``query`` is DuckDB's SQL of its records, from the relations ``rows`` (of the table, with
    ``columns``), ``by_dataset`` and ``by_all``; ``features`` are those of the feature group, in order.
    """

    name: str
    feature_group: str
    table: str
    columns: list[str]
    query: str
    identifier: str
    event_time: str
    features: list[str]
    online: bool
    offline: bool
    ttl_days: int | None
    lag_days: int
    timezone: str


def write(groups: Iterable[Group]) -> str:
    """The list as JSON: the same for the same groups."""
    return form.text({"version": VERSION, "groups": [asdict(group) for group in groups]})


def read(content: str | bytes, place: str) -> list[Group]:
    """The groups of the list. JobError, with the place, if it is no such list."""
    return form.read(content, place, "a list of feature groups", VERSION, _read)


def _read(document: Mapping[str, Any]) -> list[Group]:
    return [Group(**fields) for fields in document["groups"]]
