"""Where a pipeline's data lie in its bucket."""

from __future__ import annotations

from .environment import Data, Location


def key_prefix(data: Data, location: Location) -> str:
    """Key prefix of a location, ending in ``/`` (or empty: the whole bucket)."""
    if location == "input":
        return _folder(data.input)
    return f"{output_prefix(data)}{location}/"


def rebuilds_prefix(data: Data) -> str:
    """Key prefix of what a rebuild of a table has read, until it is published, ending in ``/``."""
    return f"{key_prefix(data, 'state')}rebuilds/"


def erased_prefix(data: Data) -> str:
    """Key prefix of the records of erased keys, ending in ``/``."""
    return f"{key_prefix(data, 'state')}erased/"


def erased_files_prefix(data: Data) -> str:
    """Key prefix of what says which files an erasure is about to delete, ending in ``/``."""
    return f"{erased_prefix(data)}files/"


def offline_prefix(data: Data, group: str) -> str:
    """Key prefix below which SageMaker keeps the offline store of a feature group, ending in ``/``."""
    return f"{output_prefix(data)}offline/{group}/"


def athena_results(data: Data) -> str:
    """Key prefix of the results of Athena's queries, ending in ``/``."""
    return f"{output_prefix(data)}athena/"


def output_prefix(data: Data) -> str:
    """Key prefix of everything that the pipeline writes, ending in ``/`` (or empty: the whole bucket)."""
    return _folder(data.output)


def _folder(prefix: str) -> str:
    stripped = prefix.strip("/")
    return f"{stripped}/" if stripped else ""
