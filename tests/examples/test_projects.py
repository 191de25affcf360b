"""examples/weather, orders and customers: projects of YAML and SQL, which do what their READMEs show."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from paths import ROOT
from randomness import SOAK
from system.project import Project

from data_pipeline.cli.commands.create import columns_lines
from data_pipeline.cli.main import status_of
from data_pipeline.core.loading.load import load_all
from data_pipeline.core.problems import ConfigurationError
from data_pipeline.etl.documents import datasets
from data_pipeline.etl.jobs import load
from data_pipeline.project.definitions import load_definitions

#: example → the data set that its README tries, a part of the sample's files, rows read and refused of these.
EXAMPLES = {
    "weather": ("observations", "hill/2025-06.csv", 30, {"upside-down": 1}),
    "orders": ("orders", "orders/2026/01/09/*", 11, {"no-lines": 1}),
    "customers": ("customers", "customers/2026/02/11.json", 4, {"no-key": 1}),
}
MOST_LINES = 55


class Example(Project):
    """A copy of an example in which commands are typed."""

    def __init__(self, root: Path, name: str) -> None:
        self.root = root
        shutil.copytree(ROOT / "examples" / name, root, ignore=shutil.ignore_patterns(".local", "templates"))


class Tables:
    """What a run without AWS makes of the sample of an example, below ``folder``."""

    def __init__(self, folder: Path, name: str) -> None:
        self.sample, self.output = ROOT / "examples" / name / "sample", folder / "out"
        root = Example(folder / name, name).root
        place = folder / "datasets.json"
        place.write_text(datasets.write(load_definitions(root, load_all(root)["local"])))
        load.main([f"--input={self.sample}", f"--output={self.output}", f"--definitions={place}"])

    def events(self) -> list[dict[str, Any]]:
        """Every line of the sample."""
        texts = (path.read_text(encoding="utf-8") for path in self.sample.rglob("*.json*"))
        return [json.loads(line) for text in texts for line in text.splitlines()]

    def pairs(self, table: str, key: str, value: str, more: str = "") -> dict[Any, Any]:
        """Two columns of a table."""
        with duckdb.connect() as db:
            query = f"SELECT {key}, {value} FROM '{self.output / table}.parquet' {more}"
            return dict(db.execute(query).fetchall())


@pytest.mark.parametrize("name", EXAMPLES)
def test_they_are_short_and_without_python(name: str) -> None:
    """Lines that say something: neither blank nor a comment."""
    files = [
        path
        for path in (ROOT / "examples" / name).rglob("*")
        if path.is_file() and "sample" not in path.parts
    ]
    files = [path for path in files if not {".local", "templates"} & {*path.parts}]
    assert {path.suffix for path in files} == {".md", ".yaml", ".sql"}
    texts = [path.read_text(encoding="utf-8") for path in files if path.suffix != ".md"]
    lines = [line for text in texts for line in text.splitlines()]
    assert (
        len([line for line in lines if line.strip() and not line.strip().startswith(("#", "--"))])
        <= MOST_LINES
    )


@pytest.mark.parametrize("name", EXAMPLES)
def test_they_are_what_create_takes(name: str, tmp_path: Path) -> None:
    """Data sets, tables, feature groups and training sets, with their SQL."""
    made = Example(tmp_path / name, name)
    env = load_all(made.root)["local"]
    said = [line.partition(":")[0] for line in columns_lines(made.root, [env])]
    found = load_definitions(made.root, env)
    names = [table for dataset in found.datasets.values() for table in dataset.tables]
    assert said == [f"publishes {table}" for table in (*names, *env.tables)]


def test_a_part_of_a_sample_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The one with nested JSON: a refused row and the tables that follow."""
    dataset, part, rows, refused = EXAMPLES["orders"]
    monkeypatch.chdir(Example(tmp_path / "orders", "orders").root)
    assert status_of("data-pipeline", ["try", dataset, "sample", "--file", part, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["rows"]["read"], found["reasons"]) == (rows, refused)
    names = ["orders_versions", "orders_history", "customer_days", "customer_totals"]
    assert [table["name"] for table in found["tables"]] == names


def test_what_was_known_may_not_come_from_what_holds_now(tmp_path: Path) -> None:
    """The features of the orders, made of the newest version of each, are refused."""
    made = Example(tmp_path / "orders", "orders")
    place = made.root / "jobs" / "customer_totals.sql"
    place.write_text(place.read_text(encoding="utf-8").replace("orders_versions", "orders"), encoding="utf-8")
    with pytest.raises(
        ConfigurationError, match="'customers', whose table 'customer_totals' has only the newest"
    ):
        load_definitions(made.root, load_all(made.root)["local"])


def test_orders_and_their_customers_are_what_the_events_say(tmp_path: Path) -> None:
    """Each order as it is now, and what each customer had spent at each moment, by plain loops over the events."""
    made = Tables(tmp_path, "orders")
    worth: dict[str, Decimal] = {}
    spent: dict[str, Decimal] = defaultdict(Decimal)
    totals, statuses = {}, {}
    for event in sorted(made.events(), key=lambda event: event["updated_at"]):
        if event["lines"]:
            order, customer = event["order_id"], event["customer"]["id"]
            now = sum((line["quantity"] * Decimal(line["price"]) for line in event["lines"]), Decimal(0))
            now = Decimal(0) if event["status"] == "cancelled" else now
            spent[customer] += now - worth.get(order, Decimal(0))
            worth[order], statuses[order] = now, event["status"]
            totals[customer, datetime.fromisoformat(event["updated_at"]).timestamp()] = spent[customer]
    assert made.pairs("customer_totals", "(customer_id, epoch(updated_at))", "spent") == totals
    standing = {order: status for order, status in statuses.items() if status != "cancelled"}
    assert made.pairs("orders", "order_id", "status") == standing
    assert len(standing) == 122


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="as the test of the orders: `make soak` makes it")
def test_customers_are_what_the_feed_says(tmp_path: Path) -> None:
    """The database's table, by a plain loop over the feed; those who have left end in the history."""
    made = Tables(tmp_path, "customers")
    now: dict[int, str] = {}
    gone = set()
    for event in sorted(made.events(), key=lambda event: event["source"]["lsn"]):
        if event["op"] == "d":
            number = event["before"]["customer_id"]
            gone.add(number)
            del now[number]
        elif event["after"]:
            now[event["after"]["customer_id"]] = event["after"]["plan"]
    assert made.pairs("customers", "customer_id", "plan") == now
    ended = made.pairs("customers_history", "customer_id", "bool_or(valid_to IS NULL)", "GROUP BY 1")
    assert {number for number, holds in ended.items() if not holds} == gone - now.keys()
    assert len(gone - now.keys()) == 34


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="a deployment and a run of each: `make soak` makes them")
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_readme_word_for_word(name: str, tmp_path: Path) -> None:
    """Every command of it, and what it shows of their output."""
    readme = (ROOT / "examples" / name / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```bash\n(.*?)```", readme, re.DOTALL)
    shown = re.findall(r"```\n(.*?)```", readme.partition(block)[2], re.DOTALL)
    project = Example(tmp_path / name, name)
    try:
        done = [project.ok(*shlex.split(line, comments=True)) for line in block.splitlines()]
        said = "".join(each.out + each.err for each in done)
        assert [text for text in shown if text.strip() and text not in said] == []
        reason, count = next(iter(EXAMPLES[name][3].items()))
        assert f"{reason} {count}" in said
    finally:
        project.down()
