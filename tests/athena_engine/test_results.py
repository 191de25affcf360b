"""Values as Athena writes them, and what describes the columns."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from data_pipeline.athena_engine import results
from data_pipeline.athena_sql import types
from data_pipeline.athena_sql.types import Type
from data_pipeline.features import athena_rows

MOMENT = datetime(2026, 11, 1, 2, 3, 4, 50, tzinfo=UTC)

#: Arrow's type, Trino's, a value, its text. Floating-point numbers: Java's Double.toString.
#: https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/lang/Double.html#toString(double)
WRITTEN: list[tuple[Any, Type, Any, str]] = [
    (pa.int32(), types.INTEGER, -7, "-7"),
    (pa.bool_(), types.BOOLEAN, True, "true"),
    (pa.float64(), types.DOUBLE, 0.0, "0.0"),
    (pa.float64(), types.DOUBLE, 9_999_999.0, "9999999.0"),
    (pa.float64(), types.DOUBLE, 1e7, "1.0E7"),
    (pa.float64(), types.DOUBLE, -1.5e-300, "-1.5E-300"),
    (pa.float64(), types.DOUBLE, 0.001, "0.001"),
    (pa.float64(), types.DOUBLE, float("nan"), "NaN"),
    (pa.float64(), types.DOUBLE, float("-inf"), "-Infinity"),
    (pa.float32(), types.REAL, 0.1, "0.1"),
    (pa.float32(), types.REAL, 1.5e-5, "1.5E-5"),
    (pa.decimal128(5, 2), types.decimal(5, 2), Decimal("1.50"), "1.50"),
    (pa.date32(), types.DATE, date(2026, 1, 2), "2026-01-02"),
    (pa.timestamp("us"), types.timestamp(6), MOMENT.replace(tzinfo=None), "2026-11-01 02:03:04.000050"),
    (pa.timestamp("us"), types.timestamp(3), MOMENT.replace(tzinfo=None), "2026-11-01 02:03:04.000"),
    (pa.timestamp("us"), types.timestamp(0), MOMENT.replace(tzinfo=None), "2026-11-01 02:03:04"),
    (
        pa.timestamp("us", "UTC"),
        Type("timestamp with time zone", 6),
        MOMENT,
        "2026-11-01 02:03:04.000050 UTC",
    ),
    (pa.time64("us"), Type("time"), time(1, 2, 3), "01:02:03.000000"),
    (pa.string(), types.VARCHAR, 'a "b"\n,', 'a ""b""\n,'),
    (pa.binary(), Type("binary"), b"az", "61 7a"),
    (pa.list_(pa.float64()), Type("list<double>"), [1.0, None], "[1.0, null]"),
    (pa.struct({"a": pa.int64(), "b": pa.string()}), Type("struct<a, b>"), {"a": 1, "b": "x"}, "{a=1, b=x}"),
    (pa.map_(pa.string(), pa.int64()), Type("map<k, v>"), [("k", 1)], "{k=1}"),
    (pa.map_(pa.string(), pa.int64()), Type("map<k, v>"), [], "{}"),
    (pa.list_(pa.int64()), Type("list<long>"), [], "[]"),
    (pa.list_(pa.float32()), Type("list<float>"), [1.1, None], "[1.1, null]"),
    (
        pa.struct({"a": pa.float32(), "b": pa.float64()}),
        Type("struct<a, b>"),
        {"a": 1.1, "b": 1.1},
        "{a=1.1, b=1.1}",
    ),
    (pa.map_(pa.float32(), pa.list_(pa.float32())), Type("map<k, v>"), [(0.1, [0.3])], "{0.1=[0.3]}"),
]


@pytest.mark.parametrize(("arrow", "kind", "value", "text"), WRITTEN)
def test_values(arrow: Any, kind: Type, value: Any, text: str) -> None:
    """Quoted; a null is nothing, beside other columns and alone."""
    column = pa.array([value, None], arrow)
    assert b"".join(results.csv(pa.table({"a": column}), [kind])).decode() == f'"{text}"\n\n'
    both = b"".join(results.csv(pa.table({"a": column, "b": column}), [kind, kind]))
    assert both.decode() == f'"{text}","{text}"\n,\n'


def test_what_is_written_is_read_back() -> None:
    """By the reader with which the tool reads Athena's own results."""
    kept = [
        case
        for case in WRITTEN
        if str(case[1]).startswith(("int", "bool", "double", "date", "timestamp(6", "varch"))
    ]
    for arrow, kind, value, _ in kept:
        rows = pa.table({"a": pa.array([value, None], arrow)})
        content = b'"a"\n' + b"".join(results.csv(rows, [kind]))
        named = [("a", results.column("a", kind)["Type"])]
        (found, null) = athena_rows.rows(named, content)["a"].to_pylist()
        assert null is None
        assert found == value or (found != found and value != value)


def test_many_rows_come_in_pieces() -> None:
    """Each piece ends with a whole line."""
    rows = pa.table({"a": list(range(120_000))})
    pieces = list(results.csv(rows, [types.BIGINT]))
    assert [piece.count(b"\n") for piece in pieces] == [50_000, 50_000, 20_000]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (types.VARCHAR, ("varchar", 2147483647, 0, True)),
        (Type("varchar", 3), ("varchar", 3, 0, True)),
        (types.decimal(12, 2), ("decimal", 12, 2, False)),
        (types.REAL, ("float", 17, 0, False)),
        (types.timestamp(6), ("timestamp", 3, 0, False)),
        (Type("list<string>"), ("array", 0, 0, False)),
        (Type("struct<1: a: optional int>"), ("row", 0, 0, False)),
        (Type("fixed[16]"), ("varbinary", 0, 0, False)),
    ],
)
def test_columns(kind: Type, expected: tuple[Any, ...]) -> None:
    """Athena's name of a type, and what goes with it."""
    found = results.column("c", kind)
    assert tuple(found[name] for name in ("Type", "Precision", "Scale", "CaseSensitive")) == expected
