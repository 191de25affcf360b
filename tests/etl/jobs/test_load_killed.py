"""Runs over data sets that are killed, before and after each of their writes and at any time, and then completed; and
two runs at once.
"""

import functools
import io
import random
import signal
import sys
import threading
import time
import uuid
from collections.abc import Callable

import pyarrow.parquet as pq
import pytest
from clients import client, settings
from killing import POINTS, WRITES, Proxy, named
from randomness import COUNTS, SEED, SOAK, times
from shop import Row, Shop, expected, identities, orders

from data_pipeline.etl.documents.datasets import Definitions, Table
from data_pipeline.etl.storage import filesystem

EXPORT = "counted.parquet"
FIRST, SECOND = "orders/north/2024-01.csv", "orders/south/2024-02.csv"
#: has no factor in common with the number of points, before and after each of some thirty writes.
STEP = 31


def some(first: int, count: int) -> list[Row]:
    return [
        (str(n), "2024-01-03T10:00:00Z", f"{n}.5", "paid" if n % 2 else "")
        for n in range(first, first + count)
    ]


def defined() -> Definitions:
    """Orders, and a table that counts them."""
    counted = Table(
        "counted", "SELECT region, count(*) AS n FROM orders GROUP BY region", ("orders",), export=EXPORT
    )
    return Definitions({"orders": orders()}, {"counted": counted})


def made(embedded, definitions: Definitions) -> tuple[Shop, dict[str, str]]:
    """A shop of its own, and what a process needs to speak to AWS."""
    name = f"data{uuid.uuid4().hex[:12]}"
    client(embedded, "s3").create_bucket(Bucket=name)
    client(embedded, "glue").create_database(DatabaseInput={"Name": name})
    filesystem._s3.cache_clear()  # clients of an earlier test's settings
    return Shop(f"s3://{name}/out", definitions), settings(embedded)


@pytest.fixture
def environment(embedded, monkeypatch) -> None:
    _, env = made(embedded, defined())
    for key, value in env.items():
        monkeypatch.setenv(key, value)


def begin(shop: Shop, published: bool) -> None:
    """The input of the run that is killed: a first one, or a new and a re-issued file after an earlier run."""
    shop.put(FIRST, some(0, 3))
    if published:
        shop.run()
        shop.put(FIRST, some(10, 2))
    shop.put(SECOND, [*some(20, 2), ("x", "", "", "")])


def run(proxy: Proxy, shop: Shop, env: dict[str, str], at_most: float | None = None) -> int:
    """Both jobs of a run as processes behind the proxy; the status of the last one."""
    shop.runs += 1
    arguments = shop.load_arguments()
    shared = [each for each in arguments if not each.startswith(("--plan", "--catalog"))]
    for job, given in (("prepare_datasets", shared), ("load", arguments)):
        status = proxy.run([sys.executable, "-m", f"data_pipeline.etl.jobs.{job}", *given], env, at_most)
        if status != 0:
            break
    return status


def define(shop: Shop) -> None:
    """Leave the definitions where the processes look."""
    from data_pipeline.etl.documents import datasets

    place = f"{shop.output}/datasets.json"
    filesystem.files(place).write(place, datasets.write(shop.definitions).encode())


@functools.cache
def undisturbed(embedded, published: bool) -> list[str]:
    """The writes of a run that nobody kills, in their order: the ledger's after the commit."""
    writes = recorded_writes(embedded, defined(), functools.partial(begin, published=published), check_whole)
    names = [named(write) for write in writes]
    assert names.index("ledger of a data set") > names.index("Glue UpdateTable"), (
        "noted before it is committed"
    )
    return writes


def recorded_writes(
    embedded, definitions: Definitions, begin: Callable[[Shop], None], check: Callable[[Shop], None]
) -> list[str]:
    """The writes, in their order, of a run after ``begin`` that ends well and that ``check`` finds right."""
    with pytest.MonkeyPatch.context() as patch:
        shop, env = made(embedded, definitions)
        for key, value in env.items():
            patch.setenv(key, value)
        define(shop)
        begin(shop)
        with Proxy(embedded.url) as proxy:
            assert run(proxy, shop, env) == 0
        check(shop)
        return proxy.writes


