"""A user's SQL: what is accepted, what the tables are, and what is refused with which words."""

from __future__ import annotations

import pytest

from data_pipeline.core import sql
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.loading.load import load_environment

KNOWN = ("ride_counts", "trip_counts")


def tables(text: str) -> list[str]:
    return sorted(sql.sources(sql.read(text), "nyc_tlc_dev", KNOWN))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("SELECT 1", []),
        ("select count(*) from ride_counts;", ["ride_counts"]),
        ('SELECT * FROM "nyc_tlc_dev"."Ride_Counts" r', ["ride_counts"]),
        ("SELECT * FROM AwsDataCatalog.nyc_tlc_dev.ride_counts", ["ride_counts"]),
        ("(SELECT * FROM ride_counts)", ["ride_counts"]),
        ("WITH a AS (SELECT * FROM trip_counts) SELECT * FROM a JOIN ride_counts ON true", [*KNOWN]),
        ("WITH trip_counts AS (SELECT 1 AS x) SELECT * FROM trip_counts", []),
        ("SELECT 1 FROM ride_counts WHERE EXISTS (SELECT 1 FROM trip_counts)", [*KNOWN]),
        ("SELECT x FROM ride_counts UNION ALL SELECT x FROM trip_counts", [*KNOWN]),
        ("SELECT x FROM ride_counts CROSS JOIN UNNEST(tags) WITH ORDINALITY AS t(x, n)", ["ride_counts"]),
        ("SELECT x FROM ride_counts r, UNNEST(r.tags) AS t(x)", ["ride_counts"]),
        ("-- a word\nSELECT ';' FROM ride_counts -- ;", ["ride_counts"]),
    ],
)
def test_what_a_query_reads(text: str, found: list[str]) -> None:
    """Tables of the database, wherever they stand; names of the query's own WITH are none."""
    assert tables(text) == found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "found no statements, expected one statement that only reads: SELECT"),
        ("SELECT 1; SELECT 2", "found 2 statements, expected one"),
        ("INSERT INTO ride_counts SELECT * FROM ride_counts", "found 'INSERT', expected one"),
        ("DELETE FROM ride_counts", "found 'DELETE', expected one"),
        ("UPDATE ride_counts SET doy = 1", "found 'UPDATE', expected one"),
        ("MERGE INTO a USING b ON a.x = b.x WHEN MATCHED THEN DELETE", "found 'MERGE', expected one"),
        ("DROP TABLE ride_counts", "found 'DROP', expected one"),
        ("CREATE TABLE x AS SELECT 1", "found 'CREATE', expected one"),
        ("WITH a AS (SELECT 1) INSERT INTO b SELECT * FROM a", "found 'INSERT', expected one"),
        ("SELECT 1 INTO x", "found 'INTO', expected one"),
        ("UNLOAD (SELECT 1) TO 's3://b/'", "expected one"),
        ("EXPLAIN SELECT 1", "found 'EXPLAIN', expected one"),
        ("show tables", "found 'SHOW', expected one"),
        ("SHOW COLUMNS IN ride_counts", "SELECT * FROM name LIMIT 0 has a table's columns"),
        ("DESCRIBE ride_counts", "a wrong name is refused with the right ones"),
        ("VALUES (1)", "found 'VALUES', expected one"),
        ("SELECT 'x", "the statement cannot be read: "),
        ("SELECT 1" + " " * 262_144, "the statement has 262,152 characters; Athena takes 262,144"),
        (
            "SELECT * FROM default.ride_counts",
            "'default.ride_counts' is not in the database nyc_tlc_dev of this",
        ),
        (
            "SELECT * FROM information_schema.tables",
            "of this environment; SELECT * FROM name LIMIT 0 has a table's columns",
        ),
        ("SELECT * FROM nyc_tlc_prod.ride_counts", "of this environment; did you mean 'nyc_tlc_dev'?"),
        (
            "SELECT * FROM ride_count",
            "there is no table 'ride_count' in nyc_tlc_dev: it has 'ride_counts' or",
        ),
        ("SELECT * FROM ride_count", "; did you mean 'ride_counts'?"),
        ("SELECT * FROM read_csv('/etc/passwd')", "a table function; expected a table: 'ride_counts' or"),
    ],
)
def test_what_is_refused(text: str, words: str) -> None:
    """What writes, what is several, what is not there; each with what was expected."""
    with pytest.raises(UserError) as raised:
        tables(text)
    assert words in str(raised.value)


def test_where_a_statement_cannot_be_read() -> None:
    """Line, column, the word, and the line with a mark under it."""
    with pytest.raises(UserError) as raised:
        sql.read("SELECT doy,\n  num_rides fro ride_counts")
    assert str(raised.value) == (
        "line 2, column 17, at 'ride_counts': invalid expression / Unexpected token; expected one statement that only "
        "reads: SELECT … or WITH … SELECT …\n    num_rides fro ride_counts\n                  ^^^^^^^^^^^"
    )


def test_a_statement_that_is_too_deep() -> None:
    """An error, no bug."""
    with pytest.raises(UserError, match="nested too deeply"):
        sql.read("SELECT " + "(" * 3000 + "1" + ")" * 3000)


@pytest.mark.parametrize("env", ["dev", "prod", "local"])
def test_the_named_queries_of_the_example_are_read(env: str) -> None:
    """Each is one SELECT over the tables that the steps publish."""
    from paths import ROOT

    environment: Environment = load_environment(ROOT, env)
    published = {table for step in environment.steps.values() for table in step.tables}
    for query in environment.athena.queries.values():
        found = sql.sources(sql.read(query.sql), environment.names.database, published)
        assert found
