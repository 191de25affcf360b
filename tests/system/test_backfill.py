"""`backfill` of a deployed project: periods that fail hold up no other, and what is broken off goes on."""

from __future__ import annotations

import json
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from randomness import SEED, SOAK, times
from system.project import Done, NewProject

PIPELINE = """\
pipeline: shop
region: us-east-1
datasets:
  orders:
    files: orders/{year}-{month}.csv
    columns: {id: string, amount: double}
tables:
  totals: {sql: totals.sql}
"""
TOTALS = "SELECT _period AS month, count(*) AS orders FROM orders GROUP BY 1\n"
MONTHS = [f"{year}-{month:02}" for year in (2024, 2025) for month in range(1, 13)]
FAILING = ("2024-05", "2024-12", "2025-07")


class Shop(NewProject):
    """Two years of orders."""

    def write(self, month: str, text: str) -> None:
        self.client("s3").put_object(Bucket=self.bucket, Key=f"input/orders/{month}.csv", Body=text.encode())

    def good(self, month: str) -> None:
        self.write(month, f"id,amount\n{month}-a,1.5\n{month}-b,2\n")

    def backfill(self, *options: str) -> Done:
        return self("python", "-m", "data_pipeline", "backfill", "local", *options, timeout=900)

    def published(self) -> list[str]:
        return [row[0] for row in self.sql("SELECT month FROM totals WHERE orders = 2 ORDER BY 1")]

    def kinds(self) -> dict[str, str]:
        """Month → what it is."""
        shown = self.ok("python", "-m", "data_pipeline", "coverage", "show", "local", "--json").json
        (series,) = shown["datasets"][0]["series"]
        return dict(series["periods"])


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path / "shop")
    try:
        (made.root / "config" / "pipeline.yaml").write_text(PIPELINE)
        (made.root / "jobs" / "totals.sql").write_text(TOTALS)
        done = made.deploy()
        assert done.status == 0, done.err
        yield made
    finally:
        made("python", "-m", "data_pipeline", "local", "down")


def _fill(shop: Shop, months: list[str]) -> None:
    for month in months:
        if month in FAILING:
            shop.write(month, "some,columns\n1,2\n")
        else:
            shop.good(month)


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="some thirty runs: `make soak` makes them")
@pytest.mark.timeout(1800)
def test_what_fails_is_reported_and_once_mended_read_alone(shop: Shop) -> None:
    """21 of 24 periods; then just the three; the table is made once in each."""
    _fill(shop, MONTHS)
    done = shop.backfill("--yes", "--json")
    assert done.status == 1, done.err
    told = json.loads(done.out)
    runs = told["runs"]
    assert told["tables"]["ended"] == "published"
    assert [each["periods"] for each in runs if not each["good"]] == [*FAILING]
    assert sum(each["good"] for each in runs) == 21
    assert "2024-05 gate failed: orders/2024-05.csv could not be read: it has no column" in done.err
    assert shop.published() == [month for month in MONTHS if month not in FAILING]
    assert {month: kind for month, kind in shop.kinds().items() if kind != "published"} == dict.fromkeys(
        FAILING, "unreadable"
    )
    for month in FAILING:
        shop.good(month)
    done = shop.backfill("--yes")
    assert done.status == 0, done.err
    assert [line.split()[0] for line in done.out.splitlines()[1:-1]] == [*FAILING]
    assert done.out.splitlines()[-1] == "3 of 3 periods read"
    assert shop.published() == MONTHS
    assert done.err.count("made at the end: totals: published") == 1
    assert "nothing to do" in shop.backfill("--yes").out


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="some thirty runs: `make soak` makes them")
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("attempt", range(times("kill-backfill")))
def test_killed_at_random_it_goes_on(shop: Shop, attempt: int) -> None:
    """Five times; every period that can be is published at the end, and the table is made of all."""
    choice = random.Random(f"{SEED}-kill-backfill-{attempt}")
    _fill(shop, MONTHS)
    for _ in range(5):
        process = shop.start("python", "-m", "data_pipeline", "backfill", "local", "--yes")
        try:
            process.wait(choice.uniform(1, 25))
        except Exception:  # noqa: BLE001 - it is still at work, which is what is wanted
            process.send_signal(choice.choice([signal.SIGKILL, signal.SIGINT]))
        process.communicate()
    done = shop.backfill("--yes")
    assert done.status == 1, done.err
    assert shop.published() == [month for month in MONTHS if month not in FAILING]
    assert [month for month, kind in shop.kinds().items() if kind != "published"] == [*FAILING]
