"""What is drawn of a table: the sums of each window, against a count of the rows one by one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from data_pipeline.cli import table_series
from data_pipeline.core.config.datasets import Series
from data_pipeline.core.drawing.chart import TableSeries
from data_pipeline.core.errors import UserError

DAY = datetime(2024, 3, 1, tzinfo=UTC)
CLOCK = pa.timestamp("us")
QUARTER, HOUR, WHOLE = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)


def drawn(rows: pa.Table, series: Series | None = None, **named: Any) -> TableSeries:
    columns = table_series.choose("table orders", rows.schema, series, **named)
    return table_series.read("orders", "table orders", columns, rows.to_batches(max_chunksize=2))


def at(*minutes: int, kind: pa.DataType = CLOCK) -> pa.Array:
    return pa.array([DAY.replace(tzinfo=None) + timedelta(minutes=each) for each in minutes], kind)


def by_window(found: TableSeries) -> dict[str, dict[str, float]]:
    return {f"{start:%d %H:%M}": dict(numbers) for start, numbers in sorted(found.rows)}


@pytest.mark.parametrize(
    ("minutes", "step", "starts"),
    [
        ((0, 15, 75), QUARTER, ["01 00:00", "01 00:15", "01 01:15"]),
        ((0, 60, 1500), HOUR, ["01 00:00", "01 01:00", "02 01:00"]),
        ((0, 1440, 4320), WHOLE, ["01 00:00", "02 00:00", "04 00:00"]),
        ((1, 59, 61), HOUR, ["01 00:00", "01 01:00"]),
    ],
)
def test_a_window_is_as_long_as_the_times_are_apart(
    minutes: tuple[int, ...], step: timedelta, starts: list[str]
) -> None:
    """The longest of a quarter, an hour and a day on which all times lie; an hour for any others."""
    found = drawn(pa.table({"at": at(*minutes)}))
    assert (found.step, [*by_window(found)]) == (step, starts)
    assert sum(numbers["rows"] for _, numbers in found.rows) == 3


@pytest.mark.parametrize(
    ("said", "step"), [("5 minutes", QUARTER), ("15 minutes", QUARTER), ("1 hour", HOUR), ("6 hours", WHOLE)]
)
def test_a_series_says_step_weight_and_what_is_apart(said: str, step: timedelta) -> None:
    """A chart has windows of a quarter, an hour or a day: the shortest of which the step is a part."""
    rows = pa.table(
        {"made": at(1, 2, 3), "at": at(0, 5, 370), "n": [1, 2, 4], "shop": ["a", None, "a"], "k": [7, 7, 8]}
    )
    series = Series.model_validate({"time": "at", "step": said, "by": ["shop", "k"], "weight": "n"})
    found = drawn(rows, series)
    assert (found.step, found.measure) == (step, "n")
    assert found.areas == ("a, 8", "none, 7", "a, 7")  # the largest first
    assert sum(sum(numbers.values()) for _, numbers in found.rows) == 7


@pytest.mark.parametrize(
    "times",
    [
        at(0, 720, 1440, kind=pa.timestamp("ms")),
        at(0, 720, 1440, kind=pa.timestamp("us", "America/New_York")),  # drawn in UTC
        at(0, 720, 1440, kind=pa.timestamp("ns")),
    ],
    ids=str,
)
def test_every_type_of_time(times: pa.Array) -> None:
    assert [*by_window(drawn(pa.table({"at": times})))] == ["01 00:00", "01 12:00", "02 00:00"]


def test_days_and_every_type_of_number() -> None:
    """Dates are days; null and NaN count as nothing, and so does a row without a time."""
    days = [date(2024, 3, 1), date(2024, 3, 1), None, date(2024, 3, 2)]
    amounts = pa.array([Decimal("1.25"), None, Decimal(9), Decimal("0.50")], pa.decimal128(6, 2))
    rows = pa.table({"day": days, "amount": amounts, "celsius": [2.5, float("nan"), 9.0, 3.0]})
    found = drawn(rows, values=("amount", "celsius"))
    assert (found.step, found.measure, found.areas) == (WHOLE, "", ("amount", "celsius"))
    assert by_window(found) == {
        "01 00:00": {"amount": 1.25, "celsius": 2.5},
        "02 00:00": {"amount": 0.5, "celsius": 3.0},
    }


def test_a_column_with_a_time_is_taken_before_one_with_a_day() -> None:
    """And none of the tool's own, which begin with an underscore."""
    rows = pa.table({"_available_at": at(1), "day": [DAY.date()], "at": at(0)})
    assert table_series.time_column(rows.schema) == "at"
    assert table_series.time_column(rows.drop_columns(["at"]).schema) == "day"
    assert table_series.time_column(rows.drop_columns(["at", "day"]).schema) is None


def test_nothing_to_draw() -> None:
    with pytest.raises(UserError, match="table orders: found no row with a value in 'at', expected some"):
        drawn(pa.table({"at": pa.array([None], pa.timestamp("us"))}))
