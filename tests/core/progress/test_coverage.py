"""Which periods are published, which are missing, and which wait."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from data_pipeline.core.progress import coverage as module
from data_pipeline.core.progress import coverage_text
from data_pipeline.core.progress.coverage import (
    ACCEPTED,
    DUE,
    HELD,
    MISSING,
    PUBLISHED,
    QUARANTINED,
    UNREADABLE,
    WAITING,
    Acceptance,
    PublishedFile,
    Refusal,
    coverage,
)
from data_pipeline.core.progress.refusals import of_summary
from data_pipeline.core.uploads import StoredObject
from data_pipeline.etl.documents import patterns

MONTHLY = [patterns.parse("orders/{country}/{year}-{month}.csv")]
DE, FR = (("country", "de"),), (("country", "fr"),)


def _file(country: str, period: str, quarantined: int = 0, etag: str = "1") -> PublishedFile:
    return PublishedFile(
        f"orders/{country}/{period}.csv", period, (("country", country),), etag, 100, quarantined
    )


def _there(etags: dict[str, str]) -> dict[str, StoredObject]:
    return {path: StoredObject(100, etag) for path, etag in etags.items()}


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
    found = coverage("orders", MONTHLY, [_file("de", "2024-01"), _file("de", "2024-02")], _there(there))
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
    found = [*module.between(first, last, unit)]
    assert (found[0], found[-1], len(found)) == (first, last, count)
    assert found == sorted(set(found))


def test_the_grid_has_a_sign_for_each_period() -> None:
    """Months in a row of their year, with what waits below."""
    published = [_file("de", "2024-02"), _file("de", "2024-05", 9), _file("de", "2025-01")]
    found = coverage("orders", MONTHLY, published, _there({"orders/de/2025-02.csv": "1"}))
    assert [*coverage_text.lines(found)] == [
        "orders, by month: 3 published, 1 much quarantined, 1 not yet read, 9 missing",
        "  country=de",
        "        JFMAMJJASOND",
        "  2024   #..q.......",
        "  2025  #!",
        "  not yet read: orders/de/2025-02.csv",
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
    found = [*coverage_text.lines(coverage("x", [patterns.parse(pattern)], files, None))]
    assert found[1:] == [f"  {row}" for row in rows]


def test_files_without_periods_are_counted() -> None:
    """And those that wait; without any, nothing is published yet."""
    plain = [patterns.parse("zones.csv")]
    one = PublishedFile("zones.csv", "", (), "1", 1, 0)
    assert [*coverage_text.lines(coverage("zones", plain, [one], _there({"zones.csv": "1"})))] == [
        "zones: 1 file is published"
    ]
    assert [*coverage_text.lines(coverage("zones", plain, [one], _there({"zones.csv": "2"})))] == [
        "zones: 1 file is published, 1 not yet read",
        "  not yet read: zones.csv",
    ]
    assert [*coverage_text.lines(coverage("zones", plain, [], {}))] == ["zones: nothing is published yet"]


def test_json_names_every_period() -> None:
    """By series."""
    told = coverage_text.as_json(coverage("orders", MONTHLY, [_file("de", "2024-01")], None))
    assert told == {
        "dataset": "orders",
        "unit": "month",
        "files": 1,
        "series": [{"parts": {"country": "de"}, "periods": {"2024-01": "published"}}],
        "waiting": [],
        "refused": [],
        "accepted": [],
    }


def test_why_a_file_is_not_published_is_what_the_last_run_that_read_it_says() -> None:
    """Of this very version; another one is not yet read. What is unreadable may be let through, by that very run."""
    there = _there({f"orders/de/2024-0{n}.csv": "2" for n in range(1, 6)})
    refused = {
        "orders/de/2024-01.csv": Refusal("2", UNREADABLE, "it has no column amount", "r1"),
        "orders/de/2024-02.csv": Refusal("2", HELD, "quarantined-share: 0.3, limit 0.05", "r1"),
        "orders/de/2024-03.csv": Refusal("1", UNREADABLE, "it has no column amount", "r1"),
        "orders/de/2024-05.csv": Refusal("2", UNREADABLE, "it is empty", "r3"),
    }
    through = [
        Acceptance(
            "r3", "arn:aws:iam::1:user/ann", "orders", "unreadable-files", "orders/de/2024-05.csv", "2"
        )
    ]
    found = coverage("orders", MONTHLY, [_file("de", "2024-02")], there, refused, through)
    assert found.series[DE] == {
        "2024-01": UNREADABLE,
        "2024-02": HELD,
        "2024-03": WAITING,
        "2024-04": WAITING,
        "2024-05": ACCEPTED,
    }
    assert found.waiting == ("orders/de/2024-03.csv", "orders/de/2024-04.csv")
    text = "\n".join(coverage_text.lines(found))
    assert "  2024  ux!!a" in text
    assert "  2024-01 unreadable: orders/de/2024-01.csv: it has no column amount (run r1)" in text
    assert "2024-05 unreadable: orders/de/2024-05.csv: it is empty (run r3); let through\n    by ann" in text
    assert max(map(len, text.splitlines())) <= 80
    assert [each["acceptedBy"] for each in coverage_text.as_json(found)["refused"]] == [
        None,
        None,
        "arn:aws:iam::1:user/ann",
    ]
    later = Refusal("2", UNREADABLE, "it is empty", "r4")
    found = coverage("orders", MONTHLY, [], there, {"orders/de/2024-05.csv": later}, through)
    assert found.series[DE]["2024-05"] == UNREADABLE


def test_what_a_mirrored_source_could_have_published_is_told_from_a_gap() -> None:
    """Up to the last period that has ended; the gap before stays one."""
    files = [_file("de", "2023-12"), _file("de", "2024-02")]
    due = module.ended("month", datetime(2024, 5, 30, tzinfo=UTC))
    found = coverage("orders", MONTHLY, files, {}, due=due)
    assert found.series[DE] == {
        "2023-12": PUBLISHED,
        "2024-01": MISSING,
        "2024-02": PUBLISHED,
        "2024-03": DUE,
        "2024-04": DUE,
    }
    assert coverage_text.legend([found]) == "# published   . missing   - not yet published by the source"


@pytest.mark.parametrize(
    ("unit", "expected"),
    [("year", "2023"), ("month", "2024-02"), ("day", "2024-02-29"), ("hour", "2024-02-29T23"), ("", "")],
)
def test_the_last_period_that_has_ended(unit: str, expected: str) -> None:
    """On the first of a month, in the first hour."""
    assert module.ended(unit, datetime(2024, 3, 1, 0, 30, tzinfo=UTC)) == expected


def test_signs_are_coloured_where_they_are_shown() -> None:
    """And nothing else of a line."""
    found = coverage("orders", MONTHLY, [_file("de", "2024-02")], None)
    assert [*coverage_text.lines(found, lambda sign: f"<{sign}>")][-1] == "  2024   <#>"


def test_a_summary_says_of_each_file_why_it_is_not_published() -> None:
    """Unreadable; held by the rule that is about the file, or about its data set; published."""
    summary = {
        "datasets": {"orders": {"held": True}, "weather": {"held": False}},
        "files": [
            {"source": path, "etag": "1", "dataset": of, "error": error, "rows_read": 2, "rows_counted": 1}
            for path, of, error in (
                ("a.csv", "orders", None),
                ("b.csv", "orders", "it is empty"),
                ("w.csv", "weather", None),
                ("v.csv", "weather", "it is no CSV"),
            )
        ],
        "quality": {
            "failed_rules": [
                {"of": "orders", "rule": "unique(id)", "source": "orders", "value": 3, "limit": 0},
                {
                    "of": "orders",
                    "rule": "quarantined-share",
                    "source": "orders: a.csv",
                    "value": 0.5,
                    "limit": 0.05,
                },
            ]
        },
    }
    assert of_summary(summary, "r") == {
        "a.csv": ("1", Refusal("1", HELD, "quarantined-share of orders: a.csv: 0.5, limit 0.05", "r")),
        "b.csv": ("1", Refusal("1", UNREADABLE, "it is empty", "r")),
        "w.csv": ("1", None),
        "v.csv": ("1", Refusal("1", UNREADABLE, "it is no CSV", "r")),
    }
    assert of_summary({"files": summary["files"]}, "r") == {}
