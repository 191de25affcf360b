"""Runs over a data set with a key that are killed, before and after each of their writes, and then completed; and two
runs at once. Its tables are committed one after the other: none may stay behind.
"""

import functools
import random
import signal
import threading
import time
from collections import defaultdict

import pytest
from killing import KEYED, POINTS, WRITES, Proxy, named
from randomness import COUNTS, SEED, SOAK, times
from shop import Row, Shop, expected, identities, orders, right
from test_load_killed import chosen, define, made, recorded_writes, run

from data_pipeline.etl.documents.datasets import Definitions, Table

FIRST, SECOND = "orders/north/2024-01.csv", "orders/south/2024-02.csv"


def row(number: int, day: int, status: str = "new") -> Row:
    return (str(number), f"2024-01-{day:02}T10:00:00Z", f"{number}.5", status)


def keyed() -> Definitions:
    """Orders with a key and a history, and a table that counts them."""
    counted = Table("counted", "SELECT count(*) AS n FROM orders", ("orders",))
    one = orders(key=("id",), latest=("ordered_at",), deleted="status = 'gone'", history=True)
    return Definitions({"orders": one}, {"counted": counted})


@pytest.fixture
def shop(embedded, monkeypatch) -> tuple[Shop, dict[str, str]]:
    """A shop whose orders have a key, and what a process needs to speak to AWS."""
    shop, env = made(embedded, keyed())
    for key, value in env.items():
        monkeypatch.setenv(key, value)
    define(shop)
    return shop, env


@functools.cache
def undisturbed(embedded, published: bool) -> list[str]:
    """The writes of a run that nobody kills, in their order: the ledger's after all commits."""
    writes = recorded_writes(embedded, keyed(), functools.partial(begin, published=published), check_whole)
    names = [named(write) for write in writes]
    commits = [at for at, name in enumerate(names) if name == "Glue UpdateTable"]
    assert names.index("ledger of a data set") > max(commits), "noted before it is committed"
    return writes


def points(writes: list[str]) -> list[int]:
    """Which writes are died at: of those of a name the first one and the last. There are some seventy in a run."""
    names = [named(write) for write in writes]
    ends = {name: (names.index(name), len(names) - 1 - names[::-1].index(name)) for name in names}
    return sorted({at for pair in ends.values() for at in pair})


def begin(shop: Shop, published: bool) -> None:
    """The input of the run that is killed: a first file, or one that is issued again and a new one, after a run."""
    shop.put(FIRST, [row(1, 1), row(2, 1), row(3, 1)])
    if published:
        shop.run()
        shop.put(FIRST, [row(1, 1), row(2, 1, "sent")])
    shop.put(SECOND, [row(1, 2, "paid"), row(2, 3, "gone"), row(4, 1), ("x", "", "", "")])


def newest(contents: dict[str, list[Row]]) -> dict[int, list[dict]]:
    """The versions of each key in their order, by Python alone."""
    found: dict[int, list[dict]] = defaultdict(list)
    for path, rows in contents.items():
        for number, each in enumerate(rows, 1):
            values = right(each)
            if values is not None:
                found[int(each[0])].append({**values, "_file": path, "_row": number})
    for rows in found.values():
        rows.sort(key=lambda each: (each["ordered_at"], each["_file"], each["_row"]))
    return found


def current(contents: dict[str, list[Row]]) -> list[tuple]:
    return identities([rows[-1] for rows in newest(contents).values() if rows[-1]["status"] != "gone"])


def check_whole(shop: Shop) -> None:
    """Every table has what the files say, and nothing is new."""
    assert identities(shop.rows("orders_versions")) == expected(shop.contents)
    assert identities(shop.rows()) == current(shop.contents)
    assert shop.rows("counted") == [{"n": len(current(shop.contents))}]
    begun = sorted(
        (id, each["ordered_at"])
        for id, rows in newest(shop.contents).items()
        for each in rows
        if each["status"] != "gone"
    )
    assert sorted((each["id"], each["valid_from"]) for each in shop.rows("orders_history")) == begun
    assert shop.prepare()["proceed"] is False


def complete(shop: Shop, before: list[tuple]) -> None:
    """Readers see the old or the new rows of each key; the next run completes the rest."""
    assert identities(shop.rows()) in ([], before, current(shop.contents))
    if shop.prepare()["proceed"]:
        shop.load()
    check_whole(shop)


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("kill-keyed")))
def test_killed_at_a_write(shop, embedded, attempt, record_property):
    """Every other attempt is a first run. The run dies before or after a write; in the full count, at all points."""
    made, env = shop
    published = attempt % 2 == 0
    those = points(undisturbed(embedded, published))
    number, after = chosen(attempt, len(those))
    last = those[number]
    begin(made, published)
    before = identities(made.rows())
    with Proxy(env["AWS_ENDPOINT_URL"], last, after) as proxy:
        assert run(proxy, made, env) == -signal.SIGKILL
        assert proxy.hit in POINTS
        record_property("killed", proxy.hit)
    complete(made, before)


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="holds the counts of the soak: `make soak` makes it")
def test_every_write_is_a_point_to_be_killed_at(embedded):
    """The full count dies at each named write of a first and of a later run."""
    seen: set[str] = set()
    for published in (True, False):
        writes = undisturbed(embedded, published)
        attempts = range(0 if published else 1, COUNTS["kill-keyed"][1], 2)
        those = points(writes)
        every = {(n, after) for n in range(len(those)) for after in (False, True)}
        assert {chosen(attempt, len(those)) for attempt in attempts} == every
        seen |= {named(write) for write in writes}
    assert seen == {*WRITES, *KEYED} - {"counted.parquet"}


@pytest.mark.soak
@pytest.mark.skipif(
    not SOAK, reason="starts two processes each; test_keyed.py has a rival that commits in between"
)
@pytest.mark.parametrize("attempt", range(times("keyed-pairs")))
def test_two_runs_at_once_lose_nothing(shop, attempt):
    """The second one is started a moment later, with a file of its own and a newer version of the other."""
    choice = random.Random(f"{SEED}-keyed-pairs-{attempt}")
    made, env = shop
    ends: list[int] = []

    def whole(runs: int) -> None:
        mine = Shop(made.output, made.definitions, made.contents, runs)
        with Proxy(env["AWS_ENDPOINT_URL"]) as proxy:
            ends.append(run(proxy, mine, env))

    made.put(FIRST, [row(number, 1) for number in range(choice.randrange(1, 20))])
    threads = [threading.Thread(target=whole, args=(runs,)) for runs in (100, 200)]
    threads[0].start()
    time.sleep(choice.uniform(0, 3))
    made.put(SECOND, [row(number, 2, choice.choice(["paid", "gone"])) for number in range(10)])
    made.put(FIRST, [row(number, 1) for number in range(choice.randrange(1, 20))])
    threads[1].start()
    for thread in threads:
        thread.join(200)
    assert set(ends) <= {0}
    if made.prepare()["proceed"]:  # the slower run may have loaded the older version last: the ledger knows
        made.load()
    check_whole(made)
