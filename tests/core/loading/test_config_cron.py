"""Expressions of EventBridge Scheduler that are accepted and refused."""

from __future__ import annotations

import pytest

from data_pipeline.core.facts import cron
from data_pipeline.core.problems import RefusedError

DAY_FORMS = "AWS documents L, LW and 15W, alone and in capitals"
WEEKDAY_FORMS = "AWS documents L, 6L and FRI#2, alone and in capitals"


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0 6 * * ? *)",
        "cron(0 6 LW * ? *)",
        "cron(0 6 ? * mon-Fri *)",
        "cron(0 6 ? jan-MAR WED,sat *)",
        "cron(0 6 ? * wedL *)",
        "cron(0 6 ? * Wed#1 *)",
        "cron(0/15 * * * ? *)",
        "cron(*/5 8-17 ? * MON-FRI *)",
        "cron(0,30 6 1,15 JAN,JUL ? 2026-2030)",
        "cron(0 6 L * ? *)",
        "cron(0 6 15W * ? *)",
        "cron(0 6 ? * 6L *)",
        "cron(0 6 ? * FRI#2 *)",
        "cron(0 6 ? * L *)",
        "cron(0 6 29 2 ? *)",
        "cron(0 6 29 FEB ? 2028)",
        "cron(0 6 31 JAN,FEB ? *)",
        "cron(0 6 1-10/3 * ? 2026/2)",
        "rate(1 minute)",
        "rate(2 minutes)",
        "rate(1 hour)",
        "rate(12 hours)",
        "rate(7 days)",
    ],
)
def test_accepted(expression: str) -> None:
    """What AWS's pages describe passes: LW, and names in any case and in ranges."""
    cron.check(expression)


@pytest.mark.parametrize(
    ("expression", "expected", "advice"),
    [
        ("", cron.EXPECTED, ""),
        ("0 6 * * *", cron.EXPECTED, ""),
        ("at(2026-01-01T00:00:00)", cron.EXPECTED, ""),
        ("cron(0 6 * * ? *) ", cron.EXPECTED, ""),
        ("cron(60 6 * * ? *)", "0 to 59 in its minutes, not '60'", ""),
        ("cron(0 6 0 * ? *)", "1 to 31 in its day of month, not '0'", ""),
        ("cron(0 6 * 13 ? *)", "1 to 12 or JAN to DEC in its month, not '13'", ""),
        ("cron(0 6 ? * 0 *)", "1 to 7 or SUN to SAT in its day of week, not '0'", ""),
        ("cron(0 6 ? * mo *)", "1 to 7 or SUN to SAT in its day of week, not 'mo'", ""),
        ("cron(0 6 * * ? 2200)", "1970 to 2199 in its year, not '2200'", ""),
        ("cron(0,,5 6 * * ? *)", "0 to 59 in its minutes, not ''", ""),
        ("cron(-5 6 * * ? *)", "0 to 59 in its minutes, not '-5'", ""),
        ("cron(*/0 6 * * ? *)", "a step of 1 to 59 in its minutes, not '*/0'", ""),
        ("cron(0 22-2 * * ? *)", "a range that goes up in its hours, not '22-2'", "write 22-23,0-2"),
        (
            "cron(0 6 ? * FRI-MON *)",
            "a range that goes up in its day of week, not 'FRI-MON'",
            "write FRI-SAT,SUN-MON",
        ),
        (
            "cron(0 6 ? * MON/2 *)",
            "1 to 7 or SUN to SAT without '/' in its day of week, not 'MON/2'",
            "name the days: MON,WED,FRI",
        ),
        ("cron(0 6 ? * 2#6 *)", "1 to 7 or SUN to SAT in its day of week, not '2#6'", ""),
        ("cron(0 6 40W * ? *)", "1 to 31 in its day of month, not '40W'", DAY_FORMS),
        ("cron(0 6 L-3 * ? *)", "1 to 31 in its day of month, not 'L-3'", DAY_FORMS),
        ("cron(0 6 lw * ? *)", "1 to 31 in its day of month, not 'lw'", DAY_FORMS),
        ("cron(0 6 1,L * ? *)", "1 to 31 in its day of month, not 'L'", DAY_FORMS),
        ("cron(0 6 ? * L-1 *)", "1 to 7 or SUN to SAT in its day of week, not 'L-1'", WEEKDAY_FORMS),
        ("cron(0 6 ? * 3#1,6#3 *)", "1 to 7 or SUN to SAT in its day of week, not '3#1'", WEEKDAY_FORMS),
        ("cron(? 6 * * ? *)", "0 to 59 in its minutes, not '?'", ""),
        (
            "cron(0 6 ? * ? *)",
            "'?' in exactly one of day of month and day of week",
            "write 'cron(0 6 * * ? *)'",
        ),
        (
            "cron(0 6 * * MON *)",
            "'?' in exactly one of day of month and day of week",
            "write 'cron(0 6 ? * MON *)'",
        ),
        ("cron(0 6 31 4,6,9,11 ? *)", "a day that exists", "it would never fire"),
        ("cron(0 6 29 2 ? 2027)", "a day that exists", "it would never fire"),
        ("rate(1 minutes)", "the singular for 1 and the plural for more", "write 'rate(1 minute)'"),
        ("rate(24 hour)", "the singular for 1 and the plural for more", "write 'rate(24 hours)'"),
        (
            "rate(0 days)",
            "rate(<whole number> <unit>) with minutes, hours or days, as in 'rate(12 hours)'",
            "",
        ),
    ],
)
def test_refused(expression: str, expected: str, advice: str) -> None:
    """What the Scheduler would refuse, or what never fires, is told with the field, and how to mend it."""
    with pytest.raises(RefusedError) as caught:
        cron.check(expression)
    assert (caught.value.expected, caught.value.advice) == (expected, advice)
