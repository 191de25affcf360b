"""Rows of erased keys are told by hashes: DuckDB's of columns are those of the texts that somebody types."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest
from randomness import SEED

from data_pipeline.etl.arrow_types import to_arrow
from data_pipeline.etl.documents import erasures, types
from data_pipeline.etl.documents.datasets import Column, Dataset, Format
from data_pipeline.etl.documents.erasures import Record
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.publishing import erased_keys

MOMENT = datetime(1969, 12, 31, 23, 59, 59, 120000)  # noqa: DTZ001 - a timestamp has no zone
NINE = datetime(2026, 1, 5, 9)  # noqa: DTZ001 - a timestamp has no zone
#: type → values and the texts that they may be typed as
TYPED = {
    "string": [("A17", "A17"), ("", ""), ("é:3 ", "é:3 "), ("🙂", "🙂"), ("it's", "it's")],
    "int": [(17, "17"), (-1, " -1 "), (0, "0.0"), (2**31 - 1, "2147483647")],
    "long": [(2**63 - 1, "9223372036854775807"), (-5, "-5"), (1200, "1.2e3")],
    "decimal(12,2)": [(Decimal("1.50"), "1.5"), (Decimal("-0.05"), "-.05"), (Decimal("7.00"), "7")],
    "decimal(2,2)": [(Decimal("0.50"), "0.5"), (Decimal("-0.05"), "-.05"), (Decimal("0.00"), "0")],
    "decimal(38,0)": [(Decimal(10**37 + 1), str(10**37 + 1))],
    "boolean": [(True, "True"), (False, "false")],
    "date": [(date(2026, 1, 5), "2026-01-05"), (date(1, 1, 1), "0001-01-01")],
    "timestamp": [(MOMENT, "1969-12-31T23:59:59.120"), (NINE, "2026-01-05 09:00")],
    "timestamptz": [(MOMENT.replace(tzinfo=UTC), "1970-01-01T00:59:59.12+01:00")],
}


def dataset(kind: str = "csv", key: tuple[str, ...] = ("id",)) -> Dataset:
    columns = tuple(Column(name, "string") for name in key)
    return Dataset("orders", ("orders/*.csv",), Format(kind), columns, key=key)


def keys(record: Record, *fields: tuple[str, str], kind: str = "csv") -> erased_keys.ErasedKeys:
    schema = pa.schema([(name, to_arrow(types.parse(text))) for name, text in fields])
    found = erased_keys.of(record, dataset(kind), schema)
    assert found is not None
    return found


@pytest.mark.parametrize("kind", TYPED)
def test_a_value_is_hit_by_the_text_that_names_it(kind):
    parsed = types.parse(kind)
    values = [value for value, _ in TYPED[kind]]
    rows = pa.table({"id": pa.array([*values, None], to_arrow(parsed))})
    for at, (_, text) in enumerate(TYPED[kind]):
        canonical = erasures.canonical(parsed, text)
        assert canonical is not None
        record = erasures.new().with_keys(["id"], [[canonical]], "now")
        hits = keys(record, ("id", kind)).hits(rows).tolist()
        assert hits == [value == values[at] for value in values] + [False]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("int", "1.5"),
        ("int", "2147483648"),
        ("int", "1e999999999"),
        ("long", "NaN"),
        ("long", ""),
        ("decimal(3,2)", "1.234"),
        ("decimal(3,2)", "12.00"),
        ("date", "05.01.2026"),
        ("timestamp", "2026-01-05T09:00Z"),
        ("timestamptz", "2026-01-05T09:00"),
        ("boolean", "1"),
        ("double", "1"),
        ("list<int>", "[1]"),
    ],
)
def test_a_text_that_is_no_such_value_is_none(kind, text):
    assert erasures.canonical(types.parse(kind), text) is None


@pytest.mark.parametrize("kind", [kind for kind in TYPED if kind != "decimal(38,0)"])
def test_what_is_hashed_as_personal_data_is_found_by_its_value(kind):
    """As reading hashes it: the SHA-256 of DuckDB's text."""
    parsed = types.parse(kind)
    for value, text in TYPED[kind]:
        rows = pa.table({"id": pa.array([value], to_arrow(parsed))})
        with duckdb.connect() as db:
            db.execute("SET TimeZone = 'UTC'")
            db.register("rows", rows)
            (hashed,) = db.execute("SELECT sha256(id::VARCHAR) FROM rows").fetchone()
        assert erasures.sha256_of(parsed, text) == hashed


