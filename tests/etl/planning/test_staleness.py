"""Which data sets are judged by their age although nothing of them is new."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from data_pipeline.etl.documents.datasets import Column, Dataset, Format
from data_pipeline.etl.documents.load_plan import LoadPlan, Unit
from data_pipeline.etl.planning.comparing import Comparison
from data_pipeline.etl.planning.selection import Selection
from data_pipeline.etl.planning.staleness import stale
from data_pipeline.etl.planning.work import Counts
from data_pipeline.etl.state.entries import Entry

NOW = datetime(2024, 3, 3, 12, tzinfo=UTC).timestamp()


class Known:
    """A ledger of a file for each period, all published at one time."""

    def __init__(self, *periods: str, published: str = "2024-03-01T00:00:00Z") -> None:
        self.periods, self.published = periods, published
        self.requested: list[str] = []

    def definition(self, dataset: str) -> str | None:
        return "d" if self.periods else None

    def shards(self, dataset: str) -> tuple[str, ...]:
        return tuple(sorted({period[:4] or "none" for period in self.periods}))

    def entries(self, dataset: str, shard: str) -> Iterator[tuple[str, Entry]]:
        self.requested.append(shard)
        for period in self.periods:
            if (period[:4] or "none") == shard:
                times = (self.published, self.published)
                yield f"{period}.csv", Entry("e", 1, period, {}, "u", "d", *times, "run", 1, 1, 0, 1)


def dataset(**rules: str) -> Dataset:
    columns = (Column("at", "timestamptz"),)
    given = {name.replace("_at", "(at)"): text for name, text in rules.items()}
    return Dataset(
        "orders", ("{year}-{month}-{day}.csv",), Format("csv", timezone="UTC"), columns, rules=given
    )


def found(*units: Unit, **held: str) -> Comparison:
    return Comparison(LoadPlan(units, held=held), Counts(), (), (), ())


@pytest.mark.parametrize(
    ("rules", "known", "old"),
    [
        ({}, Known("2020-01-01"), False),
        ({"freshness": "off"}, Known("2020-01-01"), False),
        ({"freshness": "fail 12 hours"}, Known("2024-03-02"), False),
        ({"freshness": "fail 12 hours"}, Known("2024-03-01"), True),
        ({"freshness": "warn 11 hours"}, Known("2024-03-02"), True),
        ({"freshness": "warn 12 hours"}, Known("2019-01-01", "2024-03-02", "2023-01-01"), False),
        ({"freshness": "warn 12 hours"}, Known(), False),
        ({"freshness_at": "warn 60 hours"}, Known("2020-01-01"), False),
        ({"freshness_at": "warn 59 hours"}, Known("2024-03-03"), True),
        ({"freshness_at": "warn 59 hours"}, Known("2024-03-03", published=""), False),
    ],
)
def test_by_the_newest_period_or_the_last_publication(rules: dict, known: Known, old: bool) -> None:
    """At the limit it is not too old; state of an earlier version does not say when it was published."""
    chosen = Selection()
    assert stale({"orders": dataset(**rules)}, found(), known, chosen, NOW) == (("orders",) if old else ())
    assert len(known.requested) <= 2


@pytest.mark.parametrize(
    ("comparison", "chosen"),
    [
        (found(Unit("u", "orders", (), "pruned")), Selection()),
        (found(orders="its definition has changed"), Selection()),
        (found(), Selection(frozenset({"weather"}))),
        (found(), Selection(first="2024")),
        (found(), Selection(parts={"region": frozenset({"north"})})),
    ],
)
def test_what_is_loaded_held_or_not_looked_at_is_left_alone(
    comparison: Comparison, chosen: Selection
) -> None:
    """It is judged as it is loaded, or not at all."""
    assert (
        stale({"orders": dataset(freshness="fail 1 hours")}, comparison, Known("2020-01-01"), chosen, NOW)
        == ()
    )
