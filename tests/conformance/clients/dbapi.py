"""PyAthena: its cursors, pandas and SQLAlchemy."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote_plus

from cases import DATABASE, ROWS, case, refused
from pyathena import connect
from pyathena.async_cursor import AsyncCursor
from pyathena.cursor import DictCursor
from pyathena.pandas.cursor import PandasCursor
from sqlalchemy import MetaData, Table, create_engine, func, inspect, select, text

PACKAGES = ("pyathena", "pandas", "sqlalchemy")
ALL = "SELECT id, at, amount, note, weight FROM orders ORDER BY id"
FIRST = (1, datetime(2026, 11, 1, tzinfo=UTC), Decimal("0.00"), 'two\nlines, "quoted"', 1.0)


def cursor(**more: Any) -> Any:
    return connect(work_group=DATABASE, schema_name=DATABASE, region_name="us-east-1", **more).cursor()


def engine(kind: str) -> Any:
    staging = quote_plus(f"s3://{DATABASE}/staging/")
    place = f"athena.us-east-1.amazonaws.com:443/{DATABASE}"
    return create_engine(f"awsathena+{kind}://:@{place}?work_group={DATABASE}&s3_staging_dir={staging}")


@case
def rows_by_the_cursor() -> None:
    with cursor() as found:
        found.execute(ALL)
        assert [each[:2] for each in found.description[:2]] == [
            ("id", "bigint"),
            ("at", "timestamp with time zone"),
        ]
        assert found.fetchone() == FIRST
        assert [row[0] for row in found.fetchmany(3)] == [2, 3, 4]
        assert len(found.fetchall()) == ROWS - 4
        assert found.data_scanned_in_bytes > 0


@case
def parameters_of_both_styles() -> None:
    with cursor() as found:
        found.execute(
            "SELECT count(*) FROM orders WHERE note = %(note)s AND id > %(id)d", {"note": "plain", "id": 5}
        )
        assert found.fetchone() == (ROWS - 5,)
        found.execute("SELECT count(*) FROM orders WHERE note = ?", ["'plain'"], paramstyle="qmark")
        assert found.fetchone() == (ROWS - 3,)


@case
def rows_as_dictionaries() -> None:
    with cursor(cursor_class=DictCursor) as found:
        assert found.execute(ALL).fetchone()["note"] == FIRST[3]


@case
def rows_in_the_background() -> None:
    with cursor(cursor_class=AsyncCursor) as found:
        _, future = found.execute(ALL)
        assert future.result().fetchone() == FIRST


@case
def rows_as_a_frame() -> None:
    frame = cursor(cursor_class=PandasCursor).execute(ALL).as_pandas()
    assert list(frame["id"]) == list(range(1, ROWS + 1))
    assert frame["at"].iloc[0] == FIRST[1]
    assert frame["note"].isna().sum() == 2  # pandas takes an empty text for nothing, too


@case
def a_failing_query() -> None:
    try:
        cursor().execute("SELECT nothing FROM orders")
    except Exception as error:  # noqa: BLE001 - which class is the client's affair
        assert "COLUMN" in str(error).upper()  # noqa: PT017 - pytest is not in this environment
    else:
        raise AssertionError("the query did not fail")


@case
def tables_by_sqlalchemy() -> None:
    seen = inspect(engine("rest"))
    assert "orders" in seen.get_table_names()
    assert DATABASE in seen.get_schema_names()
    assert [column["name"] for column in seen.get_columns("orders")][:2] == ["id", "at"]
    assert seen.has_table("orders")
    assert not seen.has_table("nothing")


@case
def queries_by_sqlalchemy() -> None:
    with engine("rest").connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM orders")).scalar() == ROWS
        orders = Table("orders", MetaData(), autoload_with=connection)
        counted = select(func.count()).select_from(orders).where(orders.c.id > 3)
        assert connection.execute(counted).scalar() == ROWS - 3
        newest = select(orders.c.id, orders.c.note).order_by(orders.c.id.desc()).limit(1)
        assert connection.execute(newest).fetchall() == [(ROWS, "plain")]


@case
def a_frame_by_sqlalchemy() -> None:
    import pandas as pd

    assert len(pd.read_sql(ALL, engine("pandas"))) == ROWS


@case
def a_frame_by_unload() -> None:
    staging = f"s3://{DATABASE}/unload/"
    found = cursor(cursor_class=PandasCursor, s3_staging_dir=staging, cursor_kwargs={"unload": True})
    frame = found.execute("SELECT id, amount, note FROM orders").as_pandas()
    assert sorted(frame["id"]) == list(range(1, ROWS + 1))


@refused("CREATE TABLE")
def a_table_is_made() -> None:
    cursor().execute("CREATE TABLE made WITH (format = 'PARQUET') AS SELECT 1 AS one")


@case
def tables_by_a_statement() -> None:
    asked = cursor()
    assert ("orders",) in asked.execute("SHOW TABLES").fetchall()
    assert asked.execute("SHOW TABLES 'ord*'").fetchall() == [("orders",)]
    assert (DATABASE,) in asked.execute("SHOW DATABASES").fetchall()
    columns = [("id",), ("at",), ("amount",), ("note",), ("weight",)]
    assert asked.execute("SHOW COLUMNS IN orders").fetchall() == columns
    assert [each[0] for each in asked.description] == ["field"]


@refused("SHOW CREATE")
def a_statement_of_a_table() -> None:
    cursor().execute("SHOW CREATE TABLE orders")
