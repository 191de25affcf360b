"""The point-in-time join is what a search of all records finds, written here in plain loops over the files themselves.

Of series of stations and of customers, with late rows, files that were issued again, and a table that is made by SQL;
and of the example, whose rows hold several series. A join that looks ahead by an hour is found out.
"""

from __future__ import annotations

import io
import json
import random
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from clients import client, settings
from etl.jobs.shop import Shop
from features.conftest import Published, rides
from features.runs import Rows, Runs, day
from features.test_store import athena
from paths import ROOT
from randomness import SEED, SOAK, times

from data_pipeline.core.config.feature_groups import FeatureGroup, Joined, TrainingSet
from data_pipeline.core.loading.load import load_environment
from data_pipeline.embedded_aws.server.endpoint import Endpoint
from data_pipeline.etl.documents.datasets import Column, Dataset, Definitions, Format, Table
from data_pipeline.etl.storage import filesystem
from data_pipeline.features import frozen, joining

LABELS = times("labels-of-tables")
DAYS = 24 if SOAK else 8
STATIONS = ("airport", "harbour", "hill")
CUSTOMERS = range(1, 9)
PERIODS = {"weather": "day", "orders": "day"}
WEATHER = Dataset(
    "weather",
    ("weather/{year}-{month}-{day}.csv",),
    Format("csv"),
    (Column("station", "string"), Column("day", "date"), Column("high", "int", nullable=True)),
)
ORDERS = Dataset(
    "orders",
    ("orders/{year}-{month}-{day}.csv",),
    Format("csv", timezone="UTC"),
    (Column("customer", "long"), Column("ordered_at", "timestamptz"), Column("amount", "decimal(12,2)")),
)
CUSTOMER_DAYS = Table(
    "customer_days",
    "SELECT customer, CAST(ordered_at AS DATE) AS day, count(*) AS orders, sum(amount) AS spent, "
    "max(_available_at) AS available_at FROM orders GROUP BY ALL",
    ("orders",),
)
HEADER = {"weather": ("station", "day", "high"), "orders": ("customer", "ordered_at", "amount")}


def group(table: str, identifier: str, event_time: str, *features: str, **more: Any) -> FeatureGroup:
    about = {"description": table, "owner": "tests", "table": table, "features": {f: {} for f in features}}
    return FeatureGroup.model_validate(
        {**about, "record_identifier": identifier, "event_time": event_time, **more}
    )


GROUPS = {
    "highs": group("weather", "station", "day", "high"),
    "history": group("weather", "station", "day", "high", lag="1 day"),
    "orders": group("orders", "customer", "ordered_at", "amount"),
    "days": group("customer_days", "customer", "day", "orders", "spent"),
}


@dataclass(frozen=True)
class Record:
    """What the loops below look at: times without a zone, in UTC."""

    identifier: str
    event: datetime
    available: datetime
    values: Mapping[str, Any]


def found(
    records: Iterable[Record], identifier: str, time: datetime, before: timedelta
) -> Mapping[str, Any] | None:
    """The values of the newest record that was known: by looking at all of them."""
    best = None
    for record in records:
        if record.identifier != identifier or record.event + before > time or record.available > time:
            continue
        if best is None or (record.event, record.available) > (best.event, best.available):
            best = record
    return best.values if best else None


def _is_late(station: str, number: int) -> bool:
    """Whether the row of that station and day comes in the file of two days later."""
    return random.Random(f"{SEED}-{station}-{number}").random() < 0.2


def _weather_of(chance: random.Random, number: int) -> Rows:
    """A day of all stations, without the rows that are late, and with those of two days before that were."""
    coming = [(station, number) for station in STATIONS if not _is_late(station, number)]
    coming += [(station, number - 2) for station in STATIONS if _is_late(station, number - 2)]
    return [
        (station, f"{day(of):%Y-%m-%d}", "" if chance.random() < 0.1 else str(chance.randrange(40)))
        for station, of in coming
    ]