def test_no_value_of_several_columns_is_taken_for_another():
    """Where one ends and the next begins makes a difference."""
    record = erasures.new().with_keys(["id", "line"], [["a", "1:b"]], "now")
    rows = pa.table({"id": ["a", "a1:", "a"], "line": ["1:b", "b", "b"]})
    found = keys(record, ("id", "string"), ("line", "string"))
    assert found.hits(rows).tolist() == [True, False, False]
    assert found.without(rows)["id"].to_pylist() == ["a1:", "a"]


def test_random_rows_are_those_that_are_not_named():
    chance = random.Random(f"{SEED}-erased")
    pairs = [(chance.choice("abcdé"), chance.randrange(-3, 4)) for _ in range(500)]
    gone = set(chance.sample(sorted({*pairs}), 7))
    texts = [[one, str(other)] for one, other in gone]
    record = erasures.new().with_keys(["id", "line"], texts, "now")
    rows = pa.table({"id": [one for one, _ in pairs], "line": pa.array([n for _, n in pairs], pa.int32())})
    left = keys(record, ("id", "string"), ("line", "int")).without(rows).to_pylist()
    assert [(row["id"], row["line"]) for row in left] == [pair for pair in pairs if pair not in gone]


@pytest.mark.parametrize(
    ("kind", "raw", "shown"),
    [
        ("string", "A17,x", True),
        ("string", '"A17",x', True),
        ("string", " A17 ,x", True),
        ("string", "A178,x", False),
        ("string", '{"order":{"id":"A17"},"n":1}', True),
        ("string", '{"id":"\\u004117"}', True),
        ("string", '{"id":"A17', True),
        ("string", "", False),
        ("int", "017,x", True),
        ("int", "17.0,x", True),
        ("int", '{"id":17}', True),
        ("int", "170,1.7", False),
        ("date", "anything", True),
    ],
)
def test_a_raw_text_shows_a_key(kind, raw, shown):
    named = {"string": "A17", "int": "17", "date": "2026-01-05"}[kind]
    canonical = erasures.canonical(types.parse(kind), named)
    record = erasures.new().with_keys(["id"], [[canonical]], "now")
    assert keys(record, ("id", kind)).shown(raw) is shown


def test_a_column_that_is_gone_is_told():
    record = erasures.new().with_keys(["id"], [["A17"]], "now")
    with pytest.raises(
        JobError, match="orders: keys were erased by its column id, which its rows have not any more"
    ):
        erased_keys.of(record, dataset(), pa.schema([("number", pa.string())]))


@pytest.mark.parametrize(
    ("was", "now", "pii", "same"),
    [
        ("long", "int", "", True),
        ("decimal(12,2)", "decimal(14,2)", "", True),
        ("hash of int", "long", "hash", True),
        ("", "long", "", True),
        ("string", "long", "", False),
        ("decimal(12,2)", "decimal(12,3)", "", False),
        ("decimal(2,2)", "decimal(3,2)", "", False),
        ("date", "timestamp", "", False),
        ("string", "string", "hash", False),
        ("hash of string", "string", "", False),
        ("hash of int", "string", "hash", False),
    ],
)
def test_a_type_that_gives_values_other_texts_is_refused(was, now, pii, same):
    """Where nobody has noted the type, it is taken for what it is."""
    record = erasures.new().with_keys(["id"], [["17"]], "now", [was] if was else [])
    of = replace(dataset(), columns=(Column("id", now, pii=pii),))
    schema = pa.schema([("id", pa.string() if pii else to_arrow(types.parse(now)))])
    if same:
        assert erased_keys.of(record, of, schema) is not None
        return
    with pytest.raises(JobError) as refused:
        erased_keys.of(record, of, schema)
    shown = f"hash of {now}" if pii else now
    assert f"orders: keys were erased by its column id as {was}, and it is {shown} now" in str(refused.value)


def test_a_record_is_read_as_it_was_written():
    record = erasures.new().with_keys(["id"], [["A17"], ["B"]], "2026-01-05T10:00:00Z", ["string"])
    assert erasures.read(erasures.write(record), "place") == record
    assert record.pending
    assert record.find(["id"], ["A17"]) is not None
    assert record.find(["id"], ["C"]) is None
    assert record.without(["id"], [["A17"]]).find(["id"], ["A17"]) is None
    assert "A17" not in erasures.write(record)
    before = erasures.write(record).replace(',"kinds":["string"]', "")
    assert erasures.read(before, "place").keys[0].kinds == ()
    assert record.with_keys(["id"], [["A17"]], "later").keys[1].since == "later"
    with pytest.raises(JobError, match="place: version 2 of a record of erased keys"):
        erasures.read('{"version":2}', "place")
