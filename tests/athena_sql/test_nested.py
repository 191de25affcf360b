"""Arrays, maps and rows: what is let through, by the examples and rules of Trino's documentation, at the edges.

Sources: functions/array.html (A), functions/map.html (M), language/types.html (T), sql/select.html#unnest (U), and the
unit tests io.trino.operator.scalar.TestArrayOperators, TestMapOperators and TestUnnest (by name).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import duckdb
import pytest
from athena_sql.engines import NOW

from data_pipeline.athena_sql.names import CatalogTable, State
from data_pipeline.athena_sql.translation import translate
from data_pipeline.athena_sql.types import of_iceberg
from data_pipeline.core.errors import UserError
from data_pipeline.features import queries

COLUMNS = (
    ("id", "int", "INTEGER"),
    ("sizes", "list<long>", "BIGINT[]"),
    ("tags", "list<string>", "VARCHAR[]"),
    ("prices", "map<string, decimal(12, 2)>", "MAP(VARCHAR, DECIMAL(12,2))"),
    (
        "buyer",
        "struct<5: Name: optional string, 6: born: optional date, 7: home: optional struct<8: zip: optional int>>",
        'STRUCT("Name" VARCHAR, born DATE, home STRUCT(zip INTEGER))',
    ),
    (
        "lines",
        "list<struct<10: sku: optional string, 11: units: required int>>",
        "STRUCT(sku VARCHAR, units INTEGER)[]",
    ),
    ("seen", "list<timestamptz>", "TIMESTAMPTZ[]"),
    ("odd", "map<double, int>", "MAP(DOUBLE, INTEGER)"),
)
ROWS = (
    "(1, [7, NULL, 9], ['a', 'ø'], MAP {'x': 1.50, 'y': NULL}, {'Name': 'ann', 'born': '2000-01-31', "
    "'home': {'zip': 8000}}, [{'sku': 'p', 'units': 1}, NULL, {'sku': 'q', 'units': 2}], [], MAP {})",
    "(2, [], NULL, MAP {}, {'Name': NULL, 'born': NULL, 'home': NULL}, [], NULL, NULL)",
    "(3, NULL, ['b', 'c', 'd'], NULL, NULL, NULL, NULL, NULL)",
)


def resolve(_parts: Sequence[str], _: State | None) -> CatalogTable:
    return CatalogTable("orders", tuple((name, kind) for name, kind, _ in COLUMNS))


@pytest.fixture(scope="module")
def db() -> duckdb.DuckDBPyConnection:
    """DuckDB with the table, and the settings of the embedded AWS."""
    made = duckdb.connect(":memory:")
    made.execute(f"CREATE TABLE orders ({', '.join(f'{name} {kind}' for name, _, kind in COLUMNS)})")
    made.execute(f"INSERT INTO orders VALUES {', '.join(ROWS)}")
    queries.configure(made)
    return made


def answer(db: duckdb.DuckDBPyConnection, text: str) -> tuple[list[tuple[Any, ...]], list[str]]:
    """Rows, and the types of the columns. UserError."""
    translation = translate(text, resolve, NOW)
    table = queries.execute(db, translation, 60)
    found = list(zip(*(column.to_pylist() for column in table.columns), strict=True))
    return found, [str(kind) for _, kind in translation.columns]


#: (source, expression, type, values of the three rows)
EXPRESSIONS: list[tuple[str, str, str, list[Any]]] = [
    ("T: ROW", "buyer.name", "varchar", ["ann", None, None]),
    ("T: ROW", "orders.buyer.NAME", "varchar", ["ann", None, None]),
    ("T: ROW", "buyer.home.zip + 1", "integer", [8001, None, None]),
    ("T: ROW", "year(buyer.born)", "bigint", [2000, None, None]),
    ("T: ROW", "buyer IS NULL", "boolean", [False, False, True]),
    ("T: ROW", "buyer.born", "date", [date(2000, 1, 31), None, None]),
    ("A: subscript", "CASE WHEN id = 1 THEN sizes[1] END", "bigint", [7, None, None]),
    ("A: subscript", "CASE WHEN id = 1 THEN sizes[2] END", "bigint", [None, None, None]),
    ("A: subscript", "CASE WHEN id = 1 THEN lines[3].sku END", "varchar", ["q", None, None]),
    ("A: subscript of null", "CASE WHEN id <> 2 THEN sizes[1] END", "bigint", [7, None, None]),
    ("A: element_at", "element_at(sizes, 3)", "bigint", [9, None, None]),
    ("A: element_at", "element_at(sizes, -1)", "bigint", [9, None, None]),
    ("A: element_at", "element_at(sizes, -4)", "bigint", [None, None, None]),
    ("A: element_at", "element_at(tags, 3)", "varchar", [None, None, "d"]),
    ("A: element_at", "element_at(tags, CAST(NULL AS bigint))", "varchar", [None, None, None]),
    ("A: element_at", "element_at(lines, 1).units * 2", "integer", [2, None, None]),
    ("M: element_at", "element_at(prices, 'x')", "decimal(12,2)", [1.5, None, None]),
    ("M: element_at", "element_at(prices, 'z')", "decimal(12,2)", [None, None, None]),
    ("M: subscript", "CASE WHEN id <> 2 THEN prices['x'] END", "decimal(12,2)", [1.5, None, None]),
    ("M: subscript, the value is null", "CASE WHEN id = 1 THEN prices['y'] END", "decimal(12,2)", [None] * 3),
    ("A: cardinality", "cardinality(sizes)", "bigint", [3, 0, None]),
    ("M: cardinality", "cardinality(prices)", "bigint", [2, 0, None]),
    ("A: cardinality", "cardinality(odd)", "bigint", [0, None, None]),
    ("A: contains", "contains(sizes, 9)", "boolean", [True, False, None]),
    ("A: contains, null beside others", "contains(sizes, 8)", "boolean", [None, False, None]),
    ("A: contains", "contains(tags, 'ø')", "boolean", [True, None, False]),
    ("A: contains", "contains(tags, NULL)", "boolean", [None, None, None]),
]


@pytest.mark.parametrize(("source", "expression", "kind", "wanted"), EXPRESSIONS)
def test_expressions(
    db: duckdb.DuckDBPyConnection, source: str, expression: str, kind: str, wanted: list[Any]
) -> None:
    rows, kinds = answer(db, f"SELECT {expression} FROM orders ORDER BY id")
    assert kinds == [kind], source
    assert [value for (value,) in rows] == wanted, source


#: (statement, rows)
STATEMENTS: list[tuple[str, list[tuple[Any, ...]]]] = [
    ("SELECT id, x FROM orders CROSS JOIN UNNEST(sizes) AS t(x) ORDER BY id, x", [(1, 7), (1, 9), (1, None)]),
    ("SELECT id, x FROM orders, UNNEST(orders.tags) AS t(x) WHERE x > 'a' ORDER BY x",
     [(3, "b"), (3, "c"), (3, "d"), (1, "ø")]),
    ("SELECT id, t.x, n FROM orders CROSS JOIN UNNEST(sizes) WITH ORDINALITY AS t(x, n) ORDER BY n",
     [(1, 7, 1), (1, None, 2), (1, 9, 3)]),
    ("SELECT id, x, y, n FROM orders CROSS JOIN UNNEST(sizes, tags) WITH ORDINALITY AS t(x, y, n) ORDER BY id, n",
     [(1, 7, "a", 1), (1, None, "ø", 2), (1, 9, None, 3), (3, None, "b", 1), (3, None, "c", 2), (3, None, "d", 3)]),
    ("SELECT id, x, n FROM orders LEFT JOIN UNNEST(sizes) WITH ORDINALITY AS t(x, n) ON TRUE ORDER BY id, n",
     [(1, 7, 1), (1, None, 2), (1, 9, 3), (2, None, None), (3, None, None)]),
    ("SELECT id, sku, units FROM orders CROSS JOIN UNNEST(lines) ORDER BY sku", [(1, "p", 1), (1, "q", 2), (1, None, None)]),
    ("SELECT a, b FROM orders CROSS JOIN UNNEST(lines) AS t(a, b) WHERE a = 'q'", [("q", 2)]),
    ("SELECT k, v FROM orders CROSS JOIN UNNEST(prices) AS t(k, v) ORDER BY k", [("x", 1.5), ("y", None)]),
    ("SELECT id, sum(units) AS u FROM orders LEFT JOIN UNNEST(lines) ON true GROUP BY id ORDER BY id",
     [(1, 3), (2, None), (3, None)]),
    ("SELECT o.id, p.id FROM orders o CROSS JOIN UNNEST(sizes) AS t(x) JOIN orders p ON p.id = x - 6", [(1, 1), (1, 3)]),
    ("SELECT x, y FROM orders CROSS JOIN UNNEST(tags) AS t(x) CROSS JOIN UNNEST(sizes) AS u(y) WHERE x = 'a' ORDER BY y",
     [("a", 7), ("a", 9), ("a", None)]),
    ("SELECT buyer.name, count(*) AS n FROM orders GROUP BY buyer.name ORDER BY 1", [("ann", 1), (None, 2)]),
    ("SELECT name FROM (SELECT buyer.name FROM orders) WHERE name IS NOT NULL", [("ann",)]),
    ("SELECT * FROM orders CROSS JOIN UNNEST(tags) WITH ORDINALITY AS t(x, n) WHERE false", []),
    ("SELECT count(DISTINCT sizes), count(prices) FROM orders", [(2, 2)]),
    ("SELECT id FROM orders WHERE cardinality(tags) > 2 AND element_at(tags, 1) = 'b'", [(3,)]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), STATEMENTS)
def test_statements(db: duckdb.DuckDBPyConnection, text: str, wanted: list[tuple[Any, ...]]) -> None:
    assert answer(db, text)[0] == wanted


#: (statement, words of the refusal)
REFUSED: list[tuple[str, str]] = [
    ("SELECT sizes[0] FROM orders", "SQL array indices start at 1"),
    ("SELECT sizes[-1] FROM orders", "Array subscript is negative"),
    ("SELECT sizes[4] FROM orders", "must be less than or equal to array length"),
    ("SELECT element_at(sizes, 0) FROM orders", "SQL array indices start at 1"),
    ("SELECT prices['z'] FROM orders", "Key not present in map"),
    ("SELECT buyer.nope FROM orders", "field nope of a row with Name, born, home"),
    ("SELECT sizes.x FROM orders", "field x of array(bigint): it is no row"),
    ("SELECT nope.x FROM orders", "there is no nope here"),
    ("SELECT id[1] FROM orders", "element integer of integer"),
    ("SELECT sizes['a'] FROM orders", "element varchar(1) of array(bigint)"),
    ("SELECT prices[1] FROM orders", "key integer of map(varchar, decimal(12,2))"),
    ("SELECT odd[1.0] FROM orders", "does not translate a search for double"),
    ("SELECT cardinality(id) FROM orders", "cardinality(integer)"),
    ("SELECT contains(sizes, 'a') FROM orders", "contains(array(bigint), varchar(1))"),
    ("SELECT seen[1] + INTERVAL '1' DAY FROM orders", "zoned timestamp within another type"),
    ("SELECT sizes = sizes FROM orders", "a comparison of array(bigint)"),
    ("SELECT count(DISTINCT prices) FROM orders", "count(DISTINCT …) of a map"),
    ("SELECT DISTINCT prices FROM orders", "DISTINCT of a map"),
    ("SELECT prices FROM orders UNION SELECT prices FROM orders", "UNION of a map"),
    ("SELECT 1 FROM orders GROUP BY sizes", "groups of array(bigint)"),
    ("SELECT 1 FROM orders ORDER BY sizes", "an order of array(bigint)"),
    ("SELECT * FROM orders CROSS JOIN UNNEST(id) AS t(x)", "UNNEST takes arrays and maps, not integer"),
    ("SELECT * FROM orders CROSS JOIN UNNEST(sizes) AS t(x, y)", "2 names for 1 columns"),
    ("SELECT * FROM orders CROSS JOIN UNNEST(lines) AS t(x)", "1 names for 2 columns"),
    ("SELECT transform(sizes, x -> x + 1) FROM orders", "does not translate"),
    ("SELECT ARRAY[1]", "an array"),
]


@pytest.mark.parametrize(("text", "words"), REFUSED)
def test_refused(db: duckdb.DuckDBPyConnection, text: str, words: str) -> None:
    with pytest.raises(UserError) as refused:
        answer(db, text)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("iceberg", "trino"),
    [
        ("list<list<int>>", "array(array(integer))"),
        ("map<string, struct<1: a: optional decimal(9, 2), 2: b c: required double>>",
         "map(varchar, row(a decimal(9,2), b c double))"),
        ("list<timestamptz>", "array(zoned timestamp within another type)"),
        ("list<uuid>", "array(uuid)"),
        ("struct<>", "row"),
    ],
)  # fmt: skip
def test_types(iceberg: str, trino: str) -> None:
    assert str(of_iceberg(iceberg)) == trino
