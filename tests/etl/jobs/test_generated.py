"""Generated data sets of every format, files with faults, re-issues, prunes and changed definitions in random order:
after each run the table has what a reading of the files by Python alone gives.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from etl.jobs import generated_files
from etl.jobs.generated_files import FORMS, Content
from etl.reading.test_casts import plain
from etl.reading.test_json_random import alike
from randomness import SEED, times

from data_pipeline.etl.documents import datasets
from data_pipeline.etl.documents.datasets import Dataset, Definitions, Table
from data_pipeline.etl.jobs import load, prepare_datasets
from data_pipeline.etl.publishing import tables
from data_pipeline.etl.rehearsal import catalog


@dataclass
class World:
    """An input of files in a folder, the data set that they are of, and what its table should have: unit → its rows.
    ``issued``: unit → path → version that the table has.
    """

    folder: Path
    chance: random.Random
    dataset: Dataset
    form: str
    files: dict[str, tuple[int, Content]] = field(default_factory=dict)
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
            path = f"orders/{self.chance.choice(['north', 'south'])}/2024-{month}-{part}.{self.form}"
            place = self.folder / "in" / path
            if self.chance.random() < 0.3:
                self.files.pop(path, None)
                place.unlink(missing_ok=True)
                continue
            self.version += 1
            place.parent.mkdir(parents=True, exist_ok=True)
            self.files[path] = (self.version, generated_files.write(self.chance, self.dataset, place))
            os.utime(place, ns=(self.version, self.version))

    @property
    def broken(self) -> bool:
        return any(content.broken for _, content in self.files.values())

    def read(self, path: str) -> list[tuple]:
        """The accepted rows of a file: their number and values."""
        rows, _ = self.files[path][1].read(self.dataset)
        return [(path, number, *values) for number, values in rows]

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
            if any(self.files[path][1].broken for path in new):
                continue
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
        table = at.find("orders").scan().to_arrow()
        names = ["_file", "_row", *(column.name for column in self.dataset.columns)]
        return sorted(zip(*(plain(table[name]) for name in names), strict=True), key=_place)

    def expected(self) -> list[tuple]:
        found = (row for files in self.table.values() for rows in files.values() for row in rows)
        return sorted(found, key=_place)


def _place(row: tuple) -> tuple:
    return row[:2]


def made_dataset(chance: random.Random, form: str) -> Dataset:
    read = generated_files.random_columns(chance, form)
    partition = (
        ("_period",) if chance.random() < 0.3 else ("bucket(2, _row)",) if chance.random() < 0.3 else ()
    )
    return Dataset(
        "orders",
        (f"orders/{{region}}/{{year}}-{{month}}-*.{form}",),
        read.format,
        read.columns,
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
    form = FORMS[attempt % len(FORMS)]
    world = World(tmp_path, chance, made_dataset(chance, form), form)
    for _ in range(chance.randrange(3, 6)):
        world.change()
        prune, again, anew = chance.random() < 0.3, chance.random() < 0.2, False
        options = [f"--prune={str(prune).lower()}", f"--reprocess={str(again).lower()}"]
        if world.runs and at.find("orders") and not world.broken and chance.random() < 0.25:
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
            published, expected = world.published(at), world.expected()
            assert list(map(_place, published)) == list(map(_place, expected))
            for one, other in zip(published, expected, strict=True):
                assert alike(list(one), list(other)), (one, other)
            counted = at.find("counted")
            made = counted.scan().to_arrow().to_pylist() if counted else [{"n": 0}]
            assert made == [{"n": len(world.expected())}]
        for file in summary["files"] if summary else ():
            content = world.files[file["source"]][1]
            assert bool(file.get("error")) == content.broken
            if not content.broken:
                good, refused = content.read(world.dataset)
                counts = (file["rows_read"], file["rows_counted"], file["rows_quarantined"])
                assert counts == (len(good) + len(refused), len(good), len(refused))
                assert file["reasons"] == Counter(refused.values())
        commits = len(at.find("orders").snapshots()) if at.find("orders") else 0
        assert world.run(at) is None or world.broken
        assert commits == (len(at.find("orders").snapshots()) if at.find("orders") else 0)
