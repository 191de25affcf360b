"""SQL that is right: what it reads and the columns that it publishes; and what DuckDB's functions are taken for."""

from __future__ import annotations

import random
from pathlib import Path

import duckdb
import pytest
from paths import ROOT
from randomness import SEED

from data_pipeline.core.loading.load import load_environment
from data_pipeline.core.problems import ConfigurationError
from data_pipeline.etl.documents import duckdb_types, types
from data_pipeline.project.definitions import checked, load_definitions
from data_pipeline.sql_checks import column_types, engine, statements, steadiness
from tests.core.loading.dataset_project import shop
from tests.sql_checks.sql_project import DATASETS

ORDERS = {
    "order_id": "string",
    "ordered_at": "timestamptz",
    "amount": "decimal(12,2)",
    "lines": "list<struct<sku:string,pieces:int>>",
    "pieces": "int",
    "current_date": "date",
}
WEATHER = {"day": "date", "celsius": "double"}


RESULTS = [
    line.split("  →  ")
    for line in Path(__file__).with_name("sql_results.txt").read_text(encoding="utf-8").splitlines()[1:]
]


@pytest.mark.parametrize(("sql", "columns"), RESULTS)
def test_what_a_select_publishes(sql: str, columns: str) -> None:
    """Columns in order, with the types that a table has for them."""
    found = statements.select(sql.replace("⏎", "\n"), {"orders": ORDERS, "weather": WEATHER})
    assert found.faults == ()
    assert found.columns is not None
    assert ", ".join(f"{name} {kind}" for name, kind in found.columns.items()) == columns
    assert found.inputs == (("orders", "weather") if "weather" in sql else ("orders",))


def test_a_project_of_data_sets_and_tables(tmp_path: Path) -> None:
    """Tables come after those that they are made of, and publish what their SQL says."""
    dev = DATASETS.replace(
        "  weather:\n", "    sql: orders.sql\n    checks: {right: shop <> order_id}\n  weather:\n"
    )
    dev += """\
tables:
  top: {sql: top.sql}
  days:
    sql: days.sql
    partition: month(day)
    follows: {orders: day(moment)}
    rules: {"unique(day)": fail, sold: "fail 0 SELECT count(*) FROM days WHERE total < 0", "freshness(day)": warn}
"""
    of_orders = "SELECT ordered_at AS moment, amount, shop FROM orders"
    of_days = (
        "SELECT moment::DATE AS day, sum(amount) AS total, max(_available_at) AS _available_at FROM orders "
    )
    of_days += "GROUP BY 1"
    made = shop(
        tmp_path / "p",
        dev,
        orders=of_orders,
        days=of_days,
        top="SELECT day, celsius FROM days JOIN weather USING (day) ORDER BY total, day LIMIT 3",
    )
    definitions, columns = checked(made, load_environment(made, "dev"))
    assert [(each.name, each.inputs) for each in definitions.tables.values()] == [
        ("days", ("orders",)),
        ("top", ("weather", "days")),
    ]
    assert {name: dict(each) for name, each in columns.items()} == {
        "orders": {"moment": "timestamptz", "amount": "decimal(12,2)", "shop": "string"},
        "weather": {"day": "date", "celsius": "double"},
        "days": {"day": "date", "total": "decimal(38,2)", "_available_at": "timestamptz"},
        "top": {"day": "date", "celsius": "double"},
    }
    assert definitions.datasets["orders"].sql == of_orders


def test_personal_data_is_checked_before_it_goes(tmp_path: Path) -> None:
    """A check sees every column as it was read, SQL what is left of it."""
    dev = """\
datasets:
  orders:
    files: orders.csv
    columns:
      mail: {type: string, pii: drop}
      number: {type: int, pii: hash}
    checks: {there: "contains(mail, '@')", positive: number > 0}
    sql: orders.sql
"""
    made = shop(tmp_path / "p", dev, orders="SELECT number FROM orders")
    assert checked(made, load_environment(made, "dev"))[1] == {"orders": {"number": "string"}}


