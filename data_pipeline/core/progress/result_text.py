"""What the results of a run's steps tell people: what was new, which rules failed, what was noticed; pure.

``results``: name of a result → its JSON. ``{"new", "changed", "unchanged", "deleted", "reason"}`` are those
of a step that compares input with what is processed, ``{"failed_rules", "accepted", "messages"}`` of one that
judges, ``{"statistics", "drift"}`` of one that describes what it has published and compares months,
``{"mirror", "partial"}`` of one that mirrors first; whatever is missing is not told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from data_pipeline.core.uploads import amount

Results = Mapping[str, Mapping[str, Any]]

_COUNTS = ("new", "changed", "unchanged", "deleted")
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
        counts = [f"{result[key]:,} {key}" for key in _COUNTS if isinstance(result.get(key), int)]
        if counts:
            return ", ".join(counts)
    return ""


def mirrored(results: Results) -> str:
    """``2 new, 1 unchanged, 3 not yet published; 1.2 GB fetched``, and if it is partial; empty without a mirror."""
    for result in results.values():
        mirror = result.get("mirror")
        if isinstance(mirror, dict):
            partial = "partial: " if result.get("partial") else ""
            return f"{partial}{outcomes(mirror)}; {amount(mirror.get('bytes', 0))} fetched"
    return ""


def drift(results: Results) -> str:
    """``2 months compared with those before; furthest: fhv 2020-04 rides, 0.31``; empty where none was compared."""
    for result in results.values():
        found = result.get("drift")
        if isinstance(found, dict) and found.get("months"):
            months = "1 month" if found["months"] == 1 else f"{found['months']:,} months"
            furthest = found.get("furthest") or {}
            about = " ".join(str(furthest.get(key)) for key in ("dataset", "month", "feature"))
            return f"{months} compared with those before; furthest: {about}, {furthest.get('psi'):.2f}"
    return ""


def statistics(results: Results) -> str:
    """``9 windows with rides, 1 without, mean 7.3, nine in ten from 1 to 20; before: …``; empty without any."""
    for result in results.values():
        found = result.get("statistics")
        if isinstance(found, dict) and isinstance(found.get("now"), dict):
            before = found.get("before")
            return _described(found["now"]) + (f"; before: {_described(before)}" if before else "")
    return ""


def _described(numbers: Mapping[str, Any]) -> str:
    windows = "1 window" if numbers["rows"] == 1 else f"{numbers['rows']:,} windows"
    counts = f"{windows} with rides, {numbers['missing']:,} without"
    if not numbers["rows"]:
        return counts
    least, most = (f"{numbers[name]:,.0f}" for name in ("q05", "q95"))
    return f"{counts}, mean {numbers['mean']:,.1f}, nine in ten from {least} to {most}"


def outcomes(counts: Mapping[str, Any]) -> str:
    """How many mirrored files ended how: ``2 new, 3 not yet published``."""
    parts = [f"{counts[kind]:,} {words}" for kind, words in OUTCOMES.items() if counts.get(kind)]
    return ", ".join(parts) or "nothing to ask for"


def failed_rules(results: Results) -> list[tuple[str, str]]:
    """(rule, rule with source, value and limit) of each failed rule."""
    return [
        (str(rule.get("rule")), _rule(rule))
        for rule in _items(results, "failed_rules")
        if isinstance(rule, dict)
    ]


def lines(results: Results) -> list[tuple[str, str]]:
    """(label, text) of what a summary says beside its counts."""
    found = [("mirror", mirrored(results))] if mirrored(results) else []
    found += [("input", news(results))] if news(results) else []
    found += [("rides", statistics(results))] if statistics(results) else []
    found += [("drift", drift(results))] if drift(results) else []
    for _, text in failed_rules(results):
        found.append(("failed rule", text))
    accepted = [_name(rule) for rule in _items(results, "accepted")]
    if accepted:
        found.append(("accepted", ", ".join(dict.fromkeys(accepted))))
    return found + [("message", str(text)) for text in [*_items(results, "messages")][:_MESSAGES]]


def _items(results: Results, key: str) -> Iterator[Any]:
    for result in results.values():
        values = result.get(key)
        if isinstance(values, list):
            yield from values


def _name(rule: Any) -> str:
    return str(rule.get("rule")) if isinstance(rule, dict) else str(rule)


def _rule(rule: Mapping[str, Any]) -> str:
    source = f" of {rule['source']}" if rule.get("source") else ""
    return f"{rule.get('rule')}{source}: {rule.get('value')}, limit {rule.get('limit')}"
