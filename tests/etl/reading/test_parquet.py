# ruff: noqa: DTZ001 - times on the wall clock
"""Parquet: each stored type to each type of a column, random tables, and damaged files."""

from __future__ import annotations

import json
import random
import struct
from datetime import date, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from etl.reading import independent
from etl.reading.independent import RefusedError
from etl.reading.outcomes import dataset, outcome
from etl.reading.test_casts import TYPES, plain
from etl.reading.test_json_random import alike
from randomness import SEED, times

from data_pipeline.etl.documents.datasets import Column, Format
from data_pipeline.etl.errors import FileError

NUMBERS = ("int", "long", "float", "double", "decimal")
EDGES = {
    pa.int8(): [0, -128, 127],
    pa.int16(): [0, -(2**15), 2**15 - 1],
    pa.uint8(): [0, 255],
    pa.uint16(): [0, 2**16 - 1],
    pa.uint32(): [0, 2**31, 2**32 - 1],
    pa.int32(): [0, -(2**31), 2**31 - 1],
    pa.int64(): [0, 5, 2**31, -(2**31) - 1, 2**53 + 1, 2**63 - 1, -(2**63), 100, 99],
    pa.uint64(): [0, 2**63, 2**64 - 1, 7],
    pa.float32(): [
        0.0,
        1.5,
        -2.0,
        16777216.0,
        float("nan"),
        float("inf"),
        3e38,
        -0.0,
        12345678848.0,
        2.0**40,
        0.10000000149011612,
    ],
    pa.float64(): [
        0.0,
        1.5,
        0.1,
        1e300,
        -1e-320,
        2.0**31,
        2.0**63,
        1e22,
        float("nan"),
        float("-inf"),
        123456789.0,
    ],
    pa.decimal128(12, 2): [
        Decimal("1.00"),
        Decimal("1.50"),
        Decimal("9999999999.99"),
        Decimal("-0.01"),
        Decimal("99.99"),
    ],
    pa.decimal128(38, 10): [Decimal("1.0000000000"), Decimal("0.0000000001"), Decimal("99.9900000000")],
    pa.bool_(): [True, False],
    pa.date32(): [date(2024, 2, 29), date(1, 1, 1), date(9999, 12, 31)],
    pa.string(): ["1", "1.5", "x", "", "2024-01-31", "2024-01-31T05:06:07Z", "true", " 7 "],
    pa.large_string(): ["1", "x"],
    pa.binary(): [b"1", b"\xff", b"x"],
    pa.dictionary(pa.int32(), pa.string()): ["1", "true", "1"],
    pa.timestamp("s"): [datetime(2024, 1, 31, 5), datetime(1, 1, 1), datetime(9999, 12, 31, 23)],
    pa.timestamp("ms"): [datetime(2024, 3, 31, 2, 30), datetime(2024, 10, 27, 2, 30, 0, 5000)],
    pa.timestamp("us"): [
        datetime(2024, 1, 31, 5, 6, 7, 8),
        datetime(1, 1, 1),
        datetime(9999, 12, 31, 23, 59),
    ],
    pa.timestamp("us", "UTC"): [
        datetime(2024, 1, 31, 5, 6, 7, 8),
        datetime(1, 1, 1),
        datetime(9999, 12, 31, 23, 59),
    ],
    pa.null(): [None, None],
}


def compatible(stored: pa.DataType, kind: str, zone: str) -> bool:
    name = kind.split("(")[0]
    if (
        pa.types.is_null(stored)
        or stored in (pa.string(), pa.large_string(), pa.binary())
        or pa.types.is_dictionary(stored)
    ):
        return True
    if pa.types.is_integer(stored) or pa.types.is_decimal(stored):
        return name in NUMBERS
    if pa.types.is_floating(stored):
        return name in NUMBERS and name != "decimal"
    if pa.types.is_timestamp(stored):
        return name == ("timestamptz" if stored.tz else "timestamp") or (
            bool(zone) and name in ("timestamp", "timestamptz")
        )
    return name == ("boolean" if pa.types.is_boolean(stored) else "date")


