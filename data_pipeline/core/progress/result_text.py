"""What the results of a run's steps tell people: what was new, which rules failed, what was noticed; pure.

``results``: name of a result → its JSON, which has what ``etl.documents`` says of a decision (a step that compares
input with what is processed, and may mirror first) or of a verdict (a step that judges, and describes what it has
published); whatever is missing is not told.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from data_pipeline.core.uploads import amount
from data_pipeline.etl.documents import decision, verdict

from .summary import broken

Results = Mapping[str, Mapping[str, Any]]

#: how a mirrored file can end → the same in words.
OUTCOMES = {
    "new": "new",
    "updated": "updated",
    "unchanged": "unchanged",
    "unpublished": "not yet published",
    "failed": "failed",
    "left": "left for the next run",
}
#: messages that a summary shows; a result holds few by itself.
_MESSAGES = 20


def news(results: Results) -> str:
    """``2 new, 1 changed, 200 unchanged, 0 deleted``; empty where no step compared."""
    for result in results.values():
        counts = decision.counts(result)
        if counts:
            return ", ".join(f"{count:,} {key}" for key, count in counts.items())
    return ""


def mirrored(results: Results) -> str:
    """``2 new, 1 unchanged, 3 not yet published; 1.2 GB fetched``, and if it is partial; empty without a mirror."""
    for result in results.values():
        found = decision.mirror(result)
        if found:
            mirror, partial = found
            start = "partial: " if partial else ""
            return f"{start}{outcomes(mirror)}; {amount(mirror.get('bytes', 0))} fetched"
    return ""


def drift(results: Results) -> str:
    """``2 periods compared with those before; furthest: orders 2020-04 amount, 0.31``; empty where none is compared."""
    for result in results.values():
        found = verdict.drift(result)
        if found:
            periods = "1 period" if found["periods"] == 1 else f"{found['periods']:,} periods"
            furthest = found.get("furthest") or {}
            about = f"; furthest: {furthest['source']}, {furthest['psi']:.2f}" if furthest else ""
            return f"{periods} compared with those before{about}"
    return ""


def statistics(results: Results) -> list[str]:
    """``orders: 9 windows with rows, 1 without, mean 7.3, nine in ten from 1 to 20; before: …`` of each series."""
    return [
        f"{name}: {_described(found['now'])}"
        + (f"; before: {_described(found['before'])}" if found.get("before") else "")
        for result in results.values()
        for name, found in verdict.statistics(result).items()
    ]


def _described(numbers: Mapping[str, Any]) -> str:
    windows = "1 window" if numbers["rows"] == 1 else f"{numbers['rows']:,} windows"
    counts = f"{windows} with rows, {numbers['missing']:,} without"
    if not numbers["rows"]:
        return counts
    least, most = (f"{numbers[name]:,.0f}" for name in ("q05", "q95"))
    return f"{counts}, mean {numbers['mean']:,.1f}, nine in ten from {least} to {most}"


def versions(results: Results) -> list[str]:
    """``orders: 900 current, 80 superseded and 20 deleted of 1,000 versions`` of each data set with a key."""
    return [
        f"{name}: {found['current']:,} current, {found['superseded']:,} superseded and {found['deleted']:,} deleted of "
        f"{found['accepted']:,} versions"
        for result in results.values()
        for name, found in verdict.versions(result).items()
    ]


def outcomes(counts: Mapping[str, Any]) -> str:
    """How many mirrored files ended how: ``2 new, 3 not yet published``."""
    parts = [f"{counts[kind]:,} {words}" for kind, words in OUTCOMES.items() if counts.get(kind)]
    return ", ".join(parts) or "nothing to ask for"


def failed_rules(results: Results) -> list[tuple[str, str]]:
    """(rule, rule with source, value and limit) of each failed rule."""
    rules = [rule for result in results.values() for rule in verdict.failed_rules(result)]
    return [(str(rule.get("rule")), broken(rule)) for rule in rules]


def held(results: Results) -> list[str]:
    """The data sets that a comparison holds back because their definition has changed."""
    return [name for result in results.values() for name in decision.held(result)]


def moved(results: Results) -> list[str]:
    """Those of them that can only be made anew."""
    return [name for result in results.values() for name in decision.moved(result)]


def published(results: Results) -> int:
    """How many tables are up to date although a rule failed, published by this run or unchanged."""
    return max((verdict.published(result) for result in results.values()), default=0)


def lines(results: Results) -> list[tuple[str, str]]:
    """(label, text) of what a summary says beside its counts."""
    found = [("mirror", mirrored(results))] if mirrored(results) else []
    found += [("input", news(results))] if news(results) else []
    found += [("keys", text) for text in versions(results)]
    found += [("counts", text) for text in statistics(results)]
    found += [("drift", drift(results))] if drift(results) else []
    for _, text in failed_rules(results):
        found.append(("failed rule", text))
    accepted = [rule for result in results.values() for rule in verdict.accepted(result)]
    if accepted:
        found.append(("accepted", ", ".join(dict.fromkeys(accepted))))
    messages = [text for result in results.values() for text in verdict.messages(result)]
    return found + [("message", text) for text in messages[:_MESSAGES]]