def _orders_of(chance: random.Random, number: int) -> Rows:
    """Orders of a day, of which some were made up to four days before; no two at one time."""
    rows = {}
    for _ in range(chance.randrange(4, 9)):
        moment = day(number - chance.choice([0, 0, 0, 1, 4])) + timedelta(minutes=chance.randrange(1440))
        moment += timedelta(seconds=number)
        amount = f"{Decimal(chance.randrange(10_000)) / 100:.2f}"
        rows[(str(chance.choice(CUSTOMERS)), f"{moment:%Y-%m-%dT%H:%M:%SZ}")] = amount
    return [(*key, amount) for key, amount in rows.items()]


@pytest.fixture(scope="module")
def loaded(embedded: Endpoint) -> Iterator[Runs]:
    """Days of weather and orders, four in a run, of which each but the first also brings other versions of two earlier
    days.
    """
    name = f"data{uuid.uuid4().hex[:12]}"
    client(embedded, "s3").create_bucket(Bucket=name)
    client(embedded, "glue").create_database(DatabaseInput={"Name": name})
    with pytest.MonkeyPatch.context() as patch:
        for key, value in settings(embedded).items():
            patch.setenv(key, value)
        filesystem._s3.cache_clear()  # clients of an earlier test's settings
        made = {"customer_days": CUSTOMER_DAYS}
        shop = Shop(f"s3://{name}/out", Definitions({"weather": WEATHER, "orders": ORDERS}, made))
        runs = Runs(shop, HEADER)
        chance = random.Random(f"{SEED}-files")
        for first in range(0, DAYS, 4):
            issued: dict[str, Rows] = {}
            again = chance.sample(range(first), 2) if first else []
            for number in [*range(first, first + 4), *again]:
                path = f"{day(number):%Y-%m-%d}.csv"
                issued[f"weather/{path}"] = _weather_of(chance, number)
                issued[f"orders/{path}"] = _orders_of(chance, number)
            runs.run(day(first + 4, hour=chance.randrange(24)), issued)
        yield runs
    filesystem._s3.cache_clear()


def _weather(runs: Runs, lag: timedelta | None = None) -> list[Record]:
    records = []
    for (station, when, high), available in runs.published("weather"):
        event = datetime.fromisoformat(when)
        end = event + timedelta(days=1)
        by = available if lag is None else min(available, end + lag)
        records.append(Record(station, event, by, {"high": int(high) if high else None}))
    return records


def _orders(runs: Runs) -> list[Record]:
    return [
        Record(customer, datetime.fromisoformat(moment[:-1]), available, {"amount": Decimal(amount)})
        for (customer, moment, amount), available in runs.published("orders")
    ]


def _days(runs: Runs) -> list[Record]:
    """Counts and sums by customer and day; known since the last of their orders was."""
    sums: dict[tuple[str, date], Record] = {}
    for order in _orders(runs):
        key = (order.identifier, order.event.date())
        event = datetime.combine(order.event.date(), datetime.min.time())
        one = sums.get(key) or Record(
            order.identifier, event, order.available, {"orders": 0, "spent": Decimal()}
        )
        sums[key] = replace(
            one,
            available=max(one.available, order.available),
            values={
                "orders": one.values["orders"] + 1,
                "spent": one.values["spent"] + order.values["amount"],
            },
        )
    return list(sums.values())


@dataclass(frozen=True)
class Case:
    """A feature, how long before it is looked at (minutes), and its records, made of the files by loops."""

    group: str
    feature: str
    before: int
    records: Callable[[Runs], list[Record]]


WEATHER_CASES = {
    "newest_high": Case("highs", "high", 0, _weather),
    "high_three_days_before": Case("highs", "high", 3 * 1440, _weather),
    "high_with_lag": Case("history", "high", 0, lambda runs: _weather(runs, timedelta(days=1))),
}
ORDERS_CASES = {
    "newest_amount": Case("orders", "amount", 0, _orders),
    "orders_of_day": Case("days", "orders", 0, _days),
    "spent_two_days_before": Case("days", "spent", 2 * 1440, _days),
}


