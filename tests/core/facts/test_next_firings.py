"""The next times of a schedule, on the wall clock and in UTC."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from data_pipeline.core.facts.next_firings import next_firings

ANCHOR = datetime(2026, 11, 1, 10, 30, tzinfo=UTC)


def _next(expression: str, zone: str, now: str, count: int = 3) -> list[str]:
    found = next_firings(expression, zone, datetime.fromisoformat(now), count, ANCHOR)
    return [f"{moment:%Y-%m-%dT%H:%M%z} {moment.astimezone(UTC):%dT%H:%M}" for moment in found]


@pytest.mark.parametrize(
    ("expression", "zone", "now", "expected"),
    [
        (
            "cron(0 6 * * ? *)",
            "Europe/Berlin",
            "2026-11-30T05:00+00:00",
            ["2026-12-01T06:00+0100 01T05:00", "2026-12-02T06:00+0100 02T05:00"],
        ),
        (
            "cron(0 6 * * ? *)",
            "Europe/Berlin",
            "2026-11-30T04:59:59+00:00",
            ["2026-11-30T06:00+0100 30T05:00", "2026-12-01T06:00+0100 01T05:00"],
        ),
        # 2027-03-28 02:30 does not exist there
        (
            "cron(30 2 * * ? *)",
            "Europe/Berlin",
            "2027-03-27T12:00+00:00",
            ["2027-03-29T02:30+0200 29T00:30", "2027-03-30T02:30+0200 30T00:30"],
        ),
        # 2027-10-31 02:30 exists twice, and fires once
        (
            "cron(30 2 * * ? *)",
            "Europe/Berlin",
            "2027-10-30T12:00+00:00",
            ["2027-10-31T02:30+0200 31T00:30", "2027-11-01T02:30+0100 01T01:30"],
        ),
        (
            "cron(30 2 * * ? *)",
            "Europe/Berlin",
            "2027-10-31T00:45+00:00",
            ["2027-11-01T02:30+0100 01T01:30", "2027-11-02T02:30+0100 02T01:30"],
        ),
        (
            "rate(12 hours)",
            "UTC",
            "2026-11-30T23:00+00:00",
            ["2026-12-01T10:30+0000 01T10:30", "2026-12-01T22:30+0000 01T22:30"],
        ),
        (
            "rate(1 day)",
            "Asia/Tokyo",
            "2026-10-01T00:00+00:00",
            ["2026-11-01T19:30+0900 01T10:30", "2026-11-02T19:30+0900 02T10:30"],
        ),
        ("cron(0 0 29 2 ? *)", "UTC", "2026-11-30T00:00+00:00", ["2028-02-29T00:00+0000 29T00:00"]),
        ("cron(0 0 1 1 ? 2020)", "UTC", "2026-11-30T00:00+00:00", []),
        # the last day of a week is Saturday, in every week of the month
        (
            "cron(0 6 ? * L *)",
            "UTC",
            "2026-11-30T00:00+00:00",
            ["2026-12-05T06:00+0000 05T06:00", "2026-12-12T06:00+0000 12T06:00"],
        ),
    ],
)
def test_the_next_times(expression: str, zone: str, now: str, expected: list[str]) -> None:
    """After now, not at it; a time that the clock leaves out does not occur, one that it repeats occurs once."""
    assert _next(expression, zone, now, 2) == expected
