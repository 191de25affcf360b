"""A pipeline that is called otherwise now: what its deployments of before go on doing; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from data_pipeline.core.naming import Names

from . import deployment_record

#: more of them are counted.
_NAMED = 3


def candidates(prefixes: Iterable[str], names: Names) -> Iterator[Names]:
    """The names of the same environment of other pipelines. ``prefixes``: the first folders of the artifact bucket,
    each with its ``/``.
    """
    for prefix in sorted(prefixes):
        pipeline = prefix.rstrip("/")
        if pipeline and "/" not in pipeline and pipeline != names.pipeline:
            yield Names(pipeline, names.environment)


def record_key(names: Names) -> str:
    """The object that says that there were deployments."""
    return deployment_record.key(names.artifacts)


def notes(names: Names, others: Sequence[Names]) -> Iterator[str]:
    """What is to be said where a pipeline is deployed for the first time, and ``others`` are deployed from the same
    artifact bucket; last, on its own, the command.
    """
    if not others:
        return
    deployed = ", ".join(each.prefix for each in others[:_NAMED])
    if len(others) == 1:
        verb, before, old = "is", f"was called {others[0].pipeline}", others[0].pipeline
    else:
        verb, before, old = "are", "had one of these names", "NAME"
        more = len(others) - _NAMED
        deployed += f" and {more} more" if more > 0 else ""
    yield (
        f"{deployed} {verb} deployed from this artifact bucket, too. If {names.pipeline} {before} before, that one "
        "stays: its schedule goes on starting runs, and what it has published is not taken over. To end it:"
    )
    yield f"python -m data_pipeline destroy {names.environment} --pipeline {old}"
