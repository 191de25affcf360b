"""SQL over published tables by DuckDB: each translated function means what Trino's manual says, states, limits."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from features.conftest import Published, rides

from data_pipeline.core import sql
from data_pipeline.core.errors import UserError
from data_pipeline.features import queries

GB = 10**9

#: an expression over one row, Monday 2019-01-07 13:45 → what Trino answers. The clock's own functions come last.
MEANINGS = (
    ("7 / 2", 3),
    ("-7 / 2", -3),
    ("7 % 2", 1),
    ("7 / 2e0", 3.5),
    ("day_of_week(t)", 1),
    ("dow(t + INTERVAL '6' DAY)", 7),
    ("day_of_year(t)", 7),
    ("year(t)", 2019),
    ("quarter(t)", 1),
    ("month(t)", 1),
    ("week(t)", 2),
    ("day(t)", 7),
    ("hour(t)", 13),
    ("minute(t)", 45),
    ("extract(year FROM t)", 2019),
    ("extract(week FROM t)", 2),
    ("extract(minute FROM t)", 45),
    ("date_trunc('hour', t)", datetime(2019, 1, 7, 13)),  # noqa: DTZ001 - a wall clock
    ("date_trunc('week', t)", datetime(2019, 1, 7)),  # noqa: DTZ001 - a wall clock
    # Trino's is a date; that it is a midnight here is told in docs/how-to/sql.md.
    ("date_trunc('month', date '2019-01-07')", datetime(2019, 1, 1)),  # noqa: DTZ001 - a wall clock
    ("date(t)", date(2019, 1, 7)),
    ("cast(t AS date)", date(2019, 1, 7)),
    ("date_diff('day', t, TIMESTAMP '2019-01-09 13:45:00')", 2),
    ("date_add('day', 2, t)", datetime(2019, 1, 9, 13, 45)),  # noqa: DTZ001 - a wall clock
    ("date_format(t, '%Y-%m-%d %H:%i')", "2019-01-07 13:45"),
    ("cast(7 AS varchar)", "7"),
    ("try_cast('x' AS double)", None),
    ("coalesce(NULL, 2)", 2),
    ("nullif(2, 2)", None),
    ("if(1 > 2, 3, 4)", 4),
    ("CASE WHEN 1 > 2 THEN 3 END", None),
    ("greatest(1, 3, 2)", 3),
    ("greatest(1, NULL)", None),
    ("least(3, 1)", 1),
    ("least(1, NULL)", None),
    ("abs(-2)", 2),
    ("round(2.5e0)", 3.0),
    ("round(-2.5e0)", -3.0),
    ("round(2.345e0, 1)", 2.3),
    ("floor(-1.5e0)", -2.0),
    ("ceil(1.2e0)", 2.0),
    ("sign(-3)", -1),
    ("sqrt(9)", 3.0),
    ("power(2, 3)", 8.0),
    ("exp(0)", 1.0),
    ("ln(1)", 0.0),
    ("lower('A') || upper('b')", "aB"),
    ("concat('a', 'b')", "ab"),
    ("length('abc')", 3),
    ("substr('abcd', 2, 2)", "bc"),
    ("substr('abcd', -2)", "cd"),
    ("strpos('abcd', 'c')", 3),
    ("trim('  a ')", "a"),
    ("(SELECT sum(x) FROM (VALUES 1, 2, 2) AS v(x))", 5),
    ("(SELECT avg(x) FROM (VALUES 1, 2) AS v(x))", 1.5),
    ("(SELECT count(x) FROM (VALUES 1, NULL) AS v(x))", 1),
    ("(SELECT count(DISTINCT x) FROM (VALUES 1, 1, 2) AS v(x))", 2),
    ("(SELECT count_if(x > 1) FROM (VALUES 1, 2) AS v(x))", 1),
    ("(SELECT min(x) + max(x) FROM (VALUES 1, 5) AS v(x))", 6),
    ("(SELECT stddev(x) FROM (VALUES 1, 3) AS v(x))", 2**0.5),
    ("(SELECT variance(x) FROM (VALUES 1, 3) AS v(x))", 2.0),
    ("(SELECT corr(x, x) FROM (VALUES 1, 3) AS v(x))", 1.0),
    ("(SELECT sum(x) FILTER (WHERE x > 1) FROM (VALUES 1, 2) AS v(x))", 2),
    ("(SELECT max(n) FROM (SELECT row_number() OVER (ORDER BY x) AS n FROM (VALUES 4, 4) AS v(x)))", 2),
    ("(SELECT max(n) FROM (SELECT rank() OVER (ORDER BY x) AS n FROM (VALUES 4, 4) AS v(x)))", 1),
    ("(SELECT max(n) FROM (SELECT dense_rank() OVER (ORDER BY x) AS n FROM (VALUES 4, 4, 5) AS v(x)))", 2),
    ("(SELECT max(n) FROM (SELECT ntile(2) OVER (ORDER BY x) AS n FROM (VALUES 1, 2) AS v(x)))", 2),
    ("(SELECT max(n) FROM (SELECT lag(x) OVER (ORDER BY x) AS n FROM (VALUES 1, 2) AS v(x)))", 1),
    ("(SELECT min(n) FROM (SELECT lead(x) OVER (ORDER BY x) AS n FROM (VALUES 1, 2) AS v(x)))", 2),
    ("(SELECT max(n) FROM (SELECT first_value(x) OVER (ORDER BY x) AS n FROM (VALUES 1, 2) AS v(x)))", 1),
    ("(SELECT min(n) FROM (SELECT last_value(x) OVER (ORDER BY x) AS n FROM (VALUES 1, 2) AS v(x)))", 1),
    ("(SELECT x FROM (VALUES 1, NULL) AS v(x) ORDER BY x DESC LIMIT 1)", 1),
    ("current_date > date '2020-01-01'", True),
)


def ask(published: Published, text: str, most: int = GB) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = queries.run(published.tables, sql.read(text), most).rows.to_pylist()
    return rows


def test_each_function_means_what_trino_says(published: Published) -> None:
    """All expressions in one query; every function that is translated is among them."""
    columns = ", ".join(f"{expression} AS c{n}" for n, (expression, _) in enumerate(MEANINGS))
    text = f"SELECT {columns} FROM (SELECT TIMESTAMP '2019-01-07 13:45:00' AS t)"
    (row,) = ask(published, text)
    found = {expression: row[f"c{n}"] for n, (expression, _) in enumerate(MEANINGS)}
    assert found == {
        expression: pytest.approx(value) if isinstance(value, float) else value
        for expression, value in MEANINGS
    }
    used = {type(node) for node in sql.read(text).tree.walk()}
    assert sql.TRANSLATED - used == set()


def test_a_query_over_published_tables(published: Published) -> None:
    """Rows, integer sums, a join with itself; the bytes are those of the data files."""
    published.publish("first", rides(1, hours=48))
    answer = queries.run(
        published.tables,
        sql.read("SELECT dow, sum(fhv) AS n FROM Ride_Counts WHERE fhv > 0 GROUP BY dow ORDER BY 1"),
        GB,
    )
    assert answer.rows.to_pylist() == [{"dow": 3, "n": 24}, {"dow": 4, "n": 24}]
    assert str(answer.rows.schema.field("n").type) == "int64"
    table = published.tables.load("ride_counts")
    assert answer.bytes == sum(task.file.file_size_in_bytes for task in table.scan().plan_files())
    database = published.tables.database
    text = f'SELECT count(*) AS n FROM ride_counts a JOIN "{database}".ride_counts b USING (timestamp)'
    assert ask(published, text) == [{"n": 48}]


def test_earlier_states(published: Published) -> None:
    """By snapshot and by time, beside the newest; an unknown snapshot is refused as everywhere."""
    first = published.publish("first", rides(1, hours=24))
    published.publish("second", rides(2, hours=24))
    total = "SELECT sum(fhv) AS n FROM ride_counts"
    text = f"SELECT a.n AS old, b.n AS new FROM ({total} FOR VERSION AS OF {first}) a, ({total}) b"
    assert ask(published, text) == [{"old": 24, "new": 48}]
    later = "SELECT sum(fhv) AS n FROM ride_counts FOR TIMESTAMP AS OF TIMESTAMP '2100-01-01 00:00:00 UTC'"
    assert ask(published, later) == [{"n": 48}]
    with pytest.raises(UserError, match="has no snapshot '5': it has expired or never was"):
        ask(published, "SELECT 1 FROM ride_counts FOR VERSION AS OF 5")
    with pytest.raises(UserError, match="expected '2026-11-25 12:00:00 UTC'"):
        ask(published, "SELECT 1 FROM ride_counts FOR TIMESTAMP AS OF TIMESTAMP 'yesterday'")


def test_what_a_query_may_read_is_limited(published: Published) -> None:
    """Before a byte of the data is read."""
    published.publish("first", rides(1, hours=24))
    with pytest.raises(
        UserError, match=r"the query would read [\d,]+ bytes; athena.gb_per_query allows 10\."
    ):
        ask(published, "SELECT 1 FROM ride_counts", 10)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "SELECT nothing FROM ride_counts",
            'the query cannot be run: Binder Error: Referenced column "nothing"',
        ),
        ("SELECT 1 FROM 'x.csv'", "there is no table 'x.csv'"),
        ("SELECT * FROM embedded", "there is no table 'embedded'"),
        ("SELECT cast(fhv AS date) FROM ride_counts", "the query cannot be run: "),
    ],
)
def test_what_cannot_be_run_says_so(published: Published, text: str, words: str) -> None:
    """DuckDB's own words where the statement is right and the tables do not fit; no file and no variable is a table."""
    published.publish("first", rides(1, hours=24))
    with pytest.raises(UserError) as raised:
        ask(published, text)
    assert words in str(raised.value)
