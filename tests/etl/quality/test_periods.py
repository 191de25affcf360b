"""Periods: what comes before, and when one ends."""

from __future__ import annotations

import pytest

from data_pipeline.etl.quality import periods


@pytest.mark.parametrize(
    ("period", "count", "first", "last", "end"),
    [
        ("2024", 10, "2014", "2023", "2025-01-01T00:00:00"),
        ("2024-01", 12, "2023-01", "2023-12", "2024-02-01T00:00:00"),
        ("2024-12", 12, "2023-12", "2024-11", "2025-01-01T00:00:00"),
        ("2024-03-01", 28, "2024-02-02", "2024-02-29", "2024-03-02T00:00:00"),
        ("2024-03-01T00", 168, "2024-02-23T00", "2024-02-29T23", "2024-03-01T01:00:00"),
        ("0001-02", 1, "0001-01", "0001-01", "0001-03-01T00:00:00"),
    ],
)
def test_what_comes_before(period: str, count: int, first: str, last: str, end: str) -> None:
    found = periods.before(period)
    assert (len(found), found[0], found[-1]) == (count, first, last)
    assert found == sorted(found)
    assert periods.end(period).isoformat() == end


@pytest.mark.parametrize(
    ("files", "unit", "expected"),
    [
        (["month"], "month", True),
        (["year"], "month", True),
        (["day"], "month", False),
        (["month", "day"], "month", False),
        ([""], "month", False),
    ],
)
def test_whether_a_period_has_all_its_rows(files: list[str], unit: str, expected: bool) -> None:
    assert periods.complete(files, unit) is expected


def test_the_ends_of_the_calendar() -> None:
    assert periods.before("0001") == []
    assert {periods.end(period).isoformat()[:20] for period in ("9999-12", "9999", "9999-12-31")} == {
        "9999-12-31T23:59:59."
    }
