"""Schedule expressions: when they occur, in their zone."""

from __future__ import annotations

import datetime

import pytest

from data_pipeline.local.schedules import Invalid, parse

UTC = datetime.timezone.utc


def occurrences(expression: str, zone: str, first: str, last: str) -> list[str]:
    """The occurrences after ``first`` up to ``last`` (both UTC), as UTC."""
    after, until = (
        datetime.datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() for text in (first, last)
    )
    moments = parse(expression, zone).between(after, until, after)
    return [datetime.datetime.fromtimestamp(moment, UTC).strftime("%m-%d %H:%M") for moment in moments]


NEW_YORK = "America/New_York"
CASES = [
    ("cron(0 6 * * ? *)", "UTC", "2026-01-01", "2026-01-03", ["01-01 06:00", "01-02 06:00"]),
    ("cron(0 6 * * ? *)", NEW_YORK, "2026-01-01", "2026-01-02", ["01-01 11:00"]),
    ("cron(0 6 * * ? *)", NEW_YORK, "2026-07-01", "2026-07-02", ["07-01 10:00"]),
    ("cron(30 2 * * ? *)", NEW_YORK, "2026-03-07", "2026-03-10", ["03-07 07:30", "03-09 06:30"]),
    ("cron(30 1 * * ? *)", NEW_YORK, "2026-11-01", "2026-11-02", ["11-01 05:30"]),
    (
        "cron(0/20 8-9 ? * MON-FRI *)",
        "UTC",
        "2026-01-02T08:30",
        "2026-01-05T08:10",
        ["01-02 08:40", "01-02 09:00", "01-02 09:20", "01-02 09:40", "01-05 08:00"],
    ),
    ("cron(0 0 L * ? *)", "UTC", "2026-02-01", "2026-03-30", ["02-28 00:00"]),
    ("cron(0 0 1W * ? *)", "UTC", "2026-07-31", "2026-08-10", ["08-03 00:00"]),
    ("cron(0 0 ? * 6L *)", "UTC", "2026-01-01", "2026-02-01", ["01-30 00:00"]),
    ("cron(0 0 ? * MON#2 *)", "UTC", "2026-01-01", "2026-02-01", ["01-12 00:00"]),
    ("cron(0 12 1 JAN,MAR ? 2027)", "UTC", "2026-01-01", "2027-12-31", ["01-01 12:00", "03-01 12:00"]),
    ("rate(6 hours)", "UTC", "2026-01-01", "2026-01-01T13:00", ["01-01 06:00", "01-01 12:00"]),
    ("at(2026-07-01T06:00:00)", NEW_YORK, "2026-01-01", "2026-12-01", ["07-01 10:00"]),
]


@pytest.mark.parametrize(("expression", "zone", "first", "last", "expected"), CASES)
def test_occurrences(expression: str, zone: str, first: str, last: str, expected: list[str]) -> None:
    """Occurrences follow the zone's wall clock; a skipped time does not occur, a repeated one occurs once."""
    assert occurrences(expression, zone, first, last) == expected


@pytest.mark.parametrize(
    "expression",
    [
        *("", "rate(0 minutes)", "rate(1 minutes)", "rate(5 minute)", "rate(5 seconds)", "every day"),
        *(
            "cron(0 6 * * *)",
            "cron(0 6 * * * *)",
            "cron(0 6 ? * ? *)",
            "cron(60 6 * * ? *)",
            "cron(0 24 * * ? *)",
        ),
        *(
            "cron(0 6 32 * ? *)",
            "cron(0 6 * 13 ? *)",
            "cron(0 6 ? * 8 *)",
            "cron(0 6 ? * MON#6 *)",
            "cron(a 6 * * ? *)",
        ),
        *("cron(0 6 40W * ? *)", "at(2026-13-01T00:00:00)", "at(2026-01-01)", "cron(5-1 6 * * ? *)"),
    ],
)
def test_invalid_expressions(expression: str) -> None:
    """What Scheduler refuses is Invalid."""
    with pytest.raises(Invalid, match="Invalid Schedule Expression"):
        parse(expression, "UTC")


def test_invalid_zone() -> None:
    """A zone that does not exist is refused by its name."""
    with pytest.raises(Invalid, match="America/New_Yorck"):
        parse("rate(1 day)", "America/New_Yorck")
