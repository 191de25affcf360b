"""Generated data sets, files with faults, re-issues, prunes and changed definitions in random order: after each run the
table has what a reading of the files by Python's csv module and decimal gives.
"""

from __future__ import annotations

import csv
import io
import json
import os
import random
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pytest
from randomness import SEED, times

from data_pipeline.etl.documents import datasets
from data_pipeline.etl.documents.datasets import Column, Dataset, Definitions, Format, Table
from data_pipeline.etl.jobs import load, prepare_datasets
from data_pipeline.etl.publishing import tables
from data_pipeline.etl.rehearsal import catalog

TYPES = ("long", "string", "decimal(9,2)", "date", "boolean")


def made_value(chance: random.Random, kind: str) -> str:
    """A text that is right for a type, or sometimes none."""
    if chance.random() < 0.08:
        return chance.choice(["", "?", "1.234", "1e2", "2024-02-30", " 1", "99999999999999999999"])
    if kind == "long":
        return str(chance.randrange(-(10**6), 10**6))
    if kind == "decimal(9,2)":
        return str(Decimal(chance.randrange(-(10**6), 10**6)).scaleb(-2))
    if kind == "date":
        return str(date(2024, 1, 1) + timedelta(days=chance.randrange(400)))
    if kind == "boolean":
        return chance.choice(["true", "false"])
    return chance.choice(["a", "b c", 'quoted "x"', "a,b", "ü", "line\nbreak"])


def right(text: str, column: Column) -> tuple[bool, object]:
    """Whether a text is a value of the column, and the value."""
    if text == "":
        return column.nullable, None
    kind = column.type
    try:
        if kind == "string":
            return True, text
        if kind == "long":
            whole = Decimal(text.strip())
            return whole == int(whole) and -(2**63) <= whole < 2**63, int(whole)
        if kind == "boolean":
            return text in ("true", "false"), text == "true"
        if kind == "date":
            return len(text) == 10, date.fromisoformat(text)
        number = Decimal(text.strip())
        return number == round(number, 2) and abs(number) < 10**7, round(number, 2)
    except (ValueError, InvalidOperation):
        return False, None


@dataclass
class World:
    """An input of files in a folder, the data set that they are of, and what its table should have: unit → its rows.
    ``issued``: unit → path → version that the table has.
    """

    folder: Path
    chance: random.Random
    dataset: Dataset
    files: dict[str, tuple[int, list[list[str]]]] = field(default_factory=dict)
    table: dict[tuple[str, ...], dict[str, list[tuple]]] = field(default_factory=dict)
    issued: dict[tuple[str, ...], dict[str, int]] = field(default_factory=dict)
    version: int = 0
    runs: int = 0

    def unit(self, path: str) -> tuple[str, ...]:
        _, region, name = path.split("/")
        return {"file": (path,), "period": (region, name[:7]), "all": (region,)}[self.dataset.replaces]

    def change(self) -> None:
        """Some files come, change or go."""
        for _ in range(self.chance.randrange(4)):
            month, part = self.chance.randrange(11, 13), self.chance.randrange(2)
            path = f"orders/{self.chance.choice(['north', 'south'])}/2024-{month}-{part}.csv"
            if self.chance.random() < 0.3:
                self.files.pop(path, None)
                (self.folder / "in" / path).unlink(missing_ok=True)
                continue
            self.version += 1
            names = [column.name for column in self.dataset.columns]
            rows = []
            for _ in range(self.chance.randrange(0, 12)):
                row = [made_value(self.chance, column.type) for column in self.dataset.columns]
                if self.chance.random() < 0.05:
                    row = row[:-1] if self.chance.random() < 0.5 else [*row, "more"]
                rows.append(row)
            text = io.StringIO()
            csv.writer(text, lineterminator=self.chance.choice(["\n", "\r\n"])).writerows([names, *rows])
            place = self.folder / "in" / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(text.getvalue().encode())
            os.utime(place, ns=(self.version, self.version))
            self.files[path] = (self.version, rows)

    def read(self, path: str) -> list[tuple]:
        """The accepted rows of a file: their number and values."""
        found = []
        for number, row in enumerate(self.files[path][1], 1):
            if len(row) != len(self.dataset.columns):
                continue
            values = [right(text, column) for text, column in zip(row, self.dataset.columns, strict=True)]
            if all(ok for ok, _ in values):
                found.append((path, number, *(value for _, value in values)))
        return found

    def expect(self, prune: bool, again: bool, anew: bool) -> None:
        """What the table should have after a run."""
        listed: dict[tuple[str, ...], dict[str, int]] = {}
        for path, (version, _) in self.files.items():
            listed.setdefault(self.unit(path), {})[path] = version
        if anew:
            self.table, self.issued = {}, {}
        for unit in {*listed, *self.issued}:
            new, old = listed.get(unit, {}), self.issued.get(unit, {})
            if self.dataset.replaces == "all" and new:
                newest = max(path.split("/")[2][:7] for path in new)
                every, new = new, {path: v for path, v in new.items() if path.split("/")[2][:7] == newest}
                before = max((path.split("/")[2][:7] for path in old), default="")
                if newest < before and not (prune and old.keys() - every.keys()):
                    continue
            lost = old.keys() - self.files.keys()
            changed = any(old.get(path) != version for path, version in new.items())
            if (new and (changed or (again and not lost))) or (prune and lost):
                self.issued[unit] = new
                self.table[unit] = {path: self.read(path) for path in new}
            if not self.issued.get(unit):
                self.issued.pop(unit, None)
                self.table.pop(unit, None)

    def run(self, at, *options: str) -> dict | None:
        self.runs += 1
        definitions = Definitions(
            {"orders": self.dataset},
            {"counted": Table("counted", "SELECT count(*) AS n FROM orders", ("orders",))},
        )
        place = self.folder / "datasets.json"
        place.write_text(datasets.write(definitions))
        where = [
            f"--input={self.folder}/in",
            f"--output={self.folder}/out",
            f"--definitions={place}",
            f"--run=r{self.runs}",
        ]
        prepare_datasets.main([*where, *options])
        runs = self.folder / "out" / "runs" / f"r{self.runs}"
        if not json.loads((runs / "decision.json").read_text())["proceed"]:
            return None
        load.main([*where, f"--plan={runs / 'plan.json'}", "--catalog=glue:db"])
        return json.loads((runs / "summary.json").read_text())

    def published(self, at) -> list[tuple]:
        names = [column.name for column in self.dataset.columns]
        rows = at.find("orders").scan().to_arrow().to_pylist()
        return sorted(((row["_file"], row["_row"], *(row[name] for name in names)) for row in rows), key=str)

    def expected(self) -> list[tuple]:
        return sorted(
            (row for files in self.table.values() for rows in files.values() for row in rows), key=str
        )


