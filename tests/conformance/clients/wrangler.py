"""awswrangler: Athena, the catalog, data sets in S3."""

from __future__ import annotations

import awswrangler as wr
import pandas as pd
from cases import DATABASE, ROWS, case, refused

PACKAGES = ("awswrangler", "pandas")
ALL = "SELECT id, at, amount, note, weight FROM orders ORDER BY id"
PLAIN = {"database": DATABASE, "workgroup": DATABASE, "ctas_approach": False}


@case
def a_query_as_a_frame() -> None:
    frame = wr.athena.read_sql_query(ALL, **PLAIN)
    assert list(frame["id"]) == list(range(1, ROWS + 1))
    assert {name: str(kind) for name, kind in frame.dtypes.items()}["id"] == "Int64"
    assert frame["amount"].iloc[1] * 4 == 1
    assert frame["note"].iloc[0] == 'two\nlines, "quoted"'
    assert frame["note"].isna().sum() == 2  # pandas takes an empty text for nothing, too


@case
def a_query_in_chunks_with_parameters() -> None:
    chunks = wr.athena.read_sql_query(
        "SELECT id FROM orders WHERE id > :least ORDER BY id", params={"least": 5}, chunksize=7, **PLAIN
    )
    assert [len(chunk) for chunk in chunks] == [7, 7, 6]
    marked = wr.athena.read_sql_query(
        "SELECT id FROM orders WHERE note = ?", params=["'plain'"], paramstyle="qmark", **PLAIN
    )
    assert len(marked) == ROWS - 3


@case
def a_table_as_a_frame() -> None:
    assert len(wr.athena.read_sql_table("orders", **PLAIN)) == ROWS


@case
def queries_are_started_waited_for_and_stopped() -> None:
    query = wr.athena.start_query_execution("SELECT 1 AS one", database=DATABASE, workgroup=DATABASE)
    assert wr.athena.wait_query(query)["Status"]["State"] == "SUCCEEDED"
    assert list(wr.athena.get_query_results(query)["one"]) == [1]
    assert wr.athena.get_query_columns_types(query) == {"one": "integer"}
    assert len(wr.athena.get_query_executions([query])) == 1
    assert query in wr.athena.list_query_executions(workgroup=DATABASE)
    wr.athena.stop_query_execution(query)


@case
def a_failing_query() -> None:
    try:
        wr.athena.read_sql_query("SELECT nothing FROM orders", **PLAIN)
    except wr.exceptions.QueryFailed as error:
        assert "SYNTAX_ERROR: line 1:8" in str(error)  # noqa: PT017 - pytest is not in this environment
    else:
        raise AssertionError("the query did not fail")


@case
def the_catalog() -> None:
    assert "orders" in set(wr.catalog.tables(database=DATABASE)["Table"])
    assert wr.catalog.does_table_exist(DATABASE, "orders")
    assert wr.catalog.get_table_types(DATABASE, "orders")["amount"] == "decimal(12,2)"
    assert [each["Name"] for each in wr.catalog.get_tables(database=DATABASE, name_prefix="ord")] == [
        "orders"
    ]
    assert DATABASE in set(wr.catalog.databases()["Database"])
    assert wr.catalog.get_table_number_of_versions(DATABASE, "orders") == 1


@case
def a_data_set_with_partitions() -> None:
    frame = pd.DataFrame({"id": [1, 2, 3], "day": ["a", "a", "b"]})
    place = f"s3://{DATABASE}/wrangler/"
    stored = {"dataset": True, "database": DATABASE, "table": "frames", "partition_cols": ["day"]}
    wr.s3.to_parquet(frame, place, mode="overwrite", **stored)
    wr.s3.to_parquet(frame.assign(day="c"), place, mode="append", **stored)
    assert len(wr.s3.read_parquet_table(database=DATABASE, table="frames")) == 6
    assert sorted(wr.catalog.get_partitions(DATABASE, "frames").values()) == [["a"], ["b"], ["c"]]
    chosen = wr.catalog.get_partitions(DATABASE, "frames", expression="day = 'c'")
    assert list(chosen.values()) == [["c"]]
    wr.catalog.delete_partitions(database=DATABASE, table="frames", partitions_values=[["c"]])
    assert sorted(wr.catalog.get_partitions(DATABASE, "frames").values()) == [["a"], ["b"]]
    wr.s3.to_parquet(frame, place, mode="overwrite_partitions", **stored)
    wr.s3.delete_objects(place)
    assert wr.catalog.delete_table_if_exists(DATABASE, "frames")


@refused("CREATE TABLE")
def a_query_by_a_table_of_its_own() -> None:
    """ctas_approach is the default."""
    wr.athena.read_sql_query(ALL, database=DATABASE, workgroup=DATABASE)


@case
def a_query_by_unload() -> None:
    frame = wr.athena.read_sql_query(
        "SELECT id, amount, note, CAST(at AS timestamp) AS time FROM orders",
        unload_approach=True,
        s3_output=f"s3://{DATABASE}/unload/wrangler/",
        **PLAIN,
    )
    assert sorted(frame["id"]) == list(range(1, ROWS + 1))
    assert frame["note"].isna().sum() == 1
    done = wr.athena.unload(
        "SELECT id FROM orders WHERE id < 5",
        path=f"s3://{DATABASE}/unload/files/",
        database=DATABASE,
        workgroup=DATABASE,
    )
    assert len(wr.s3.read_parquet(f"s3://{DATABASE}/unload/files/")) == 4
    assert done.raw_payload["Statistics"]["DataManifestLocation"].endswith("-manifest.csv")


@refused("UNLOAD with format")
def unload_as_json() -> None:
    wr.athena.unload(
        "SELECT id FROM orders",
        path=f"s3://{DATABASE}/unload/json/",
        file_format="JSON",
        database=DATABASE,
        workgroup=DATABASE,
    )


@case
def a_description_by_athena() -> None:
    found = wr.athena.describe_table("orders", database=DATABASE, workgroup=DATABASE)
    kinds = dict(zip(found["Column Name"].str.strip(), found["Type"].str.strip(), strict=True))
    assert (kinds["id"], kinds["amount"]) == ("bigint", "decimal(12, 2)")


@case
def a_prepared_statement() -> None:
    text = "SELECT id FROM orders WHERE id > ? AND note = ? ORDER BY id"
    wr.athena.create_prepared_statement(text, "later", workgroup=DATABASE)
    assert [each["StatementName"] for each in wr.athena.list_prepared_statements(DATABASE)] == ["later"]
    frame = wr.athena.read_sql_query("EXECUTE later USING 20, 'plain'", **PLAIN)
    assert list(frame["id"]) == list(range(21, ROWS + 1))
    wr.athena.create_prepared_statement("SELECT 1 AS one", "later", workgroup=DATABASE)
    assert list(wr.athena.read_sql_query("EXECUTE later", **PLAIN)["one"]) == [1]
    wr.athena.delete_prepared_statement("later", workgroup=DATABASE)
    assert wr.athena.list_prepared_statements(DATABASE) == []


@refused("glue:SearchTables")
def a_search_of_the_catalog() -> None:
    list(wr.catalog.search_tables(text="orders"))
