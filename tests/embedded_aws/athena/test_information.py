"""information_schema: columns, tables and schemata as the Glue catalog has them, under the permissions of who asks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from clients import client
from embedded_aws.athena.conftest import Shop
from embedded_aws.conftest import allow
from pyiceberg import types as iceberg

from data_pipeline.athena_engine import information

SCHEMATA, COLUMNS = "information_schema.schemata", "information_schema.columns"
#: of the table `days` of Hive's, in its order; then the partition keys
DAYS = [
    ["id", "1", None, "YES", "bigint", "of the order", None],
    ["n" * 21, "2", None, "YES", "map(varchar, integer)", None, None],
    ["day", "3", None, "YES", "date", None, "partition key"],
    ["shift", "4", None, "YES", "varchar", None, "partition key"],
]
READINGS = [
    ["id", "1", None, "YES", "bigint", "of the reading", None],
    ["at", "2", None, "YES", "timestamp(6)", None, None],
    ["value", "3", None, "YES", "decimal(9,2)", None, None],
    ["more", "4", None, "YES", "map(varchar, bigint)", None, None],
]


def test_columns(filled: Shop) -> None:
    """As of https://docs.aws.amazon.com/athena/latest/ug/querying-glue-catalog-listing-columns.html: ten of each."""
    text = f"SELECT * FROM information_schema.columns WHERE table_schema = '{filled.name}' AND table_name = '{{}}'"
    head, *rows = filled.rows(text.format("days"))
    assert head == [
        *("table_catalog", "table_schema", "table_name", "column_name", "ordinal_position", "column_default"),
        *("is_nullable", "data_type", "comment", "extra_info"),
    ]
    assert rows == [["awsdatacatalog", filled.name, "days", *row] for row in DAYS]
    assert [row[3:] for row in filled.rows(text.format("readings"))[1:]] == READINGS
    shown = [row[7] for row in filled.rows(text.format("orders"))[1:]]
    assert shown == ["bigint", "timestamp(6) with time zone", "decimal(12,2)", "varchar", "double"]


def test_tables_and_schemata(filled: Shop) -> None:
    """What PyAthena and dbt ask; joined with other tables, too."""
    where = f"WHERE table_schema = '{filled.name}' ORDER BY table_name"
    assert filled.rows(f"SELECT table_name, table_type FROM INFORMATION_SCHEMA.Tables {where}")[1:] == [
        ["days", "BASE TABLE"],
        ["orders", "BASE TABLE"],
        ["readings", "BASE TABLE"],
        ["seen", "VIEW"],
    ]
    text = (
        "SELECT s.catalog_name, count(*) FROM awsdatacatalog.information_schema.schemata s JOIN "
        "information_schema.tables t ON s.schema_name = t.table_schema CROSS JOIN orders "
        f"WHERE s.schema_name = '{filled.name}' GROUP BY s.catalog_name"
    )
    assert filled.rows(text)[1:] == [["awsdatacatalog", "100"]]


def test_a_table_without_metadata_has_no_columns(shop: Shop, name: str) -> None:
    """Though it is there, and the others have theirs."""
    parameters = {"table_type": "ICEBERG", "metadata_location": f"s3://{shop.name}/none.metadata.json"}
    gone = {"Name": "gone", "TableType": "EXTERNAL_TABLE", "Parameters": parameters}
    glue = client(shop.endpoint, "glue")
    glue.create_database(DatabaseInput={"Name": name})
    glue.create_table(DatabaseName=name, TableInput=gone)
    columns = {"Columns": [{"Name": "a", "Type": "int"}]}
    glue.create_table(DatabaseName=name, TableInput={"Name": "there", "StorageDescriptor": columns})
    text = "SELECT DISTINCT table_name FROM information_schema.{} " + f"WHERE table_schema = '{name}'"
    names = [sorted(shop.rows(text.format(each))[1:]) for each in ("tables", "columns")]
    assert names == [[["gone"], ["there"]], [["there"]]]
    glue.delete_database(Name=name)