def expected(value, stored: pa.DataType, kind: str, zone: str):
    """The value of a stored one, by way of what it says as a text."""
    if value is None:
        return None
    if pa.types.is_timestamp(stored):
        return independent.instant(value, 0 if stored.tz else None, kind, zone)
    if isinstance(value, bytes):
        try:
            value = value.decode()
        except UnicodeDecodeError:
            raise RefusedError("encoding") from None
    if isinstance(value, float):
        value = {"inf": "inf", "-inf": "-inf", "nan": "nan"}.get(repr(value)) or f"{Decimal(value):f}"
    return independent.value(str(value), kind, zone)


@pytest.mark.parametrize("zone", ["", "Europe/Berlin"])
@pytest.mark.parametrize("stored", EDGES, ids=str)
def test_every_stored_type_as_every_type(stored, zone, tmp_path):
    """A stored type that is no such type makes the file unreadable; otherwise each value counts exactly, or not."""
    values = [*EDGES[stored], None]
    pq.write_table(pa.table({"a": pa.array(values, stored)}), tmp_path / "a.parquet")
    for kind in [*TYPES, "string"]:
        data = dataset({"a": f"{kind}?"}, "parquet", timezone=zone)
        if not compatible(stored, kind, zone):
            with pytest.raises(FileError, match="column a "):
                outcome(tmp_path / "a.parquet", data)
            continue
        found = outcome(tmp_path / "a.parquet", data)
        assert found.adds_up()
        got = dict(
            zip(found.table["_row"].to_pylist(), plain(found.table["a"].combine_chunks()), strict=True)
        )
        for row, value in enumerate(plain(pa.array(values, stored)), 1):
            try:
                want = expected(value, stored, kind, zone)
            except RefusedError as error:
                want = str(error)
            assert alike(found.reasons.get(row, got.get(row)), want), (kind, value, got.get(row))


@pytest.mark.parametrize("edge", [1, 1_000, -1, 999])
def test_nanoseconds_have_to_be_whole_microseconds(edge, tmp_path):
    """Also in the old type INT96, which Arrow would cut."""
    stamps = pa.array([1_706_677_567_000_000_000, 1_706_677_567_000_000_000 + edge, None], pa.timestamp("ns"))
    for old in (True, False):
        path = tmp_path / f"{old}.parquet"
        pq.write_table(pa.table({"a": stamps}), path, use_deprecated_int96_timestamps=old)
        found = outcome(path, dataset({"a": "timestamp?"}, "parquet"))
        assert found.reasons == ({} if edge % 1000 == 0 else {2: "inexact"})
        assert found.table["a"][0].as_py() == datetime(2024, 1, 31, 5, 6, 7)


def test_old_times_far_from_now_are_read(tmp_path):
    """INT96 holds years that nanoseconds cannot."""
    stamps = pa.array([datetime(1, 1, 1), datetime(9999, 12, 31)], pa.timestamp("us"))
    pq.write_table(pa.table({"a": stamps}), tmp_path / "a.parquet", use_deprecated_int96_timestamps=True)
    found = outcome(tmp_path / "a.parquet", dataset({"a": "timestamp"}, "parquet"))
    assert found.table["a"].to_pylist() == [datetime(1, 1, 1), datetime(9999, 12, 31)]


def test_times_beyond_the_calendar_are_refused(tmp_path):
    """A time of seconds or microseconds can lie before year 1 and after 9999."""
    for unit, factor in (("s", 1), ("ms", 1000), ("us", 10**6)):
        stamps = pa.array([0, 253_402_300_800 * factor, -62_135_596_801 * factor], pa.int64()).view(
            pa.timestamp(unit)
        )
        pq.write_table(pa.table({"a": stamps}), tmp_path / "a.parquet", coerce_timestamps=None, version="2.6")
        found = outcome(tmp_path / "a.parquet", dataset({"a": "timestamp"}, "parquet"))
        assert found.reasons == {2: "out-of-range", 3: "out-of-range"}


