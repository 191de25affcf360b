"""Reading records by run, time and snapshot; what is not there any more is refused."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pytest
from features.conftest import GROUP, HOURS, Published, rides

from data_pipeline.core import sql
from data_pipeline.core.config.feature_groups import Joined
from data_pipeline.core.errors import UserError
from data_pipeline.features import athena_rows, queries
from data_pipeline.features.snapshots import Tables
from data_pipeline.features.store import Store


def factor_of(rows: pa.Table) -> int:
    """Which publication these records are of; they are whole."""
    assert len(rows) == 3 * HOURS
    fhv = {
        r for d, r in zip(rows["dataset"].to_pylist(), rows["rides"].to_pylist(), strict=True) if d == "fhv"
    }
    (factor,) = fhv
    return int(factor)


def moment(published: Published, snapshot: str) -> datetime:
    found = published.tables.load("ride_counts").snapshot_by_id(int(snapshot))
    assert found is not None
    return datetime.fromtimestamp(found.timestamp_ms / 1000, UTC)


def test_a_year_reads_as_it_was_published_after_twenty_runs_and_a_roll_back(published: Published) -> None:
    """By run, by time and by snapshot; after the roll-back the newest state is the one rolled back to."""
    store = published.store
    ids = [published.publish(f"run-{n}", rides(n + 1)) for n in range(21)]
    times = [moment(published, snapshot) for snapshot in ids]
    table = published.jobs.load("ride_counts")
    table.manage_snapshots().rollback_to_snapshot(int(ids[4])).commit()
    for n in (0, 1, 9, 20):
        assert factor_of(store.get(run=f"run-{n}")) == n + 1
        assert factor_of(store.get(snapshot=ids[n])) == n + 1
        assert factor_of(store.get(as_of=times[n])) == n + 1
    assert factor_of(store.get()) == factor_of(store.get(as_of=datetime.now(UTC))) == 5
    with pytest.raises(
        UserError, match=r"cannot be told: it was not there yet, .* oldest still readable is " + ids[0]
    ):
        store.get(as_of=times[0] - timedelta(seconds=1))


def test_an_expired_snapshot_is_refused_and_the_oldest_named(published: Published) -> None:
    """By id, by run, and by a time at which it may have been the state; a tagged older one does not stand in."""
    ids = [published.publish(f"run-{n}", rides(n + 1)) for n in range(4)]
    times = [moment(published, snapshot) for snapshot in ids]
    table = published.jobs.load("ride_counts")
    table.manage_snapshots().create_tag(int(ids[0]), "kept").commit()
    table = published.jobs.load("ride_counts")
    table.maintenance.expire_snapshots().by_ids([int(ids[1])]).commit()
    oldest = rf"The oldest still readable is {ids[0]} of \d{{4}}-\d\d-\d\dT\d\d:\d\d:\d\dZ, run run-0"
    with pytest.raises(UserError, match=f"has no snapshot '{ids[1]}': it has expired or never was. {oldest}"):
        published.store.get(snapshot=ids[1])
    with pytest.raises(
        UserError, match=f"no snapshot of run 'run-1': it published nothing new, or .* {oldest}"
    ):
        published.store.get(run="run-1")
    with pytest.raises(UserError, match=f"cannot be told: .* {oldest}"):
        published.store.get(as_of=times[1])
    assert factor_of(published.store.get(as_of=times[2])) == 3
    assert factor_of(published.store.get(snapshot=ids[0])) == 1


def athena(tables: Tables) -> Callable[[str], pa.Table]:
    """Answers SELECTs of Athena's SQL over the published tables, through the file that Athena leaves."""
    names = {
        pa.timestamp("us"): "timestamp",
        pa.timestamp("us", "UTC"): "timestamp with time zone",
        pa.date32(): "date",
        pa.int64(): "bigint",
        pa.int32(): "integer",
        pa.string(): "varchar",
    }

    def ask(text: str) -> pa.Table:
        rows = queries.run(tables, sql.read(text), 10**9).rows
        target = io.BytesIO()
        texts = pa.table([column.cast(pa.string()) for column in rows.columns], names=rows.column_names)
        pyarrow.csv.write_csv(texts, target)  # it quotes whatever is text, as Athena does
        return athena_rows.rows(
            [(f.name, names.get(f.type, str(f.type))) for f in rows.schema], target.getvalue()
        )

    return ask


def test_athena_answers_with_the_same_rows_and_types(published: Published) -> None:
    """Of the newest state, an earlier one, one of a run and one of a time, and between two event times."""
    ids = [published.publish(f"run-{n}", rides(n + 1, hours=100)) for n in range(3)]
    published.publish("last", rides(4, hours=1))
    time = moment(published, ids[1])
    asked = replace(published.store, ask=athena(published.tables))
    wall = datetime(2019, 1, 2)  # noqa: DTZ001 - a wall clock
    states: list[dict[str, Any]] = [{}, {"snapshot": ids[0]}, {"run": "run-2"}, {"as_of": time}]
    bounds: list[dict[str, Any]] = [{}, {"since": wall, "until": wall + timedelta(hours=3)}]
    for given in ({**state, **bound} for state in states for bound in bounds):
        assert asked.get(**given) == published.store.get(**given)
    assert len(asked.get(snapshot=ids[0], **bounds[1])) == 9
    labels = pa.table({"id": ["green"], "at": [datetime(2019, 12, 1)]})  # noqa: DTZ001 - a wall clock
    features = {"own": Joined(group="rides", feature="rides")}
    joins = [
        one.join(labels, features, identifier="id", time="at", states={"ride_counts": ids[2]})
        for one in (asked, published.store)
    ]
    assert joins[0] == joins[1]
    assert joins[0]["own"].to_pylist() != [None]


