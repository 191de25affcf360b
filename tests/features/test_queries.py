"""SQL over published tables by DuckDB: rows, types, earlier states, limits."""

from __future__ import annotations

import pytest
from features.conftest import Published, rides

from data_pipeline.core import sql
from data_pipeline.core.errors import UserError
from data_pipeline.features import queries

GB = 10**9


def ask(published: Published, text: str, most: int = GB) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = queries.run(published.tables, sql.read(text), most).rows.to_pylist()
    return rows


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
    with pytest.raises(UserError, match="'yesterday' is no timestamp"):
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
            "line 1, column 8, at 'nothing': column 'nothing' cannot be resolved",
        ),
        ('SELECT 1 FROM "x.csv"', "there is no table 'x.csv'"),
        ("SELECT * FROM embedded", "there is no table 'embedded'"),
        ("SELECT fhv / 0 FROM ride_counts", "the query cannot be run: Division by zero"),
    ],
)
def test_what_cannot_be_run_says_so(published: Published, text: str, words: str) -> None:
    """With its place in the text; no file and no variable is a table."""
    published.publish("first", rides(1, hours=24))
    with pytest.raises(UserError) as raised:
        ask(published, text)
    assert words in str(raised.value)
