"""What a step's role may do besides when it ingests records: no more than that, and only where stores are."""

from __future__ import annotations

from collections.abc import Mapping

from awacs import sagemaker
from awacs.aws import Allow, Statement

from data_pipeline.core.config.environment import Job
from data_pipeline.core.config.feature_document import takes_features
from data_pipeline.core.config.feature_groups import FeatureGroup
from data_pipeline.core.naming import Names

from . import permissions as may
from .permissions import Grant, arn


def ingests(groups: Mapping[str, FeatureGroup], step: Job) -> bool:
    """Whether the step's jobs ingest; ``groups``: those with a store."""
    return bool(groups) and takes_features(step.arguments)


def grants(groups: Mapping[str, FeatureGroup], names: Names, step: Job) -> list[Grant]:
    """Read the groups' tables, write their records, and look at the newest ones where there is an online store."""
    if not ingests(groups, step):
        return []
    why = f"features: {', '.join(groups)}"
    tables = sorted({group.table for group in groups.values()})
    found = [
        may.read_tables(tables, why=f"{why} are read from {', '.join(tables)}"),
        _grant(
            names,
            "WriteRecords",
            [sagemaker.BatchWriteRecord, sagemaker.PutRecord],
            list(groups),
            f"{why} have stores; one by one where the account does not know BatchWriteRecord yet",
        ),
        _grant(
            names,
            "DeleteRecords",
            [sagemaker.DeleteRecord],
            list(groups),
            f"{why}: a record that is not published any more is marked as deleted",
        ),
    ]
    online = [name for name, group in groups.items() if group.online]
    if online:
        reason = f"features: {', '.join(online)}: what the online store has already is not written again"
        found.append(_grant(names, "ReadNewestRecords", [sagemaker.BatchGetRecord], online, reason))
    return found


def _grant(names: Names, sid: str, actions: list[sagemaker.Action], groups: list[str], why: str) -> Grant:
    resources = [arn("sagemaker", f"feature-group/{names.feature_group(group)}") for group in groups]
    return Grant(Statement(Sid=sid, Effect=Allow, Action=actions, Resource=resources), why)
