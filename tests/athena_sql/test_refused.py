"""What Athena refuses, and what is not translated: each by name, with line and column; nothing is handed through."""

from __future__ import annotations

import sys

import pytest
from athena_sql.engines import translated

from data_pipeline.athena_sql import grammar
from data_pipeline.core.errors import UserError

#: statement → column, words. DuckDB answers each of these with something.
ATHENA_REFUSES = [
    ("SELECT count(*) FROM orders WHERE at >= '2024-01-15'", 35, "Athena has no timestamp(6) >= varchar(10)"),
    ("SELECT id || 'a' FROM orders", 8, "Athena has no integer || varchar(1)"),
    ("SELECT coalesce(1, 'a')", 8, "Athena has no type for both integer and varchar(1)"),
    ("SELECT id AS d FROM orders WHERE d > 1", 34, "column 'd' cannot be resolved"),
    ("SELECT id AS d, count(*) FROM orders GROUP BY d", 47, "column 'd' cannot be resolved"),
    ("SELECT id AS d, d + 1 FROM orders", 17, "column 'd' cannot be resolved"),
    ("SELECT id AS d, count(*) FROM orders GROUP BY id HAVING d > 1", 57, "column 'd' cannot be resolved"),
    ("SELECT id, count(*) FROM orders GROUP BY ALL", 42, "column 'ALL' cannot be resolved"),
    ("SELECT id FROM orders ORDER BY ALL", 32, "column 'ALL' cannot be resolved"),
    ("SELECT * EXCLUDE (id) FROM orders", 10, "no statement of Athena's has this here"),
    ("SELECT * REPLACE (1 AS id) FROM orders", 10, "no statement of Athena's has this here"),
    ("SELECT COLUMNS('i.*') FROM orders", 8, "columns"),
    ("FROM orders", 1, "no statement"),
    ("SELECT 1;;", 9, "no statement of Athena's has this here"),
    ("SELECT 1" + ";" * 1_000, 9, "no statement of Athena's has this here"),
    ("SELECT name ILIKE 'a' FROM orders", 19, "no statement"),
    ("SELECT name SIMILAR TO 'a' FROM orders", 21, "no statement"),
    ("SELECT name ~ 'a' FROM orders", 13, "no statement"),
    ("SELECT id::varchar FROM orders", 10, "no statement"),
    ("SELECT DISTINCT ON (id) id FROM orders", 17, "no statement"),
    ("SELECT * FROM orders FOR SYSTEM_TIME AS OF TIMESTAMP '2024-01-01 00:00:00 UTC'", 26, "no statement"),
    ("SELECT id FROM orders QUALIFY row_number() OVER (ORDER BY id) = 1", 31, "no statement"),
    ("SELECT id FROM orders LIMIT 1 OFFSET 2", 31, "no statement"),
    ("SELECT id FROM orders LIMIT 10%", 31, "no statement"),
    ("SELECT 1 == 1", 11, "no statement"),
    ("SELECT 2 ** 3", 11, "no statement"),
    ("SELECT 7 // 2", 11, "no statement"),
    ("SELECT [1, 2]", 8, "no statement"),
    ("SELECT {'a': 1}", 8, "no statement"),
    ("SELECT $1", 8, "no statement"),
    ("SELECT 1, FROM orders", 11, "no statement"),
    ("SELECT id FROM orders USING SAMPLE 10", 23, "no statement"),
    ("SELECT id FROM orders a ASOF JOIN orders b USING (id)", 25, "no statement"),
    ("SELECT id FROM orders a SEMI JOIN orders b USING (id)", 25, "no statement"),
    ("SELECT `id` FROM orders", 8, "between double quotes"),
    ("SELECT 9223372036854775808", 8, "must fit in a bigint, 64 bits"),
    ("SELECT 1 = 'a'", 8, "Athena has no integer = varchar(1)"),
    ("SELECT 1 + 'a'", 8, "Athena has no integer + varchar(1)"),
    ("SELECT 'a' + 'b'", 8, "Athena has no varchar(1) + varchar(1)"),
    ("SELECT true + 1", 8, "Athena has no boolean + integer"),
    ("SELECT -'a'", 8, "Athena has no -varchar(1)"),
    ("SELECT NOT 1", 12, "expected a boolean, found integer"),
    ("SELECT 1 AND true", 8, "expected a boolean, found integer"),
    ("SELECT id FROM orders WHERE id", 29, "expected a boolean, found integer"),
    ("SELECT 1 IN ('a')", 8, "Athena has no type for both integer and varchar(1)"),
    ("SELECT 1 BETWEEN 'a' AND 'b'", 8, "Athena has no integer >= varchar(1)"),
    ("SELECT 1 LIKE '1'", 8, "Athena has no integer LIKE varchar(1)"),
    ("SELECT CASE WHEN 1 THEN 2 END", 8, "Athena has no condition of integer"),
    ("SELECT CASE WHEN true THEN 1 ELSE 'a' END", 8, "Athena has no type for both integer and varchar(1)"),
    ("SELECT if(1, 2)", 8, "Athena has no condition of integer"),
    ("SELECT DATE '2024-01-01' + 1", 8, "Athena has no date + integer"),
    ("SELECT DATE '2024-01-01' = '2024-01-01'", 8, "Athena has no date = varchar(10)"),
    ("SELECT DATE '2024-02-30'", 8, "is no date"),
    ("SELECT TIMESTAMP '2024-01-01 25:00:00'", 8, "is no timestamp"),
    ("SELECT hour(DATE '2024-01-01')", 8, "Athena has no hour(date)"),
    ("SELECT year('2024-01-01')", 8, "Athena has no year(varchar(10))"),
    ("SELECT date_trunc('hour', DATE '2024-01-01')", 8, "Athena has no unit 'hour' of a date"),
    ("SELECT date_trunc('fortnight', at) FROM orders", 8, "Athena has no unit 'fortnight'"),
    ("SELECT date_diff('day', '2024-01-01', at) FROM orders", 8, "Athena has no date_diff"),
    ("SELECT length(1)", 8, "Athena has no length(integer)"),
    ("SELECT sqrt('4')", 8, "Athena has no sqrt(varchar(1))"),
    ("SELECT substr('a')", 8, "Athena has no substr(varchar(1))"),
    ("SELECT upper()", 8, "Athena has no upper()"),
    ("SELECT concat('a', 1)", 8, "Athena has no varchar(1) || integer"),
    ("SELECT concat('a')", 8, "Athena has no concat(varchar(1))"),
    ("SELECT sum(name) FROM orders", 8, "Athena has no sum(varchar)"),
    ("SELECT avg(day) FROM orders", 8, "Athena has no avg(date)"),
    ("SELECT count_if(id) FROM orders", 8, "Athena has no count_if(integer)"),
    ("SELECT sum(*) FROM orders", 8, "sum(*): only count takes *"),
    ("SELECT sum(id), name FROM orders", 17, "'name' must be an aggregate expression or appear in GROUP BY"),
    ("SELECT name FROM orders GROUP BY id", 8, "'name' must be an aggregate expression"),
    ("SELECT * FROM orders GROUP BY id", 8, "must be an aggregate expression"),
    ("SELECT id FROM orders GROUP BY id ORDER BY name", 44, "'name' must be an aggregate expression"),
    ("SELECT id + 1 FROM orders GROUP BY id + 2", 8, "'id' must be an aggregate expression"),
    ("SELECT 1 FROM orders HAVING id > 1", 29, "'id' must be an aggregate expression"),
    ("SELECT id FROM orders WHERE sum(id) > 1", 29, "WHERE clause cannot contain aggregations"),
    ("SELECT sum(sum(id)) FROM orders", 12, "an aggregation cannot contain aggregations"),
    ("SELECT sum(id) FROM orders GROUP BY 1", 37, "GROUP BY clause cannot contain aggregations"),
    ("SELECT id FROM orders WHERE row_number() OVER () = 1", 29, "WHERE clause cannot contain window functions"),
    ("SELECT row_number() FROM orders", 8, "row_number needs OVER"),
    ("SELECT row_number() OVER (ORDER BY id ROWS UNBOUNDED PRECEDING) FROM orders", 39, "takes no frame"),
    ("SELECT id FROM orders ORDER BY 2", 32, "there is no result 2: SELECT has 1"),
    ("SELECT id FROM orders GROUP BY 0", 32, "there is no result 0: SELECT has 1"),
    ("SELECT DISTINCT id FROM orders ORDER BY name", 41, "ORDER BY may name results only"),
    ("SELECT id FROM orders a JOIN orders b ON a.id = b.id", 8, "column 'id' is ambiguous"),
    ("SELECT a.id FROM orders a JOIN orders b USING (id)", 8, "column 'a.id' cannot be resolved"),
    ("SELECT orders.id FROM orders a", 8, "there is no orders here"),
    ("SELECT b.* FROM orders a", 8, "there is no b here"),
    ("SELECT *", 8, "SELECT * needs FROM"),
    ("SELECT nme FROM orders", 8, "column 'nme' cannot be resolved; did you mean 'name'?"),
    ("SELECT 1 UNION SELECT 'a'", 1, "UNION of integer and varchar(1): the types do not fit"),
    ("SELECT 1 UNION SELECT 1, 2", 1, "UNION of queries with 1 and 2 columns"),
    ("SELECT * FROM (VALUES (1, 2), (3)) AS t", 16, "rows of VALUES have different numbers"),
    ("SELECT * FROM (VALUES 1, 'a') AS t", 16, "VALUES of integer and varchar(1)"),
    ("SELECT * FROM (SELECT 1) AS t(a, b)", 30, "2 names for 1 columns"),
    ("SELECT (SELECT 1, 2)", 8, "a subquery for a value has one column, this one 2"),
    ("SELECT 1 IN (SELECT 1, 2)", 10, "a subquery of IN has one column, this one 2"),
    ("WITH a AS (SELECT 1), a AS (SELECT 2) SELECT * FROM a", 23, "WITH names a twice"),
    ("SELECT 1 FROM orders FOR VERSION AS OF id", 40, "column 'id' cannot be resolved"),
    ("SELECT 1 FROM orders FOR TIMESTAMP AS OF DATE '2024-01-01'", 22, "expected FOR VERSION AS OF 123 or"),
    ("SELECT 1 FROM orders FOR TIMESTAMP AS OF TIMESTAMP '2024-01-01 00:00:00'", 22, "expected FOR VERSION"),
    ("SELECT 1 AS x; SELECT 2", 14, "no statement"),
    ("DELETE FROM orders", 1, "expected one statement that only reads"),
]  # fmt: skip
#: statement → column, what is named
NOT_TRANSLATED = [
    ("SELECT at - lag(at) OVER (ORDER BY at) FROM orders", 8, "a result that is an interval day to second"),
    ("SELECT 1, (SELECT INTERVAL '3' MONTH)", 11, "a result that is an interval year to month"),
    ("SELECT X'00ff'", 8, "a binary literal"),
    ("SELECT 0x10", 8, "the number 0X10"),
    ("SELECT 1_000", 8, "the number 1_000"),
    ("SELECT U&'a'", 8, "a text literal with escapes"),
    ("SELECT INTERVAL '1-2' YEAR TO MONTH", 8, "an interval of several units"),
    ("SELECT TIME '10:00:00'", 8, "a literal of time"),
    ("SELECT BIGINT '1'", 8, "a literal of bigint"),
    ("SELECT TIMESTAMP '2024-01-01 00:00:00 Europe/Berlin'", 8, "another zone than UTC"),
    ("SELECT TIMESTAMP '2024-01-01 00:00:00.1234567'", 8, "more than 6 digits of a second"),
    ("SELECT seen AT TIME ZONE 'Europe/Berlin' FROM orders", 8, "AT TIME ZONE"),
    ("SELECT current_time", 8, "current_time"),
    ("SELECT current_user", 8, "current_user"),
    ("SELECT CAST(ratio AS decimal(10, 2)) FROM orders", 8, "a cast of double to decimal(10,2)"),
    ("SELECT CAST(ratio AS varchar) FROM orders", 8, "a cast of double to varchar"),
    ("SELECT CAST('1.5' AS decimal(3, 1))", 8, "a cast of varchar(3) to decimal(3,1)"),
    ("SELECT CAST('t' AS boolean)", 8, "a cast of varchar(1) to boolean"),
    ("SELECT CAST(1 AS char(3))", 8, "the type char(3)"),
    ("SELECT CAST(name AS json) FROM orders", 8, "the type json"),
    ("SELECT CAST(at AS timestamp with time zone) FROM orders", 8, "the type timestamp with time zone"),
    ("SELECT approx_distinct(id) FROM orders", 8, "approx_distinct"),
    ("SELECT arbitrary(id) FROM orders", 8, "arbitrary"),
    ("SELECT array_agg(id ORDER BY id) FROM orders", 8, "array_agg"),
    ("SELECT listagg(name, ',') WITHIN GROUP (ORDER BY name) FROM orders", 8, "listagg"),
    ("SELECT regexp_like(name, 'a') FROM orders", 8, "regexp_like"),
    ("SELECT json_extract(name, '$.a') FROM orders", 8, "json_extract"),
    ("SELECT format_datetime(at, 'yyyy') FROM orders", 8, "format_datetime"),
    ("SELECT date_format(at, '%D') FROM orders", 8, "%D in a format"),
    ("SELECT date_format(at, name) FROM orders", 8, "a format that is no text literal"),
    ("SELECT date_trunc(name, at) FROM orders", 8, "a unit that is no text literal"),
    ("SELECT round(ratio, id) FROM orders", 8, "round to digits that are no literal"),
    ("SELECT round(amount, 1) FROM orders", 8, "round of a decimal to a number of digits"),
    ("SELECT greatest(1e0, 2e0)", 8, "greatest of double"),
    ("SELECT trim('x' FROM 'xax')", 8, "trim of given characters"),
    ("SELECT getenv('HOME')", 8, "getenv"),
    ("SELECT read_text('/etc/passwd')", 8, "read_text"),
    ("SELECT random()", 8, "random"),
    ("SELECT ARRAY[1]", 8, "an array"),
    ("SELECT ROW(1, 2)", 8, "a row"),
    ("SELECT (1, 2)", 8, "a row"),
    ("SELECT tags = tags FROM orders", 8, "a comparison of array(varchar)"),
    ("SELECT tags FROM orders ORDER BY tags", 34, "an order of array(varchar)"),
    ("SELECT count(*) FROM orders GROUP BY tags", 38, "groups of array(varchar)"),
    ("SELECT NULL + 1", 8, "arithmetic with NULL"),
    ("SELECT INTERVAL '1' DAY * 1.5", 8, "interval day to second * decimal(2,1)"),
    ("SELECT amount + real FROM orders", 8, "decimal(12,2) as real"),
    ("SELECT lag(id) IGNORE NULLS OVER (ORDER BY id) FROM orders", 8, "IGNORE NULLS"),
    ("SELECT sum(DISTINCT id) OVER () FROM orders", 8, "DISTINCT or FILTER"),
    ("SELECT sum(id) OVER (ORDER BY id RANGE BETWEEN 1 PRECEDING AND CURRENT ROW) FROM orders", 8, "a frame"),
    ("SELECT sum(id) OVER (ORDER BY id GROUPS CURRENT ROW) FROM orders", 8, "this window's frame"),
    ("SELECT sum(id) OVER w FROM orders WINDOW w AS (ORDER BY id)", 1, "WINDOW"),
    ("SELECT count(*) FROM orders GROUP BY GROUPING SETS ((id), ())", 38, "grouping sets"),
    ("SELECT count(*) FROM orders GROUP BY CUBE (id)", 38, "grouping sets"),
    ("SELECT count(*) FROM orders GROUP BY ()", 38, "GROUP BY ()"),
    ("SELECT * FROM orders TABLESAMPLE BERNOULLI (10)", 15, "TABLESAMPLE"),
    ("SELECT * FROM UNNEST(ARRAY[1]) AS t(x)", 15, "unnest"),
    ("SELECT * FROM orders RIGHT JOIN UNNEST(tags) ON true", 15, "RIGHT JOIN UNNEST"),
    ("SELECT * FROM orders LEFT JOIN UNNEST(tags) AS t(x) ON id = 1", 15, "a condition other than ON TRUE"),
    ("SELECT * FROM orders NATURAL JOIN orders", 15, "NATURAL JOIN"),
    ("SELECT * FROM orders, LATERAL (SELECT 1)", 23, "lateral"),
    ("WITH RECURSIVE a(n) AS (SELECT 1) SELECT * FROM a", 1, "WITH RECURSIVE"),
    ("SELECT id FROM orders FETCH FIRST 1 ROW WITH TIES", 1, "WITH TIES"),
    ("TABLE orders", 1, "TABLE"),
    ("SELECT 1 FROM orders o WHERE EXISTS (SELECT 1 FROM orders i WHERE i.id = o.id)", 74, "o of the query around"),
    ("SELECT (SELECT max(i.id) FROM (SELECT 1 AS id) i WHERE i.id = big) FROM orders", 63, "big of the query around"),
    ("SELECT id = ALL (SELECT 1) FROM orders", 8, "= ALL (SELECT 1)"),
    ("SELECT ratio IN (SELECT 1e0) FROM orders", 8, "IN with a subquery of double"),
    ("SELECT '10%' LIKE '10!x' ESCAPE '!'", 8, "LIKE with an escape"),
    ("SELECT ?", 8, "a parameter"),
    ('SELECT "$path" FROM orders', 8, "the hidden column $path"),
    ('SELECT orders."$path" FROM orders', 8, "the hidden column $path"),
    ('SELECT id FROM orders JOIN orders o USING ("$path")', 37, "the hidden column $path"),
]  # fmt: skip


