"""Where a pipeline's data lie in its bucket: key prefixes, and URIs built on any spelling of the bucket's name."""

from __future__ import annotations

from .config import Environment, Location


def key_prefix(env: Environment, location: Location) -> str:
    """Key prefix of a location, ending in ``/`` (or empty: the whole bucket)."""
    if location == "input":
        return _folder(env.data.input)
    return f"{output_prefix(env)}{location}/"


def output_prefix(env: Environment) -> str:
    """Key prefix of everything that the pipeline writes, ending in ``/`` (or empty: the whole bucket)."""
    return _folder(env.data.output)


def code_prefix(env: Environment, code_version: str) -> str:
    """Key prefix of the jobs' code in the artifact bucket."""
    return f"{env.pipeline}/code/{code_version}/"


def wheels_prefix(env: Environment, runtime: str, digest: str) -> str:
    """Key prefix of a runtime's wheel set in the artifact bucket."""
    return f"{env.pipeline}/wheels/{runtime}/{digest}/"


def _folder(prefix: str) -> str:
    stripped = prefix.strip("/")
    return f"{stripped}/" if stripped else ""
