"""What the job that ingests records is told of the feature groups, as a file in the artifact bucket; pure.

``data_pipeline.etl.documents.features`` is both its ends.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from data_pipeline.core.naming import Names
from data_pipeline.etl.documents import features

from .feature_groups import FeatureGroup
from .feature_query import columns, query

PLACEHOLDER = "{features}"


def takes_features(arguments: Mapping[str, str]) -> bool:
    """Whether a step with these arguments is given the feature groups: it ingests their records."""
    return any(PLACEHOLDER in str(value) for value in arguments.values())


def document(groups: Mapping[str, FeatureGroup], names: Names) -> str:
    """The groups that have a store, as JSON: the same for the same configuration."""
    return features.write(
        _listed(name, group, names) for name, group in sorted(groups.items()) if group.managed
    )


def key(folder: str, text: str) -> str:
    """Key of the document in the artifact bucket: it names its content."""
    return f"{folder}/features/{hashlib.sha256(text.encode()).hexdigest()}.json"


def _listed(name: str, group: FeatureGroup, names: Names) -> features.Group:
    return features.Group(
        name=name,
        feature_group=names.feature_group(name),
        table=group.table,
        columns=columns(group),
        query=query(group),
        identifier=group.record_identifier,
        event_time=group.event_time,
        features=list(group.stored),
        online=group.online,
        offline=group.offline,
        ttl_days=group.ttl_days,
        lag_days=group.source_lag_days,
        timezone=group.timezone,
    )
