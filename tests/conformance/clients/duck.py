"""DuckDB: its extensions httpfs and iceberg, from PyPI, with the variables of ``local env`` and one setting."""

from __future__ import annotations

import os
from typing import Any

import boto3
import duckdb
from cases import DATABASE, ROWS, case
from duckdb_extensions.extension_importer import import_extension

PACKAGES = ("duckdb", "duckdb-extension-httpfs", "duckdb-extension-iceberg", "duckdb-extension-avro")


def connected() -> Any:
    db = duckdb.connect()
    db.execute("SET autoinstall_known_extensions = false")
    for name in ("httpfs", "avro", "iceberg"):
        import_extension(name)
        db.execute(f"LOAD {name}")
    db.execute("SET s3_url_style = 'path'")
    return db


def metadata() -> str:
    table = boto3.client("glue").get_table(DatabaseName=DATABASE, Name="orders")["Table"]
    return str(table["Parameters"]["metadata_location"])


@case
def parquet_files_of_a_bucket() -> None:
    found = connected().execute(f"SELECT count(*) FROM 's3://{DATABASE}/orders/data/**/*.parquet'")
    assert found.fetchall() == [(ROWS,)]


@case
def files_are_written_and_read() -> None:
    db = connected()
    db.execute(f"COPY (SELECT range AS n FROM range(100000)) TO 's3://{DATABASE}/duck/x.parquet'")
    db.execute(f"COPY (SELECT 1 AS n) TO 's3://{DATABASE}/duck/x.csv'")
    assert db.execute(f"SELECT sum(n) FROM 's3://{DATABASE}/duck/*.parquet'").fetchone() == (4999950000,)
    assert db.execute(f"SELECT n FROM 's3://{DATABASE}/duck/x.csv'").fetchall() == [(1,)]


@case
def an_iceberg_table() -> None:
    db, place = connected(), metadata()
    assert db.execute(f"SELECT count(*), sum(amount) FROM iceberg_scan('{place}')").fetchone()[0] == ROWS
    assert len(db.execute(f"SELECT * FROM iceberg_snapshots('{place}')").fetchall()) == 1
    assert db.execute(f"SELECT count(*) FROM iceberg_metadata('{place}')").fetchone() == (1,)


@case
def a_secret_in_place_of_variables() -> None:
    db = connected()
    endpoint = os.environ["AWS_ENDPOINT_URL"].partition("://")[2]
    db.execute(
        f"CREATE SECRET (TYPE s3, KEY_ID '{os.environ['AWS_ACCESS_KEY_ID']}', "
        f"SECRET '{os.environ['AWS_SECRET_ACCESS_KEY']}', ENDPOINT '{endpoint}', URL_STYLE 'path', USE_SSL false, "
        "REGION 'us-east-1')"
    )
    assert db.execute(f"SELECT count(*) FROM 's3://{DATABASE}/orders/data/**/*.parquet'").fetchone() == (
        ROWS,
    )
