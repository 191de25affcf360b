"""A rebuild that is killed is taken up where it was, is one commit, and leaves nothing behind."""

from __future__ import annotations

import os
import random
import signal
import sys

import pytest
from killing import Proxy
from randomness import SEED, times
from shop import expected, identities, orders

from data_pipeline.etl.jobs import load
from data_pipeline.etl.loading import pieces, reading
from data_pipeline.etl.storage.filesystem import files

MONTHS = [f"orders/north/2024-{month:02}.csv" for month in range(1, 4)]
BAD = ("x", "2024-01-01T00:00:00Z", "1", "")
NEGATIVE = ("7", "2024-01-01T00:00:00Z", "-1", "")
SMALL = (
    "import sys; from data_pipeline.etl.loading import pieces; pieces.PIECE_BYTES = 1; "
    "from data_pipeline.etl.jobs import load; load.main(sys.argv[1:])"
)


def some(first: int) -> list:
    times = [
        (str(n), f"2024-01-{n % 28 + 1:02}T10:00:00Z", f"{n}.5", "paid") for n in range(first, first + 4)
    ]
    return [*times, BAD, NEGATIVE]


@pytest.fixture
def changed(shop, monkeypatch):
    """A shop whose definition has changed since three files were published; each file is a piece of its own."""
    shop.define(orders(checks={}, partition=("month(ordered_at)",)))
    for number, path in enumerate(MONTHS):
        shop.put(path, some(10 * number))
    shop.run()
    shop.define(orders(partition=("month(ordered_at)",)))
    monkeypatch.setattr(pieces, "PIECE_BYTES", 1)
    return shop


@pytest.fixture
def read(monkeypatch) -> list[str]:
    """The files that are read from now on."""
    found: list[str] = []
    before = reading.UnitReader._file

    def noted(self, unit, file, *more):
        found.append(file.path)
        return before(self, unit, file, *more)

    monkeypatch.setattr(reading.UnitReader, "_file", noted)
    return found


def left_behind(shop) -> list[str]:
    place = f"{shop.output}/state/rebuilds"
    return [each.path for each in files(place).list(place)]


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("kill-rebuild")))
def test_a_killed_rebuild_goes_on(changed, read, attempt, record_property):
    """Killed at a write, by SIGKILL: what is noted whole is not read again, and the table is as if nothing had been."""
    chance = random.Random(f"{SEED}-kill-rebuild-{attempt}")
    old, times_before = (
        identities(changed.rows()),
        {row["_file"]: row["_available_at"] for row in changed.rows()},
    )
    changed.prepare("--rebuild=orders")
    with Proxy(os.environ["AWS_ENDPOINT_URL"], chance.randrange(2, 16), chance.random() < 0.5) as proxy:
        status = proxy.run([sys.executable, "-c", SMALL, *changed.load_arguments()], dict(os.environ))
    assert status == -signal.SIGKILL
    record_property("killed", proxy.hit)
    assert identities(changed.rows()) in (old, expected(changed.contents))
    kept = sum(path.endswith("piece.json") for path in left_behind(changed))
    changed.run("--rebuild=orders")
    assert len(read) == len(MONTHS) - kept
    assert identities(changed.rows()) == expected(changed.contents)
    assert {row["_file"]: row["_available_at"] for row in changed.rows()} == times_before
    assert changed.snapshots() == 2
    assert left_behind(changed) == []
    assert changed.document("summary.json")["rows"] == {"read": 18, "counted": 12, "quarantined": 6}
    place = f"{changed.output}/quarantine/run=run-{changed.runs}/dataset=orders"
    assert [each.path for each in files(place).list(place)] == [f"{path}.parquet" for path in MONTHS]


def interrupted(shop, monkeypatch) -> None:
    """Rebuild up to the judgement, and no further."""

    def stop(*arguments, **more):
        raise KeyboardInterrupt

    shop.prepare("--rebuild=orders")
    with monkeypatch.context() as patch:
        patch.setattr("data_pipeline.etl.loading.loader._judged", stop)
        with pytest.raises(KeyboardInterrupt):
            load.main(shop.load_arguments())


def test_what_has_changed_meanwhile_is_read_again(changed, read, monkeypatch):
    """A file with other content, and a new one; by another definition everything is. A small rebuild keeps nothing."""
    with monkeypatch.context() as patch:
        patch.setattr(pieces, "PIECE_BYTES", 512 << 20)
        interrupted(changed, monkeypatch)
    assert left_behind(changed) == []
    interrupted(changed, monkeypatch)
    assert {path.split("/")[0] for path in left_behind(changed)} == {"orders"}
    read.clear()
    changed.put(MONTHS[2], some(70))
    changed.put("orders/south/2024-01.csv", some(80))
    interrupted(changed, monkeypatch)
    assert sorted(read) == [MONTHS[2], "orders/south/2024-01.csv"]
    read.clear()
    changed.define(orders(checks={"negative-amount": "amount > -1"}, partition=("month(ordered_at)",)))
    changed.run("--rebuild=orders")
    assert sorted(read) == sorted(changed.contents)
    assert identities(changed.rows()) == expected(changed.contents)
    assert left_behind(changed) == []


def test_another_run_leaves_a_rebuild_as_far_as_it_got(changed, read, monkeypatch):
    """New files are loaded meanwhile; the rebuild then reads them, and not what it has read before. An answer to the
    question that it was about ends it.
    """
    changed.run("--rebuild=orders")
    interrupted(changed, monkeypatch)
    kept = left_behind(changed)
    changed.put("orders/south/2024-01.csv", some(80))
    changed.run()
    assert left_behind(changed) == kept != []
    read.clear()
    changed.run("--rebuild=orders")
    assert read == ["orders/south/2024-01.csv"]
    interrupted(changed, monkeypatch)
    changed.define(orders(checks={}, partition=("month(ordered_at)",)))
    changed.put("orders/south/2024-01.csv", some(90))
    changed.run("--from-now-on=orders")
    assert left_behind(changed) == []
