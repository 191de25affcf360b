"""What a deployment refuses, because the records of a feature group would be lost by it."""

from __future__ import annotations

from data_pipeline.aws import feature_store
from data_pipeline.aws.session import Connection
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.deployment.changes import StackChanges
from data_pipeline.core.deployment.feature_state import of_group, replaced
from data_pipeline.core.errors import UserError


def refuse_what_loses_records(environment: Environment, connection: Connection) -> None:
    """UserError for a definition that the deployed group cannot become, before anything is deployed."""
    lines = []
    for name, group in environment.managed_features.items():
        called = environment.names.feature_group(name)
        for one in of_group(name, group, feature_store.describe(connection, called)):
            if one.refused:
                lines.append(f"features.{name}: the deployed group {called} {one.what}: {one.todo}")
    if lines:
        raise UserError("\n".join(lines))


def refuse_replaced_groups(plan: StackChanges) -> None:
    """UserError for a change set that replaces a group: its name is fixed, so AWS would fail to, midway."""
    groups = replaced(plan.changes)
    if groups:
        raise UserError(
            f"{plan.stack}: this would replace the feature group {', '.join(groups)}, and lose its records. Tags, "
            "role, description, place and key (kms, data.kms_key) of a feature group cannot change: write them as they "
            "are deployed, or add another group beside it."
        )