NESTED = pa.struct([("n", pa.int64()), ("tags", pa.list_(pa.string())), ("more", pa.int8())])


def test_nested_values_are_strict_inside(tmp_path):
    """A problem anywhere refuses the row; fields that the data set does not name are passed over."""
    values = [
        {"n": 1, "tags": ["a", "b"], "more": 1},
        {"n": 2**40, "tags": [], "more": 1},
        {"n": None, "tags": ["a"], "more": None},
        {"n": 4, "tags": [None], "more": None},
        {"n": 5, "tags": None, "more": None},
        None,
    ]
    pq.write_table(pa.table({"a": pa.array(values, NESTED)}), tmp_path / "a.parquet")
    kind = "struct<n:int,tags:list<string>?,later:date?>"
    found = outcome(tmp_path / "a.parquet", dataset({"a": f"{kind}?"}, "parquet"))
    assert found.reasons == {2: "out-of-range", 3: "null", 4: "null"}
    assert found.table["a"].to_pylist() == [
        {"n": 1, "tags": ["a", "b"], "later": None},
        {"n": 5, "tags": None, "later": None},
        None,
    ]
    assert outcome(tmp_path / "a.parquet", dataset({"a": kind}, "parquet")).reasons[6] == "null"


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("struct<missing:int>", "has 0 fields missing, expected one; found: n, tags, more"),
        ("list<int>", "which is no list<int>"),
        ("struct<n:list<int>>", "column a.n is int64 in the file"),
        ("struct<tags:list<int>>", None),
        ("string", "give the data set that type"),
    ],
)
def test_other_nesting_makes_the_file_unreadable(kind, said, tmp_path):
    """Text as an element may still be a number, so that file is read."""
    pq.write_table(pa.table({"a": pa.array([None], NESTED)}), tmp_path / "a.parquet")
    data = dataset({"a": f"{kind}?"}, "parquet")
    if said is None:
        assert outcome(tmp_path / "a.parquet", data).rows.accepted == 1
        return
    with pytest.raises(FileError, match=said):
        outcome(tmp_path / "a.parquet", data)


def test_a_map_is_not_read(tmp_path):
    """And no type of a data set takes it."""
    pq.write_table(
        pa.table({"a": pa.array([[("k", "v")]], pa.map_(pa.string(), pa.string()))}), tmp_path / "a.parquet"
    )
    with pytest.raises(FileError, match="a map is not read, so leave the column out"):
        outcome(tmp_path / "a.parquet", dataset({"a": "string?"}, "parquet"))


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("read-parquet")))
def test_random_tables_come_back(attempt, tmp_path):
    """Values that fit come back equal, nulls where they may be, whatever the row groups."""
    chance = random.Random(f"{SEED}-read-parquet-{attempt}")
    makers = {
        "long": lambda: chance.randrange(-(2**63), 2**63),
        "double": lambda: chance.uniform(-1e9, 1e9),
        "string": lambda: chance.choice(["", "é", "x" * 40]),
        "decimal(12,2)": lambda: Decimal(chance.randrange(-(10**12) + 1, 10**12)).scaleb(-2),
        "timestamp": lambda: datetime(2000, 1, 1) + timedelta(microseconds=chance.randrange(10**15)),
        "list<long?>": lambda: [chance.choice([None, 1, 2]) for _ in range(chance.randrange(4))],
        "boolean": lambda: chance.random() < 0.5,
    }
    count = chance.randrange(1, 400)
    columns = {f"c{at}": chance.choice(sorted(makers)) for at in range(5)}
    nullable = {name: chance.random() < 0.5 for name in columns}
    data = dataset({name: kind + "?" * nullable[name] for name, kind in columns.items()}, "parquet")
    rows = {
        name: [None if chance.random() < 0.05 else makers[kind]() for _ in range(count)]
        for name, kind in columns.items()
    }
    types = {
        "list<long?>": pa.list_(pa.int64()),
        "decimal(12,2)": pa.decimal128(12, 2),
        "timestamp": pa.timestamp("ms"),
    }
    written = {
        "long": pa.int64(),
        "double": pa.float64(),
        "string": pa.string(),
        "boolean": pa.bool_(),
    } | types
    written["timestamp"] = pa.timestamp("us")
    table = pa.table({name: pa.array(rows[name], written[kind]) for name, kind in columns.items()})
    names = list(columns)
    chance.shuffle(names)
    pq.write_table(table.select(names), tmp_path / "a.parquet", row_group_size=chance.choice([1, 10, 1000]))
    found = outcome(tmp_path / "a.parquet", data, workers=chance.choice([1, 2]))
    bad = {
        at + 1
        for name in columns
        if not nullable[name]
        for at, value in enumerate(rows[name])
        if value is None
    }
    assert found.adds_up()
    assert found.reasons == dict.fromkeys(bad, "null")
    good = [at for at in range(count) if at + 1 not in bad]
    for name in columns:
        assert found.table[name].to_pylist() == [rows[name][at] for at in good]
    for row in found.refused:
        assert json.loads(row["raw"]).keys() == columns.keys()


