"""How rows are records: the period after which a lag counts, what says since when, and bounds of a column."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import duckdb
import pytest

from data_pipeline.etl.documents import feature_records, noted_months
from data_pipeline.etl.documents.features import Feature, RecordSource

PROPERTIES: Mapping[str, Mapping[str, str]] = {
    "report": {"pipeline.customer-days-snapshot": "1", "pipeline.weather-snapshot": "2", "pipeline.run": "r"},
    "customer_days": {"pipeline.orders-snapshot": "3", "pipeline.customer-days-snapshot": "0"},
}


def source(**more: Any) -> RecordSource:
    fields: dict[str, Any] = {
        "table": "report",
        "identifier": "who",
        "event_time": "at",
        "features": {"who": Feature("who"), "at": Feature("at"), "n": Feature("n")},
        "records": {},
        "time_column": "",
        "window_minutes": 0,
        "available": "",
        "ends": "",
        "lag_minutes": None,
        "period": "",
        "periods": {},
        "timezone": "UTC",
    }
    return RecordSource(**{**fields, **more})


@pytest.mark.parametrize(
    ("table", "given", "periods", "expected"),
    [
        ("report", "", {"orders": "day", "weather": "month"}, "month"),
        ("report", "", {"orders": "year", "weather": "month"}, "year"),
        ("report", "", {"weather": "hour"}, "hour"),
        ("report", "day", {"orders": "year"}, "day"),
        ("report", "", {}, ""),
        ("orders", "", {"orders": "day"}, "day"),
    ],
)
def test_the_period_is_the_longest_of_what_a_table_is_made_of(
    table: str, given: str, periods: Mapping[str, str], expected: str
) -> None:
    """Through tables that are made of tables, also where one names itself; what the group says comes first."""
    found = feature_records.period_of(
        source(table=table, period=given, periods=periods),
        PROPERTIES.get(table, {}),
        lambda name: PROPERTIES.get(name, {}),
    )
    assert found == expected


@pytest.mark.parametrize(
    ("more", "columns", "expected"),
    [
        ({}, ["who", "_available_at", "available_at"], "_available_at"),
        ({}, ["who", "available_at"], "available_at"),
        ({}, ["who"], ""),
        ({"available": "since"}, ["who", "_available_at"], "since"),
    ],
)
def test_the_column_that_says_since_when(more: dict[str, str], columns: list[str], expected: str) -> None:
    assert feature_records.available_column(source(**more), columns) == expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("date", [(">=", "2024-01-02"), ("<", "2024-01-05")]),
        ("timestamp", [(">=", "2024-01-02T06:00:00"), ("<", "2024-01-04T06:00:00")]),
        ("timestamptz", [(">=", "2024-01-01T06:00:00+00:00"), ("<", "2024-01-05T06:00:00+00:00")]),
    ],
)
def test_bounds_hold_for_every_record_between_them(kind: str, expected: list[tuple[str, str]]) -> None:
    """A day is its first midnight; a time with a zone may be a day off on the wall clock."""
    times = (datetime(2024, 1, 2, 6), datetime(2024, 1, 4, 6))  # noqa: DTZ001 - a wall clock
    assert feature_records.bounds(source(), {"at": kind}, *times) == expected


def records(given: RecordSource, columns: Mapping[str, str], period: str, rows: str) -> list[tuple[Any, ...]]:
    """The records of rows that are written as VALUES."""
    with duckdb.connect(":memory:") as db:
        db.execute("SET TimeZone = 'UTC'")
        typed = ", ".join(f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind in columns.items())
        names = ", ".join(f'"{name}"' for name in columns)
        db.execute(f"CREATE VIEW rows AS SELECT {typed} FROM (VALUES {rows}) AS t({names})")
        for name in ("by_dataset", "by_all"):
            db.execute(
                f'CREATE TABLE {name} (dataset VARCHAR, month TIMESTAMP, "at" TIMESTAMP, "by" VARCHAR)'
            )
        kinds = {name: kind.lower().replace("bigint", "long") for name, kind in columns.items()}
        return db.execute(feature_records.query(given, kinds, period, ())).fetchall()


def test_a_lag_counts_from_the_end_of_the_period_on_the_wall_clock() -> None:
    """Published in time, later, and nobody knows when: each in Berlin, whose clock is an hour ahead in winter."""
    columns = {"who": "BIGINT", "at": "DATE", "n": "BIGINT", "_available_at": "TIMESTAMPTZ"}
    rows = (
        "(1, '2024-01-31', 5, '2024-02-01 10:00:00+00'), (2, '2024-01-31', 6, '2024-02-03 23:30:00+00'), "
        "(3, '2024-01-31', 7, NULL), (NULL, '2024-01-31', 8, NULL), (4, NULL, 9, NULL)"
    )
    given = source(lag_minutes=3 * 1440, timezone="Europe/Berlin")
    by_day, by_month, alone = (records(given, columns, period, rows) for period in ("day", "month", ""))
    times = [
        [(row[0], f"{row[3]:%m-%d %H:%M}", row[4]) for row in found] for found in (by_day, by_month, alone)
    ]
    assert times[0] == [(1, "02-01 11:00", "published"), (2, "02-04 00:00", "lag"), (3, "02-04 00:00", "lag")]
    assert times[1] == times[0]  # the month ends as the day does
    assert times[2] == [(1, "02-01 11:00", "published"), (2, "02-03 00:00", "lag"), (3, "02-03 00:00", "lag")]
    without = records(source(timezone="Europe/Berlin"), columns, "day", rows)
    assert [row[4] for row in without] == ["published", "published", None]
    assert f"{without[1][3]:%m-%d %H:%M}" == "02-04 00:30"


def test_without_a_lag_a_month_is_available_when_it_was_noted_or_never() -> None:
    """All series together wait for the one that nobody knows of."""
    noted = {
        noted_months.COVERED: "north 2024-01; south 2024-01..2024-02",
        noted_months.PROPERTY: "2024-02-05T06:00:00Z north 2024-01",
    }
    known = noted_months.months(noted, None, "UTC")
    assert [(one.dataset, one.month.month, one.by) for one in known] == [
        ("north", 1, "published"),
        ("south", 1, None),
        ("south", 2, None),
    ]
    assert [one.at for one in noted_months.latest(known)] == [None, None]
    lagged = noted_months.months(noted, 1440, "UTC")
    assert [(one.at and one.at.day, one.by) for one in lagged] == [(2, "lag"), (2, "lag"), (2, "lag")]