def made_dataset(chance: random.Random) -> Dataset:
    columns = tuple(
        Column(f"c{n}", chance.choice(TYPES), nullable=chance.random() < 0.5)
        for n in range(chance.randrange(2, 5))
    )
    partition = (
        ("_period",) if chance.random() < 0.3 else ("bucket(2, _row)",) if chance.random() < 0.3 else ()
    )
    return Dataset(
        "orders",
        ("orders/{region}/{year}-{month}-*.csv",),
        Format("csv"),
        columns,
        replaces=chance.choice(["file", "period", "all"]),
        partition=partition,
        rules=dict.fromkeys(
            ("quarantined-share", "unreadable-files", "rows-of-earlier-issue", "rows-of-median"), "off"
        ),
    )


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("datasets")))
def test_a_generated_data_set_has_what_its_files_have(attempt, tmp_path, monkeypatch):
    """Whatever happens to its files and its definition; rows of every file add up; nothing is committed twice."""
    chance = random.Random(f"{SEED}-datasets-{attempt}")
    at = catalog.connect(tmp_path / "out")
    monkeypatch.setattr(tables, "connect", lambda *_: at)
    (tmp_path / "in").mkdir()
    world = World(tmp_path, chance, made_dataset(chance))
    for _ in range(chance.randrange(3, 6)):
        world.change()
        prune, again, anew = chance.random() < 0.3, chance.random() < 0.2, False
        options = [f"--prune={str(prune).lower()}", f"--reprocess={str(again).lower()}"]
        if world.runs and at.find("orders") and chance.random() < 0.25:
            columns = world.dataset.columns
            number = chance.randrange(len(columns))
            changed = replace(columns[number], nullable=not columns[number].nullable)
            world.dataset = replace(
                world.dataset, columns=(*columns[:number], changed, *columns[number + 1 :])
            )
            assert world.run(at) is None
            anew = prune or not any(old.keys() - world.files.keys() for old in world.issued.values())
            options.append("--rebuild=orders" if anew else "--from-now-on=orders")
        world.expect(prune, again, anew)
        summary = world.run(at, *options)
        if at.find("orders") is not None:
            assert world.published(at) == world.expected()
            counted = at.find("counted")
            made = counted.scan().to_arrow().to_pylist() if counted else [{"n": 0}]
            assert made == [{"n": len(world.expected())}]
        for file in summary["files"] if summary else ():
            rows = world.files[file["source"]][1]
            accepted = len(world.read(file["source"]))
            assert file["rows_read"] == len(rows) == file["rows_counted"] + file["rows_quarantined"]
            assert (file["rows_counted"], sum(file["reasons"].values())) == (accepted, len(rows) - accepted)
        commits = len(at.find("orders").snapshots()) if at.find("orders") else 0
        assert world.run(at) is None
        assert commits == (len(at.find("orders").snapshots()) if at.find("orders") else 0)