def test_columns_without_a_type(shop: Shop, name: str) -> None:
    """Glue asks for a name alone; such a column has an empty type, and is in nobody's way."""
    glue = client(shop.endpoint, "glue")
    glue.create_database(DatabaseInput={"Name": name})
    columns = {"StorageDescriptor": {"Columns": [{"Name": "a"}]}, "PartitionKeys": [{"Name": "b"}]}
    glue.create_table(DatabaseName=name, TableInput={"Name": "hive", **columns})
    glue.create_table(
        DatabaseName=name, TableInput={"Name": "ice", **columns, "Parameters": {"table_type": "ICEBERG"}}
    )
    text = f"SELECT column_name, data_type FROM {COLUMNS} WHERE table_schema = '{name}'"
    assert sorted(map(str, shop.rows(text)[1:])) == ["['a', '']", "['b', '']"]
    assert shop.rows(f"DESCRIBE `{name}`.hive")[0] == ["a".ljust(20) + "\t" + " " * 20 + "\t" + " " * 20]
    glue.delete_database(Name=name)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "SELECT 1 FROM information_schema.views",
            "NOT_SUPPORTED: the embedded AWS has no information_schema.views; it has columns, schemata, tables",
        ),
        (
            "SELECT 1 FROM information_schema.tables FOR VERSION AS OF 1",
            "NOT_SUPPORTED: information_schema.tables has no earlier states",
        ),
        (
            "SELECT nope FROM information_schema.schemata",
            "SYNTAX_ERROR: line 1:8: column 'nope' cannot be resolved",
        ),
        ('SELECT 1 FROM "orders$files"', "NOT_SUPPORTED: the embedded AWS does not read awsdatacatalog."),
    ],
)
def test_what_is_not_there(filled: Shop, text: str, reason: str) -> None:
    """By its name."""
    assert filled.ask(text)["Status"]["StateChangeReason"].startswith(reason)


def test_glue_is_asked_as_the_caller(filled: Shop, user: Callable[..., dict[str, str]]) -> None:
    """Without the right to list databases nothing is told."""
    athena = filled.athena(**user(allow(["athena:*", "s3:*"])))
    ended = filled.ended(filled.start("SELECT 1 FROM information_schema.schemata", athena))["Status"]
    assert ended["StateChangeReason"].startswith("PERMISSION_DENIED: ")
    assert "glue:GetDatabases" in ended["StateChangeReason"]


def test_what_the_caller_may_not_list_is_left_out(
    filled: Shop, shop: Shop, user: Callable[..., dict[str, str]]
) -> None:
    """Tables of another database; that there is one is told."""
    own = [
        f"arn:aws:glue:*:*:{kind}" for kind in ("catalog", f"database/{shop.name}", f"table/{shop.name}/*")
    ]
    athena = shop.athena(
        **user(
            allow(["athena:*", "s3:*", "glue:GetDatabases"]), allow(["glue:GetTables", "glue:GetTable"], own)
        )
    )
    text = f"SELECT s.schema_name, count(c.column_name) FROM {SCHEMATA} s LEFT JOIN {COLUMNS} c"
    text += f" ON s.schema_name = c.table_schema WHERE s.schema_name IN ('{shop.name}', '{filled.name}')"
    query = shop.start(f"{text} GROUP BY s.schema_name", athena)
    assert shop.ended(query)["Status"]["State"] == "SUCCEEDED", shop.ended(query)["Status"]
    rows = athena.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"][1:]
    found = {row["Data"][0]["VarCharValue"]: row["Data"][1]["VarCharValue"] for row in rows}
    assert found.keys() == {shop.name, filled.name}
    assert int(found[shop.name]) >= 5
    assert found[filled.name] == "0"


@pytest.mark.parametrize(
    ("hive", "trino"),
    [
        ("array<struct<a:int,b:map<string,decimal(9,2)>>>", "array(row(a integer, b map(varchar, decimal(9,2))))"),
        ("timestamp", "timestamp(3)"),
        ("varchar(10)", "varchar(10)"),
        ("struct<int:float>", "row(int real)"),
        ("binary", "varbinary"),
        ("INT", "integer"),
        ("Array < INT >", "array(integer)"),
        ("struct<a : int, B:decimal>", "row(a integer, B decimal(10,0))"),
        ("", ""),
    ],
)  # fmt: skip
def test_types_of_hive(hive: str, trino: str) -> None:
    assert information.of_hive(hive) == trino


@pytest.mark.parametrize(
    ("kind", "trino"),
    [
        (iceberg.ListType(1, iceberg.TimestamptzType()), "array(timestamp(6) with time zone)"),
        (iceberg.FixedType(16), "varbinary"),
        (iceberg.TimeType(), "time(6)"),
        (iceberg.StructType(iceberg.NestedField(1, "a", iceberg.UUIDType())), "row(a uuid)"),
        (iceberg.MapType(1, iceberg.StringType(), 2, iceberg.FloatType()), "map(varchar, real)"),
    ],
)  # fmt: skip
def test_types_of_iceberg(kind: iceberg.IcebergType, trino: str) -> None:
    assert information.trino(kind) == trino
