"""When schedules fire, and what the clocks of real zones leave out."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

import pytest
from environments import environment

from data_pipeline.core.facts import firings
from data_pipeline.core.facts.service_limits import TIME_ZONES
from data_pipeline.core.loading.load import load_environment, load_warnings
from data_pipeline.stacks.notifications import overdue_after
from tests.core.config_project import project

NEW_YORK, BERLIN = "America/New_York", "Europe/Berlin"


def exists(moment: datetime, zone: ZoneInfo) -> bool:
    """Whether a time is one of the zone's wall clock, by the time zone database of this machine."""
    there = moment.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    return there.replace(tzinfo=None) == moment


def test_what_is_left_out_is_left_out_by_the_time_zone_database() -> None:
    """Of every zone: the first and last minute do not exist, those beside them do. A few zones may have changed."""
    if not available_timezones():
        pytest.skip("this machine has no time zone database")
    wrong = set()
    for name, spans in firings.skipped_times().items():
        minute, zone = timedelta(minutes=1), ZoneInfo(name)
        for start, end in spans:
            if start.year in (2027, 2036) and [
                exists(moment, zone) for moment in (start - minute, start, end - minute, end)
            ] != [True, False, False, True]:
                wrong.add(name)
    assert len(wrong) <= 5, wrong
    assert set(firings.skipped_times()) <= set(TIME_ZONES)
    assert len(firings.skipped_times()) > 150


def test_no_zone_is_forgotten() -> None:
    """A zone that is not in the table has no clock that jumps ahead: noon to noon is never under 24 hours in 2027."""
    if not available_timezones():
        pytest.skip("this machine has no time zone database")
    days = [datetime.fromisoformat("2027-01-01T12:00") + timedelta(number) for number in range(0, 366, 5)]
    forgotten = set()
    for name in set(TIME_ZONES) - firings.skipped_times().keys():
        offsets = {day.replace(tzinfo=ZoneInfo(name)).utcoffset() for day in days}
        if len(offsets) > 1:
            forgotten.add(name)
    assert len(forgotten) <= 5, forgotten


@pytest.mark.parametrize(
    ("expression", "zone", "skips"),
    [
        ("cron(30 2 * * ? *)", NEW_YORK, [("03-14 02:30", "03-15 02:30")]),
        ("cron(30 2 * * ? *)", BERLIN, [("03-28 02:30", "03-29 02:30")]),
        ("cron(0 2,14 * * ? *)", BERLIN, [("03-28 02:00", "03-28 14:00")]),
        ("cron(0 0 * * ? *)", "Asia/Beirut", [("03-28 00:00", "03-29 00:00")]),
        ("cron(15 2 * * ? *)", "Australia/Lord_Howe", [("10-03 02:15", "10-04 02:15")]),
        ("cron(30 23 * * ? *)", "America/Nuuk", [("03-27 23:30", "03-28 23:30")]),
        ("cron(30 1 ? * SUN#2 *)", "Antarctica/Troll", []),
        ("cron(30 2 ? * SUNL *)", BERLIN, [("03-28 02:30", "04-25 02:30")]),
        ("cron(30 2 * * ? *)", "UTC", []),
        ("cron(30 2 * * ? *)", "Asia/Tokyo", []),
        ("cron(59 1 * * ? *)", NEW_YORK, []),
        ("cron(0 3 * * ? *)", NEW_YORK, []),
        ("cron(45 2 * * ? *)", "Australia/Lord_Howe", []),
        ("cron(30 2 ? * MON-SAT *)", BERLIN, []),
        ("cron(30 2 * JUN ? *)", BERLIN, []),
        ("cron(0/15 * * * ? *)", BERLIN, []),
        ("cron(30 2,3 * * ? *)", BERLIN, []),
        ("rate(1 day)", BERLIN, []),
    ],
)
def test_skips_of_2027(expression: str, zone: str, skips: list[tuple[str, str]]) -> None:
    """What the clock leaves out is named with the next firing; not where one within the hour makes up for it."""
    found = [skip for skip in firings.skips(expression, zone) if skip.time.year == 2027]
    assert [(f"{s.time:%m-%d %H:%M}", f"{s.after:%m-%d %H:%M}") for s in found] == skips


