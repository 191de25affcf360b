"""Data sets with a key in random histories: files come late, change and go, keys are deleted and come back, versions
tie, definitions change. After each run every table has what a recomputation in plain Python gives.
"""

from __future__ import annotations

import csv
import io
import json
import os
import random
from collections import defaultdict
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from etl.loading.test_cluster import Executors
from one_database import share
from randomness import SEED, SOAK, times

from data_pipeline.etl import spark_session
from data_pipeline.etl.documents import datasets
from data_pipeline.etl.documents.datasets import Column, Dataset, Definitions, Format, Table
from data_pipeline.etl.jobs import load, prepare_datasets
from data_pipeline.etl.publishing import keyed, keyed_files, small_files, tables
from data_pipeline.etl.rehearsal import catalog

HEADER = ("id", "line", "at", "serial", "state")
KEYS = {"id": ("id",), "both": ("id", "line")}
COLUMNS = (
    Column("id", "string", nullable=True),
    Column("line", "int"),
    Column("at", "date", nullable=True),
    Column("serial", "long"),
    Column("state", "string", nullable=True),
)
TABLES = (
    Table("counted", "SELECT count(*) AS n FROM orders", ("orders",)),
    Table(
        "by_state",
        "SELECT state, count(*) AS n, min(_row) AS least FROM orders_versions GROUP BY state",
        ("orders_versions",),
        partition=("state",),
        follows={"orders_versions": "state"},
    ),
)
"""What is made of the data set: of the newest of each key, and by partition of its versions."""
OFF = ("quarantined-share", "unreadable-files", "rows-of-earlier-issue", "rows-of-median")


