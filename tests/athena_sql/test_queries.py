"""Clauses: what a statement answers as a whole, its names and types."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from athena_sql.engines import COLUMNS, connected, rows, translated

from data_pipeline.athena_sql.results import WrongTypeError, typed
from data_pipeline.athena_sql.types import BIGINT
from data_pipeline.core.errors import UserError
from data_pipeline.features import queries

Answer = list[tuple[Any, ...]]

STATEMENTS: list[tuple[str, list[str], Answer]] = [
    ("SELECT id FROM orders WHERE open ORDER BY id", ["id"], [(1,), (4,)]),
    ("SELECT ID, Orders.Big, 1 FROM Orders WHERE id = 1", ["id", "big", "_col2"], [(1, 10, 1)]),
    ('SELECT "ID" AS "Mixed Case" FROM "orders" LIMIT 1 ', ["Mixed Case"], [(1,)]),
    ('SELECT id AS "$a" FROM orders ORDER BY "$a" LIMIT 1', ["$a"], [(1,)]),
    ('SELECT "$a" FROM (SELECT id AS "$a" FROM orders) WHERE "$a" = 2;', ["$a"], [(2,)]),
    ("SELECT id FROM db.orders ORDER BY id DESC LIMIT 2", ["id"], [(4,), (3,)]),
    ("SELECT id FROM orders ORDER BY name, id OFFSET 1 LIMIT 2", ["id"], [(1,), (2,)]),
    ("SELECT id FROM orders ORDER BY id OFFSET 3 ROWS FETCH FIRST ROW ONLY", ["id"], [(4,)]),
    ("SELECT id FROM orders ORDER BY id LIMIT ALL", ["id"], [(1,), (2,), (3,), (4,)]),
    ("SELECT big FROM orders ORDER BY big", ["big"], [(10,), (20,), (20,), (None,)]),
    ("SELECT big FROM orders ORDER BY big DESC", ["big"], [(20,), (20,), (10,), (None,)]),
    ("SELECT big FROM orders ORDER BY big NULLS FIRST LIMIT 1", ["big"], [(None,)]),
    ("SELECT -id AS id FROM orders ORDER BY id LIMIT 1", ["id"], [(-4,)]),
    ("SELECT -id AS n FROM orders ORDER BY n + 0, orders.id LIMIT 1", ["n"], [(-4,)]),
    ("SELECT id AS x FROM orders ORDER BY big DESC, 1 LIMIT 2", ["x"], [(2,), (4,)]),
    ("SELECT DISTINCT big FROM orders ORDER BY big DESC", ["big"], [(20,), (10,), (None,)]),
    ("SELECT DISTINCT big AS b, open FROM orders WHERE id > 3", ["b", "open"], [(20, True)]),
    ("SELECT big, count(*) AS n FROM orders GROUP BY big ORDER BY n DESC, big", ["big", "n"], [(20, 2), (10, 1), (None, 1)]),
    ("SELECT big / 20, sum(id) FROM orders GROUP BY big / 20 ORDER BY 1", ["_col0", "_col1"], [(0, 1), (1, 6), (None, 3)]),
    ("SELECT big / 20 + 1 AS g FROM orders GROUP BY 1 HAVING count(*) > 1", ["g"], [(2,)]),
    ("SELECT count(*), max(id) FROM orders HAVING count(*) > 9", ["_col0", "_col1"], []),
    ("SELECT sum(id) AS s FROM orders WHERE id > 9", ["s"], [(None,)]),
    ("SELECT big, sum(sum(id)) OVER (ORDER BY big) AS r FROM orders GROUP BY big ORDER BY big", ["big", "r"], [(10, 1), (20, 7), (None, 10)]),
    ("SELECT big FROM orders GROUP BY big ORDER BY sum(id) DESC LIMIT 1", ["big"], [(20,)]),
    ("SELECT o.id, p.id FROM orders o JOIN orders p ON o.big = p.big AND o.id < p.id", ["id", "id"], [(2, 4)]),
    ("SELECT id FROM orders o LEFT JOIN (SELECT big AS b FROM orders WHERE id = 1) p ON o.big = p.b WHERE p.b IS NULL ORDER BY id", ["id"], [(2,), (3,), (4,)]),
    ("SELECT * FROM (VALUES (1, 'a')) AS l(k, x) FULL JOIN (VALUES (2, 'b')) AS r(k, y) USING (k) ORDER BY k", ["k", "x", "y"], [(1, "a", None), (2, None, "b")]),
    ("SELECT k, l.x, r.x FROM (VALUES (1, 2)) AS l(k, x) JOIN (VALUES (1, 3)) AS r(k, x) USING (k)", ["k", "x", "x"], [(1, 2, 3)]),
    ("SELECT l.* FROM (VALUES 1) AS l(k) CROSS JOIN (VALUES 2, 3) AS r(k), (VALUES 4) AS s(k)", ["k"], [(1,), (1,)]),
    ("SELECT count(*) FROM orders a RIGHT OUTER JOIN orders b ON a.id = b.id + 1 JOIN orders c ON c.id = b.id", ["_col0"], [(4,)]),
    ("SELECT id FROM orders WHERE big IN (SELECT max(big) FROM orders) ORDER BY id", ["id"], [(2,), (4,)]),
    ("SELECT id FROM orders WHERE big NOT IN (SELECT big FROM orders)", ["id"], []),
    ("SELECT (SELECT max(id) FROM orders) AS m, EXISTS (SELECT 1 FROM orders WHERE id = 9) AS e", ["m", "e"], [(4, False)]),
    ("WITH a AS (SELECT id FROM orders), b(n) AS (SELECT count(*) FROM a) SELECT a.id FROM a, b WHERE id = n", ["id"], [(4,)]),
    ("WITH orders AS (SELECT 5 AS id) SELECT id FROM orders", ["id"], [(5,)]),
    ("SELECT 1 UNION ALL SELECT 2.5 UNION ALL SELECT NULL ORDER BY 1", ["_col0"], [(1.0,), (2.5,), (None,)]),
    ("SELECT id AS a FROM orders UNION SELECT id AS b FROM orders ORDER BY a LIMIT 1", ["a"], [(1,)]),
    ("SELECT id FROM orders EXCEPT SELECT id FROM orders WHERE open", ["id"], [(2,), (3,)]),
    ("SELECT id FROM orders INTERSECT SELECT 4", ["id"], [(4,)]),
    ("(SELECT id FROM orders ORDER BY id LIMIT 1) UNION ALL (SELECT id FROM orders ORDER BY id DESC LIMIT 1) ORDER BY id", ["id"], [(1,), (4,)]),
    ("SELECT x, y FROM (VALUES (1, 'a'), (2, 'bcd')) AS t(x, y) ORDER BY x", ["x", "y"], [(1, "a"), (2, "bcd")]),
    ("SELECT tags, tags FROM orders WHERE id = 1", ["tags", "tags"], [(["x"], ["x"])]),
    ("SELECT id -- a word; and 'another\nFROM /* here */ orders WHERE id = 1; ", ["id"], [(1,)]),
    ("SELECT at + INTERVAL '1' DAY > seen AS later FROM orders WHERE id = 1", ["later"], [(True,)]),
    ("SELECT id FROM orders WHERE ratio > -5 AND ratio < 5 ORDER BY id", ["id"], [(1,), (4,)]),
    ("SELECT NULL AS n", ["n"], [(None,)]),
]  # fmt: skip


@pytest.fixture(scope="module")
def db() -> Any:
    """One DuckDB for all."""
    return connected()


@pytest.mark.parametrize(("text", "names", "wanted"), STATEMENTS)
def test_what_a_statement_answers(db: Any, text: str, names: list[str], wanted: Answer) -> None:
    """Rows in their order, and the names of the results."""
    answer = rows(text, db)
    assert answer.column_names == names
    found = list(zip(*(column.to_pylist() for column in answer.columns), strict=True))
    assert (sorted(found) if " EXCEPT " in text else found) == wanted


def test_every_type_of_a_column(db: Any) -> None:
    """As Athena's results have them: a timestamp with time zone is one of UTC."""
    answer = rows("SELECT * FROM orders", db)
    assert answer.column_names == [name for name, _ in COLUMNS]
    kinds = ("int32", "int64", "float", "double", "decimal128(12, 2)", "string", "date32[day]")
    times = ("timestamp[us]", "timestamp[us, tz=UTC]", "bool", "list<l: string>")
    assert [str(kind).replace("element", "l").replace("item", "l") for kind in answer.schema.types] == [
        *kinds,
        *times,
    ]


def test_time_and_size_are_bounded(db: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A query that would run for hours is stopped, and an answer that would fill the memory."""
    many = "(VALUES " + ", ".join("1" for _ in range(100)) + ") AS {}(x)"
    text = "SELECT sum(a.x) FROM " + ", ".join(many.format(name) for name in "abcdef")
    with pytest.raises(UserError, match="the query was stopped after 0 seconds"):
        queries.execute(db, translated(text), 0.2)
    monkeypatch.setattr(queries, "MOST_BYTES", 1000)
    with pytest.raises(UserError, match="the answer is larger than 1,000 bytes"):
        rows("SELECT a.x FROM " + many.format("a") + ", " + many.format("b"), db)


def test_types_are_compared(db: Any) -> None:
    """What DuckDB answers with another type than was found is a bug, and stops."""
    nulls = typed(pa.table({"c": pa.nulls(2, pa.int32())}), [("n", BIGINT)])
    assert nulls.schema.field("n").type == pa.int64()
    with pytest.raises(WrongTypeError, match="n: DuckDB answers int32, expected bigint"):
        typed(pa.table({"c": pa.array([1], pa.int32())}), [("n", BIGINT)])
