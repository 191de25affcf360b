"""Data sets with a key in random histories in which keys are erased and taken back: every table, and every snapshot,
has what a recomputation in plain Python gives; and an erasure that is killed at any of its writes ends as any other.
"""

from __future__ import annotations

import random
import signal
from contextlib import nullcontext
from dataclasses import dataclass, field

import pyarrow.parquet as pq
import pytest
from etl.loading.test_cluster import Executors
from killing import Proxy
from one_database import share
from randomness import SEED, SOAK, times
from test_erased import erase, ids, snapshots_with
from test_keyed import TABLES, World, changed, check, made_dataset, published
from test_keyed_killed import FIRST, SECOND, row, shop
from test_load_killed import run

from data_pipeline.etl import spark_session
from data_pipeline.etl.documents import erasures
from data_pipeline.etl.publishing import keyed, small_files, tables
from data_pipeline.etl.rehearsal import catalog
from data_pipeline.etl.storage.filesystem import files

__all__ = ["shop"]

Key = tuple[tuple[str, ...], tuple[str, ...]]
"""The names of the columns, and their values as texts."""


@dataclass
class Forgetful(World):
    """A world in which keys are ``erased``. ``left_out``: unit → path and number of the rows that its table has not."""

    erased: set[Key] = field(default_factory=set)
    left_out: dict[str, set[tuple[str, int]]] = field(default_factory=dict)

    def erase(self, lift: bool) -> None:
        """Put one or two keys on record, of the rows that there are or of none; or take one back."""
        place = erasures.place(str(self.folder / "out"), "orders")
        known = files(place).load(place)
        record = erasures.read(known[0], place) if known else erasures.new()
        if lift and self.erased:
            gone = self.chance.choice(sorted(self.erased))
            self.erased.remove(gone)
            record = record.without(gone[0], [gone[1]])
        else:
            columns = self.dataset.key
            for _ in range(self.chance.randrange(1, 3)):
                rows = self.versions()
                found = self.chance.choice(rows) if rows and self.chance.random() < 0.8 else {}
                key = columns, tuple(str(found.get(name, "1")) for name in columns)
                self.erased.add(key)
                record = record.with_keys(columns, [key[1]], "2024-03-01T00:00:00Z")
        files(place).write(place, erasures.write(record).encode())

    def is_erased(self, row: dict) -> bool:
        return any(
            all(str(row[name]) == text for name, text in zip(*key, strict=True)) for key in self.erased
        )

    def expect(self, prune: bool, anew: bool, again: bool = False) -> None:
        """Also which rows are left out: those of erased keys of what is read, and of what the table had."""
        before = {} if anew else dict(self.issued)
        super().expect(prune, anew)
        listed: dict[str, set[str]] = {}
        for path in self.files:
            listed.setdefault(self.unit(path), set()).add(path)
        for unit, issue in self.issued.items():
            read = issue is not before.get(unit) or (again and issue.keys() <= listed.get(unit, set()))
            if read:
                self.left_out[unit] = set()
            mine = {(row["_file"], row["_row"]) for row in self.rows({unit: issue}) if self.is_erased(row)}
            self.left_out[unit] = self.left_out.get(unit, set()) | mine

    def rows(self, issued: dict) -> list[dict]:
        """All accepted rows of these units."""
        every, self.issued = self.issued, issued
        try:
            return super().versions()
        finally:
            self.issued = every

    def versions(self) -> list[dict]:
        found = []
        for unit, issue in self.issued.items():
            gone = self.left_out.get(unit, set())
            found += [row for row in self.rows({unit: issue}) if (row["_file"], row["_row"]) not in gone]
        return found


