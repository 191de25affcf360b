"""What the runs before one add to its report: the last values of its rules, what rows were like, how long it took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from .distributions import together

Record = Mapping[str, Any]

RULES = 20
"""Values of a rule that are shown."""
COMPARED = 12
"""Runs whose rows are what is usual."""


@dataclass(frozen=True)
class Earlier:
    """The documents of a run before, as far as it has them, the newest first in a list of them."""

    run: str
    summary: Record | None = None
    profile: Record | None = None
    report: Record | None = None


def rule_values(past: Sequence[Earlier], of: str, rule: str) -> list[dict[str, Any]]:
    """The last values of a rule, the oldest first."""
    found: list[dict[str, Any]] = []
    for each in past:
        for result in ((each.summary or {}).get("quality") or {}).get("rules", []):
            if (result.get("of"), result.get("rule")) == (of, rule) and result.get("value") is not None:
                found.append({"run": each.run, "value": result["value"]})
    return found[: RULES - 1][::-1]


def usual_rows(past: Sequence[Earlier], table: str) -> dict[str, Any] | None:
    """What the rows of the last runs were like, put together; None where none had any."""
    told = [
        each.profile["tables"][table] for each in past if each.profile and table in each.profile["tables"]
    ]
    told = told[:COMPARED]
    if not told:
        return None
    columns: dict[str, list[tuple[float, Record]]] = {}
    for each in told:
        for column in each.get("columns", []):
            columns.setdefault(column["name"], []).append((each["rows"], column))
    return {
        "runs": len(told),
        "rows": sum(each["rows"] for each in told),
        "columns": {name: _column(found) for name, found in columns.items()},
        "hours": _sums([each["hours"] for each in told if each.get("hours")]),
        "weekdays": _sums([each["weekdays"] for each in told if each.get("weekdays")]),
        "types": {column["name"]: column["type"] for column in told[0].get("columns", [])},
        "more_columns": told[0].get("more_columns", 0),
    }


def _column(found: Sequence[tuple[float, Record]]) -> dict[str, Any]:
    rows = sum(weight for weight, _ in found)
    told: dict[str, Any] = {"nulls": sum(column["nulls"] for _, column in found) / rows if rows else 0.0}
    quantiles = [
        (weight - column["nulls"], column["quantiles"]) for weight, column in found if column.get("quantiles")
    ]
    if quantiles:
        told["quantiles"] = together(quantiles)
    values: dict[str, float] = {}
    for _, column in found:
        for text, count in column.get("values", {}).items():
            values[text] = values.get(text, 0) + count
    if values:
        told["values"] = values
        told["other"] = sum(column.get("other", 0) for _, column in found)
    return told


def _sums(every: Sequence[Sequence[int]]) -> list[int] | None:
    return [sum(column) for column in zip(*every, strict=True)] if every else None


def usual_times(past: Sequence[Earlier], seconds: Sequence[float]) -> dict[str, Any]:
    """The median of whole runs (of ``seconds``, those that published) and of each state of those that have a report."""
    states: dict[str, list[float]] = {}
    for each in past:
        sums: dict[str, float] = {}
        for state in ((each.report or {}).get("execution") or {}).get("states", []):
            if state.get("seconds") is not None and not state.get("error"):
                sums[state["name"]] = sums.get(state["name"], 0) + state["seconds"]
        for name, took in sums.items():
            states.setdefault(name, []).append(took)
    return {
        "runs": len(seconds),
        "seconds": median(seconds) if seconds else None,
        "states": {name: median(found) for name, found in states.items()},
    }
