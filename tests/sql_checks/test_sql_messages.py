"""Each kind of SQL that is refused, with the whole message that a user reads."""

from __future__ import annotations

from pathlib import Path

import pytest

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
