"""Profiles: counts and ends are those of all rows, distributions those of a sample; personal data are left out."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from data_pipeline.etl.documents import rules
from data_pipeline.etl.documents.datasets import Series
from data_pipeline.etl.documents.profile import SHARES
from data_pipeline.etl.quality import profiling
from data_pipeline.etl.quality.facts import Earlier, FileFacts
from data_pipeline.etl.quality.measuring import measure
from data_pipeline.etl.quality.profiling import profile
from data_pipeline.etl.reading.quarantine import Quarantine, Refused

MONDAY = datetime(2024, 1, 1)  # noqa: DTZ001 - a wall clock


@pytest.fixture
def db():
    with duckdb.connect() as found:
        found.execute("SET TimeZone = 'UTC'")
        yield found


def registered(db: duckdb.DuckDBPyConnection, **columns: object) -> None:
    db.register("rows", pa.table(columns))


def column(found: dict, name: str) -> dict:
    return next(each for each in found["columns"] if each["name"] == name)


def test_numbers_texts_and_times_are_told(db):
    """Nulls, ends, quantiles and the most frequent values, as counted here by hand."""
    registered(
        db,
        amount=[*range(1, 100), None],
        status=["paid"] * 60 + ["open"] * 39 + [None],
        at=[MONDAY + timedelta(hours=n) for n in range(100)],
        _unit=["hidden"] * 100,
    )
    found = profile(db, "rows")
    assert found["rows"] == 100
    assert [each["name"] for each in found["columns"]] == ["amount", "status", "at"]
    amount = column(found, "amount")
    assert (amount["nulls"], amount["least"], amount["most"], amount["mean"]) == (1, 1, 99, 50)
    assert amount["quantiles"][SHARES.index(50)] == 50
    assert (amount["quantiles"][0], amount["quantiles"][-1]) == (1, 99)
    assert column(found, "status") == {
        "name": "status",
        "type": "string",
        "nulls": 1,
        "values": {"paid": 60, "open": 39},
        "other": 0,
    }
    assert column(found, "at")["least"] == "2024-01-01 00:00:00"
    assert found["hours"] == [5] * 4 + [4] * 20
    assert found["weekdays"] == [24, 24, 24, 24, 4, 0, 0]
    assert found["timeline"]["step"] == "hour"
    assert sum(point[2] for point in found["timeline"]["points"]) == 100


def test_the_time_is_of_the_rows_themselves(db):
    """Not since when they are available, and a date where there is no time."""
    day = [date(2024, 1, 1), date(2024, 1, 2)]
    registered(db, available_at=[MONDAY] * 2, day=day)
    assert profile(db, "rows")["timeline"]["column"] == "day"


def test_of_personal_data_only_nulls_are_counted(db):
    """Neither values of a hidden column nor any text."""
    registered(db, name=["Ada", None], age=[36, 40], city=["Rome", "Rome"])
    found = profile(db, "rows", hidden={"name", "age"}, texts=False)
    assert found["columns"] == [
        {"name": "name", "type": "string", "nulls": 1},
        {"name": "age", "type": "long", "nulls": 0},
        {"name": "city", "type": "string", "nulls": 0},
    ]


def test_no_rows_have_no_profile(db):
    """An empty relation, and one that is not there: a report stops no run."""
    registered(db, amount=pa.array([], pa.int64()))
    assert profile(db, "rows") is None
    assert profile(db, "nothing") is None


def test_a_list_of_decimals_has_no_ends(db):
    """Its type begins as that of a number does."""
    registered(db, amounts=pa.array([[Decimal("1.50")], None], pa.list_(pa.decimal128(9, 2))))
    assert column(profile(db, "rows"), "amounts").keys() == {"name", "type", "nulls"}


def test_odd_numbers_are_no_numbers_of_json(db):
    """NaN and infinities have no quantile; a column of nothing else has none at all."""
    registered(db, x=[1.0, float("nan"), float("inf")], y=[float("nan")] * 3)
    found = profile(db, "rows")
    assert column(found, "x")["quantiles"] == [1] * len(SHARES)
    assert column(found, "x")["most"] is None
    assert "quantiles" not in column(found, "y")


def test_many_rows_are_sampled_and_counted_whole(db):
    """Counts are of all rows; the median of the sample is near theirs."""
    db.execute("CREATE VIEW rows AS SELECT range AS n, range % 2 = 0 AS even FROM range(300_000)")
    found = profile(db, "rows")
    assert found["rows"] == 300_000
    assert abs(found["sampled"] - profiling.SAMPLE) < 5_000
    assert (column(found, "n")["least"], column(found, "n")["most"]) == (0, 299_999)
    assert abs(column(found, "n")["quantiles"][SHARES.index(50)] - 150_000) < 5_000


def test_many_columns_are_cut_and_counted(db):
    """So that the document stays small."""
    registered(db, **{f"c{n}": [1] for n in range(profiling.COLUMNS + 3)})
    found = profile(db, "rows")
    assert (len(found["columns"]), found["more_columns"]) == (profiling.COLUMNS, 3)


@pytest.mark.parametrize(
    ("days", "step"), [(1, "hour"), (30, "day"), (400, "week"), (2000, "month"), (10_000, "year")]
)
def test_a_timeline_has_room(db, days, step):
    """The step is the shortest of which the whole time has few."""
    registered(db, day=[date(1990, 1, 1), date(1990, 1, 1) + timedelta(days=days)])
    found = profile(db, "rows")
    assert (found["timeline"]["step"], found["hours"]) == (step, None)


class Kept:
    """Rows that stay published."""

    def __init__(self, rows: pa.Table) -> None:
        self.rows = rows

    def read(self, columns, time="", since=None):
        return self.rows.select([*columns]).to_reader()


def test_the_timeline_of_a_series_counts_what_stays(db):
    """What is new is marked, and series are told apart."""
    registered(db, at=[MONDAY + timedelta(days=31)] * 2, shop=["a", "b"], n=[5, 7])
    kept = pa.table({"at": [MONDAY, MONDAY + timedelta(days=31)], "shop": ["a", "a"], "n": [2, 3]})
    series = Series("at", 1440, ("shop",), "month", "n")
    held = [rules.parse("missing-windows", "warn 0.5")]
    found = measure(db, "sales", "rows", held, 0.0, published=Kept(kept), series=series)
    assert found.timeline == {
        "column": "at",
        "weight": "n",
        "step": "day",
        "whole": True,
        "points": [
            ("2024-01-01T00:00:00", "shop=a", 2, 0),
            ("2024-02-01T00:00:00", "shop=a", 8, 5),
            ("2024-02-01T00:00:00", "shop=b", 7, 7),
        ],
    }


def test_periods_say_what_is_loaded():
    """Rows of a period are those of its files: of this run, and of the issues that stay."""
    files = [FileFacts("b.csv", "e", "2024-02", "shop=a", 5, 4), FileFacts("n.csv", "e", "", "", 1, 1)]
    earlier = {
        "a.csv": Earlier("2024-01", "shop=a", 9),
        "b.csv": Earlier("2024-02", "shop=a", 1),
        "c.csv": Earlier("2024-02", "shop=a", 2),
    }
    assert profiling.periods(files, earlier) == [
        ("2024-01", "shop=a", 9, False),
        ("2024-02", "shop=a", 6, True),
    ]


def test_examples_are_the_first_rows_of_each_reason(tmp_path: Path):
    """The most frequent reason first, and long texts cut."""
    with Quarantine(tmp_path / "in" / "a.csv.parquet", "in/a.csv", 100) as refused:
        refused.add(Refused(n, "odd", "x" * 1000, "n") for n in range(1, 9))
        refused.add([Refused(9, "rare", None)])
    found = profiling.examples(tmp_path)
    assert [(each["reason"], each["row"]) for each in found] == [
        ("odd", 1),
        ("odd", 2),
        ("odd", 3),
        ("rare", 9),
    ]
    assert {len(each["raw"] or "") for each in found} == {profiling.LONGEST, 0}
    assert profiling.examples(tmp_path / "nothing") == []