#: one zone of all that leave out the same times
ALIKE = {spans: zone for zone, spans in firings.skipped_times().items()}


@pytest.mark.parametrize("zone", ALIKE.values())
def test_a_daily_run_in_any_zone(zone: str) -> None:
    """At a time that the zone leaves out there are two days between runs, once a year; at noon never."""
    start, end = firings.skipped_times()[zone][1]
    middle = start + (end - start) / 2
    expression = f"cron({middle.minute} {middle.hour} * * ? *)"
    assert [s.time for s in firings.skips(expression, zone) if s.time.date() == middle.date()] == [middle]
    assert firings.longest_gap(expression, zone) == 48
    assert (firings.longest_gap("cron(0 12 * * ? *)", zone), firings.skips("cron(0 12 * * ? *)", zone)) == (
        24,
        [],
    )


@pytest.mark.parametrize(
    ("expression", "hours"),
    [
        ("cron(0 6 * * ? *)", 24),
        ("cron(0 6,18 * * ? *)", 12),
        ("cron(0 6 ? * MON-FRI *)", 72),
        ("cron(0 6 ? * MON,WED,FRI *)", 72),
        ("cron(0 6 1 * ? *)", 31 * 24),
        ("cron(0 6 LW * ? *)", 33 * 24),
        ("cron(0/20 8-17 * * ? *)", 14 + 1 / 3),
        ("rate(90 minutes)", 1.5),
        ("cron(0 6 * * ? 2026-2030)", None),
    ],
)
def test_longest_gap(expression: str, hours: float | None) -> None:
    """Over nights, week-ends and short months, in a zone whose clock never changes."""
    assert firings.longest_gap(expression, "UTC") == (hours and pytest.approx(hours))


def test_the_alarm_leaves_room_for_a_run_that_the_clock_leaves_out() -> None:
    """At half past two in New York, the alarm of prod would otherwise go off every March."""

    def overdue(expression: str) -> int | None:
        schedule = {"expression": expression, "timezone": NEW_YORK}
        env = environment({"notify": {}, "schedule": schedule}, "prod")
        return overdue_after(env.schedule, env.steps.values())

    usual, skipped = overdue("cron(30 3 * * ? *)"), overdue("cron(30 2 * * ? *)")
    assert usual is not None
    assert skipped == usual + 24


SKIPPING = "schedule:\n  timezone: America/New_York\n  expression: cron(30 2 * * ? *)\n"


def test_the_configuration_is_warned_of(tmp_path: Path) -> None:
    """File and line, the day that comes next, and when a run starts again."""
    root = project(tmp_path / "p", dev=SKIPPING)
    dev = load_environment(root, "dev")
    (warning,) = load_warnings(root, dev, date(2026, 11, 29))
    assert str(warning) == (
        "config/dev.yaml:3: schedule.expression: found 02:30 in America/New_York, which its clock leaves out on "
        "2027-03-14, expected a time that every day has; nothing starts on that day, and the next run starts on "
        "2027-03-15 at 02:30; move it by an hour or two"
    )
    (later,) = load_warnings(root, dev, date(2027, 3, 15))
    assert "2028-03-12" in str(later)


@pytest.mark.parametrize("dev", ["", SKIPPING + "  enabled: false\n", SKIPPING.replace("30 2", "30 4")])
def test_what_always_runs_is_not_warned_of(tmp_path: Path, dev: str) -> None:
    """Nor is what is switched off."""
    root = project(tmp_path / "p", dev=dev)
    assert load_warnings(root, load_environment(root, "dev"), date(2026, 11, 29)) == []
