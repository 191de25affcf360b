"""UNLOAD: what is read of the statement, and which columns its files cannot have."""

from __future__ import annotations

import pytest

from data_pipeline.athena_engine import answering, unloading
from data_pipeline.athena_engine.errors import QueryError
from data_pipeline.athena_engine.unloading import Unload
from data_pipeline.athena_sql import types
from data_pipeline.athena_sql.types import Type

WHOLE = "UNLOAD (SELECT (1) AS a)\nTO 's3://b/p' WITH ( format='PARQUET' , compression = 'snappy')"


def test_parts_of_the_statement() -> None:
    """The place ends with a slash; without a compression it is gzip, as in Athena."""
    assert unloading.read(WHOLE) == Unload("SELECT (1) AS a", "s3://b/p/", "snappy")
    plain = "unload (select 1 as a) to 's3://b/p/' with (format = 'parquet');"
    assert unloading.read(plain) == Unload("select 1 as a", "s3://b/p/", "gzip")
    assert answering.check({"check": WHOLE}) == {"type": "DML", "kind": "UNLOAD"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("UNLOAD SELECT 1 TO 's3://b/p'", "expected UNLOAD"),
        ("UNLOAD (SELECT 1) TO 'b/p' WITH (format = 'PARQUET')", "is no place in S3"),
        ("UNLOAD (SELECT 1) TO 's3://b/p' WITH (compression = 'gzip')", "UNLOAD with format = missing"),
        ("UNLOAD (SELECT 1) TO 's3://b/p' WITH (format = 'ORC')", "UNLOAD with format = 'ORC'"),
        (
            "UNLOAD (SELECT 1) TO 's3://b/p' WITH (format = 'PARQUET', compression = 'lz4')",
            "compression = 'lz4'",
        ),
        (
            "UNLOAD (SELECT 1 AS a) TO 's3://b/p' WITH (format = 'PARQUET', partitioned_by = ARRAY['a'])",
            "UNLOAD with partitioned_by",
        ),
        *(
            (
                f"UNLOAD (SELECT 1 AS a) TO 's3://b/p' WITH (format = 'PARQUET', {option})",
                f"UNLOAD with {option}",
            )
            for option in (
                "compression_level = 3",
                "colour = TRUE",
                "field_delimiter = ','",
                "compression = gzip",
            )
        ),
        ("UNLOAD (SELECT 1 AS a) TO 's3://b/p' WITH (format 'PARQUET')", "found: format 'PARQUET'"),
        ("UNLOAD (SELECT 1 FROM) TO 's3://b/p' WITH (format = 'PARQUET')", "ends too early"),
    ],
)
def test_what_is_refused_at_once(text: str, words: str) -> None:
    assert words in answering.check({"check": text})["refused"]


@pytest.mark.parametrize(
    ("columns", "code"),
    [
        ([("a", types.BIGINT), ("_col1", types.BIGINT)], "MISSING_COLUMN_NAME"),
        ([("a", types.BIGINT), ("A", types.BIGINT)], "DUPLICATE_COLUMN_NAME"),
        ([("a", Type("timestamp with time zone", 6))], "NOT_SUPPORTED"),
        ([("a", types.of_iceberg("time"))], "NOT_SUPPORTED"),
        ([("a", types.of_iceberg("list<timestamptz>"))], "NOT_SUPPORTED"),
        ([("a", types.of_iceberg("map<string, struct<1: b: optional time>>"))], "NOT_SUPPORTED"),
        ([("a", types.DAYS)], "NOT_SUPPORTED"),
    ],
)
def test_columns_that_files_cannot_have(columns: list[tuple[str, Type]], code: str) -> None:
    with pytest.raises(QueryError) as caught:
        unloading.check_columns(columns)
    assert caught.value.code == code
