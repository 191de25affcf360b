"""Ingestions that are killed, and two at once: once one has ended, the stores are those of an undisturbed one."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable

import pytest
from features.conftest import rides
from features.stores import Stores
from killing import INGESTED, POINTS, Proxy, named
from randomness import COUNTS, SEED, SOAK, times

from data_pipeline.etl.jobs import ingest

#: writes of the ingestion that ``begin`` prepares, and a number that has no factor in common with twice as many.
WRITES, STEP = 43, 29


def begin(stores: Stores) -> None:
    """Sixty hours are ingested; now they have other counts, the last ten are gone, and nothing of that is ingested."""
    stores.published.publish("one", rides(1, hours=60))
    stores.ingest("one")
    stores.published.publish("two", rides(2, hours=50))


def later(stores: Stores) -> None:
    """Another publication, which has hours again that were gone, and no new counts for the first of them."""
    stores.published.publish("three", rides(1, hours=55))


def roll_back(stores: Stores) -> None:
    """To what was ingested first, as if nothing had been published since."""
    table = stores.published.jobs.load("ride_counts")
    first = table.history()[0].snapshot_id
    table.manage_snapshots().rollback_to_snapshot(first).commit()


def nothing(stores: Stores) -> None:
    """The next ingestion finds what the killed one has found."""


HAPPENS: tuple[Callable[[Stores], None], ...] = (roll_back, nothing, later)


def run(proxy: Proxy, stores: Stores, name: str, at_most: float | None = None) -> int:
    """The job as a process behind the proxy; its status."""
    return proxy.run([sys.executable, ingest.__file__, *stores.arguments(name)], {**os.environ}, at_most)


def check(stores: Stores) -> None:
    """Both stores have what is published, and nothing is left to do."""
    assert stores.online() == stores.newest()
    assert stores.whole_view() == stores.wanted()
    assert stores.ingest("last") == {}


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("kill-ingestion")))
def test_killed_at_a_write(
    stores: Stores, attempt: int, record_property: Callable[[str, object], None]
) -> None:
    """Before or after its n-th write, in the full count each of them; then it is done again, or something else is."""
    n = (random.Random(f"{SEED}-kill-ingestion").randrange(1000) + attempt * STEP) % (2 * WRITES)
    begin(stores)
    with Proxy(stores.endpoint.url, n // 2, n % 2 == 1) as proxy:
        assert run(proxy, stores, "killed") == -signal.SIGKILL
        assert proxy.hit in POINTS
        record_property("killed", proxy.hit)
    HAPPENS[attempt % 3](stores)
    stores.ingest("next")
    check(stores)


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="as the test before, at moments of chance: `make soak` makes it")
@pytest.mark.parametrize("attempt", range(times("kill-ingestion-at-any-time")))
def test_killed_at_any_time(stores: Stores, attempt: int) -> None:
    """After a random while, wherever it is then, perhaps twice."""
    choice = random.Random(f"{SEED}-kill-ingestion-{attempt}")
    begin(stores)
    for number in range(choice.randrange(1, 3)):
        with Proxy(stores.endpoint.url) as proxy:
            run(proxy, stores, f"killed-{number}", choice.uniform(1, 4))
    HAPPENS[attempt % 3](stores)
    stores.ingest("next")
    check(stores)


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("ingestion-meanwhile")))
def test_another_ingestion_of_something_newer_meanwhile(stores: Stores, attempt: int) -> None:
    """The whole other one happens at the n-th write, after which the first one goes on with what is older."""
    n = (random.Random(f"{SEED}-ingestion-meanwhile").randrange(1000) + attempt * STEP) % WRITES
    begin(stores)

    def other() -> None:
        HAPPENS[(0, 2)[attempt % 2]](stores)
        stores.ingest("other")

    with Proxy(stores.endpoint.url, n, meanwhile=other) as proxy:
        assert run(proxy, stores, "first") == 0
    check(stores)


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="as the test before, at moments of chance: `make soak` makes it")
@pytest.mark.parametrize("attempt", range(times("ingestions")))
def test_two_ingestions_at_once(stores: Stores, attempt: int) -> None:
    """The second one begins a moment later, with what was published since."""
    choice = random.Random(f"{SEED}-ingestions-{attempt}")
    begin(stores)
    ends: dict[str, int] = {}

    def whole(name: str) -> None:
        with Proxy(stores.endpoint.url) as proxy:
            ends[name] = run(proxy, stores, name)

    threads = [threading.Thread(target=whole, args=(name,)) for name in ("one-more", "another")]
    threads[0].start()
    time.sleep(choice.uniform(0, 4))
    HAPPENS[attempt % 3](stores)
    threads[1].start()
    for thread in threads:
        thread.join(200)
    assert ends == {"one-more": 0, "another": 0}
    check(stores)


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="holds the counts of the soak: `make soak` makes it")
def test_every_write_is_a_point_to_be_killed_at(stores: Stores) -> None:
    """The writes of an undisturbed ingestion are those that are named, and the full counts reach each of them."""
    begin(stores)
    with Proxy(stores.endpoint.url) as proxy:
        assert run(proxy, stores, "undisturbed") == 0
    assert {named(write) for write in proxy.writes} == {*INGESTED}
    assert len(proxy.writes) == WRITES
    assert {attempt * STEP % (2 * WRITES) for attempt in range(COUNTS["kill-ingestion"][1])} == {
        *range(2 * WRITES)
    }
    assert {attempt * STEP % WRITES for attempt in range(COUNTS["ingestion-meanwhile"][1])} == {
        *range(WRITES)
    }
    check(stores)
