"""Which run's rows of a source are published when two runs have counted different versions of the input.
Pure.

A publisher never puts its rows over those of a run that has seen a newer input. What is newer is not a matter
of clocks: the version of a source that lies in the input now is the one to publish.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Choice:
    """The sources whose rows are taken from this run, and those whose rows stay as published."""

    mine: frozenset[str]
    published: frozenset[str]


def choose(
    mine: Mapping[str, str], failed: Mapping[str, str], published: Mapping[str, str], now: Mapping[str, str]
) -> Choice:
    """Choose for each source. Every mapping is source → ETag: what this run has counted, what it could not
    read, what is published, and what lies in the input now.

    A source that is no longer in the input goes. Published rows stay only if they are of the version that
    lies there now and this run has not read that version: a run that started later has counted it.
    """
    kept = {
        source
        for source, etag in published.items()
        if now.get(source) == etag and etag not in (mine.get(source), failed.get(source))
    }
    return Choice(
        frozenset(source for source in mine if source in now and source not in kept), frozenset(kept)
    )
