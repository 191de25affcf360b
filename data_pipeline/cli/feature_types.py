"""The types of features that the configuration does not write, for commands that render templates."""

from __future__ import annotations

from pathlib import Path

from data_pipeline.core.config.environment import Environment


def with_feature_types(root: Path, env: Environment) -> Environment:
    """The environment, in which each feature of a group with a store has a type. UserError for wrong SQL.

    What looks at SQL is imported where there is such a group alone.
    """
    if not env.managed_features:
        return env
    from data_pipeline.project import definitions

    return definitions.with_feature_types(root, env)
