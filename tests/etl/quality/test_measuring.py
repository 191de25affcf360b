"""Rules that look at rows: what DuckDB answers is what a plain loop over the rows finds."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from randomness import SEED, times

from data_pipeline.etl.documents import rules
from data_pipeline.etl.documents.datasets import Series
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.quality import measuring
from data_pipeline.etl.quality.facts import Measured, Measurements
from data_pipeline.etl.quality.series import Covered

NOW = datetime(2024, 3, 3, 12, tzinfo=UTC)
UTC = UTC
TYPES = {
    "id": pa.int64(),
    "line": pa.int32(),
    "status": pa.string(),
    "at": pa.timestamp("us", "UTC"),
    "clock": pa.timestamp("us"),
    "day": pa.date32(),
    "paid": pa.bool_(),
    "odd \"name'": pa.string(),
    "_file": pa.string(),
}


def table(**columns: list[Any]) -> pa.Table:
    named = {"odd \"name'" if key == "odd" else key: values for key, values in columns.items()}
    return pa.table({key: pa.array(values, TYPES[key]) for key, values in named.items()})


class Kept:
    """Rows that stay published, and what was asked of them."""

    def __init__(self, rows: pa.Table) -> None:
        self.rows, self.queries = rows, []

    def read(self, columns: Sequence[str], time: str = "", since: datetime | None = None) -> Any:
        self.queries.append((tuple(columns), time, since))
        found = self.rows.select(columns)
        return pa.RecordBatchReader.from_batches(found.schema, found.to_batches()) if len(found) else None


def measurements(rows: pa.Table, key: str, text: str = "fail", **more: Any) -> Measurements:
    with duckdb.connect(":memory:") as db:
        db.register("incoming", rows)
        queries = [rules.parse(key, text)]
        return measuring.measure(db, "orders", "incoming", queries, NOW.timestamp(), **more)


def measured(rows: pa.Table, key: str, text: str = "fail", **more: Any) -> list[Measured]:
    return [*measurements(rows, key, text, **more).values]


def value(rows: pa.Table, key: str, text: str = "fail", **more: Any) -> float:
    (found,) = measured(rows, key, text, **more)
    return found.value


def test_the_share_of_nulls() -> None:
    assert value(table(id=[1, None, 3, None]), "null-share(id)") == 0.5
    assert value(table(id=[1, 3]), "null-share(id)") == 0
    assert measured(table(id=[]), "null-share(id)") == []
    assert value(table(odd=["a", None]), "null-share('odd \"name''')") == 0.5


def test_accepted_values() -> None:
    """Null is no value; numbers, truth values and days are listed as SQL writes them."""
    rows = table(status=["new", "old", None, "it's", "old"], paid=[True, None, False, True, True])
    assert value(rows, "accepted(status, [new, 'it''s'])") == 2
    assert value(rows, "accepted(status, [new, old, 'it''s'])") == 0
    assert value(rows, "accepted(paid, [true])") == 1
    assert value(table(day=[date(2024, 1, 1), date(2024, 1, 2)]), "accepted(day, [2024-01-01])") == 1
    assert value(table(id=[1, 2, 3]), "accepted(id, [1, 3])") == 1


def test_times_in_the_future() -> None:
    """More than a day ahead of now; a day counts from its start."""
    tomorrow = NOW + timedelta(days=1)
    at = [tomorrow, tomorrow + timedelta(microseconds=1), None, NOW]
    rows = table(at=at, clock=[moment and moment.replace(tzinfo=None) for moment in at])
    assert value(rows, "future-times(at)") == 1
    assert value(rows, "future-times(clock)") == 1
    assert value(table(day=[date(2024, 3, 4), date(2024, 3, 5)]), "future-times(day)") == 1


@pytest.mark.parametrize(
    ("rows", "key", "hours", "version"),
    [
        (
            table(at=[NOW - timedelta(hours=5), NOW - timedelta(hours=3)]),
            "freshness(at)",
            3,
            "2024-03-03T09:00:00",
        ),
        (table(clock=[datetime(2024, 3, 3, 9)]), "freshness(clock)", 3, "2024-03-03T09:00:00"),  # noqa: DTZ001
        (table(day=[date(2024, 3, 1)]), "freshness(day)", 36, "2024-03-02T00:00:00"),
        (table(at=[NOW + timedelta(days=9)]), "freshness(at)", 0, "2024-03-12T12:00:00"),
    ],
)
def test_the_age_of_the_newest_value(rows: pa.Table, key: str, hours: float, version: str) -> None:
    assert measured(rows, key) == [Measured(key, "orders", hours, version)]


def test_the_newest_value_may_be_published_already() -> None:
    """An empty table has no age."""
    old, older = (table(at=[NOW - timedelta(hours=hours)]) for hours in (1, 9))
    assert value(older, "freshness(at)", published=Kept(old)) == 1
    assert value(old, "freshness(at)", published=Kept(older)) == 1
    assert value(table(at=[]), "freshness(at)", published=Kept(older)) == 9
    assert measured(table(at=[None]), "freshness(at)", published=Kept(table(at=[]))) == []


def test_repeated_values() -> None:
    """Rows beyond the first of the new ones, and new ones that are published; a null is like no other."""
    rows = table(id=[1, 1, 1, 2, 3, None, None], line=[1, 1, 2, 1, 1, 1, 1])
    assert value(rows, "unique(id)") == 2
    assert value(rows, "unique(id, line)") == 1
    kept = Kept(table(id=[2, 2, 9, None], line=[1, 2, 1, 1]))
    assert value(rows, "unique(id)", published=kept) == 3
    assert value(rows, "unique(id, line)", published=kept) == 2
    assert kept.queries == [(("id",), "", None), (("id", "line"), "", None)]
    assert value(table(id=[]), "unique(id)") == 0


@pytest.mark.parametrize(
    ("columns", "private", "example"),
    [
        ({"_file": ["b.csv", "a.csv", "b.csv", "c.csv"]}, False, "such as id=7 line=1 in a.csv, b.csv"),
        ({"_file": ["b.csv", "a.csv", "b.csv", "c.csv"]}, True, "such as one in a.csv, b.csv"),
        ({"_file": [None] * 4}, False, "such as id=7 line=1"),
        ({}, False, "such as id=7 line=1"),
    ],
)
def test_an_example_of_repeated_values(columns: dict[str, Any], private: bool, example: str) -> None:
    """With the files that have it; personal data is not told."""
    rows = table(id=[7, 7, 8, 9], line=[1, 1, 2, 1], **columns)
    (found,) = measured(rows, "unique(id, line)", private=private)
    assert (found.value, found.note) == (1, example)


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([datetime(2024, 1, 31, 5, 6, 7, tzinfo=UTC)], "2024-01-31 05:06:07+00"),
        ([datetime(2024, 1, 31, 5, 6, 7)], "2024-01-31 05:06:07"),  # noqa: DTZ001 - a time without a zone
        ([date(2024, 1, 31)], "2024-01-31"),
        ([Decimal("1.50")], "1.50"),
        ([True], "true"),
    ],
)
def test_an_example_of_each_type(values: list[Any], shown: str) -> None:
    """Also of a time with a zone, which DuckDB gives to Python only where pytz is installed."""
    rows = pa.table({"told": values * 2, "_file": ["a.csv", "b.csv"]})
    (found,) = measured(rows, "unique(told)")
    assert (found.value, found.note) == (1, f"such as told={shown} in a.csv, b.csv")


def test_an_example_that_is_published_already() -> None:
    rows = table(id=[7, 8], _file=["a.csv", "b.csv"])
    (found,) = measured(rows, "unique(id)", published=Kept(table(id=[8])))
    assert found.note == "such as id=8 in b.csv, and published already"


def test_a_rule_of_ones_own() -> None:
    """It asks the new rows by the name of what publishes them."""
    assert value(table(id=[1, 5]), "large", "fail 0 SELECT count(*) FROM orders WHERE id > 3") == 1
    for query, message in [
        ("SELECT x FROM orders", "orders: the SQL of the rule large fails: Binder Error"),
        ("SELECT 0.0::DOUBLE / 0 FROM orders LIMIT 1", r"returns \[\(nan,\)\], not one row with one number"),
        ("SELECT id FROM orders", r"returns \[\(1,\), \(5,\)\], not one row with one number"),
        ("SELECT 1, 2", "not one row with one number"),
        ("SELECT 'a'", "not one row with one number"),
        ("SELECT NULL", "not one row with one number"),
        ("SELECT 1 WHERE false", "not one row with one number"),
    ]:
        with pytest.raises(JobError, match=message):
            value(table(id=[1, 5]), "large", f"fail 0 {query}")


def test_the_version_says_what_the_rows_come_from() -> None:
    (found,) = measured(table(id=[None]), "null-share(id)", version="v1")
    assert found.version == "v1"


START = datetime(2024, 1, 1)  # noqa: DTZ001 - a wall clock


def windows(days: range, each: int = 1, kind: str = "a", minutes: int = 60) -> pa.Table:
    """Hourly rows of some days of 2024, at a minute inside the window."""
    count = len(days) * 24
    starts = [START + timedelta(days=days.start, hours=n, minutes=n % minutes) for n in range(count)]
    values = [float(each * (n % 7)) for n in range(count)]
    return pa.table({"clock": pa.array(starts, pa.timestamp("us")), "kind": [kind] * count, "v": values})


SERIES = Series("clock", 60, ("kind",), "day", "", ("v",))


def of_series(key: str, new: pa.Table, old: pa.Table | None = None, **more: Any) -> dict[str, float]:
    published = None if old is None else Kept(old)
    series = more.pop("series", SERIES)
    found = measured(new, key, published=published, series=series, **more)
    return {each.source: each.value for each in found}


def test_missing_windows_of_a_period() -> None:
    """Of each series and period with new rows; what is published of the period counts, too."""
    day = windows(range(9, 10))
    some = pa.concat_tables([day.slice(0, 18), windows(range(9, 10), kind="b")])
    expected = {"orders 2024-01-10 kind=a": 0.25, "orders 2024-01-10 kind=b": 0.0}
    assert of_series("missing-windows", some, complete=True) == expected
    assert of_series("missing-windows", day.slice(0, 18), day.slice(12, 9), complete=True) == {
        "orders 2024-01-10 kind=a": 3 / 24
    }


def test_windows_are_missing_up_to_the_newest_where_a_period_is_not_complete() -> None:
    """A day that has begun is no day with hours missing, and a gap in it is one."""
    day = windows(range(9, 10))
    begun = pa.concat_tables([day.slice(0, 6), day.slice(8, 2)])
    assert of_series("missing-windows", begun) == {"orders 2024-01-10 kind=a": pytest.approx(0.2)}
    assert of_series("missing-windows", begun, complete=True)["orders 2024-01-10 kind=a"] == pytest.approx(
        16 / 24
    )


def test_a_window_that_weighs_nothing_is_missing() -> None:
    day = windows(range(9, 10))
    by_weight = Series("clock", 60, (), "day", "v")
    missing = sum(1 for weight in day["v"].to_pylist() if weight == 0) / 24
    assert of_series("missing-windows", day, series=by_weight, complete=True) == {
        "orders 2024-01-10": pytest.approx(missing)
    }


def test_the_rise_of_missing_windows() -> None:
    """Against the periods before that are published: three at least."""
    before, day = windows(range(3, 9)), windows(range(9, 10))
    kept = before.filter(pa.array([n % 6 != 0 for n in range(len(before))]))
    rise = of_series("more-missing-windows", day.slice(0, 20), kept, complete=True)
    assert rise == {"orders 2024-01-10 kind=a": pytest.approx(4 / 24 - 1 / 6)}
    few = windows(range(7, 9))
    assert of_series("more-missing-windows", day.slice(0, 20), few, complete=True) == {}
    assert of_series("drift", day, few, complete=True) == {}
    other = windows(range(3, 9), kind="b")
    assert of_series("drift", day, other, complete=True) == {}


def index(expected: list[tuple[float, float]], actual: list[tuple[float, float]]) -> float:
    """The population stability index of (value, weight) pairs, by loops."""
    total = sum(weight for _, weight in expected)
    edges, below = set(), 0.0
    for value_, weight in sorted(expected):
        for tenth in range(1, 10):
            if below * 10 < total * tenth <= (below + weight) * 10:
                edges.add(value_)
        below += weight

    def shares(side: list[tuple[float, float]]) -> list[float]:
        bins = Counter[int]()
        for value_, weight in side:
            bins[sum(1 for edge in edges if edge < value_)] += weight
        return [max(bins[n] / sum(bins.values()), 1e-4) for n in range(len(edges) + 1)]

    return sum((a - e) * math.log(a / e) for e, a in zip(shares(expected), shares(actual), strict=True))


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("drifts")))
def test_drift_is_the_stability_index_of_each_distribution(attempt: int) -> None:
    """Of random series, with and without a weight, against loops over the rows."""
    rnd = Random(f"{SEED}-drifts-{attempt}")
    weighted, step = rnd.random() < 0.5, rnd.choice([15, 60])
    rows = [
        (
            START + timedelta(minutes=rnd.randrange(40 * 1440)),
            rnd.choice("ab"),
            rnd.choice([rnd.gauss(0, 9), 0.0, None]),
            rnd.randrange(4),
        )
        for _ in range(rnd.randrange(6000, 8000))
    ]
    cut = START + timedelta(days=38)
    series = Series("clock", step, ("kind",), "day", "w" if weighted else "", ("v",))
    names = ("clock", "kind", "v", "w")
    kinds = (pa.timestamp("us"), pa.string(), pa.float64(), pa.int32())
    new, old = (
        pa.table(
            [
                pa.array([row[n] for row in rows if (row[0] >= cut) is side], kind)
                for n, kind in enumerate(kinds)
            ],
            names,
        )
        for side in (True, False)
    )
    answer = measurements(new, "drift", published=Kept(old), series=series, complete=True)
    found = {each.source: each.value for each in answer.values}
    expected = {}
    for kind in "ab":
        for day in (38, 39):
            first = START + timedelta(days=day)
            mine = [row for row in rows if row[1] == kind and first <= row[0] < first + timedelta(days=1)]
            usual = [row for row in rows if row[1] == kind and first - timedelta(days=28) <= row[0] < cut]
            one, other = (shapes(side, step, weighted) for side in (usual, mine))
            if min(len(one["rows"]), len(other["rows"])) >= max(20, 360 // step):
                about = f"orders {first.date()} kind={kind}"
                features = [feature for feature in one if feature != "dow"]  # which a day has one of
                expected |= {
                    f"{about} {feature}": index(one[feature], other[feature]) for feature in features
                }
    assert found == pytest.approx(expected, abs=1e-9)
    assert len(found) == len(expected) > 4
    assert answer.report is not None
    told = {
        f"orders {each['period']} {each['series']} {feature}": psi
        for each in answer.report.drift
        for feature, psi in each["psi"].items()
    }
    assert told == pytest.approx(expected, abs=1e-6)


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("drifts")))
def test_what_is_told_of_a_series(attempt: int) -> None:
    """Of each kind and of all together, whose windows are added up: against loops over the rows."""
    rnd = Random(f"{SEED}-told-{attempt}")
    rows = [
        (
            START + timedelta(minutes=rnd.randrange(12 * 1440)),
            rnd.choice("ab"),
            rnd.choice([rnd.gauss(0, 9), None]),
            1,
        )
        for _ in range(rnd.randrange(1500, 2500))
    ]
    cut = START + timedelta(days=10)
    new, old = (
        pa.table(
            [
                pa.array([row[n] for row in rows if (row[0] >= cut) is side], kind)
                for n, kind in enumerate((pa.timestamp("us"), pa.string(), pa.float64()))
            ],
            ("clock", "kind", "v"),
        )
        for side in (True, False)
    )
    told = measurements(new, "drift", published=Kept(old), series=SERIES, complete=True).report
    assert told is not None
    assert [(each["series"], each["feature"]) for each in told.statistics] == [
        ("all", "rows"),
        *((f"kind={kind}", feature) for kind in "ab" for feature in ("dow", "minutes", "rows", "v")),
    ]
    for each in told.statistics:
        kinds = "ab" if each["series"] == "all" else each["series"].removeprefix("kind=")
        for side, days in (("now", 2), ("before", 10)):
            mine = [row for row in rows if row[1] in kinds and (row[0] >= cut) is (side == "now")]
            shape = shapes(mine, 60, False)
            values = sorted(value_ for value_, weight in shape[each["feature"]] for _ in range(int(weight)))
            count = len(values)
            expected = {
                **{"rows": count, "missing": days * 24 - len(shape["rows"])},
                **{"min": values[0], "max": values[-1], "mean": sum(values) / count},
                **{f"q{n:02}": values[math.ceil(n * count / 100) - 1] for n in (5, 25, 50, 75, 95)},
            }
            assert each[side] == pytest.approx(expected, abs=1e-6), (each["series"], each["feature"], side)


def test_a_series_without_members_is_told_of_once() -> None:
    """And nothing of before, where nothing is compared."""
    whole = Series("clock", 60, (), "day", "", ())
    told = measurements(windows(range(9, 10)), "drift", series=whole, complete=True).report
    assert told is not None
    assert [(each["series"], each["feature"], each["before"]) for each in told.statistics] == [
        ("all", "rows", None)
    ]
    assert told.drift == []


def test_rows_that_stray_out_of_the_period_of_their_file_make_no_period() -> None:
    """Neither of what is judged nor of what it is compared with, for each series; a period with a file is judged."""
    stray = windows(range(8, 11)).slice(23, 26)  # an hour of the day before and of the day after
    other = windows(range(8, 9), kind="b")
    new = pa.concat_tables([stray, other])
    days = {(f"kind={kind}", f"2024-01-{day:02}") for kind, day in [("a", 10), ("b", 9)]}
    covered = Covered(("kind",), frozenset(days))
    assert of_series("missing-windows", new, complete=True, covered=covered) == {
        "orders 2024-01-10 kind=a": 0,
        "orders 2024-01-09 kind=b": 0,
    }
    whatever = Covered((), frozenset({("", "2024-01-09")}))
    assert {*of_series("missing-windows", new, complete=True, covered=whatever)} == {
        "orders 2024-01-09 kind=a",
        "orders 2024-01-09 kind=b",
    }
    kept = windows(range(3, 9))
    all_before = frozenset(("kind=a", f"2024-01-{day:02}") for day in range(4, 11))
    assert (
        of_series("more-missing-windows", windows(range(9, 10)), kept, complete=True, covered=covered) == {}
    )
    found = of_series(
        "more-missing-windows",
        windows(range(9, 10)),
        kept,
        complete=True,
        covered=Covered(("kind",), all_before),
    )
    assert found == {"orders 2024-01-10 kind=a": 0}
    assert of_series("missing-windows", new, complete=True, covered=Covered((), frozenset())) == {}


@pytest.mark.parametrize("periods", [["2024-01"], ["2024"], ["2023", "2024-01"], ["2024-01-09", "2024-01"]])
def test_periods_that_are_shorter_than_those_of_files(periods: list[str]) -> None:
    """All days of a file's month or year are judged, not its first alone; those of others are not."""
    covered = Covered((), frozenset(("", each) for each in periods))
    new = pa.concat_tables([windows(range(8, 11)), windows(range(40, 41))])  # and one in February
    judged = {*of_series("missing-windows", new, complete=True, covered=covered)}
    days = ["01-09", "01-10", "01-11", *(["02-10"] if "2024" in periods else [])]
    assert judged == {f"orders 2024-{day} kind=a" for day in days}