def test_records_and_when_they_were_available(published: Published) -> None:
    """Event times are ends of windows; a month's availability is its noted time, in the table's zone, or the lag."""
    noted = "2019-04-01T12:00:00Z fhv 2019-01; green 2019-01 | 2019-05-01T04:30:00Z fhv 2019-02 | "
    noted += "2026-11-25T06:00:00Z green 2019-02; fhv 2019-03..2019-12"
    published.publish("run", rides(1), **{"pipeline.available": noted})
    wall = datetime(2019, 2, 1)  # noqa: DTZ001 - a wall clock
    rows = published.store.get("rides", since=wall, until=wall + timedelta(hours=2)).to_pylist()
    assert [row["window_end"] for row in rows] == [wall, wall + timedelta(hours=1)] * 3
    assert [row["dataset"] for row in rows] == ["all"] * 2 + ["fhv"] * 2 + ["green"] * 2
    assert list(rows[0]) == ["dataset", "window_end", "rides", "dow", "available_at", "available_by"]
    by = {(row["dataset"], row["window_end"]): (row["available_at"], row["available_by"]) for row in rows}
    january = datetime(2019, 4, 1, 8)  # noqa: DTZ001
    lag = datetime(2019, 3, 1) + timedelta(days=100)  # noqa: DTZ001
    assert by["all", wall] == by["green", wall] == by["fhv", wall] == (january, "published")
    later = wall + timedelta(hours=1)
    assert by["fhv", later] == (datetime(2019, 5, 1, 0, 30), "published")  # noqa: DTZ001
    assert by["green", later] == by["all", later] == (lag, "lag")


def test_months_that_are_not_covered_have_no_records(published: Published) -> None:
    """A data set without the month has no record of it, all together have one; without coverage the lag says all."""
    covered = {"pipeline.covered-months": "fhv 2019-01; green 2019-02..2019-03"}
    published.publish("run", rides(1), **covered)
    rows = published.store.get().to_pylist()
    months = {(row["dataset"], (row["window_end"] - timedelta(hours=1)).month) for row in rows}
    assert months == {("all", 1), ("all", 2), ("all", 3), ("fhv", 1), ("green", 2), ("green", 3)}
    published.publish("run", rides(1), **{"pipeline.covered-months": ""})
    rows = published.store.get().to_pylist()
    assert len(rows) == 3 * HOURS
    assert all(row["available_at"] == row["window_end"] + timedelta(days=100) for row in rows)
    assert {row["available_by"] for row in rows} == {"lag"}


def test_join_reads_each_group_once_and_from_the_snapshot_asked_for(published: Published) -> None:
    old = published.publish("old", rides(1))
    published.publish("new", rides(9))
    t = datetime(2019, 12, 1)  # noqa: DTZ001
    labels = pa.table({"id": ["green"], "at": [t]})
    features = {
        "own": Joined(group="rides", feature="rides"),
        "all": Joined(group="rides", feature="rides", record="all", before_minutes=60 * 24 * 200),
    }
    now = published.store.join(labels, features, identifier="id", time="at").to_pylist()
    then = published.store.join(
        labels, features, identifier="id", time="at", states={"ride_counts": old}
    ).to_pylist()
    assert {name: then[0][name] * 9 for name in features} == {name: now[0][name] for name in features}
    early = pa.table({"id": ["green"], "at": [datetime(2019, 5, 1)]})  # noqa: DTZ001 - before January was available
    assert published.store.join(early, features, identifier="id", time="at")["own"].to_pylist() == [None]


def test_what_cannot_be_meant_is_refused(published: Published) -> None:
    with pytest.raises(UserError, match="nothing has been published yet"):
        published.store.get()
    published.publish("run", rides(1))
    with pytest.raises(UserError, match="ride_conts: it has 'ride_counts'; did you mean 'ride_counts'"):
        published.tables.load("ride_conts")
    with pytest.raises(
        UserError, match=r"there is no feature group 'ride': .* has 'rides'; did you mean 'rides'"
    ):
        published.store.get("ride")
    with pytest.raises(UserError, match="choose one of as-of, snapshot and run"):
        published.store.get(snapshot="1", run="2")
    with pytest.raises(UserError, match="has no snapshot 'x'"):
        published.store.get(snapshot="x")
    other = GROUP.model_copy(update={"records": {"all": {"rides": "riders"}}})
    with pytest.raises(
        UserError, match="table ride_counts has no column riders; it has timestamp, num_rides"
    ):
        Store(published.tables, {"rides": other}).get()
