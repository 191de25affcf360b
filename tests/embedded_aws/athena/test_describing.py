"""SHOW and DESCRIBE: the lines that Athena writes, under the permissions of whoever asks."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from clients import client
from embedded_aws.athena.conftest import Shop
from embedded_aws.conftest import allow

COLUMNS = {
    "SHOW DATABASES": ["database_name"],
    "SHOW TABLES": ["tab_name"],
    "SHOW VIEWS": ["views"],
    "SHOW COLUMNS IN orders": ["field"],
    "SHOW PARTITIONS days": ["partition"],
    "DESCRIBE orders": ["col_name", "data_type", "comment"],
}


def lines(shop: Shop, text: str, **more: Any) -> list[str]:
    """The rows of a statement; each has one value, and they are those of the file."""
    ended = shop.ask(text, **more)
    assert ended["Status"]["State"] == "SUCCEEDED", ended["Status"]
    assert ended["StatementType"] == "UTILITY"
    query, place = ended["QueryExecutionId"], ended["ResultConfiguration"]["OutputLocation"]
    assert place == f"s3://{shop.name}/results/{query}.txt"
    pages = shop.athena().get_paginator("get_query_results")
    found = pages.paginate(QueryExecutionId=query, PaginationConfig={"PageSize": 3})
    rows = [row["Data"] for page in found for row in page["ResultSet"]["Rows"]]
    assert all(len(row) == 1 for row in rows)
    written = client(shop.endpoint, "s3").get_object(Bucket=shop.name, Key=place.split("/", 3)[3])
    values = [str(row[0]["VarCharValue"]) for row in rows]
    assert written["Body"].read().decode() == "\n".join(values)
    return values


def test_what_there_is(filled: Shop) -> None:
    """In the order of names; a pattern has stars and bars; views are tables, too."""
    assert lines(filled, "SHOW TABLES") == ["days", "orders", "readings", "seen"]
    assert lines(filled, f"show tables in `{filled.name}` 'd*|*ING*'") == ["days", "readings"]
    assert lines(filled, "SHOW TABLES LIKE 'x'") == []
    assert lines(filled, f"SHOW VIEWS FROM {filled.name};") == ["seen"]
    found = lines(filled, "-- all of them\nSHOW /* here */ SCHEMAS")
    assert filled.name in found
    assert found == sorted(found) == lines(filled, "SHOW DATABASES")


def test_a_table_of_hive(filled: Shop) -> None:
    """Every field has 20 characters, or more; partitions as Hive names their folders."""
    assert lines(filled, "SHOW COLUMNS IN days") == [
        each.ljust(20) for each in ("id", "n" * 21, "day", "shift")
    ]
    assert lines(filled, "SHOW PARTITIONS days") == ["day=2026-01-01/shift=a%2Fb c", "day=2026-01-02/shift=b"]
    keys = [f"{'day':20}\t{'date':20}\t{'':20}", f"{'shift':20}\t{'string':20}\t{'':20}"]
    assert lines(filled, f"DESCRIBE {filled.name}.days") == [
        f"{'id':20}\t{'bigint':20}\t{'of the order':20}",
        f"{'n' * 21}\t{'map<string,int>':20}\t{'':20}",
        *keys,
        "\t \t ",
        "# Partition Information\t \t ",
        f"{'# col_name':20}\t{'data_type':20}\t{'comment':20}",
        "\t \t ",
        *keys,
    ]


def test_an_iceberg_table(filled: Shop) -> None:
    """Nothing is filled up; the partition spec comes behind the columns."""
    assert lines(filled, f"SHOW COLUMNS FROM readings IN {filled.name}") == ["id", "at", "value", "more"]
    assert lines(filled, "DESC `readings`") == [
        "# Table schema:\t\t",
        "# col_name\tdata_type\tcomment",
        "id\tbigint\tof the reading",
        "at\ttimestamp\t",
        "value\tdecimal(9, 2)\t",
        "more\tmap<string, bigint>\t",
        "\t\t",
        "# Partition spec:\t\t",
        "# field_name\tfield_transform\tcolumn_name",
        "at_day\tday\tat",
        "id_bucket\tbucket[4]\tid",
        "value\tidentity\tvalue",
    ]


@pytest.mark.parametrize(("text", "columns"), COLUMNS.items())
def test_columns(filled: Shop, text: str, columns: list[str]) -> None:
    """They have the names that Athena gives, and are strings."""
    ended = filled.ask(text)
    found = filled.athena().get_query_results(QueryExecutionId=ended["QueryExecutionId"])["ResultSet"]
    described = found["ResultSetMetadata"]["ColumnInfo"]
    assert [each["Name"] for each in described] == columns
    assert {each["Type"] for each in described} == {"string"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("DESCRIBE nowhere", r"TABLE_NOT_FOUND: Table '\w+\.nowhere' does not exist"),
        ("SHOW TABLES IN nowhere", "nowhere not found"),
        ("SHOW COLUMNS IN seen", "NOT_SUPPORTED: .* is a view"),
        ("SHOW PARTITIONS readings", "readings has no partitions in the Glue catalog"),
        ("SHOW CREATE TABLE orders", "NOT_SUPPORTED: the embedded AWS does not run SHOW CREATE"),
        ("SHOW TBLPROPERTIES orders", "NOT_SUPPORTED: the embedded AWS does not run SHOW TBLPROPERTIES"),
    ],
)
def test_what_fails(filled: Shop, text: str, reason: str) -> None:
    """What is not there, and what is not done."""
    status = filled.ask(text)["Status"]
    assert status["State"] == "FAILED"
    assert re.search(reason, status["StateChangeReason"]), status


def test_other_forms_are_no_statements(filled: Shop) -> None:
    """They are refused at once, with what is expected."""
    for text in (
        "DESCRIBE EXTENDED orders",
        'DESCRIBE "orders"',
        "SHOW TABLES WHERE 1",
        "SHOW DATABASES LIKE 'a*'",
    ):
        with pytest.raises(ClientError, match="line 1:1: expected"):
            filled.start(text)


def test_permissions(filled: Shop, reader: Callable[..., Any]) -> None:
    """Glue decides what whoever asks may see."""
    athena = reader(
        allow("athena:*"),
        allow(["s3:GetBucketLocation", "s3:GetObject", "s3:PutObject"]),
        allow("glue:GetDatabases"),
    )
    assert filled.ended(filled.start("SHOW DATABASES", athena))["Status"]["State"] == "SUCCEEDED"
    for text in ("SHOW TABLES", "DESCRIBE orders"):
        status = filled.ended(filled.start(text, athena))["Status"]
        assert (status["State"], status["StateChangeReason"][:18]) == ("FAILED", "PERMISSION_DENIED:")
