"""What is told of the results of a run's steps."""

from __future__ import annotations

from typing import Any

import pytest

from data_pipeline.core import told

DECISION = {"new": 2, "changed": 1, "unchanged": 1200, "deleted": 0, "messages": ["fhv_2019-01 is gone"]}
VERDICT = {
    "passed": False,
    "failed_rules": [
        {"rule": "quarantined-share", "source": "a.csv", "value": 0.25, "limit": 0.05},
        {"rule": "missing-windows", "source": None, "value": 12, "limit": 0},
    ],
    "accepted": ["future-time"],
    "messages": ["b.csv: few rows"],
}


def test_everything_in_order() -> None:
    """What was new, what failed, what was let through, what was noticed, by every step."""
    assert told.lines({"decision": DECISION, "verdict": VERDICT}) == [
        ("input", "2 new, 1 changed, 1,200 unchanged, 0 deleted"),
        ("failed rule", "quarantined-share of a.csv: 0.25, limit 0.05"),
        ("failed rule", "missing-windows: 12, limit 0"),
        ("accepted", "future-time"),
        ("message", "fhv_2019-01 is gone"),
        ("message", "b.csv: few rows"),
    ]


@pytest.mark.parametrize(
    "results",
    [
        {},
        {"decision": {}},
        {"decision": {"new": None, "messages": None}, "verdict": {"accepted": [], "failed_rules": None}},
    ],
)
def test_what_is_missing_is_not_told(results: dict[str, Any]) -> None:
    """A script that leaves less is no error here."""
    assert told.lines(results) == []


def test_rules_by_name() -> None:
    """The name is what --accept takes; the text says the rest."""
    assert [rule for rule, _ in told.failed_rules({"verdict": VERDICT})] == [
        "quarantined-share",
        "missing-windows",
    ]


def test_messages_are_bounded() -> None:
    """A screen is not filled by them."""
    assert len(told.lines({"verdict": {"messages": [str(n) for n in range(100)]}})) == 20
