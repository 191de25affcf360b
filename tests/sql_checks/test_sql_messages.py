"""Each kind of SQL that is refused, with the whole message that a user reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_pipeline.core.loading.load import load_environment
from data_pipeline.project.definitions import with_feature_types
from tests.core.loading.dataset_project import shop
from tests.sql_checks.sql_project import DATASETS, TABLES, said


def _cases(file: str) -> dict[str, tuple[str, str]]:
    """Name → (what is refused, the message). A case: === name, what is refused, ---, the message."""
    found: dict[str, tuple[str, str]] = {}
    text = Path(__file__).with_name(file).read_text(encoding="utf-8")
    for case in text.split("\n=== ")[1:]:
        name, _, rest = case.partition("\n")
        refused, _, expected = rest.rpartition("---\n")
        assert name not in found, name
        found[name] = (refused, expected.rstrip("\n"))
    return found


CASES = _cases("sql_messages.txt")
OF_KEYS = _cases("key_messages.txt")


def test_there_are_many_kinds() -> None:
    assert len(CASES) + len(OF_KEYS) > 75


@pytest.mark.parametrize("case", CASES)
def test_a_table_is_refused(case: str, tmp_path: Path) -> None:
    """With the file and line of its SQL."""
    sql, expected = CASES[case]
    assert said(tmp_path / "p", customers=sql) == expected


@pytest.mark.parametrize("case", OF_KEYS)
def test_what_is_said_beside_sql_is_refused(case: str, tmp_path: Path) -> None:
    """Checks, rules and SQL of a data set, and what is said of the columns of a result."""
    refused, expected = OF_KEYS[case]
    keys, _, sql = refused.partition("\n~~~\n")
    if case.startswith("table"):
        dev = DATASETS + TABLES.replace("sql: customers.sql", f"sql: customers.sql, {keys}")
        assert said(tmp_path / "p", dev, customers=sql) == expected
    else:
        inside = keys.replace("\n", "\n    ")
        dev = DATASETS.replace("  weather:\n", f"    {inside}\n  weather:\n")
        assert said(tmp_path / "p", dev, orders=sql) == expected


def test_tables_that_read_each_other_round(tmp_path: Path) -> None:
    """A circle is told once, at its first table."""
    dev = DATASETS + "tables:\n  a: {sql: a.sql}\n  b: {sql: b.sql}\n  c: {sql: c.sql}\n  d: {sql: d.sql}\n"
    sql = {
        "a": "SELECT x FROM b",
        "b": "SELECT x FROM c",
        "c": "SELECT x FROM a, orders",
        "d": "SELECT x FROM a",
    }
    assert said(tmp_path / "p", dev, **sql) == (
        "config/dev.yaml:13: tables.a.sql: found a circle: a reads b reads c reads a, expected tables that do not read "
        "each other round; take one of them apart"
    )


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    """And nothing is said of a table whose input is wrong."""
    dev = DATASETS.replace("  weather:\n", "    checks: {a: amount, b: amont > 0}\n  weather:\n")
    dev += "tables:\n  a: {sql: a.sql}\n  b: {sql: b.sql}\n"
    sql = {"a": "SELECT\n  now() AS x,\n  rowid AS y\nFROM orders", "b": "SELECT z FROM a"}
    first, *problems = said(tmp_path / "p", dev, **sql).split("\n  ")
    assert first == "the configuration has 4 problems"
    assert [problem.partition(": found")[0] for problem in problems] == [
        "config/dev.yaml:9: datasets.orders.checks.a",
        "config/dev.yaml:9: datasets.orders.checks.b",
        "jobs/a.sql:2: tables.a.sql",
        "jobs/a.sql:3: tables.a.sql",
    ]


def test_sql_that_is_no_text(tmp_path: Path) -> None:
    """A file of SQL is UTF-8."""
    assert said(tmp_path / "p", customers="\udcff") == (
        "jobs/customers.sql: found bytes that are no text, expected UTF-8; save it as UTF-8"
    )


def test_a_feature_of_a_table_is_a_column_of_its_sql(tmp_path: Path) -> None:
    """Feature groups are held to what SQL makes of the inputs."""
    features = """\