def test_a_file_that_is_damaged_anywhere_is_unreadable(tmp_path):
    """Every cut, and flipped bytes of pages with checksums: the file is refused, or its rows are the ones written."""
    table = pa.table({"a": pa.array(range(5_000)), "b": pa.array([f"x{n}" for n in range(5_000)])})
    path = tmp_path / "a.parquet"
    pq.write_table(table, path, write_page_checksum=True, row_group_size=2_000)
    whole = path.read_bytes()
    data = dataset({"a": "long", "b": "string"}, "parquet")
    chance = random.Random(3)
    for size in [0, 3, 4, 8, len(whole) // 2, len(whole) - 4, len(whole) - 1]:
        path.write_bytes(whole[:size])
        with pytest.raises(FileError):
            outcome(path, data)
    refused = 0
    for _ in range(40):
        at = chance.randrange(4, len(whole) - 2_000)
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :])
        try:
            assert outcome(path, data).table["b"].to_pylist() == table["b"].to_pylist()
        except FileError:
            refused += 1
    assert refused > 30


def test_what_the_caller_s_disk_says_is_not_the_file_s_fault(tmp_path):
    """An OSError of ``staged`` stays what it is."""
    from data_pipeline.etl.reading.files import reader
    from data_pipeline.etl.reading.protocol import SourceFile
    from data_pipeline.etl.reading.quarantine import Quarantine

    pq.write_table(pa.table({"a": [1]}), tmp_path / "a.parquet")

    def full(_: pa.Table) -> None:
        raise OSError("no space left")

    file = SourceFile(tmp_path / "a.parquet", tmp_path)
    with Quarantine(tmp_path / "q", "a", 10) as quarantine, pytest.raises(OSError, match="no space left"):
        reader(dataset({"a": "long"}, "parquet")).read(file, quarantine, full)


def test_formats_of_strftime_are_for_texts(tmp_path):
    """A text in Parquet is read as one in CSV."""
    pq.write_table(pa.table({"a": ["31.01.2024", "2024-01-31"]}), tmp_path / "a.parquet")
    data = dataset({"a": "date"}, "parquet", date="%d.%m.%Y")
    assert data.format == Format("parquet", date="%d.%m.%Y")
    found = outcome(tmp_path / "a.parquet", data)
    assert found.table["a"].to_pylist() == [date(2024, 1, 31)]
    assert found.reasons == {2: "not-date"}