@dataclass
class World:
    """An input of files in a folder and the data set that they are of. ``issued``: unit → path → version and rows that
    the table has.
    """

    folder: Path
    chance: random.Random
    dataset: Dataset
    files: dict[str, tuple[int, list[list[str]]]] = field(default_factory=dict)
    issued: dict[str, dict[str, tuple[int, list[list[str]]]]] = field(default_factory=dict)
    version: int = 0
    runs: int = 0
    engine: str = "duckdb"
    made: tuple[Table, ...] = TABLES

    def period(self, path: str) -> str:
        return path.rpartition("/")[2][:7]

    def unit(self, path: str) -> str:
        return path if self.dataset.replaces == "file" else path[: -len("-0.csv")]

    def row(self) -> list[str]:
        chance = self.chance
        return [
            "" if chance.random() < 0.05 else chance.choice("abcdefg"),
            str(chance.randrange(2)),
            "" if chance.random() < 0.05 else f"2024-{chance.randrange(1, 4):02}-01",
            str(chance.randrange(4)),
            chance.choice(["", "paid", "sent", "gone", "gone"]),
        ]

    def change(self) -> None:
        """Some files come, change or go."""
        for _ in range(self.chance.randrange(1, 4)):
            folder = f"orders/{self.chance.choice(['north', 'south'])}"
            path = f"{folder}/2024-{self.chance.randrange(1, 4):02}-{self.chance.randrange(2)}.csv"
            if self.chance.random() < 0.25:
                self.files.pop(path, None)
                (self.folder / "in" / path).unlink(missing_ok=True)
                continue
            rows = [self.row() for _ in range(self.chance.randrange(1, 9))]
            if path in self.files and self.chance.random() < 0.5:  # the same without some, or with some more
                rows = [row for row in self.files[path][1] if self.chance.random() < 0.7] + rows[:2]
            self.put(path, rows)

    def put(self, path: str, rows: list[list[str]]) -> None:
        """A file, as a version of its own."""
        self.version += 1
        text = io.StringIO()
        csv.writer(text).writerows([HEADER, *rows])
        place = self.folder / "in" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text.getvalue())
        os.utime(place, ns=(self.version, self.version))
        self.files[path] = (self.version, rows)

    def expect(self, prune: bool, anew: bool) -> None:
        """What the ledger has after a run."""
        if anew:
            self.issued = {}
        listed: dict[str, dict[str, tuple[int, list[list[str]]]]] = {}
        for path, file in self.files.items():
            listed.setdefault(self.unit(path), {})[path] = file
        for unit in {*listed, *self.issued}:
            new, old = listed.get(unit, {}), self.issued.get(unit, {})
            changed = any(old.get(path, (0,))[0] != file[0] for path, file in new.items())
            if changed or (prune and old.keys() - new.keys()):
                self.issued[unit] = new
            if not self.issued.get(unit):
                self.issued.pop(unit, None)

    def versions(self) -> list[dict]:
        """All accepted rows."""
        found = []
        for unit in self.issued.values():
            for path, (_, rows) in unit.items():
                for number, (id, line, at, serial, state) in enumerate(rows, 1):
                    if not id or ("at" in self.dataset.latest and not at):
                        continue
                    where = {
                        "_file": path,
                        "_row": number,
                        "_period": self.period(path),
                        "region": path.split("/")[1],
                    }
                    values = {"id": id, "line": int(line), "at": at or None, "serial": int(serial)}
                    found.append({**values, "state": state or None, **where})
        return found

    def order(self, row: dict) -> tuple:
        first = [row["_period"]] if self.dataset.replaces == "all" else []
        identities = [
            *first,
            *(row[name] for name in self.dataset.latest),
            row["_period"],
            row["_file"],
            row["_row"],
        ]
        return tuple(identities)

    def newest(self) -> dict[tuple, dict]:
        """Of each key the newest version, deleted ones too."""
        rows = self.versions()
        if self.dataset.replaces == "all":
            last: dict[str, str] = {}
            for row in rows:
                last[row["region"]] = max(row["_period"], last.get(row["region"], ""))
            rows = [row for row in rows if row["_period"] == last[row["region"]]]
        found: dict[tuple, dict] = {}
        for row in sorted(rows, key=self.order):
            found[tuple(row[name] for name in self.dataset.key)] = row
        return found

    def time(self, row: dict) -> str:
        return row["at"] if self.dataset.latest else f"{row['_period']}-01"

    def history(self) -> list[dict]:
        """Each version from when to when it held, told step by step."""
        rows = sorted(self.versions(), key=self.order)
        by_key: dict[tuple, list[dict]] = {}
        for row in rows:
            by_key.setdefault(tuple(row[name] for name in self.dataset.key), []).append(row)
        found = []
        for mine in by_key.values():
            states = [(self.time(row), None if self.gone(row) else row) for row in mine]
            if self.dataset.replaces == "all":
                states = []
                there = {row["_period"] for row in rows if row["region"] == mine[0]["region"]}
                for period in sorted(each for each in there if each >= mine[0]["_period"]):
                    last = [row for row in mine if row["_period"] == period][-1:]
                    states += [(self.time(row), None if self.gone(row) else row) for row in last]
                    states += [(f"{period}-01", None)] * (not last)
            found += _spans(states)
        return found

    def gone(self, row: dict) -> bool:
        return bool(self.dataset.deleted) and row["state"] == "gone"

    def run(self, *options: str) -> dict | None:
        self.runs += 1
        definitions = Definitions({"orders": self.dataset}, {each.name: each for each in self.made})
        place = self.folder / "datasets.json"
        place.write_text(datasets.write(definitions))
        out = self.folder / "out"
        where = [
            f"--input={self.folder}/in",
            f"--output={out}",
            f"--definitions={place}",
            f"--run=r{self.runs}",
        ]
        prepare_datasets.main([*where, *options])
        runs = out / "runs" / f"r{self.runs}"
        if not json.loads((runs / "decision.json").read_text())["proceed"]:
            return None
        load.main([*where, f"--plan={runs / 'plan.json'}", "--catalog=glue:db", f"--engine={self.engine}"])
        assert not [path for path in (runs / "parts").rglob("*") if path.is_file()]
        return json.loads((runs / "summary.json").read_text())