features:
  sales:
    {description: sales, owner: shop, table: customers, record_identifier: shop, event_time: window_end,
     lag: 1 day, window: {start: hour, minutes: 60}, features: {shop: {type: string},
     window_end: {type: string}, total: {type: fractional}, sold: {type: integral}}}
"""
    sql = "SELECT shop, ordered_at::TIMESTAMP AS hour, sum(amount) AS total FROM orders GROUP BY ALL"
    assert said(tmp_path / "p", DATASETS + TABLES + features, customers=sql).startswith(
        "config/dev.yaml:18: features.sales.features.sold: found "
    )


DAYS = """\
features:
  days:
    description: a shop's days
    owner: shop
    table: customers
    record_identifier: shop
    event_time: day
    online: true
    features: {total: {}}
training_sets:
  next:
    description: the next total
    labels: {table: customers, identifier: shop, time: day, feature: total}
    features: {before: {group: days, feature: total}}
    split: {validation: "2024-02-01", test: "2024-03-01"}
"""
DAYS_SQL = (
    "SELECT shop, ordered_at::DATE AS day, sum(amount) AS total, max(_available_at) AS available_at "
    "FROM orders GROUP BY ALL"
)


@pytest.mark.parametrize(
    ("right", "wrong", "expected"),
    [
        (
            ", max(_available_at) AS available_at",
            "",
            "features.days.table: found customers, which does not say since when its rows could be known, expected a "
            "table with a column available_at; let its SQL select max(_available_at) AS available_at, or give the "
            "group a 'lag'",
        ),
        (
            "record_identifier: shop",
            "record_identifier: available",
            "features.days.record_identifier: found 'available', expected a column of customers: 'shop', 'day', "
            "'total' or 'available_at'; did you mean 'available_at'?",
        ),
        (
            "event_time: day",
            "event_time: shop_day",
            "features.days.event_time: found 'shop_day', expected a column of customers: 'shop', 'day', 'total' or "
            "'available_at'",
        ),
        (
            "sum(amount) AS total",
            "list(amount ORDER BY amount) AS total",
            "features.days.features.total: found 'total', which is list<decimal(12,2)?>, expected a plain column; the "
            "stores hold texts and numbers; take it apart by SQL",
        ),
        (
            ", time: day",
            ", time: shop",
            "training_sets.next.labels.time: found 'shop', which is string, expected a column that is a date, "
            "timestamp or timestamptz",
        ),
        (
            "owner: shop",
            "owner: shop\n    valid_to: total",
            "features.days.valid_to: found 'total', which is decimal(38,2), expected a column of customers that is a "
            "date or timestamp or timestamptz",
        ),
        (
            "identifier: shop, time",
            "identifier: shp, time",
            "training_sets.next.labels.identifier: found 'shp', expected a column of customers: 'shop', 'day', "
            "'total' or 'available_at'; did you mean 'shop'?",
        ),
    ],
)
def test_features_and_labels_are_held_to_their_tables(
    right: str, wrong: str, expected: str, tmp_path: Path
) -> None:
    """Each with what its table's SQL makes."""
    assert (DAYS + DAYS_SQL).count(right) == 1
    text, sql = DAYS.replace(right, wrong), DAYS_SQL.replace(right, wrong)
    assert expected in said(tmp_path / "p", DATASETS + TABLES + text, customers=sql)


def test_types_of_stored_features_come_from_the_table(tmp_path: Path) -> None:
    """Where the configuration writes none; a template needs them."""
    made = shop(tmp_path / "p", DATASETS + TABLES + DAYS, customers=DAYS_SQL)
    env = with_feature_types(made, load_environment(made, "dev"))
    assert env.features["days"].stored == {
        "shop": "string",
        "day": "string",
        "total": "fractional",
        "available_at": "string",
        "available_by": "string",
    }
