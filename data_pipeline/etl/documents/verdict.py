"""``verdict.json`` of a run: the summary without its list of files, with a few messages; under 16 KiB whatever the
run, so that a state machine can hold it.

The job that judges writes it. The state machine reads ``passed`` and ``failed_rules``; the functions here read the
rest out of the results of any step: what a result does not have is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypedDict

from .summary import Rows

NAME = "verdict.json"
VERSION = 1


class _AnyBrokenRule(TypedDict):
    of: str
    rule: str
    source: str
    value: float
    limit: float


class BrokenRule(_AnyBrokenRule, total=False):
    """A rule that does not hold; ``of``: the data set or table; ``source``: the file or month that it is about;
    ``example``: what breaks it, of ``unique``.
    """

    example: str


class _Always(TypedDict):
    version: int
    run: str
    rows: Rows
    files: dict[str, int]
    windows: int | None
    tables: dict[str, Any]
    export: str | None
    summary: str
    drift: dict[str, Any]
    statistics: dict[str, Any]
    passed: bool
    failed_rules: list[BrokenRule]
    accepted: list[str]
    messages: list[str]


class Verdict(_Always, total=False):
    """``summary``: where it is; ``drift``: how many ``periods`` were compared, and the ``furthest``; ``statistics``:
    data set or table → what a window of its series has, ``now`` and ``before``; ``findings``: where the document is
    that has every rule that failed.

    Of data sets also how many tables are ``published``, which may be some although ``passed`` is false, and how many
    ``warnings`` there are: the state machine ingests what is published first, and ends a run with warnings as such.
    ``datasets``: name → its rows, files, most frequent reasons and ignored columns; ``versions``: data set with a key →
    how many of its ``accepted`` versions are ``current``, ``superseded`` and ``deleted``.
    """

    findings: str
    published: int
    warnings: int
    datasets: dict[str, Any]
    versions: dict[str, dict[str, int]]


def failed_rules(result: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [rule for rule in _list(result, "failed_rules") if isinstance(rule, dict)]


def accepted(result: Mapping[str, Any]) -> list[str]:
    """The names of the rules that the run was told to let through."""
    return [
        str(rule.get("rule")) if isinstance(rule, dict) else str(rule) for rule in _list(result, "accepted")
    ]


def findings(result: Mapping[str, Any]) -> str | None:
    """Where ``findings.json`` of the run is; None where no rule failed."""
    place = result.get("findings")
    return place if isinstance(place, str) and place else None


def messages(result: Mapping[str, Any]) -> list[str]:
    """Of a verdict and of a decision."""
    return [str(text) for text in _list(result, "messages")]


def published(result: Mapping[str, Any]) -> int:
    """How many tables of data sets were published."""
    found = result.get("published")
    return found if isinstance(found, int) and not isinstance(found, bool) else 0


def drift(result: Mapping[str, Any]) -> dict[str, Any] | None:
    """How many ``periods`` were compared and the ``furthest``; None where none was."""
    found = result.get("drift")
    return found if isinstance(found, dict) and found.get("periods") else None


def statistics(result: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Data set or table → ``now`` and ``before``."""
    found = result.get("statistics")
    every = found.items() if isinstance(found, dict) else ()
    return {
        name: each for name, each in every if isinstance(each, dict) and isinstance(each.get("now"), dict)
    }


def versions(result: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Data set with a key → how many of its versions are what."""
    found = result.get("versions")
    every = found.items() if isinstance(found, dict) else ()
    return {name: each for name, each in every if isinstance(each, dict) and "accepted" in each}


def _list(result: Mapping[str, Any], key: str) -> list[Any]:
    values = result.get(key)
    return values if isinstance(values, list) else []