def check_forgotten(world: Forgetful, at, summary: dict | None) -> None:
    """No snapshot has an erased key, no file that one needs is missing, and the rows of files add up."""
    for name in world.dataset.tables:
        table = at.find(name)
        for each in table.snapshots() if table is not None else ():
            rows = table.scan(snapshot_id=each.snapshot_id).to_arrow().to_pylist()
            assert not [row for row in rows if world.is_erased(row)]
    for told in summary["files"] if summary else ():
        counted = told["rows_counted"] + told["rows_quarantined"] + told.get("rows_erased", 0)
        assert told["rows_read"] == counted


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("erased")))
def test_a_key_that_is_erased_is_nowhere(attempt, tmp_path, monkeypatch):
    """Whatever happens to files and definition before and after; nothing else goes with it. Every other
    history is one of a cluster; in two of four, tables are made of the data set, whose older snapshots go, too.
    """
    share(monkeypatch)
    chance = random.Random(f"{SEED}-erased-{attempt}")
    at = catalog.connect(tmp_path / "out")
    monkeypatch.setattr(tables, "connect", lambda *_: at)
    monkeypatch.setattr(small_files, "MOST", 2)
    (tmp_path / "in").mkdir()
    engine, tables_of_it = ("duckdb", "spark")[attempt % 2], TABLES if attempt % 4 < 2 else ()
    world = Forgetful(tmp_path, chance, made_dataset(chance), engine=engine, made=tables_of_it)
    monkeypatch.setattr(spark_session, "started", lambda _: nullcontext(Executors()))
    for most in ("MANY_ROWS", "MOST_ROWS"):
        monkeypatch.setattr(keyed, most, chance.choice([0, 10, 1000]))
    for step in range(chance.randrange(3, 5 + 2 * SOAK)):
        if chance.random() < 0.8:
            world.change()
        again = chance.random() < 0.2
        prune, anew = chance.random() < 0.3, False
        options = [f"--prune={str(prune).lower()}", f"--reprocess={str(again).lower()}"]
        if world.issued and chance.random() < 0.2:
            before, world.dataset = world.dataset, changed(chance, world.dataset)
            if before.definition != world.dataset.definition:
                anew = prune or not any(old.keys() - world.files.keys() for old in world.issued.values())
                if not anew:  # rows of files that have gone would be lost: the old definition stays
                    world.dataset = before
                options += ["--rebuild=orders"] * anew
        if step and chance.random() < 0.7:
            world.erase(chance.random() < 0.3)
        world.expect(prune, anew, again)
        summary = world.run(*options)
        check(world, at, summary)
        check_forgotten(world, at, summary)
        assert world.run() is None
    assert published(at, "orders") is not None


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("kill-erasing")))
@pytest.mark.skipif(not SOAK, reason="each is several runs, one of them in a process of its own")
def test_an_erasure_that_is_killed_is_completed(shop, attempt, tmp_path):
    """At one write after the other, before and after each, of a run that has nothing else to do."""
    made, env = shop
    made.put(FIRST, [row(1, 1), row(2, 1), row(3, 1), (*row(2, 2)[:2], "-1", "new")])
    made.run()
    made.put(SECOND, [row(1, 2, "paid"), row(2, 3, "paid")])
    made.run()
    erase(made, "2")
    with Proxy(env["AWS_ENDPOINT_URL"], attempt // 2, attempt % 2 == 1) as proxy:
        status = run(proxy, made, env)
        assert status in (0, -signal.SIGKILL)
    if made.prepare()["proceed"]:
        made.load()
    names = ("orders", "orders_versions", "orders_history")
    assert [ids(made, name) for name in names] == [{1, 3}] * 3
    assert [snapshots_with(made, name, 2) for name in names] == [0, 0, 0]
    assert made.rows("counted") == [{"n": 2}]
    warehouse = f"{made.output}/warehouse"
    for stored in files(warehouse).list(
        warehouse
    ):  # what the killed run has left behind has no row of it either
        if stored.path.endswith(".parquet") and "/counted/" not in stored.uri:
            with files(stored.uri).fetched(stored.uri, "", tmp_path) as path:
                assert 2 not in pq.read_table(path)["id"].to_pylist()
    assert made.prepare()["proceed"] is False