def _spans(states: list[tuple[str, dict | None]]) -> list[dict]:
    """``states`` of a key in their order, each with its time → the rows of a history."""
    timed: dict[str, dict | None] = {}
    latest = ""
    for time, row in states:
        latest = max(latest, time)
        timed[latest] = row
    found: list[dict] = []
    before: list | None = None
    for time, row in timed.items():
        values = None if row is None else [row[name] for name in (*HEADER, "region")]
        if values == before:
            continue
        if before is not None:
            found[-1]["valid_to"] = time
        if row is not None:
            found.append({**row, "valid_from": time, "valid_to": None})
        before = values
    return found


def identities(rows: list[dict], *more: str) -> list[tuple]:
    names = ("id", "line", "at", "serial", "state", "_file", "_row", "_period", "region", *more)
    return sorted(tuple(str(row[name]) if row[name] is not None else "" for name in names) for row in rows)


def published(at, name: str) -> list[dict]:
    table = at.find(name)
    return [] if table is None else table.scan().to_arrow().to_pylist()


def made_dataset(chance: random.Random) -> Dataset:
    latest = chance.choice([("at",), ("at", "serial"), ("serial",), ()])
    key = chance.choice([*KEYS.values()])
    replaces = chance.choice(["file", "file", "period", "all"])
    history = latest[:1] != ("serial",) and chance.random() < 0.6
    return Dataset(
        "orders",
        ("orders/{region}/{year}-{month}-*.csv",),
        Format("csv"),
        COLUMNS,
        replaces=replaces,
        partition=chance.choice([(), (), ("month(at)",), ("bucket(2, id)", "region"), ("state",)]),
        rules=dict.fromkeys(OFF, "off"),
        key=(*key, "region") if history and replaces == "all" else key,
        latest=latest,
        deleted=chance.choice(["", "state = 'gone'", "state = 'gone'"]),
        history=history,
    )


def changed(chance: random.Random, dataset: Dataset) -> Dataset:
    """Another definition: of the key, of what is newest or of what is deleted."""
    other = made_dataset(chance)
    what = chance.choice([("deleted",), ("key", "replaces", "latest", "history")])
    return replace(dataset, **{name: getattr(other, name) for name in what})


def check(world: World, at, summary: dict | None) -> None:
    """Every table has what it should have, and the accepted versions add up."""
    newest = world.newest()
    current = [row for row in newest.values() if not world.gone(row)]
    assert identities(published(at, "orders_versions")) == identities(world.versions())
    assert identities(published(at, "orders")) == identities(current)
    if world.dataset.history:
        spans = [
            {**row, **{name: row[name] and str(row[name])[:10] for name in ("valid_from", "valid_to")}}
            for row in published(at, "orders_history")
        ]
        assert identities(spans, "valid_from", "valid_to") == identities(
            world.history(), "valid_from", "valid_to"
        )
    if summary is None or at.find("orders") is None:
        return
    count = len(world.versions())
    superseded = count - len(newest)
    assert summary["versions"]["orders"] == {
        "accepted": count,
        "current": len(current),
        "superseded": superseded,
        "deleted": len(newest) - len(current),
    }
    if world.made:
        check_made(world, at, len(current))