def check_whole(shop: Shop) -> None:
    """The table has what its files have, the other one counts it, and the ledger says so: nothing is new."""
    assert identities(shop.rows()) == expected(shop.contents)
    count = sum(row["n"] for row in shop.rows("counted"))
    assert count == len(expected(shop.contents))
    assert exported(shop) == sorted(shop.rows("counted"), key=lambda row: row["region"])
    noted = dict(shop.ledger.entries("orders", "2024"))
    assert {path: entry.accepted for path, entry in noted.items()} == {
        path: len(expected({path: rows})) for path, rows in shop.contents.items()
    }
    decision = shop.prepare()
    assert decision["proceed"] is False


def exported(shop: Shop) -> list[dict]:
    """The rows of the file that the table of counts is exported as."""
    place = f"{shop.output}/export/{EXPORT}"
    content = filesystem.files(place).read(place)
    return pq.read_table(io.BytesIO(content)).to_pylist()


def complete(shop: Shop, before: list[tuple]) -> None:
    """Readers see the old or the new rows; the next run completes the rest."""
    assert identities(shop.rows()) in ([], before, expected(shop.contents))
    if shop.prepare()["proceed"]:
        shop.load()
    check_whole(shop)


def chosen(attempt: int, writes: int) -> tuple[int, bool]:
    """Which of so many writes an attempt dies at, and whether after it: in the full count, each of them."""
    start = random.Random(f"{SEED}-kill-load").randrange(1000)
    n = (start + attempt // 2 * STEP) % (2 * writes)
    return n // 2, n % 2 == 1


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("kill-load")))
def test_killed_at_a_write(environment, embedded, attempt, record_property):
    """The run dies before or after its n-th write; in the full count, at each of them."""
    published = attempt % 2 == 0
    writes = undisturbed(embedded, published)
    last, after = chosen(attempt, len(writes))
    shop, env = made(embedded, defined())
    define(shop)
    begin(shop, published)
    before = identities(shop.rows())
    with Proxy(embedded.url, last, after) as proxy:
        assert run(proxy, shop, env) == -signal.SIGKILL
        assert proxy.hit in POINTS
        record_property("killed", proxy.hit)
    complete(shop, before)


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="as the test before, at moments of chance: `make soak` makes it")
@pytest.mark.parametrize("attempt", range(times("kill-load-at-any-time")))
def test_killed_at_any_time(environment, embedded, attempt):
    """The run dies after a random while, wherever it is then, perhaps twice."""
    choice = random.Random(f"{SEED}-kill-load-at-any-time-{attempt}")
    shop, env = made(embedded, defined())
    define(shop)
    begin(shop, True)
    before = identities(shop.rows())
    for _ in range(choice.randrange(1, 3)):
        with Proxy(embedded.url) as proxy:
            run(proxy, shop, env, choice.uniform(0.5, 6))
    complete(shop, before)


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="holds the counts of the soak: `make soak` makes it")
def test_every_write_is_a_point_to_be_killed_at(environment, embedded):
    """The full count dies at each write of a first and of a later run."""
    seen: set[str] = set()
    for published in (True, False):
        writes = undisturbed(embedded, published)
        attempts = range(0 if published else 1, COUNTS["kill-load"][1], 2)
        every = {(n, after) for n in range(len(writes)) for after in (False, True)}
        assert {chosen(attempt, len(writes)) for attempt in attempts} == every
        seen |= {named(write) for write in writes}
    assert seen == {*WRITES}


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("load-pairs")))
def test_two_runs_at_once_lose_nothing(environment, embedded, attempt):
    """Whole runs, the second one started a moment later, with a file of its own and a newer version of the other."""
    choice = random.Random(f"{SEED}-load-pairs-{attempt}")
    shop, env = made(embedded, defined())
    define(shop)
    if attempt % 2:
        shop.put(FIRST, some(100, 4))
        shop.run()
    ends: list[int] = []

    def whole(runs: int) -> None:
        mine = Shop(shop.output, shop.definitions, shop.contents, runs)
        with Proxy(embedded.url) as proxy:
            ends.append(run(proxy, mine, env))

    shop.put(FIRST, some(0, choice.randrange(1, 50)))
    threads = [threading.Thread(target=whole, args=(runs,)) for runs in (100, 200)]
    threads[0].start()
    time.sleep(choice.uniform(0, 3))
    shop.put(SECOND, some(200, choice.randrange(1, 50)))
    shop.put(FIRST, some(300, choice.randrange(1, 50)))
    threads[1].start()
    for thread in threads:
        thread.join(200)
    assert set(ends) <= {0}
    if shop.prepare()["proceed"]:  # the slower run may have loaded the older version last: the ledger knows
        shop.load()
    check_whole(shop)