@pytest.mark.parametrize(("statement", "column", "words"), ATHENA_REFUSES)
def test_what_athena_refuses(statement: str, column: int, words: str) -> None:
    """With the place, though DuckDB has an answer."""
    said = refusal(statement)
    assert said.startswith(f"line 1, column {column}"), said
    assert words in said


@pytest.mark.parametrize(("statement", "column", "words"), NOT_TRANSLATED)
def test_what_is_not_translated(statement: str, column: int, words: str) -> None:
    """By its name, and that Athena may run it."""
    said = refusal(statement)
    assert said.startswith(f"line 1, column {column},"), said
    assert words in said
    assert "the embedded AWS does not translate" in said


def refusal(statement: str) -> str:
    """What is said of the statement."""
    with pytest.raises(UserError) as raised:
        translated(statement)
    return str(raised.value)


def test_the_place_of_what_is_refused() -> None:
    """Line, column, the text and a mark under it; a long line is cut around it."""
    assert refusal("SELECT id,\n  nope + 1\nFROM orders") == (
        "line 2, column 3, at 'nope': column 'nope' cannot be resolved; did you mean 'open'?\n"
        "    nope + 1\n    ^^^^"
    )
    long = "SELECT " + ", ".join(["id"] * 200) + ", nope FROM orders"
    *_, shown, mark = refusal(long).splitlines()
    assert shown[mark.index("^") :].startswith("nope")
    assert len(shown) < 250
    assert refusal("SELECT id FROM").startswith("line 1, column 15: the statement ends too early")


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT " + "(" * 1500 + "1" + ")" * 1500,
        "SELECT " + "(" * 41 + "1" + ")" * 41,
        "SELECT " + "NOT " * 1500 + "true",
        "SELECT " + "- " * 1500 + "1",
        "SELECT " + "1 + " * 1500 + "1",
        "SELECT " + "CASE WHEN true THEN " * 100 + "1" + " END" * 100,
        "SELECT " + "abs(" * 200 + "1" + ")" * 200,
        "SELECT * FROM " + "(SELECT * FROM " * 200 + "orders" + ")" * 200,
        "SELECT " + "1," * 2_000 + "1",
    ],
)
def test_what_is_too_large_is_an_error(statement: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No bug, and at once."""
    monkeypatch.setattr(grammar, "MOST_TOKENS", 4_000)  # in place of 20,000, for which a second is needed
    said = refusal(statement)
    assert any(word in said for word in ("deep", "embedded AWS reads")), said
    assert len(said) < 300


@pytest.mark.parametrize("operator", ["- ", "1 + "])
def test_depth_is_bounded_wherever_python_s_limit_is(operator: str) -> None:
    """Packages that the embedded AWS needs raise the limit of recursion for all."""
    before = sys.getrecursionlimit()
    try:
        sys.setrecursionlimit(10_000)
        said = refusal("SELECT " + operator * 1_000 + "1")
    finally:
        sys.setrecursionlimit(before)
    assert "nested too deeply" in said


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what installs it."""
    monkeypatch.setitem(sys.modules, "trino_query_parser.SqlBaseLexer", None)
    grammar._antlr.cache_clear()
    said = refusal("SELECT 1")
    grammar._antlr.cache_clear()
    assert said.startswith("SQL on the embedded AWS needs the package trino-query-parser (")
    assert said.endswith("install the requirements anew, as in: pip install -r requirements.txt")


def test_semicolons_are_counted_before_they_are_read() -> None:
    """Of those within the bytes of a query, each was a reason to read all others again."""
    assert "250,002 words and signs" in refusal("SELECT 1" + ";" * 250_000)


def test_what_just_fits_is_read() -> None:
    """The deepest brackets, and operands that stand in many places of what they become."""
    deep = grammar.DEEPEST
    assert translated("SELECT " + "(" * deep + "1" + ")" * deep).columns[0][0] == "_col0"
    sql = translated("SELECT " + "(" * 20 + "1.5" + " / 2.5)" * 20).sql
    assert len(sql) < 100_000