def test_hours_of_files_of_days() -> None:
    hourly = Series("clock", 30, ("kind",), "hour")
    covered = Covered((), frozenset({("", "2024-01-09")}))
    judged = of_series(
        "missing-windows", windows(range(8, 10)), series=hourly, complete=True, covered=covered
    )
    assert {each.split()[1] for each in judged} == {f"2024-01-09T{hour:02}" for hour in range(24)}


def shapes(rows: list[tuple[Any, ...]], step: int, weighted: bool) -> dict[str, list[tuple[float, float]]]:
    weights = Counter[datetime]()
    for at, _, _, weight in rows:
        minute = at.hour * 60 + at.minute
        weights[at.replace(hour=0, minute=0) + timedelta(minutes=minute - minute % step)] += (
            weight if weighted else 1
        )
    there = {at: weight for at, weight in weights.items() if weight > 0}
    return {
        "rows": [(weight, 1) for weight in there.values()],
        "minutes": [(at.hour * 60 + at.minute, weight) for at, weight in there.items()],
        "dow": [(at.isoweekday(), weight) for at, weight in there.items()],
        "v": [(value_, 1) for _, _, value_, _ in rows if value_ is not None],
    }


def test_the_same_as_before_is_no_drift() -> None:
    """And more of it is: of the values, not of the times. A day has one weekday, which is not compared."""
    before = windows(range(2, 9))
    same = of_series("drift", windows(range(9, 10)), before, complete=True)
    assert {source.rpartition(" ")[2]: round(value_, 3) for source, value_ in same.items()} == pytest.approx(
        {
            "minutes": 0,
            "rows": 0,
            "v": same["orders 2024-01-10 kind=a v"],
        },
        abs=1e-3,
    )
    assert same["orders 2024-01-10 kind=a v"] < 0.1
    more = of_series("drift", windows(range(9, 10), each=100), before, complete=True)
    assert more["orders 2024-01-10 kind=a v"] > 1
    assert more["orders 2024-01-10 kind=a minutes"] == pytest.approx(0)


def test_what_is_read_of_the_published_rows() -> None:
    """The columns of the series, from the first period on that is compared."""
    kept = Kept(windows(range(3, 9)))
    measured(windows(range(9, 10)), "drift", published=kept, series=SERIES)
    assert kept.queries == [(("clock", "kind", "v"), "clock", START - timedelta(days=19))]


def test_no_new_rows_measure_nothing_of_a_series() -> None:
    kept = Kept(windows(range(3, 9)))
    assert of_series("drift", windows(range(9, 9)), windows(range(3, 9))) == {}
    assert kept.queries == []
