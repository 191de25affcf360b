"""Where a pipeline's data lie in its bucket."""

from __future__ import annotations

from .environment import Environment, Location


def key_prefix(env: Environment, location: Location) -> str:
    """Key prefix of a location, ending in ``/`` (or empty: the whole bucket)."""
    if location == "input":
        return _folder(env.data.input)
    return f"{output_prefix(env)}{location}/"


def offline_prefix(env: Environment, group: str) -> str:
    """Key prefix below which SageMaker keeps the offline store of a feature group, ending in ``/``."""
    return f"{output_prefix(env)}offline/{group}/"


def athena_results(env: Environment) -> str:
    """Key prefix of the results of Athena's queries, ending in ``/``."""
    return f"{output_prefix(env)}athena/"


def output_prefix(env: Environment) -> str:
    """Key prefix of everything that the pipeline writes, ending in ``/`` (or empty: the whole bucket)."""
    return _folder(env.data.output)


def _folder(prefix: str) -> str:
    stripped = prefix.strip("/")
    return f"{stripped}/" if stripped else ""