@pytest.mark.parametrize("kind", [pa.string_view(), pa.binary_view()], ids=str)
def test_rows_of_views_are_refused_as_others(kind, tmp_path):
    """With their text, of which Arrow can take no rows."""
    pq.write_table(pa.table({"a": pa.array(["1", "x", "2", "y"], kind)}), tmp_path / "a.parquet")
    found = outcome(tmp_path / "a.parquet", dataset({"a": "int"}, "parquet"))
    assert found.table["a"].to_pylist() == [1, 2]
    assert found.reasons == {2: "not-int", 4: "not-int"}
    if kind == pa.string_view():
        assert [row["raw"] for row in found.refused] == ['{"a": "x"}', '{"a": "y"}']


STRANGE = [
    pa.array([1]).cast(pa.time64("us")),
    pa.array([1]).cast(pa.time64("ns")),
    pa.array([1], pa.int32()).cast(pa.time32("ms")),
    *(pa.array([1]).cast(pa.duration(unit)) for unit in ("s", "ms", "us", "ns")),
    pa.array([b"1"], pa.binary(1)),
    pa.array([[1]], pa.list_view(pa.int32())),
    pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int32())),
    pa.ExtensionArray.from_storage(pa.uuid(), pa.array([b"1" * 16], pa.binary(16))),
    pa.ExtensionArray.from_storage(pa.json_(), pa.array(["1"])),
    pa.ExtensionArray.from_storage(pa.bool8(), pa.array([1], pa.int8())),
]


@pytest.mark.parametrize("array", STRANGE, ids=lambda array: str(array.type))
def test_types_that_no_column_has_make_the_file_unreadable(array, tmp_path):
    """Whatever the column's type is; the logical types of Parquet are those of
    https://github.com/apache/parquet-format/blob/master/LogicalTypes.md.
    """
    pq.write_table(pa.table({"a": array}), tmp_path / "a.parquet")
    for kind in [*TYPES, "string", "list<int>", "struct<a: int>"]:
        with pytest.raises(FileError, match="column a is "):
            outcome(tmp_path / "a.parquet", dataset({"a": f"{kind}?"}, "parquet", timezone="Europe/Berlin"))


@pytest.mark.parametrize("day", [109_192_579, 2**31 - 1, 2**32 - 1, 2_440_588 + 19_723 + 213_503_982])
def test_old_times_that_no_microseconds_hold_are_refused(day, tmp_path):
    """INT96 has 32 bits for days; in 64 bits of microseconds the last of these runs over into our century."""
    path, epoch = tmp_path / "a.parquet", 2_440_588
    stamps = pa.array([datetime(2024, 1, 1), datetime(2024, 1, 2)], pa.timestamp("ns"))
    plain = {"compression": "none", "use_dictionary": False, "write_statistics": False}
    pq.write_table(pa.table({"a": stamps}), path, use_deprecated_int96_timestamps=True, **plain)
    content, stored = path.read_bytes(), struct.pack("<qI", 0, epoch + 19_723)
    assert content.count(stored) == 1
    path.write_bytes(content.replace(stored, struct.pack("<qI", 0, day)))
    found = outcome(path, dataset({"a": "timestamp"}, "parquet"))
    assert found.reasons == {1: "out-of-range"}
    assert found.table["a"].to_pylist() == [datetime(2024, 1, 2)]


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_a_zone_that_is_not_the_data_s_is_a_warning(unit, tmp_path):
    """With the first time both ways; the rows are read as before."""
    path, data = tmp_path / "a.parquet", {"a": "timestamp?", "b": "timestamp?"}
    stamps = pa.array([None, datetime(2019, 1, 1, 5, 46, 40)], pa.timestamp(unit, "UTC"))
    marked = stamps.cast(pa.timestamp(unit, "America/New_York"))
    pq.write_table(pa.table({"a": marked, "b": stamps}), path, coerce_timestamps=None, version="2.6")
    found = outcome(path, dataset(data, "parquet", timezone="Europe/Berlin"))
    taken = datetime(2019, 1, 1, 6, 46, 40)
    assert found.table["a"].to_pylist() == found.table["b"].to_pylist() == [None, taken]
    kept = pq.read_schema(path).field("a").type.tz  # seconds are written as milliseconds
    assert kept == "America/New_York"
    (said,) = found.rows.warnings
    assert said.startswith(
        "its column a is marked with the zone America/New_York, and read in Europe/Berlin: its first"
    )
    assert "taken for 2019-01-01 06:46:40" in said
    assert "in America/New_York it is 2019-01-01 00:46:40" in said
    assert outcome(path, dataset(data, "parquet", timezone="America/New_York")).rows.warnings == ()
    instants = {"a": "timestamptz?", "b": "timestamptz?"}
    assert outcome(path, dataset(instants, "parquet", timezone="Europe/Berlin")).rows.warnings == ()