def labels_of(identifiers: Iterable[Any], kind: pa.DataType, chance: random.Random) -> pa.Table:
    """At hours, so that they often meet a record's time exactly; some of nobody."""
    known = [*identifiers]
    rows = [
        {
            "who": chance.choice(known),
            "at": day(0).replace(tzinfo=None) + timedelta(hours=chance.randrange(-48, 24 * DAYS + 200)),
        }
        for _ in range(LABELS)
    ]
    return pa.Table.from_pylist(rows, pa.schema([("who", kind), ("at", pa.timestamp("us"))]))


def expected(labels: pa.Table, records: list[Record], feature: str, before: int) -> list[Any]:
    ahead = timedelta(minutes=before)
    values = []
    for label in labels.to_pylist():
        record = found(records, str(label["who"]), label["at"], ahead)
        values.append(record[feature] if record else None)
    return values


@pytest.mark.parametrize(
    ("cases", "identifiers", "stranger", "kind"),
    [
        (WEATHER_CASES, STATIONS, "nowhere", pa.string()),
        (ORDERS_CASES, CUSTOMERS, 99, pa.int64()),
    ],
    ids=["weather", "orders"],
)
def test_the_join_is_what_a_search_of_all_records_finds(
    loaded: Runs, cases: Mapping[str, Case], identifiers: Iterable[Any], stranger: Any, kind: pa.DataType
) -> None:
    """10,000 labels (in the slice, fewer); why labels found nothing adds up; and records that are available six hours
    too early would be found out.
    """
    labels = labels_of([*identifiers, stranger], kind, random.Random(f"{SEED}-{stranger}"))
    store = loaded.store(GROUPS, PERIODS)
    features = {
        name: Joined(group=case.group, feature=case.feature, before_minutes=case.before)
        for name, case in cases.items()
    }
    joined = store.join(labels, features, identifier="who", time="at")
    sources = store.sources(features, {})
    why = joining.nothing(joined, "who", "at", sources)
    leaking = joining.join(labels, "who", "at", _ahead(sources, timedelta(hours=6)))
    strangers = labels["who"].to_pylist().count(stranger)
    for name, case in cases.items():
        wanted = expected(labels, case.records(loaded), case.feature, case.before)
        assert joined[name].to_pylist() == wanted
        assert strangers < wanted.count(None) < len(wanted)
        assert (why[name].labels, why[name].strangers) == (wanted.count(None), strangers)
        if not case.before:
            assert leaking[name].to_pylist() != wanted, f"{name}: a leak of six hours is not found"


@pytest.mark.parametrize("name", GROUPS)
def test_records_between_two_times_are_those_of_all(loaded: Runs, name: str) -> None:
    """From a time on and before another, at a boundary of days and inside one; Athena answers the same."""
    store = loaded.store(GROUPS, PERIODS)
    event = GROUPS[name].event_time
    records = store.get(name).to_pylist()
    asked = replace(store, ask=athena(store.tables))
    for start, end in ((2, 4), (2.3, 3.7), (3, 3)):
        since, until = (day(0).replace(tzinfo=None) + timedelta(days=each) for each in (start, end))
        wanted = [row for row in records if since <= row[event] < until]
        found = store.get(name, since=since, until=until)
        assert found.to_pylist() == wanted
        assert asked.get(name, since=since, until=until) == found
    assert asked.get(name) == store.get(name)