def test_without_sql_no_engine_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project without SQL does without DuckDB; one with it says what is missing."""
    monkeypatch.setitem(__import__("sys").modules, "data_pipeline.sql_checks.review", None)
    plain = shop(tmp_path / "plain", DATASETS)
    assert list(load_definitions(plain, load_environment(plain, "dev")).datasets) == ["orders", "weather"]
    with_sql = shop(tmp_path / "sql", DATASETS + "    checks: {cold: celsius < 0}\n")
    with pytest.raises(Exception, match="not installed here; install what the project names"):
        load_definitions(with_sql, load_environment(with_sql, "dev"))


@pytest.mark.parametrize(
    "kind",
    [*types.PRIMITIVES, "decimal(38,10)", "list<string?>", "struct<a:int?,b:list<date?>?>"],
)
def test_each_type_comes_back_from_duckdb(kind: str) -> None:
    with duckdb.connect(":memory:") as database:
        database.execute(f"CREATE TABLE t (x {duckdb_types.to_duckdb(types.parse(kind))})")
        found = database.execute("FROM t").description
    assert found is not None
    assert str(column_types.of_duckdb(found[0][1])) == kind


#: aggregates whose result does not depend on the order of rows; of float and double but for its last digits.
_UNORDERED = """
approx_count_distinct avg bit_and bit_or bit_xor bitstring_agg bool_and bool_or corr count count_if count_star countif
covar_pop covar_samp cume_dist dense_rank entropy favg fsum histogram histogram_exact kahan_sum kurtosis kurtosis_pop
mad max mean median min percent_rank product quantile quantile_cont quantile_disc rank rank_dense regr_avgx regr_avgy
regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy sem skewness stddev stddev_pop stddev_samp sum
sum_no_overflow sumkahan var_pop var_samp variance
"""


def test_every_aggregate_of_duckdb_was_looked_at() -> None:
    """A release that brings another one fails here, until somebody has said what it depends on."""
    known = {*_UNORDERED.split(), *steadiness.ORDERED, *steadiness._NEVER, *steadiness._WINDOWS}
    assert engine.functions().aggregates - known == set()
    assert not set(_UNORDERED.split()) & (steadiness.ORDERED | set(steadiness._NEVER))
    assert set(_UNORDERED.split()) <= engine.functions().aggregates
    assert engine.functions().others >= steadiness._MACROS


def test_duckdb_knows_the_common_functions_as_what_they_are() -> None:
    """It is not asked about them: each scalar is decided by its arguments alone, each aggregate by its rows."""
    known = engine.functions()
    assert known.fixed >= engine.COMMON_SCALARS
    assert known.aggregates >= engine.COMMON_AGGREGATES
    assert not (known.aggregates | known.volatile) & engine.COMMON_SCALARS
    asked = {*steadiness.ORDERED, *steadiness._NEVER, *steadiness._SURROUNDINGS, *known.volatile}
    assert not asked & steadiness._STEADY - steadiness._MACROS


@pytest.mark.parametrize("folder", [".", "examples/customers", "examples/orders", "examples/weather"])
def test_plain_sql_lists_no_functions(folder: str) -> None:
    """That takes DuckDB longer than all else that it is asked."""
    root = ROOT / folder
    engine.functions.cache_clear()
    load_definitions(root, load_environment(root, "local"))
    assert engine.functions.cache_info().misses == 0


def test_relations_are_seen_by_their_own_connection_alone() -> None:
    """All share one database, which takes long to make."""
    first, second = engine.connect({"orders": {"a": "int"}}), engine.connect({"orders": {"b": "int"}})
    for connection, column in ((first, "a"), (second, "b")):
        found = connection.execute("FROM orders").description
        assert found is not None
        assert found[0][0] == column
        zone = connection.execute("SELECT current_setting('TimeZone')").fetchone()
        assert zone == ("UTC",)
    with pytest.raises(duckdb.CatalogException):
        engine.connect({}).execute("FROM orders")


@pytest.mark.parametrize(
    "name", sorted({"avg", "bit_xor", "count", "max", "median", "min", "quantile_disc", "sum"})
)
def test_what_is_taken_for_unordered_is(name: str) -> None:
    """Shuffled rows give the same."""
    numbers = [1, 1, 2, 3, 5, 8, 8, 13, 21, 34, 2**40, None]
    chosen = random.Random(f"{SEED}-{name}")
    call = f"{name}(x, 0.5)" if name == "quantile_disc" else f"{name}(x)"
    results = set()
    with duckdb.connect(":memory:") as database:
        for _ in range(20):
            chosen.shuffle(numbers)
            results.add(
                str(database.execute(f"SELECT {call} FROM (SELECT unnest($1) AS x)", [numbers]).fetchone())
            )
    assert len(results) == 1


@pytest.mark.parametrize(
    ("sql", "columns"), [("SELECT 1 AS x FROM orders", {}), ("SELECT * FROM orders", {"a": "int"})]
)
def test_nothing_is_read_from_this_machine(sql: str, columns: dict[str, str]) -> None:
    """The engine that binds SQL opens no file, whatever gets past the rules."""
    database = engine.connect({"orders": {"a": "int", **columns}})
    assert database.execute(sql).fetchall() == []
    with pytest.raises(duckdb.Error, match=r"disabled|permission"):
        database.execute("FROM read_csv('/etc/passwd')")
    with pytest.raises(duckdb.Error, match=r"locked"):
        database.execute("SET enable_external_access=true")


def test_a_partition_follows_from_the_versions_of_keys(tmp_path: Path) -> None:
    """And from their history; what the data set does not make is no input."""
    dev = DATASETS.replace(
        "  weather:\n", "    key: order_id\n    latest: ordered_at\n    history: true\n  weather:\n"
    )
    dev += """\
tables:
  days: {sql: days.sql, partition: month(day), follows: {orders_versions: day(ordered_at)}}
  begun: {sql: begun.sql, partition: month(day), follows: {orders_history: day(valid_from)}}
"""
    made = shop(
        tmp_path / "p",
        dev,
        days="SELECT ordered_at::DATE AS day, sum(amount) AS total FROM orders_versions GROUP BY 1",
        begun="SELECT valid_from::DATE AS day, count(*) AS n FROM orders_history GROUP BY 1",
    )
    definitions, _ = checked(made, load_environment(made, "dev"))
    assert {name: dict(each.follows) for name, each in definitions.tables.items()} == {
        "days": {"orders_versions": "day(ordered_at)"},
        "begun": {"orders_history": "day(valid_from)"},
    }
    wrong = dev.replace("{orders_versions:", "{weather_versions:")
    other = shop(tmp_path / "q", wrong, days="SELECT 1", begun="SELECT 1")
    said = "found 'weather_versions', expected an input: 'begun', 'orders', 'orders_h"
    with pytest.raises(ConfigurationError, match=said):
        load_environment(other, "dev")
