"""Which run's rows of a source are published when two runs have counted different versions of the input.
Pure.

A publisher never puts its rows over those of a run that has seen a newer input. What is newer is not a matter
of clocks: the version of a source that lies in the input now is the one to publish. Sources that a run has
not read stay as they are published, and so does one that went from the input since.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Choice:
    """The sources whose rows are taken from this run, and those whose published rows go."""

    mine: frozenset[str]
    gone: frozenset[str]


def choose(
    mine: Mapping[str, str],
    failed: Mapping[str, str],
    removed: frozenset[str],
    published: Mapping[str, str],
    now: Mapping[str, str],
) -> Choice:
    """Choose for each source that this run has read or is to remove. ``mine``, ``failed``, ``published`` and
    ``now`` are source → ETag: what this run has counted, what it found to be unreadable, what is published,
    and what lies in the input now. ``removed`` were not in the input when the run was planned.
    """
    read = {**failed, **mine}
    kept = {
        source
        for source, etag in read.items()
        if source in published and published[source] != etag and now.get(source) in (None, published[source])
    }
    taken = {s for s in mine if s not in kept and (s in now or s in published)}
    dropped = {s for s in failed if s in published and s not in kept and s in now}
    pruned = {s for s in removed if s not in now}
    return Choice(frozenset(taken), frozenset(dropped | pruned))
