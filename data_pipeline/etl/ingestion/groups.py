"""The feature groups to ingest into, as the deployment lists them (``core.config.feature_document``)."""

from __future__ import annotations

import json
from dataclasses import dataclass

from data_pipeline.etl.errors import JobError
from data_pipeline.etl.storage.filesystem import files

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


def read(place: str) -> list[Group]:
    """The groups of the list at ``place``. JobError if it is no such list."""
    content = files(place).read(place)
    try:
        document = json.loads(content)
        version = document["version"]
        found = [Group(**fields) for fields in document["groups"]]
    except (ValueError, KeyError, TypeError) as error:
        raise JobError(
            f"{place}: this is no list of feature groups ({type(error).__name__}: {error})"
        ) from error
    if version != VERSION:
        raise JobError(f"{place}: version {version} of the list; this job reads version {VERSION}")
    return found
