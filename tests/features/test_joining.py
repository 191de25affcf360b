"""The point-in-time join against a reference that looks at every record for every label."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from randomness import SEED, times

from data_pipeline.core.errors import UserError
from data_pipeline.features.joining import JoinSource, join

START = datetime(2019, 1, 1)  # noqa: DTZ001 - a wall clock
IDS = ("all", "green", "yellow", "nobody's")


def minutes(n: int) -> timedelta:
    return timedelta(minutes=n)


def made_group(chance: random.Random, size: int) -> list[dict[str, Any]]:
    """Records at grid times, so that labels often meet them exactly; available in any order, or not known when. Some
    have several versions, each available at a time of its own; some end, of which one at once.
    """
    rows = {}
    for _ in range(size):
        name, event = chance.choice(IDS[:3]), START + minutes(15 * chance.randrange(200))
        at = None if chance.random() < 0.05 else event + minutes(15 * chance.choice([-4, 0, 1, 8, 90]))
        value = None if chance.random() < 0.1 else chance.randrange(1000)
        ends = event + minutes(15 * chance.randrange(12)) if chance.random() < 0.2 else None
        rows[name, event, at] = {
            "id": name,
            "event": event,
            "value": value,
            "available_at": at,
            "ends_at": ends,
        }
    return list(rows.values())


def as_table(rows: list[dict[str, Any]]) -> pa.Table:
    kinds: list[tuple[str, pa.DataType]] = [
        ("id", pa.string()),
        ("event", pa.timestamp("us")),
        ("value", pa.int64()),
    ]
    kinds += [("available_at", pa.timestamp("us")), ("ends_at", pa.timestamp("us"))]
    return pa.Table.from_pylist(rows, pa.schema(kinds))


def reference(
    rows: list[dict[str, Any]], record: str, time: datetime, before: int, available: bool
) -> int | None:
    """The value of the last known version of the newest record that was known: by looking at all of them."""
    known = [
        row
        for row in rows
        if row["id"] == record
        and row["event"] + minutes(before) <= time
        and (not available or (row["available_at"] is not None and row["available_at"] <= time))
    ]
    newest = max(known, key=lambda row: (row["event"], row["available_at"] or datetime.min), default=None)  # noqa: DTZ901
    if newest is None or (newest["ends_at"] is not None and newest["ends_at"] + minutes(before) <= time):
        return None
    return newest["value"]


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("labels")))
def test_the_join_is_what_a_search_of_all_records_finds(attempt: int) -> None:
    """10,000 labels over three groups, one shifted by an hour and one of a fixed record; with availability and
    without.
    """
    chance = random.Random(f"{SEED}-labels-{attempt}")
    groups = [made_group(chance, 120) for _ in range(3)]
    labels = [
        {"id": chance.choice(IDS), "t": START + minutes(5 * chance.randrange(-20, 700)), "n": n}
        for n in range(10_000)
    ]
    given = pa.Table.from_pylist(
        labels, pa.schema([("id", pa.string()), ("t", pa.timestamp("us")), ("n", pa.int64())])
    )
    how: list[tuple[str | None, int]] = [(None, 0), (None, 60), ("green", 0)]
    sources = [
        JoinSource(as_table(rows), "id", "event", {"value": f"value_{i}"}, record, before)
        for i, (rows, (record, before)) in enumerate(zip(groups, how, strict=True))
    ]
    for available in (True, False):
        joined = join(given, "id", "t", sources, available=available)
        assert joined.column_names == ["id", "t", "n", "value_0", "value_1", "value_2"]
        assert joined.select(["id", "t", "n"]).equals(given)
        for i, (record, before) in enumerate(how):
            expected = [
                reference(groups[i], record or label["id"], label["t"], before, available) for label in labels
            ]
            assert joined[f"value_{i}"].to_pylist() == expected
            assert 1000 < sum(value is not None for value in expected) < 10_000


def test_later_values_are_not_seen() -> None:
    """A record of the very moment is known, one of a microsecond later is not; nor one that came later."""
    t = START
    rows = [
        {"id": "a", "event": t, "value": 1, "available_at": t},
        {"id": "b", "event": t + timedelta(microseconds=1), "value": 2, "available_at": t},
        {"id": "c", "event": t, "value": 3, "available_at": t + timedelta(microseconds=1)},
    ]
    labels = pa.table({"id": ["a", "b", "c"], "t": [t, t, t]})
    source = JoinSource(as_table(rows), "id", "event", {"value": "v"})
    assert join(labels, "id", "t", [source])["v"].to_pylist() == [1, None, None]
    assert join(labels, "id", "t", [source], available=False)["v"].to_pylist() == [1, None, 3]


def test_what_cannot_be_joined_is_refused() -> None:
    rows = as_table([{"id": "a", "event": START, "value": n, "available_at": START} for n in (1, 2)])
    labels = pa.table({"id": ["a"], "t": [START]})
    with pytest.raises(
        UserError, match="2 records of 'a' at 2019-01-01 00:00:00: an event time has one record"
    ):
        join(labels, "id", "t", [JoinSource(rows, "id", "event", {"value": "v"})])
    one = JoinSource(rows.slice(0, 1), "id", "event", {"value": "v"})
    with pytest.raises(UserError, match="two columns v: give each a name of its own"):
        join(labels, "id", "t", [one, one])
