"""Types of columns in Arrow and in Iceberg and back, and partitions against what PyIceberg computes value by value."""

import itertools
import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest
from randomness import SEED

from data_pipeline.etl import arrow_types
from data_pipeline.etl.documents import types
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.publishing import iceberg_types, transforms

EVERY = (
    *types.PRIMITIVES,
    "decimal(1,0)",
    "decimal(38,10)",
    "list<string?>",
    "struct<a:int?,b:list<struct<c:timestamptz?>?>?>",
)


@pytest.mark.parametrize("text", EVERY)
def test_a_type_is_the_same_in_arrow_and_iceberg(text):
    """A type goes to Arrow and to Iceberg and comes back, all within it nullable."""
    found = types.parse(text)
    arrow = arrow_types.to_arrow(found)
    assert str(arrow_types.of_arrow(arrow)) == text
    assert iceberg_types.of_iceberg(iceberg_types.to_iceberg(found, itertools.count(1))) == found


@pytest.mark.parametrize("arrow", [pa.uint64(), pa.timestamp("ns"), pa.time64("us"), pa.decimal256(40, 2)])
def test_a_type_that_no_table_has_is_refused(arrow):
    """With what to do."""
    with pytest.raises(types.WrongTypeError, match="cast it"):
        arrow_types.of_arrow(arrow)


def test_every_field_has_a_number_of_its_own():
    """Columns from 1, then what is within them."""
    inner = arrow_types.to_arrow(types.parse("struct<a:int,b:list<long>>"))
    schema = iceberg_types.schema(pa.schema([("x", inner), ("y", pa.int32()), ("z", pa.list_(pa.string()))]))
    assert [field.field_id for field in schema.fields] == [1, 2, 3]
    assert sorted(schema._lazy_id_to_field) == [1, 2, 3, 4, 5, 6, 7]


VALUES = {
    "date": lambda r: date(1970, 1, 1) + timedelta(days=r.randrange(-40_000, 40_000)),
    "timestamp": lambda r: (
        datetime.fromisoformat("1970-01-01") + timedelta(microseconds=r.randrange(-(10**15), 10**15))
    ),
    "timestamptz": lambda r: (
        datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=r.randrange(-(10**7), 10**7))
    ),
    "int": lambda r: r.randrange(-100, 100),
    "long": lambda r: r.randrange(-(10**12), 10**12),
    "string": lambda r: r.choice(["", "a", "äöü€uro", "a long one"]),
    "decimal(12,2)": lambda r: Decimal(r.randrange(-(10**6), 10**6)).scaleb(-2),
}
KINDS = {
    "date": ("year", "month", "day", "bucket", "identity"),
    "timestamp": ("year", "month", "day", "hour", "bucket", "identity"),
    "timestamptz": ("year", "month", "day", "hour", "identity"),
    "int": ("bucket", "truncate", "identity"),
    "long": ("bucket", "truncate"),
    "string": ("bucket", "truncate", "identity"),
    "decimal(12,2)": ("bucket", "truncate"),
}


@pytest.mark.parametrize(("text", "kind"), [(text, kind) for text, kinds in KINDS.items() for kind in kinds])
def test_rows_are_in_the_partitions_that_pyiceberg_computes(text, kind):
    """Every row once, in its order, under the values that PyIceberg has for it; nulls under null."""
    chance = random.Random(f"{SEED}-{text}-{kind}")
    values = [None if chance.random() < 0.1 else VALUES[text](chance) for _ in range(300)]
    column = pa.array(values, arrow_types.to_arrow(types.parse(text)))
    rows = pa.table({"x": column, "n": pa.array(range(300))})
    schema = iceberg_types.schema(rows.schema)
    written = {"identity": "x", "bucket": "bucket(16, x)", "truncate": "truncate(3,x)"}.get(
        kind, f"{kind}(x)"
    )
    spec = transforms.spec(schema, (written,))
    apply = spec.fields[0].transform.transform(schema.find_field("x").field_type)
    expected: dict[object, list[int]] = {}
    for n, value in enumerate(values):
        expected.setdefault(_plain(None if value is None else apply(value)), []).append(n)
    found = [(values[0], part["n"].to_pylist()) for values, part in transforms.split(spec, schema, rows)]
    assert dict(found) == expected
    assert len(found) == len(expected)


def _plain(value):
    if isinstance(value, datetime):
        start = datetime(1970, 1, 1, tzinfo=value.tzinfo)
        return (value - start) // timedelta(microseconds=1)
    return (value - date(1970, 1, 1)).days if isinstance(value, date) else value


def test_several_columns_are_one_partition():
    """Rows that agree in each of the columns; a table without partitions is one; no rows are none."""
    rows = pa.table({"a": [1, 1, 2, 1], "b": ["x", "y", "x", "x"], "n": [0, 1, 2, 3]})
    schema = iceberg_types.schema(rows.schema)
    parts = transforms.split(transforms.spec(schema, ("a", "bucket(4, b)")), schema, rows)
    assert sorted(part["n"].to_pylist() for _, part in parts) == [[0, 3], [1], [2]]
    assert [len(part) for _, part in transforms.split(transforms.spec(schema, ()), schema, rows)] == [4]
    assert not [*transforms.split(transforms.spec(schema, ("a",)), schema, rows.slice(0, 0))]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("days(x)", "did you mean day"),
        ("bucket(x)", "write bucket"),
        ("bucket(0, x)", "write bucket"),
        ("y", "there is no column y, only x, f"),
        ("hour(x)", "int has no hour"),
        ("f", "double has no identity"),
    ],
)
def test_a_partition_that_is_none_is_refused(text, message):
    """With what there is."""
    schema = iceberg_types.schema(pa.schema([("x", pa.int32()), ("f", pa.float64())]))
    with pytest.raises(JobError, match=message):
        transforms.spec(schema, (text,))
