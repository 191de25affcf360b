"""Partitions as a project writes them."""

from __future__ import annotations

import pytest

from data_pipeline.etl.documents.partitions import SIZED, TIMES, TYPES, Partition, PartitionError, parse


@pytest.mark.parametrize(
    ("text", "found", "written"),
    [
        ("day(ordered_at)", Partition("ordered_at", "day"), "day(ordered_at)"),
        (" month ( at ) ", Partition("at", "month"), "month(at)"),
        ("bucket(16,id)", Partition("id", "bucket", 16), "bucket(16, id)"),
        ("truncate( 4 , id )", Partition("id", "truncate", 4), "truncate(4, id)"),
        ("_period", Partition("_period"), "_period"),
    ],
)
def test_a_partition_is_read_and_written(text: str, found: Partition, written: str) -> None:
    assert parse(text) == found
    assert str(found) == written
    assert parse(written) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "expected a column, or a transform of one as in day(ordered_at)"),
        ("day(at", "expected a column, or a transform of one as in day(ordered_at)"),
        ("days(at)", "expected one of hour, day, month, year, bucket, truncate; did you mean day?"),
        ("void(at)", "expected one of hour, day, month, year, bucket, truncate"),
        ("day()", "expected day of one column"),
        ("day(2, at)", "expected day of one column; write day(at)"),
        ("bucket(id)", "expected a number from 1 to 10,000 and a column; write bucket(16, id)"),
        ("bucket(0, id)", "expected a number from 1 to 10,000 and a column; write bucket(16, id)"),
        ("truncate(x, id)", "expected a number from 1 to 10,000 and a column; write truncate(4, id)"),
    ],
)
def test_what_is_no_partition(text: str, said: str) -> None:
    with pytest.raises(PartitionError) as refused:
        parse(text)
    assert str(refused.value) == said


def test_each_transform_says_what_it_takes() -> None:
    assert set(TYPES) == {"identity", *TIMES, *SIZED}
    assert not any({"float", "double"} & set(kinds) for kinds in TYPES.values())
