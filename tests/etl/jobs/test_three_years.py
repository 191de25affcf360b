"""A data set that is read every day for three years: how many files its tables have, and what they hold."""

from __future__ import annotations

import csv
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from one_database import share
from randomness import SEED, SOAK

from data_pipeline.etl.documents import datasets
from data_pipeline.etl.documents.datasets import Column, Dataset, Definitions, Format
from data_pipeline.etl.jobs import load, prepare_datasets
from data_pipeline.etl.publishing import tables
from data_pipeline.etl.rehearsal import catalog

ORDERS = Dataset(
    "orders",
    ("orders-{year}-{month}-{day}.csv",),
    Format("csv"),
    (Column("id", "long"), Column("serial", "long"), Column("state", "string")),
)
KEYED = replace(ORDERS, key=("id",), latest=("serial",), deleted="state = 'gone'")
FIRST, NEW = date(2024, 1, 1), 20
MOST_FILES = 40
"""What a table may have: a file for each of 36 months, and a few that are not yet put together."""


def days(chance: random.Random, count: int) -> Iterator[list[tuple[int, int, str]]]:
    """Each day's rows: new orders, some that are changed within a week, and one of any day."""
    serial = 0
    for day in range(count):
        first = day * NEW
        late = [chance.randrange(max(0, first - 7 * NEW), first + 1) for _ in range(4)] + [
            chance.randrange(first + 1)
        ]
        rows = [(id, "open") for id in range(first, first + NEW)]
        rows += [(id, chance.choice(["paid", "sent", "gone"])) for id in late]
        yield [(id, serial + number, state) for number, (id, state) in enumerate(rows)]
        serial += len(rows)


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="a run of each of a thousand days: make soak")
@pytest.mark.parametrize("dataset", [ORDERS, KEYED], ids=["no key", "key"])
def test_a_run_each_day_leaves_few_files(dataset, tmp_path, monkeypatch, record_property):
    share(monkeypatch)
    at = catalog.connect(tmp_path / "out")
    monkeypatch.setattr(tables, "connect", lambda *_: at)
    definitions = tmp_path / "datasets.json"
    definitions.write_text(datasets.write(Definitions({"orders": dataset})))
    (tmp_path / "in").mkdir()
    most: Counter[str] = Counter()
    read: list[tuple[int, int, str]] = []
    for number, rows in enumerate(days(random.Random(f"{SEED}-three-years"), 3 * 365 + 1)):
        run(tmp_path, definitions, FIRST + timedelta(days=number), rows)
        read += rows
        for name in {dataset.name, dataset.versions}:
            table = at.find(name)
            most[name] = max(most[name], len(tables.files_in(table, table.current_snapshot())))
            assert most[name] <= MOST_FILES
    record_property("most files", dict(most))
    newest = {id: (id, serial, state) for id, serial, state in read}
    current = [row for row in newest.values() if row[2] != "gone"] if dataset.key else read
    assert held(at, "orders") == sorted(current)
    assert held(at, dataset.versions) == sorted(read)


def held(at: tables.Tables, name: str) -> list[tuple[int, int, str]]:
    """The rows of a table."""
    rows = at.find(name).scan().to_arrow().to_pylist()
    return sorted((row["id"], row["serial"], row["state"]) for row in rows)


def run(folder: Path, definitions: Path, day: date, rows: list[tuple[int, int, str]]) -> None:
    """The run of a day, with its one new file."""
    with (folder / "in" / f"orders-{day}.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("id", "serial", "state"), *rows])
    where = [f"--input={folder}/in", f"--output={folder}/out", f"--definitions={definitions}", f"--run={day}"]
    prepare_datasets.main(where)
    load.main([*where, f"--plan={folder}/out/runs/{day}/plan.json", "--catalog=glue:db"])
