"""Runs that are killed, before and after each of their writes and at any time, and then completed."""

import functools
import random
import signal
import sys
import threading
import time
from pathlib import Path

import prepare
import pytest
from account import HEADER, made, trips
from killing import POINTS, WRITES, Proxy, named
from randomness import COUNTS, SEED, times

JOBS = Path(prepare.__file__).parent
#: has no factor in common with the number of points, before and after each of some fifty writes.
STEP = 29


def begin(account, published: bool) -> None:
    """The input of the run that is killed: a first one, or a new and a re-issued file after an earlier run."""
    if published:
        account.run("earlier")
    account.put("fhv_tripdata_2015-01.csv", HEADER.encode() + b"B1,never,\r\nB1,2015-01-01 00:40:00,\r\n")
    account.put("fhv_tripdata_2016-03.csv", trips("2016-03", 44))


def run(proxy: Proxy, account, name: str, at_most: float | None = None) -> int:
    """Both jobs of a run as processes behind the proxy; the status of the last one."""
    arguments = account.arguments(name)
    jobs = ((prepare.__file__, [*arguments[:4], "--run", name]), (str(JOBS / "ride_counts.py"), arguments))
    for script, given in jobs:
        status = proxy.run([sys.executable, script, *given], account.env, at_most)
        if status != 0:
            break
    return status


@functools.cache
def undisturbed(embedded, published: bool) -> tuple:
    """The writes of a run that nobody kills, in their order, and the rides that it publishes."""
    with pytest.MonkeyPatch.context() as patch:
        account = made(embedded)
        for key, value in account.env.items():
            patch.setenv(key, value)
        begin(account, published)
        with Proxy(embedded.url) as proxy:
            assert run(proxy, account, "run") == 0
        account.check_whole()
        return proxy.writes, account.rides()


def check_completed(account, before: list, rides: list) -> None:
    """Readers see the old or the new rows; the next run completes the rest, and leaves nothing to do."""
    assert account.rides() in ([], before, rides)
    if account.prepare("next")["proceed"]:
        account.count("next")
    account.check_whole()
    assert account.rides() == rides == account.expected()
    listed = account.s3.list_objects_v2(Bucket=account.bucket, Prefix="in/")["Contents"]
    etags = {entry["Key"].removeprefix("in/"): entry["ETag"].strip('"') for entry in listed}
    assert {path: entry["etag"] for path, entry in account.processed().items()} == etags
    assert account.prepare("last")["proceed"] is False


def chosen(attempt: int, writes: int) -> tuple[int, bool]:
    """Which of so many writes an attempt dies at, and whether after it: in the full count, each of them."""
    start = random.Random(f"{SEED}-kill-at-write").randrange(1000)
    n = (start + attempt // 2 * STEP) % (2 * writes)
    return n // 2, n % 2 == 1


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("kill-at-write")))
def test_killed_at_a_write(account, embedded, attempt, record_property):
    """The run dies before or after its n-th write; in the full count, at each of them."""
    published = attempt % 2 == 0
    writes, rides = undisturbed(embedded, published)
    last, after = chosen(attempt, len(writes))
    begin(account, published)
    before = account.rides() if published else []
    with Proxy(embedded.url, last, after) as proxy:
        assert run(proxy, account, "run") == -signal.SIGKILL
        assert proxy.hit in POINTS
        record_property("killed", proxy.hit)
    check_completed(account, before, rides)


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("kill-at-any-time")))
def test_killed_at_any_time(account, embedded, attempt):
    """The run dies after a random while, wherever it is then, perhaps twice."""
    choice = random.Random(f"{SEED}-kill-at-any-time-{attempt}")
    _, rides = undisturbed(embedded, True)
    begin(account, True)
    before = account.rides()
    for n in range(choice.randrange(1, 3)):
        with Proxy(embedded.url) as proxy:
            run(proxy, account, f"run-{n}", choice.uniform(0.5, 8))
    check_completed(account, before, rides)


def test_every_write_is_a_point_to_be_killed_at(embedded):
    """The writes of a first and of a later run are those that are named, and the full count dies at each."""
    found = {published: undisturbed(embedded, published)[0] for published in (True, False)}
    assert {named(write) for writes in found.values() for write in writes} == {*WRITES}
    full = COUNTS["kill-at-write"][1]
    for published, writes in found.items():
        attempts = range(0 if published else 1, full, 2)
        assert {chosen(attempt, len(writes)) for attempt in attempts} == {
            (n, after) for n in range(len(writes)) for after in (False, True)
        }
        assert writes.count("Glue UpdateTable") == 2
        assert writes.index(next(w for w in writes if w.endswith("processed.json"))) > max(
            i for i, write in enumerate(writes) if write == "Glue UpdateTable" or write.endswith("X.parquet")
        )


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("pairs")))
def test_two_runs_at_once_lose_nothing(account, attempt):
    """Whole runs, the second one started a moment later, with a file of its own: every trip is counted,
    ride_counts is what trip_counts adds up to, and X.parquet names its snapshot.
    """
    choice = random.Random(f"{SEED}-pairs-{attempt}")
    if attempt % 2:
        account.run("earlier")
    ends: dict[str, int] = {}

    def whole(name: str) -> None:
        with Proxy(account.env["AWS_ENDPOINT_URL"]) as proxy:
            ends[name] = run(proxy, account, name)

    account.put("fhv_tripdata_2015-01.csv", trips("2015-01", *range(choice.randrange(1, 600))))
    threads = [threading.Thread(target=whole, args=(name,)) for name in ("one", "two")]
    threads[0].start()
    time.sleep(choice.uniform(0, 2))
    account.put("fhv_tripdata_2016-03.csv", trips("2016-03", *range(choice.randrange(1, 600))))
    threads[1].start()
    for thread in threads:
        thread.join(200)
    assert ends == {"one": 0, "two": 0}
    account.check_whole()
    assert account.rides() == account.expected()
    assert account.prepare("after")["proceed"] is False
