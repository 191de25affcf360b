"""What the job that ingests records is told of the feature groups, as a file in the artifact bucket; pure.

``data_pipeline.etl.documents.features`` is both its ends.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from data_pipeline.core.naming import Names
from data_pipeline.etl.documents import features, patterns

from .datasets import Dataset
from .definitions import tables_of
from .feature_groups import FeatureGroup

PLACEHOLDER = "{features}"


def takes_features(arguments: Mapping[str, str]) -> bool:
    """Whether a step with these arguments is given the feature groups: it ingests their records."""
    return any(PLACEHOLDER in str(value) for value in arguments.values())


def document(groups: Mapping[str, FeatureGroup], names: Names, periods: Mapping[str, str]) -> str:
    """The groups that have a store, as JSON: the same for the same configuration. ``periods``: as for ``source``."""
    return features.write(
        _listed(name, group, names, periods) for name, group in sorted(groups.items()) if group.managed
    )


def key(folder: str, text: str) -> str:
    """Key of the document in the artifact bucket: it names its content."""
    return f"{folder}/features/{hashlib.sha256(text.encode()).hexdigest()}.json"


def periods(datasets: Mapping[str, Dataset]) -> dict[str, str]:
    """Table of a data set → its period, of those that have one."""
    found = {}
    for name, each in datasets.items():
        units = {patterns.parse(text).unit for text in each.files} - {""}
        if units:
            longest = min(units, key=patterns.UNITS.index)
            found.update(dict.fromkeys(tables_of(name, each), longest))
    return found


def source(group: FeatureGroup, periods: Mapping[str, str]) -> features.RecordSource:
    """How rows of its table are records of the group. ``periods``: table of a data set → its period."""
    return features.RecordSource(
        table=group.table,
        identifier=group.record_identifier,
        event_time=group.event_time,
        features={
            name: features.Feature(feature.column or name, feature.type or "")
            for name, feature in group.every_feature.items()
        },
        records=group.records,
        time_column=group.window.start if group.window else "",
        window_minutes=group.window.minutes if group.window else 0,
        available=group.available_at or "",
        ends=group.valid_to or "",
        lag_minutes=group.lag_minutes,
        period=group.period or "",
        periods=dict(periods),
        timezone=group.timezone,
    )


def _listed(name: str, group: FeatureGroup, names: Names, periods: Mapping[str, str]) -> features.Group:
    return features.Group(
        name=name,
        feature_group=names.feature_group(name),
        source=source(group, periods),
        features=list(group.stored),
        online=group.online,
        offline=group.offline,
        ttl_days=group.ttl_days,
    )
