"""Spans of time: which partitions a change touches, and which input they need."""

from __future__ import annotations

from datetime import datetime

import pytest

from data_pipeline.etl.publishing.spans import Span, needed, touched


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def spans(*texts: str) -> list[Span]:
    return [(at(start), at(end)) for start, _, end in (text.partition("..") for text in texts)]


@pytest.mark.parametrize(
    ("changed", "unit", "reach", "partition", "expected"),
    [
        (["2024-01-31"], "day", 0, "day", ["2024-01-31..2024-02-01"]),
        (["2024-01-31"], "day", 0, "month", ["2024-01-01..2024-02-01"]),
        (["2024-01-31"], "day", 1, "month", ["2024-01-01..2024-03-01"]),
        (["2024-01-31"], "day", 29, "day", ["2024-01-31..2024-03-01"]),
        (["2024-02-01"], "month", 0, "day", ["2024-02-01..2024-03-01"]),
        (["2024-02-01"], "month", 0, "year", ["2024-01-01..2025-01-01"]),
        (["2024-12-31T23"], "hour", 0, "hour", ["2024-12-31T23..2025-01-01T00"]),
        (["2023-01-01"], "year", 0, "month", ["2023-01-01..2024-01-01"]),
        (
            ["2024-01-05", "2024-01-01", "2024-01-02"],
            "day",
            0,
            "day",
            ["2024-01-01..2024-01-03", "2024-01-05..2024-01-06"],
        ),
        (["9999-12-31"], "day", 1, "day", ["9999-12-31..9999-12-31T23:59:59.999999"]),
        (["9999-12-01"], "month", 0, "year", ["9999-01-01..9999-12-31T23:59:59.999999"]),
        ([], "day", 0, "day", []),
    ],
)
def test_what_is_touched(
    changed: list[str], unit: str, reach: int, partition: str, expected: list[str]
) -> None:
    assert touched(map(at, changed), unit, reach, partition) == spans(*expected)


@pytest.mark.parametrize(
    ("table", "unit", "reach", "expected"),
    [
        (["2024-03-01..2024-03-02"], "day", 0, ["2024-03-01..2024-03-02"]),
        (["2024-03-01..2024-03-02"], "day", 29, ["2024-02-01..2024-03-02"]),
        (["2024-03-05..2024-03-06"], "month", 0, ["2024-03-01..2024-04-01"]),
        (["2024-03-31T05..2024-03-31T06"], "day", 0, ["2024-03-31..2024-04-01"]),
        (
            ["2024-03-01..2024-04-01", "2024-06-01..2024-07-01"],
            "day",
            31,
            ["2024-01-30..2024-04-01", "2024-05-01..2024-07-01"],
        ),
        (["2024-03-01..2024-04-01", "2024-06-01..2024-07-01"], "day", 61, ["2023-12-31..2024-07-01"]),
        (["0001-01-01..0001-02-01"], "day", 5, ["0001-01-01..0001-02-01"]),
    ],
)
def test_what_is_needed(table: list[str], unit: str, reach: int, expected: list[str]) -> None:
    assert needed(spans(*table), unit, reach) == spans(*expected)