@pytest.mark.parametrize(
    ("marked", "said"),
    [
        ("+05:30", ": its first time is taken for 2019-01-01 05:46:40, in +05:30 it is 2019-01-01 11:16:40"),
        ("Nowhere/City", ""),
    ],
)
def test_an_offset_or_an_unknown_zone_is_a_warning_too(marked, said, tmp_path):
    """Arrow's schema may name an offset, or what no machine knows."""
    stamps = pa.array([datetime(2019, 1, 1, 5, 46, 40)], pa.timestamp("us", "UTC"))
    pq.write_table(pa.table({"a": stamps.cast(pa.timestamp("us", marked))}), tmp_path / "a.parquet")
    found = outcome(tmp_path / "a.parquet", dataset({"a": "timestamp"}, "parquet", timezone="UTC"))
    assert found.table["a"].to_pylist() == [datetime(2019, 1, 1, 5, 46, 40)]
    assert found.rows.warnings == (f"its column a is marked with the zone {marked}, and read in UTC{said}",)


@pytest.mark.parametrize(
    ("at", "marked", "zone"),
    [
        (datetime(9999, 12, 31, 23, 59, 59), "America/New_York", "Europe/Berlin"),
        (datetime(9999, 12, 31, 23, 59, 59), "Europe/Berlin", "America/New_York"),
        (datetime(1, 1, 1), "America/New_York", "Europe/Berlin"),
    ],
)
def test_a_first_time_that_no_calendar_shows_is_a_warning_without_it(at, marked, zone, tmp_path):
    """Files say so of what never ends; on the clock of a zone it is a year that Python does not know."""
    stamps = pa.array([at], pa.timestamp("us", "UTC")).cast(pa.timestamp("us", marked))
    pq.write_table(pa.table({"a": stamps}), tmp_path / "a.parquet")
    found = outcome(tmp_path / "a.parquet", dataset({"a": "timestamp?"}, "parquet", timezone=zone))
    assert found.rows.warnings == (f"its column a is marked with the zone {marked}, and read in {zone}",)


def test_no_value_of_private_data_is_in_a_warning(tmp_path):
    """Nor of a column without a time."""
    stamps = pa.array([datetime(2019, 1, 1, 5, 46, 40)], pa.timestamp("us", "America/New_York"))
    pq.write_table(pa.table({"a": stamps, "s": ["x"]}), tmp_path / "a.parquet")
    columns = {"a": Column("a", "timestamp"), "s": Column("s", "string", True, pii="drop")}
    found = outcome(tmp_path / "a.parquet", dataset(columns, "parquet", timezone="UTC"))
    assert found.rows.warnings == ("its column a is marked with the zone America/New_York, and read in UTC",)
    pq.write_table(pa.table({"a": pa.nulls(3, stamps.type)}), tmp_path / "a.parquet")
    data = dataset({"a": "timestamp?"}, "parquet", timezone="UTC")
    assert outcome(tmp_path / "a.parquet", data).rows.warnings == ()
