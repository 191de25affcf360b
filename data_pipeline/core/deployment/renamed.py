"""A pipeline that is called otherwise now: what its deployments of before go on doing; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from data_pipeline.core.errors import UserError
from data_pipeline.core.naming import Names

from . import deployment_record

#: more of them are counted.
_NAMED = 3


@dataclass(frozen=True)
class Other:
    """Another pipeline of the same environment. ``stands``: whether its pipeline stack is there, as far as that may be
    looked at; ``output``: the URI where it writes, ending in ``/``, None where that is not known.
    """

    names: Names
    stands: bool = True
    output: str | None = None


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


def refuse_shared_output(names: Names, others: Sequence[Other], own_output: str) -> None:
    """UserError where another pipeline has published to ``own_output``, also one whose stack has gone since: what it
    has read counts as read, and the files of its tables as nobody's.
    """
    for each in others:
        if each.output == own_output:
            raise UserError(
                f"{names.prefix}: its output is {own_output}, where {each.names.prefix} has published: each would "
                "take the other's files and records for its own, and the maintenance deletes files of the other's "
                "tables. Give this pipeline another data.output, then run the same command again."
            )


def notes(names: Names, others: Sequence[Other], own_output: str | None = None) -> Iterator[str]:
    """What is to be said where a pipeline is deployed for the first time, and ``others`` were deployed from the same
    artifact bucket; last, on its own, the command. ``own_output``: where this one writes, if that is in a bucket of
    the user's own.
    """
    unknown = [each.names for each in others if each.output is None]
    if own_output and unknown:
        one, these = ("", "that one") if len(unknown) == 1 else ("one of ", "one of those")
        yield (
            f"{own_output} is in a bucket of your own. If {one}{_listed(unknown)} writes there, too, this pipeline "
            f"and {these} take each other's files and records for their own: give this pipeline another data.output "
            "before it is deployed"
        )
    standing = [each.names for each in others if each.stands]
    if not standing:
        return
    if len(standing) == 1:
        verb, before, old = "is", f"was called {standing[0].pipeline}", standing[0].pipeline
    else:
        verb, before, old = "are", "had one of these names", "NAME"
    yield (
        f"{_listed(standing)} {verb} deployed from this artifact bucket, too. If {names.pipeline} {before} before, "
        "that one stays: its schedule goes on starting runs, and what it has published is not taken over. To end it:"
    )
    yield f"python -m data_pipeline destroy {names.environment} --pipeline {old}"


def _listed(names: Sequence[Names]) -> str:
    more = len(names) - _NAMED
    return ", ".join(each.prefix for each in names[:_NAMED]) + (f" and {more} more" if more > 0 else "")
