"""Runs that are killed, before and after each of their writes and at any time, and then completed."""

import functools
import random
import signal
import sys
from pathlib import Path

import prepare
import pytest
from account import HEADER, made, trips
from killing import Proxy
from randomness import SEED, times

JOBS = Path(prepare.__file__).parent


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


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("kill-at-write")))
def test_killed_at_a_write(account, embedded, attempt):
    """The run dies before or after its n-th write; in the full count, at each of them."""
    published = attempt % 3 != 0
    writes, rides = undisturbed(embedded, published)
    n = random.Random(f"{SEED}-kill-at-write").randrange(97) + attempt * 7
    last, after = n // 2 % len(writes), n % 2 == 1
    begin(account, published)
    before = account.rides() if published else []
    with Proxy(embedded.url, last, after) as proxy:
        assert run(proxy, account, "run") == -signal.SIGKILL
        assert kind(proxy.hit) in {kind(write) for write in writes}
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
    """A run writes at least its plan, decision, tables, export, list of processed objects and reports."""
    writes, _ = undisturbed(embedded, True)
    written = {kind(write) for write in writes}
    for name in ("plan.json", "decision.json", "X.parquet", "processed.json", "summary.json", "verdict.json"):
        assert name in written
    assert writes.count("Glue UpdateTable") == 2
    assert writes.index(next(w for w in writes if w.endswith("processed.json"))) > max(
        i for i, write in enumerate(writes) if write == "Glue UpdateTable" or write.endswith("X.parquet")
    )


def kind(write: str) -> str:
    """A write without what is random in it: its file's name, or the end of that."""
    name = write.rsplit("/", 1)[-1]
    return name if "-" not in name else name.rsplit(".", 1)[-1]
