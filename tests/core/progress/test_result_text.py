"""What is told of the results of a run's steps."""

from __future__ import annotations

from typing import Any

import pytest

from data_pipeline.core.progress import result_text

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
    assert result_text.lines({"decision": DECISION, "verdict": VERDICT}) == [
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
    assert result_text.lines(results) == []


def test_rules_by_name() -> None:
    """The name is what --accept takes; the text says the rest."""
    assert [rule for rule, _ in result_text.failed_rules({"verdict": VERDICT})] == [
        "quarantined-share",
        "missing-windows",
    ]


def test_messages_are_bounded() -> None:
    """A screen is not filled by them."""
    assert len(result_text.lines({"verdict": {"messages": [str(n) for n in range(100)]}})) == 20


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (
            {"mirror": {"new": 2, "unpublished": 8, "bytes": 1_200_000_000}},
            "2 new, 8 not yet published; 1.2 GB fetched",
        ),
        (
            {"mirror": {"new": 0, "failed": 1, "left": 30, "bytes": 0}, "partial": True},
            "partial: 1 failed, 30 left for the next run; 0 bytes fetched",
        ),
        ({"mirror": {"new": 0, "bytes": 0}}, "nothing to ask for; 0 bytes fetched"),
        ({}, ""),
    ],
)
def test_what_a_mirror_before_a_run_brought(result: dict[str, Any], words: str) -> None:
    """Counts in words, and whether it is partial; nothing without a mirror."""
    assert result_text.mirrored({"decision": result}) == words


@pytest.mark.parametrize(
    ("periods", "words"),
    [
        (0, ""),
        (1, "1 period compared with those before; furthest: orders 2020-04 land=de rows, 0.31"),
        (1200, "1,200 periods compared with those before; furthest: orders 2020-04 land=de rows, 0.31"),
    ],
)
def test_how_far_periods_have_drifted(periods: int, words: str) -> None:
    """How many were compared, and the furthest; nothing where none was."""
    furthest = {"source": "orders 2020-04 land=de rows", "psi": 0.3149} if periods else None
    drift = {"periods": periods, "furthest": furthest}
    assert result_text.drift({"decision": {}, "verdict": {"drift": drift}}) == words


NUMBERS = {"rows": 5_376, "missing": 1_200, "mean": 812.34, "q05": 40, "q50": 700, "q95": 2310}


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [
        (
            NUMBERS,
            None,
            "orders: 5,376 windows with rows, 1,200 without, mean 812.3, nine in ten from 40 to 2,310",
        ),
        (
            {"rows": 0, "missing": 96},
            {**NUMBERS, "rows": 1},
            "orders: 0 windows with rows, 96 without; before: 1 window with rows, 1,200 without, mean 812.3, nine in "
            "ten from 40 to 2,310",
        ),
    ],
)
def test_what_the_windows_of_a_series_are_like(now: Any, before: Any, words: str) -> None:
    """Now, and in the periods before where there are any; nothing of what is no description."""
    result = {"statistics": {"orders": {"now": now, "before": before}, "other": None}}
    assert result_text.lines({"decision": {}, "verdict": result}) == [("counts", words)]
    assert result_text.statistics({"verdict": {"statistics": None}}) == []
