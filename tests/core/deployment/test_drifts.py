"""Drift as lines, as JSON, in one line, and without a pause."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from data_pipeline.core.deployment import drifts
from data_pipeline.core.deployment.drifts import StackDrift

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)


def _difference(path: str, kind: str, expected: str, actual: str) -> dict[str, str]:
    return {"PropertyPath": path, "DifferenceType": kind, "ExpectedValue": expected, "ActualValue": actual}


def _raw(name: str, type_: str, *differences: dict[str, str]) -> dict[str, Any]:
    status = "MODIFIED" if differences else "DELETED"
    found = {"LogicalResourceId": name, "ResourceType": type_, "StackResourceDriftStatus": status}
    return {**found, "PropertyDifferences": [*differences]} if differences else found


STATE = _difference("/State", "NOT_EQUAL", "ENABLED", "DISABLED")
HAND = StackDrift(
    "s-pipeline",
    NOW - timedelta(hours=3, minutes=5),
    tuple(
        map(
            drifts.resource,
            (
                _raw("Schedule", "AWS::Scheduler::Schedule", STATE),
                _raw("Queue", "AWS::SQS::Queue"),
                _raw(
                    "Role",
                    "AWS::IAM::Role",
                    _difference("/Policies/0", "REMOVE", '{"a": 1}', "null"),
                    _difference("/Policies/1", "ADD", "null", "x" * 300),
                    _difference("/Description", "NOT_EQUAL", "y" * 50, "z" * 50),
                ),
            ),
        )
    ),
)


def test_each_property_is_told_with_what_was_expected_and_what_is_there() -> None:
    """On one line where a terminal has room; long values are cut."""
    assert drifts.lines(HAND, NOW) == [
        "s-pipeline: drifted, as detected 3 h ago (2026-11-30 08:55 UTC)",
        "  ~ Schedule (AWS::Scheduler::Schedule)",
        "      ~ /State: ENABLED → DISABLED",
        "  - Queue (AWS::SQS::Queue): is gone",
        "  ~ Role (AWS::IAM::Role)",
        '      - /Policies/0: {"a": 1} (is gone)',
        f"      + /Policies/1: {'x' * 199}… (not in the template)",
        "      ~ /Description:",
        f"          expected {'y' * 50}",
        f"          actual   {'z' * 50}",
    ]
    (told,) = drifts.as_json([HAND])
    assert told["resources"][0]["properties"] == [
        {"path": "/State", "kind": "NOT_EQUAL", "expected": "ENABLED", "actual": "DISABLED"}
    ]


def test_a_schedule_that_is_off_is_no_drift_of_a_pause() -> None:
    """Anything else of it is, and so is a schedule that has gone."""
    kept = drifts.without_pause(HAND, "Schedule")
    assert [each.logical_id for each in kept.resources] == ["Queue", "Role"]
    other = _difference("/ScheduleExpression", "NOT_EQUAL", "rate(1 day)", "rate(2 days)")
    both = StackDrift("s", NOW, (drifts.resource(_raw("Schedule", "T", STATE, other)),))
    assert [one.path for one in drifts.without_pause(both, "Schedule").resources[0].properties] == [
        "/ScheduleExpression"
    ]
    gone = StackDrift("s", NOW, (drifts.resource(_raw("Schedule", "T")),))
    assert drifts.without_pause(gone, "Schedule") == gone


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([StackDrift("a"), StackDrift("b")], "never looked at"),
        ([StackDrift("a", NOW), StackDrift("b")], "none, as detected moments ago (2026-11-30 12:00 UTC)"),
        ([HAND], "3 resources changed by hand, as detected 3 h ago (2026-11-30 08:55 UTC)"),
    ],
)
def test_one_line_says_how_many_and_how_old(found: list[StackDrift], said: str) -> None:
    """The oldest look counts."""
    assert drifts.summary(found, NOW) == said


def test_what_was_never_looked_at_says_how_to_look() -> None:
    """Which is not the same as in sync."""
    assert drifts.lines(StackDrift("s"), NOW) == ["s: never looked at; --detect looks"]
    assert drifts.lines(StackDrift("s", NOW - timedelta(days=2)), NOW) == [
        "s: in sync, as detected 2 d ago (2026-11-28 12:00 UTC)"
    ]
