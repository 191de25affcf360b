"""Each kind of bad data set and table, with the whole message that a user reads; and what is right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from data_pipeline.cli.commands.create import _own_code
from data_pipeline.core.config.definitions import definition_of_format, definitions
from data_pipeline.core.loading import dataset_files
from data_pipeline.core.loading.load import load_environment
from data_pipeline.etl.documents import datasets as documents
from data_pipeline.etl.documents.datasets import Column, Dataset, Format, Series, Table
from tests.core.config_project import message
from tests.core.loading.dataset_project import cases, shop

CASES = cases("dataset_messages.txt")

RIGHT = """\
datasets:
  orders:
    files: ["orders/{year}/{month}/{day}/{shop:north|south}-*.csv.gz", "late/{shop:east}_{year}{month:02}{day:02}.csv"]
    replaces: period
    delimiter: ";"
    nulls: ["", "NA"]
    encoding: windows-1252
    decimal: ","
    timestamp_format: "%d.%m.%Y %H:%M"
    timezone: Europe/Berlin
    columns:
      order_id: string order id
      ordered_at: timestamptz ts
      amount: {type: "decimal(12, 2)", default: "0,00", comment: "before tax", from: [amount, total]}
      lines: {type: "int?", default: 0, was: positions}
      mail: {type: string, pii: hash}
      token: {type: string, pii: drop}
    checks:
      negative-amount: amount >= 0
    partition: [month(ordered_at), "bucket(16, order_id)", shop]
    rules: {unreadable-files: fail 0, "accepted(shop, [north, south])": warn, rows-of-median: warn 0.3}
    series: {time: ordered_at, step: 1 hour, by: [shop], weight: amount}
    reissues: corrections
    comment: All orders.
    export: orders.parquet
    quarantine_limit: 5
  weather:
    files: [weather/*.tsv]
    columns: columns/orders.yaml
    read: shop.reader:Reader
    options: {strict: true}
  sensors:
    files: sensors/{year}-{month}.jsonl.zst
    replaces: file
    columns:
      at: timestamp
      tags: ["string?"]
      place:
        struct?:
          lat: double
          long: double?
      other: {type: {"list?": {struct: {x: int}}}, comment: further values}
    sql: orders.sql
    comments: {hours: of the day}
    partition: day(hours)
tables:
  customers:
    sql: customers.sql
    partition: month(day)
    follows: {orders: day(ordered_at)}
    reach: 29 days
"""


def test_there_are_many_kinds() -> None:
    """More than 120 kinds of bad definitions, each refused for a reason of its own."""
    assert len(CASES) > 120
    kinds = {
        re.sub(r"'[^']*'|\{[^}]*\}|[0-9]+", "…", said.partition(": found ")[2]) for _, said in CASES.values()
    }
    assert len(kinds) > 110


@pytest.mark.parametrize("case", CASES)
def test_a_bad_definition_is_refused(case: str, tmp_path: Path) -> None:
    """It is told with file and line, what was found, and what is meant."""
    content, expected = CASES[case]
    assert message(shop(tmp_path / "p", content)) == expected


def test_what_is_right_becomes_the_definitions_that_jobs_read(tmp_path: Path) -> None:
    """Every key of the configuration arrives in the document, and the document is read as it was written."""
    env = load_environment(shop(tmp_path / "p", RIGHT), "dev")
    sql = {"orders.sql": "SELECT at AS hours FROM sensors", "customers.sql": "SELECT day FROM orders"}
    found = definitions(env.datasets, env.tables, sql, {"customers": ("orders",)})
    assert documents.read(documents.write(found), "here") == found
    assert list(found.datasets) == ["orders", "weather", "sensors"]
    assert found.datasets["orders"] == Dataset(
        "orders",
        (
            "orders/{year}/{month}/{day}/{shop:north|south}-*.csv.gz",
            "late/{shop:east}_{year}{month:02}{day:02}.csv",
        ),
        Format(
            "csv",
            delimiter=";",
            nulls=("", "NA"),
            encoding="windows-1252",
            decimal=",",
            timestamp="%d.%m.%Y %H:%M",
            timezone="Europe/Berlin",
        ),
        (
            Column("order_id", "string", named=("order id",)),
            Column("ordered_at", "timestamptz", named=("ts",)),
            Column(
                "amount", "decimal(12,2)", named=("amount", "total"), default="0,00", comment="before tax"
            ),
            Column("lines", "int", True, default="0", was="positions"),
            Column("mail", "string", pii="hash"),
            Column("token", "string", pii="drop"),
        ),
        replaces="period",
        checks={"negative-amount": "amount >= 0"},
        partition=("month(ordered_at)", "bucket(16, order_id)", "shop"),
        rules={
            "unreadable-files": "fail 0",
            "accepted(shop, [north, south])": "warn",
            "rows-of-median": "warn 0.3",
        },
        reissues="corrections",
        comment="All orders.",
        comments={"amount": "before tax"},
        export="orders.parquet",
        quarantine_limit=5,
        series=Series("ordered_at", 60, ("shop",), "month", "amount"),
    )
    weather, sensors = found.datasets["weather"], found.datasets["sensors"]
    assert weather.format == Format("csv", delimiter="\t")
    assert [(each.name, each.type) for each in weather.columns] == [
        ("id", "string"),
        ("amount", "decimal(12,2)"),
    ]
    assert (weather.reader, weather.options) == ("shop.reader:Reader", {"strict": "true"})
    assert [(each.type, each.nullable) for each in sensors.columns] == [
        ("timestamp", False),
        ("list<string?>", False),
        ("struct<lat:double,long:double?>", True),
        ("list<struct<x:int>>", True),
    ]
    assert (sensors.sql, sensors.comments) == (
        sql["orders.sql"],
        {"other": "further values", "hours": "of the day"},
    )
    assert found.tables["customers"] == Table(
        "customers", sql["customers.sql"], ("orders",), ("month(day)",), {"orders": "day(ordered_at)"}, 29
    )


def test_data_may_be_left_out(tmp_path: Path) -> None:
    """Where data sets say what a file is, nothing has to be said of the data."""
    made = shop(tmp_path / "p", RIGHT)
    pipeline = made / "config" / "pipeline.yaml"
    pipeline.write_text(
        pipeline.read_text(encoding="utf-8").replace("data:\n  input: shop\n", ""), encoding="utf-8"
    )
    env = load_environment(made, "dev")
    assert env.data.input == "input"


def test_a_column_may_be_called_what_a_secret_is(tmp_path: Path) -> None:
    """But no other key, in a data set neither."""
    secret = RIGHT.replace("options: {strict: true}", "options: {password: hunter2}")
    assert "what looks like the name of a secret" in message(shop(tmp_path / "p", secret))


def test_a_class_that_reads_may_use_the_keys_of_csv_files(tmp_path: Path) -> None:
    """It is given all of them; of a function they are refused once its source is looked at."""
    dev = RIGHT.replace("read: shop", 'delimiter: ";"\n    nulls: [NA]\n    read: shop')
    given = load_environment(shop(tmp_path / "p", dev), "dev").datasets["weather"]
    assert definition_of_format(given).delimiter == ";"
    assert dataset_files.without_use(given) == ("delimiter", "nulls")
    (named,) = _own_code(load_environment(tmp_path / "p", "dev"))
    assert named.beside == ("delimiter", "nulls")


def test_an_environment_changes_a_part_of_a_data_set(tmp_path: Path) -> None:
    """Its file is merged with pipeline.yaml; a file of columns stands in either."""
    made = shop(tmp_path / "p", "datasets: {orders: {columns: columns/orders.yaml, quarantine_limit: 7}}\n")
    with (made / "config" / "pipeline.yaml").open("a", encoding="utf-8") as pipeline:
        pipeline.write("datasets: {orders: {files: orders.csv, columns: {id: long, more: string}}}\n")
    orders = load_environment(made, "dev").datasets["orders"]
    assert (orders.files, orders.quarantine_limit) == (("orders.csv",), 7)
    assert {name: str(column.kind) for name, column in orders.columns.items()} == {
        "id": "string",
        "more": "string",
        "amount": "decimal(12,2)",
    }