def test_a_training_set_of_a_table_s_labels(loaded: Runs) -> None:
    """Each order and what was known when it was made, as loops find it; its manifest alone makes it again, with the
    period after which a lag counts, which the configuration alone knows.
    """
    made = TrainingSet.model_validate(
        {
            "description": "the next order",
            "labels": {
                "table": "orders",
                "identifier": "customer",
                "time": "ordered_at",
                "feature": "amount",
            },
            "features": {
                "spent": {"group": "days", "feature": "spent"},
                "high": {"group": "history", "feature": "high", "record": "hill"},
            },
            "split": {"validation": f"{day(3):%Y-%m-%d}", "test": f"{day(5):%Y-%m-%d}"},
        }
    )
    store = loaded.store(GROUPS, PERIODS)
    states = frozen.current_states(store.tables, made, GROUPS)
    assert {*states} == {"orders", "customer_days", "weather"}
    result = frozen.make(store, "next_order", made, states)
    assert frozen.lacking(result) == []
    rows = [
        row for content in result.files.values() for row in pq.read_table(io.BytesIO(content)).to_pylist()
    ]
    sums, highs = _days(loaded), _weather(loaded, timedelta(days=1))
    orders = [(o.event, int(o.identifier), o.values["amount"]) for o in _orders(loaded)]
    assert sorted((row["time"], row["customer"], row["label"]) for row in rows) == sorted(orders)
    for row in rows:
        day_of = found(sums, str(row["customer"]), row["time"], timedelta()) or {"spent": None}
        weather = found(highs, "hill", row["time"], timedelta()) or {"high": None}
        assert (row["spent"], row["high"]) == (day_of["spent"], weather["high"])
    manifest = json.loads(frozen.document(result.manifest))
    of_history = manifest["groups"]["history"]
    assert (of_history["period"], of_history["source_lag_days"]) == ("day", 1)
    assert "period" not in manifest["groups"]["days"]
    again = frozen.made_again(store.tables, manifest)
    assert (again.version, again.files) == (result.version, result.files)
    assert frozen.differences(replace(result, manifest=manifest), again) == []


def _ahead(sources: list[joining.JoinSource], by: timedelta) -> list[joining.JoinSource]:
    """The same records, each available too early."""
    shifted = []
    for source in sources:
        at = source.rows.column_names.index("available_at")
        earlier = pc.subtract(source.rows["available_at"], pa.scalar(by, pa.duration("us")))
        shifted.append(replace(source, rows=source.rows.set_column(at, "available_at", earlier)))
    return shifted


def test_the_example_joins_as_ever(published: Published) -> None:
    """Records of series in one row, by the months that the snapshot notes: each by loops over all of them."""
    rides_of = rides(1).take(list(range(0, 24 * 365, 15)))
    noted = "2019-04-01T12:00:00Z fhv 2019-01; green 2019-01 | 2019-05-01T04:30:00Z fhv 2019-02 | "
    noted += "2026-11-25T06:00:00Z green 2019-02; fhv 2019-03..2019-12"
    published.publish("run", rides_of, **{"pipeline.available": noted})
    example = load_environment(ROOT, "local").features["rides"]
    store = replace(published.store, groups={"rides": example})
    chance = random.Random(f"{SEED}-example")
    start = datetime(2019, 1, 1)  # noqa: DTZ001 - a wall clock
    rows = [
        {
            "who": chance.choice(["all", "fhv", "green", "yellow"]),
            "at": start + timedelta(hours=chance.randrange(14_000)),
        }
        for _ in range(LABELS)
    ]
    labels = pa.Table.from_pylist(rows, pa.schema([("who", pa.string()), ("at", pa.timestamp("us"))]))
    features = {"rides": Joined(group="rides", feature="rides", before_minutes=60)}
    joined = store.join(labels, features, identifier="who", time="at")
    records = [*_series(rides_of.to_pylist())]
    wanted = expected(labels, records, "rides", 60)
    assert joined["rides"].to_pylist() == wanted
    assert len(set(wanted)) > 5


def _series(rows: list[dict[str, Any]]) -> Iterator[Record]:
    """The records of two series and of both: published in time, on New York's clock, or by the lag of 105 days."""
    in_time = {
        ("green", 1): datetime(2019, 4, 1, 8),  # noqa: DTZ001
        ("fhv", 1): datetime(2019, 4, 1, 8),  # noqa: DTZ001
        ("fhv", 2): datetime(2019, 5, 1, 0, 30),  # noqa: DTZ001
    }
    for row in rows:
        month = row["timestamp"].month
        following = datetime(2019 + month // 12, month % 12 + 1, 1)  # noqa: DTZ001
        by_lag = following + timedelta(days=105)
        of = {name: in_time.get((name, month), by_lag) for name in ("green", "fhv")}
        of["all"] = max(of.values())
        for name, available in of.items():
            count = row["num_rides" if name == "all" else name]
            yield Record(name, row["timestamp"] + timedelta(minutes=15), available, {"rides": count})