def check_made(world: World, at, current: int) -> None:
    """What is made of the data set follows it. ``current``: how many rows its table has."""
    by_state: dict[str | None, list[int]] = defaultdict(list)
    for row in world.versions():
        by_state[row["state"]].append(row["_row"])
    found = {row["state"]: (row["n"], row["least"]) for row in published(at, "by_state")}
    assert found == {state: (len(rows), min(rows)) for state, rows in by_state.items()}
    assert published(at, "counted") == [{"n": current}]


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("keyed")))
def test_a_data_set_with_a_key_has_the_newest_of_each(attempt, tmp_path, monkeypatch):
    """Whatever happens to its files and its definition, on one machine and, every other time, by buckets of the key on
    several; a run that has nothing to do commits nothing. In every fifth history tables are made of the data set.
    """
    share(monkeypatch)
    chance = random.Random(f"{SEED}-keyed-{attempt}")
    at = catalog.connect(tmp_path / "out")
    monkeypatch.setattr(tables, "connect", lambda *_: at)
    monkeypatch.setattr(small_files, "MOST", 2)
    (tmp_path / "in").mkdir()
    engine = ("duckdb", "spark")[attempt % 2]
    world = World(tmp_path, chance, made_dataset(chance), engine=engine, made=() if attempt % 5 else TABLES)
    monkeypatch.setattr(spark_session, "started", lambda _: nullcontext(Executors()))
    for most in ("MANY_ROWS", "MOST_ROWS"):
        monkeypatch.setattr(keyed, most, chance.choice([0, 10, 1000]))
    monkeypatch.setattr(keyed_files, "COPIED_BYTES", chance.choice([0, 1 << 30]))
    for _ in range(chance.randrange(3, 5 + 2 * SOAK)):
        world.change()
        prune, anew = chance.random() < 0.3, False
        options = [f"--prune={str(prune).lower()}"]
        if world.issued and chance.random() < 0.2:
            before, world.dataset = world.dataset, changed(chance, world.dataset)
            if before.definition != world.dataset.definition:
                assert world.run() is None
                anew = prune or not any(old.keys() - world.files.keys() for old in world.issued.values())
                if not anew:  # rows of files that have gone would be lost: the old definition stays
                    world.dataset = before
                options += ["--rebuild=orders"] * anew
        world.expect(prune, anew)
        summary = world.run(*options)
        check(world, at, summary)
        commits = {
            name: len(at.find(name).snapshots()) for name in ("orders", "orders_versions") if at.find(name)
        }
        assert world.run() is None
        assert commits == {name: len(at.find(name).snapshots()) for name in commits}


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        ("timestamptz", "2024-01-01T00:00:00Z", "2024-01-01T01:00:00+01:00"),
        ("decimal(10,2)", "1.5", "1.50"),
        ("boolean", "true", "TRUE"),
    ],
)
def test_a_key_of_another_type_is_looked_up(kind, first, second, tmp_path, monkeypatch):
    """Of a time with a zone, too, which DuckDB gives to Python only where pytz is installed."""
    share(monkeypatch)
    at = catalog.connect(tmp_path / "out")
    monkeypatch.setattr(tables, "connect", lambda *_: at)
    columns = (Column("id", kind), Column("state", "string"))
    keyed_by = {"key": ("id",), "rules": dict.fromkeys(OFF, "off")}
    dataset = Dataset("orders", ("{year}.csv",), Format("csv"), columns, **keyed_by)
    world = World(tmp_path, random.Random(SEED), dataset, made=())
    (tmp_path / "in").mkdir()
    for year, written, state in [(2024, first, "new"), (2025, second, "paid")]:
        (tmp_path / "in" / f"{year}.csv").write_text(f"id,state\n{written},{state}\n")
        summary = world.run()
    assert [row["state"] for row in published(at, "orders")] == ["paid"]
    assert summary["versions"]["orders"]["superseded"] == 1


def test_a_rival_that_commits_between_look_and_commit_is_seen(tmp_path, monkeypatch):
    """It publishes the same change: what was looked up before is not added a second time."""
    share(monkeypatch)
    at = catalog.connect(tmp_path / "out")
    monkeypatch.setattr(tables, "connect", lambda *_: at)
    (tmp_path / "in").mkdir()
    dataset = replace(made_dataset(random.Random(SEED)), replaces="file", key=("id",), latest=("serial",))
    world = World(tmp_path, random.Random(SEED), replace(dataset, deleted="", history=False), made=())
    world.put("orders/north/2024-01-0.csv", [["a", "0", "", "1", "paid"], ["b", "0", "", "1", "paid"]])
    world.expect(False, False)
    world.run()
    looked_up, hows = keyed._Work.by_keys, []

    def by_keys(work, before):
        how = looked_up(work, before)
        hows.append(how)
        if len(hows) == 1:
            assert keyed.refresh(work.at, work.table, {}).committed
        return how

    monkeypatch.setattr(keyed._Work, "by_keys", by_keys)
    world.put("orders/north/2024-01-1.csv", [["a", "0", "", "2", "sent"], ["c", "0", "", "1", "paid"]])
    world.expect(False, False)
    summary = world.run()
    check(world, at, summary)
    assert hows == ["keys", "keys"]
    assert len(at.find("orders").snapshots()) == 2
