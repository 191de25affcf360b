"""Which periods are published, which are missing, and which wait."""

from __future__ import annotations

import pytest

from data_pipeline.core.progress import coverage as module
from data_pipeline.core.progress.coverage import (
    MISSING,
    PUBLISHED,
    QUARANTINED,
    WAITING,
    PublishedFile,
    coverage,
)
from data_pipeline.etl.documents import patterns

MONTHLY = [patterns.parse("orders/{country}/{year}-{month}.csv")]
DE, FR = (("country", "de"),), (("country", "fr"),)


def _file(country: str, period: str, quarantined: int = 0, etag: str = "1") -> PublishedFile:
    return PublishedFile(
        f"orders/{country}/{period}.csv", period, (("country", country),), etag, 100, quarantined
    )


def test_gaps_are_between_the_first_of_a_series_and_the_last_of_the_data_set() -> None:
    """Before its first period a series was not there; a series that stopped lacks what others have."""
    found = coverage(
        "orders", MONTHLY, [_file("de", "2024-11"), _file("de", "2025-02", 5), _file("fr", "2024-12")], None
    )
    assert found.series == {
        DE: {"2024-11": PUBLISHED, "2024-12": MISSING, "2025-01": MISSING, "2025-02": QUARANTINED},
        FR: {"2024-12": PUBLISHED, "2025-01": MISSING, "2025-02": MISSING},
    }
    assert (found.unit, found.files, found.waiting, found.newest) == ("month", 3, (), "2025-02")


def test_what_is_in_the_input_and_not_published_waits() -> None:
    """A new file, a new version of one, and not what no pattern claims."""
    there = {
        "orders/de/2024-01.csv": "1",
        "orders/de/2024-02.csv": "2",
        "orders/de/2024-04.csv": "1",
        "orders/it/2024-04.csv": "1",
        "readme.txt": "1",
    }
    found = coverage("orders", MONTHLY, [_file("de", "2024-01"), _file("de", "2024-02")], there)
    assert found.waiting == ("orders/de/2024-02.csv", "orders/de/2024-04.csv", "orders/it/2024-04.csv")
    assert found.series[DE] == {
        "2024-01": PUBLISHED,
        "2024-02": WAITING,
        "2024-03": MISSING,
        "2024-04": WAITING,
    }
    assert found.series[(("country", "it"),)] == {"2024-04": WAITING}


def test_a_period_of_several_files_is_judged_as_one() -> None:
    """Five in a hundred rows of all its files."""
    daily = [patterns.parse("{year}/{month}/{day}/{part}.csv")]
    files = [PublishedFile(f"2024/01/01/{n}.csv", "2024-01-01", (), "1", 50, n * 3) for n in range(2)]
    assert coverage("x", daily, files, None).series == {(): {"2024-01-01": PUBLISHED}}
    more = [*files, PublishedFile("2024/01/01/2.csv", "2024-01-01", (), "1", 10, 4)]
    assert coverage("x", daily, more, None).series == {(): {"2024-01-01": QUARANTINED}}


@pytest.mark.parametrize(
    ("unit", "first", "last", "count"),
    [
        ("year", "2019", "2024", 6),
        ("month", "2019-12", "2021-01", 14),
        ("day", "2024-02-27", "2024-03-02", 5),
        ("hour", "2024-12-31T22", "2025-01-01T01", 4),
    ],
)
def test_every_period_of_a_unit_is_counted(unit: str, first: str, last: str, count: int) -> None:
    """Leap days, and over the ends of years."""
    found = [*module._between(first, last, unit)]
    assert (found[0], found[-1], len(found)) == (first, last, count)
    assert found == sorted(set(found))


def test_the_grid_has_a_sign_for_each_period() -> None:
    """Months in a row of their year, with what waits below."""
    published = [_file("de", "2024-02"), _file("de", "2024-05", 9), _file("de", "2025-01")]
    found = coverage("orders", MONTHLY, published, {"orders/de/2025-02.csv": "1"})
    assert [*module.lines(found)] == [
        "orders, by month: 3 published, 1 much quarantined, 1 waiting, 9 missing",
        "  country=de",
        "        JFMAMJJASOND",
        "  2024   #..q.......",
        "  2025  #!",
        "  waits: orders/de/2025-02.csv",
    ]


@pytest.mark.parametrize(
    ("pattern", "periods", "rows"),
    [
        ("{year}.csv", ["2019", "2021"], ["2019 #.# 2021"]),
        ("{year}/{month}/{day}.csv", ["2024-01-30", "2024-02-01"], [f"2024-01  {' ' * 29}#.", "2024-02  #"]),
        (
            "{year}/{month}/{day}/{hour}.csv",
            ["2024-01-01T22", "2024-01-02T00"],
            [f"2024-01-01  {' ' * 22}#.", "2024-01-02  #"],
        ),
    ],
)
def test_each_unit_has_its_rows(pattern: str, periods: list[str], rows: list[str]) -> None:
    """Years in one, days by month, hours by day."""
    files = [PublishedFile(period, period, (), "1", 1, 0) for period in periods]
    found = [*module.lines(coverage("x", [patterns.parse(pattern)], files, None))]
    assert found[1:] == [f"  {row}" for row in rows]


def test_files_without_periods_are_counted() -> None:
    """And those that wait; without any, nothing is published yet."""
    plain = [patterns.parse("zones.csv")]
    one = PublishedFile("zones.csv", "", (), "1", 1, 0)
    assert [*module.lines(coverage("zones", plain, [one], {"zones.csv": "1"}))] == [
        "zones: 1 file is published"
    ]
    assert [*module.lines(coverage("zones", plain, [one], {"zones.csv": "2"}))] == [
        "zones: 1 file is published, 1 wait"
    ]
    assert [*module.lines(coverage("zones", plain, [], {}))] == ["zones: nothing is published yet"]


def test_json_names_every_period() -> None:
    """By series."""
    told = module.as_json(coverage("orders", MONTHLY, [_file("de", "2024-01")], None))
    assert told == {
        "dataset": "orders",
        "unit": "month",
        "files": 1,
        "series": [{"parts": {"country": "de"}, "periods": {"2024-01": "published"}}],
        "waiting": [],
    }
