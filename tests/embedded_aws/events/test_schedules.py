"""Schedule expressions: when they occur, in their zone."""

from __future__ import annotations

import datetime
import random
from zoneinfo import ZoneInfo, available_timezones

import pytest
from randomness import SEED, times

from data_pipeline.core.facts import cron, firings
from data_pipeline.core.problems import RefusedError
from data_pipeline.embedded_aws.events.schedules import Invalid, parse

UTC = datetime.UTC


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
    (
        "cron(0 0 ? * L *)",
        "UTC",
        "2026-01-01",
        "2026-01-18",
        [f"01-{day} 00:00" for day in ("03", "10", "17")],
    ),
    ("cron(0 0 ? * MON#2 *)", "UTC", "2026-01-01", "2026-02-01", ["01-12 00:00"]),
    ("cron(0 0 LW * ? *)", "UTC", "2026-05-01", "2026-05-31", ["05-29 00:00"]),
    ("cron(0 0 ? * WED,sat *)", "UTC", "2026-01-01", "2026-01-09", ["01-03 00:00", "01-07 00:00"]),
    ("cron(0 0 ? * Tue-WED *)", "UTC", "2026-01-01", "2026-01-09", ["01-06 00:00", "01-07 00:00"]),
    ("cron(0 0 ? * wedL *)", "UTC", "2026-01-01", "2026-02-01", ["01-28 00:00"]),
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
        *("cron(0 6 L-3 * ? *)", "cron(0 6 lw * ? *)", "cron(0 6 ? * XYL *)", "cron(0 6 ? * MON/2 *)"),
        *("cron(+5 6 * * ? *)", "cron(0/ 6 * * ? *)", "cron(5- 6 * * ? *)", "cron(0 6 ? * MONL,TUEL *)"),
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


#: a day (UTC), and how far a zone's clock is from UTC before and after it
Change = tuple[datetime.datetime, datetime.timedelta, datetime.timedelta]


def changes(zone: ZoneInfo, year: int) -> tuple[Change, ...]:
    """The changes of a zone's clock in a year."""
    days = [datetime.datetime(year, 1, 1, tzinfo=UTC) + datetime.timedelta(number) for number in range(367)]
    offsets = [day.astimezone(zone).utcoffset() or datetime.timedelta() for day in days]
    each = zip(days, offsets, offsets[1:], strict=False)
    return tuple((day, before, after) for day, before, after in each if before != after)


def test_every_wall_clock_time_of_every_zone_occurs_once() -> None:
    """Around each change of 2027: each time that exists occurs once, the first of two equal ones, and no other."""
    day, quarter = datetime.timedelta(1), datetime.timedelta(minutes=15)
    zones = sorted(available_timezones() - {"Factory", "localtime"})
    alike = {changes(ZoneInfo(name), 2027): name for name in zones}  # one zone of those with the same changes
    for found, name in alike.items():
        zone = ZoneInfo(name)
        for changed, _, _ in found:
            first, last = changed - day, changed + 2 * day
            existing: dict[datetime.datetime, float] = {}
            moment = first + quarter
            while moment <= last:
                existing.setdefault(moment.astimezone(zone).replace(tzinfo=None), moment.timestamp())
                moment += quarter
            fired = parse("cron(0/15 * * * ? *)", name).between(first.timestamp(), last.timestamp(), 0)
            assert list(fired) == sorted(existing.values()), (name, changed)
    assert len(alike) > 15 or not zones


def random_expression(chance: random.Random) -> str:
    """A cron expression of all the forms, some of them wrong."""

    def numbers(low: int, high: int, *others: str) -> str:
        one, two = sorted(chance.randint(low - (chance.random() < 0.03), high + 1) for _ in "12")
        forms = (
            "*",
            str(one),
            f"{one}-{two}",
            f"{one},{two}",
            f"{one}/{chance.randint(0, 5)}",
            f"*/{two}",
            f"{two}-{one}",
        )
        return chance.choice((*forms, *others))

    years = chance.choice(("*", "*", "2026-2027", "2027/2", "1969"))
    days = numbers(1, 31, "L", "LW", "L-3", "15W", "1W", "31W", "32W", "l", "1,L", "W")
    names = (
        "MON,WED",
        "wed",
        "Mon-Fri",
        "FRI-MON",
        "6L",
        "friL",
        "L",
        "MON#2",
        "3#5",
        "3#6",
        "L-1",
        "SATL,SUNL",
        "XYZ",
        "2/2",
    )
    weekdays = numbers(1, 7, *names)
    if chance.random() < 0.95:
        days, weekdays = chance.choice(((days, "?"), ("?", weekdays)))
    months = numbers(1, 12, "JAN", "feb-Apr", "DEC,JUN", "?")
    return f"cron({numbers(0, 59)} {numbers(0, 23)} {days} {months} {weekdays} {years})"


@pytest.mark.soak
def test_both_readers_agree() -> None:
    """The embedded AWS's reader and the configuration's, written apart, take the same expressions and mean the same."""
    chance = random.Random(f"{SEED}-schedules")
    taken = refused = 0
    for _ in range(times("schedules")):
        expression = random_expression(chance)
        try:
            cron.check(expression)
        except RefusedError as problem:
            refused += 1
            if problem.advice != "it would never fire":
                with pytest.raises(Invalid):
                    parse(expression, "UTC")
            continue
        taken += 1
        first = datetime.datetime.fromisoformat("2026-01-01") + datetime.timedelta(chance.randint(0, 700))
        last = first + datetime.timedelta(40)
        mine = firings.read(expression)
        assert mine is not None
        expected = [moment.replace(tzinfo=UTC).timestamp() for moment in mine.between(first, last)]
        bounds = (moment.replace(tzinfo=UTC).timestamp() - 1 for moment in (first, last))
        assert list(parse(expression, "UTC").between(*bounds, 0)) == expected, expression
    assert min(taken, refused) > times("schedules") / 10
